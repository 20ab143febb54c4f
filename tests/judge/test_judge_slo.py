"""`slo:` and the indicators under it: phases, bounds, too few samples, recovery."""

from typing import Any

import pytest

from firedrill.core.events import BlindBegan, FaultCleared, PhaseEntered, Samples
from firedrill.core.verdicts import Verdict
from firedrill.judge.slo import over, recovery, result, sentence, verdict_of


@pytest.fixture
def recovered(script: Any) -> Any:
    return script.tape(script.expectation("slo", "latency", recovered="3s"))


@pytest.fixture
def held(script: Any) -> Any:
    return script.tape(script.expectation("slo", "availability"))


def with_bins(tape: Any, bins: list[Any]) -> Any:
    return tape.without(Samples).plus(*bins)


def test_an_objective_that_held_over_play_passes(held: Any) -> None:
    assert held.finding().sentence == (
        "availability met 95%: 100% of 1000 samples in the play phase were good, and with 95% confidence at least 99.7%."
    )


def test_it_is_decided_once_the_bins_of_play_are_in(held: Any) -> None:
    early = held.until(30).finding(30)
    assert (early.verdict, early.until) == (Verdict.PENDING, pytest.approx(36.5, abs=0.5))
    assert held.until(36).finding(36).verdict is Verdict.PENDING
    assert held.until(37).finding(37.2).verdict is Verdict.PASS


def test_an_objective_that_was_missed_fails(script: Any) -> None:
    finding = script.tape(script.expectation("slo", "latency")).finding()
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence.startswith(
        "latency missed 95%: 24% of 1000 samples in the play phase were good, and with 95% confidence at most"
    )


def test_too_few_samples_are_inconclusive_and_say_how_many_it_takes(script: Any, held: Any) -> None:
    tape = with_bins(held, [(at + 1.2, script.second(float(at), good=1)) for at in range(2, 44)])
    assert tape.finding().verdict is Verdict.INCONCLUSIVE
    assert tape.finding().sentence.endswith(
        "100% of 20 samples in the play phase were good, too few: at least 59 are needed, none of them bad."
    )


def test_a_share_too_close_to_the_objective_is_inconclusive(script: Any, held: Any) -> None:
    tape = with_bins(held, [(at + 1.2, script.second(float(at), good=48, bad=2)) for at in range(2, 44)])
    assert tape.finding().verdict is Verdict.INCONCLUSIVE
    assert "too close to call: between 94.82% and 96.97%; about 1286 would be needed" in tape.finding().sentence


def test_no_samples_are_inconclusive(held: Any) -> None:
    assert "it has no samples from 14.0s to 34.5s" in held.without(Samples).finding().sentence


def test_a_stretch_without_samples_is_inconclusive(script: Any, held: Any) -> None:
    tape = with_bins(held, [one for one in script.bins() if not 20 <= one[1].second < 28])
    assert tape.finding().sentence == "availability cannot be judged: it has no samples from 19.0s to 28.0s."


def test_a_blind_load_makes_its_slo_inconclusive(held: Any) -> None:
    tape = held.plus((20.0, BlindBegan("load negotiate", "Locust ended")))
    assert tape.finding().sentence == "availability cannot be judged: load negotiate could not be seen from 20.0s on (Locust ended)."


def test_an_slo_that_the_experiment_does_not_list_is_inconclusive(script: Any) -> None:
    assert script.tape(script.expectation("slo", "speed")).finding().verdict is Verdict.INCONCLUSIVE


def test_a_drill_interrupted_in_play_says_nothing_of_play(held: Any) -> None:
    assert "(interrupted), before play was over" in held.until(25, "interrupted").finding().sentence


def test_recovery_is_told_from_the_first_window_that_holds_to_the_end(recovered: Any) -> None:
    assert recovered.finding().sentence == "latency met 95% again 1.8s after the fault was cleared, within 3s, and to the end."
    assert recovered.finding().verdict is Verdict.PASS


def test_recovery_passes_as_soon_as_one_whole_window_is_good(recovered: Any) -> None:
    assert recovered.until(41).finding(41).verdict is Verdict.PENDING
    assert recovered.until(42.5).finding(42.5).verdict is Verdict.PASS


def test_before_clearing_recovery_is_waited_for(recovered: Any) -> None:
    finding = recovered.until(24).finding(24)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(14 + 20 + 3 + 5, abs=2))


def test_a_late_recovery_says_by_how_much(script: Any) -> None:
    tape = script.tape(script.expectation("slo", "latency", recovered="1s"))
    assert tape.finding().sentence == (
        "latency recovered 1.8s after the fault was cleared, 0.8s later than within 1s: "
        "at worst 84% of a 5s window's samples were good, 95% are promised."
    )


def test_an_slo_that_stays_broken_fails(script: Any, recovered: Any) -> None:
    finding = with_bins(recovered, script.bins(range(15, 60))).finding()
    assert finding.verdict is Verdict.FAIL
    assert "did not recover within 3s after the fault was cleared: at worst 20%" in finding.sentence


def test_a_relapse_before_the_end_undoes_a_recovery(script: Any, recovered: Any) -> None:
    tape = with_bins(recovered, [*script.bins(range(15, 36))[:-1], (44.2, script.second(43.0, fast=0))])
    assert tape.finding().verdict is Verdict.FAIL


def test_a_drill_that_ends_before_recovery_was_due_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("slo", "latency", recovered="30s"))
    finding = with_bins(tape, script.bins(range(15, 60))).finding()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "before 30s after the fault was cleared and a window of 5s were over" in finding.sentence


def test_a_drill_whose_fault_was_never_cleared_says_nothing_of_recovery(recovered: Any) -> None:
    assert "the drill ended before the fault was cleared" in recovered.without(FaultCleared).finding().sentence


def test_seconds_in_which_a_phase_gave_way_to_the_next_belong_to_neither(script: Any) -> None:
    facts = script.tape().facts()
    play, recover = result(facts, script.availability, "play"), result(facts, script.availability, "recover")
    assert (play.samples, recover.samples) == (20 * 50, 9 * 50)
    assert result(facts, script.availability, "steady").samples == 10 * 50


def test_a_phase_that_never_came_has_no_result(script: Any) -> None:
    tape = script.tape().without(lambda event: isinstance(event, PhaseEntered) and event.phase == "recover")
    assert result(tape.facts(), script.latency, "recover") is None


def test_the_budget_spent_is_the_bad_share_over_the_budgets(script: Any) -> None:
    assert result(script.tape().facts(), script.latency, "play").budget_spent == pytest.approx(0.76 / 0.05)


def test_an_objective_of_everything_can_be_broken_but_never_shown(script: Any) -> None:
    whole = script.availability.model_copy(update={"objective": 1.0})
    facts = script.tape().facts()
    assert verdict_of(over(facts, whole, 4, 14, "steady")) is Verdict.INCONCLUSIVE
    assert sentence(over(facts, whole, 4, 14, "steady")).endswith("no number of samples can show an objective of 100%")


def test_no_window_after_the_clearing_is_no_recovery(script: Any) -> None:
    found = recovery(script.tape().until(36).facts(), script.latency, 34.2)
    assert (found.at, found.looked, found.worst) == (None, 0, None)


# ---- an SLO that was never hurt


def test_an_slo_that_was_never_hurt_cannot_recover(script: Any) -> None:
    tape = script.tape(script.expectation("slo", "availability", recovered="30s"), script.expectation("page", script.alert))
    drill = with_bins(tape, script.bins()).concluded()
    assert [one.verdict for one in drill.findings] == [Verdict.INCONCLUSIVE, Verdict.PASS]
    assert "it was never hurt, so there was nothing to recover from: 95% was met in every window of 5s after the fault" in (
        drill.findings[0].sentence
    )


def test_while_the_drill_runs_an_slo_that_is_well_may_still_be_hurt(script: Any) -> None:
    tape = with_bins(script.tape(script.expectation("slo", "availability", recovered="5s")), script.bins())
    assert tape.until(41.0).finding(41.0).verdict is Verdict.PENDING
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_an_slo_that_is_hurt_only_by_the_clearing_was_hurt(script: Any) -> None:
    tape = script.tape(script.expectation("slo", "latency", recovered="30s"))
    assert with_bins(tape, script.bins(range(34, 36))).finding().verdict is Verdict.PASS


def test_a_tolerated_fault_is_a_pass_of_an_slo_that_is_held(script: Any) -> None:
    assert with_bins(script.tape(script.expectation("slo", "availability")), script.bins()).finding().verdict is Verdict.PASS


def test_an_slo_that_is_missed_once_more_in_the_last_seconds_is_not_said_to_lack_time(script: Any) -> None:
    """It was met again while the drill ran, which ended the waiting: the drill did not end too soon."""
    tape = script.tape(script.expectation("slo", "latency", recovered="30s"))
    story = [one for one in script.bins(range(15, 36)) if one[0] < 42] + [one for one in script.bins(range(42, 60)) if one[0] >= 42]
    finding = with_bins(tape, story).finding()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "it was met again after the fault was cleared, and missed once more before the drill was over" in finding.sentence
    assert "the drill ended" not in finding.sentence
