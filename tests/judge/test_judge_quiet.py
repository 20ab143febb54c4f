"""`quiet` finding by finding."""

from typing import Any

import pytest

from firedrill.core.events import AlertFiring, AlertResolved, BlindBegan, BlindEnded, Covered, PageOpened, SilenceCreated
from firedrill.core.verdicts import Verdict
from firedrill.judge.surprises import set_off

OTHER = "LedgerErrors"


@pytest.fixture
def quiet(script: Any) -> Any:
    return script.tape(script.expectation("quiet"), script.expectation("page", script.alert))


def firing(t: float = 25.0, name: str = OTHER) -> Any:
    return (t, AlertFiring(name, {"alertname": name}))


def test_silence_passes_with_the_looks_that_prove_it(quiet: Any) -> None:
    finding = quiet.finding()
    assert finding.verdict is Verdict.PASS
    assert finding.sentence == "nothing else fired or paged from 4.0s to 44.0s: 88 looks at Prometheus, the sink always open."
    assert len(finding.evidence) == 5


def test_silence_is_never_final_while_the_drill_runs(quiet: Any) -> None:
    finding = quiet.until(43).finding(43)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, None)


def test_another_alert_firing_fails_at_once_and_is_named(quiet: Any) -> None:
    tape = quiet.plus(firing())
    assert tape.until(26).finding(26).verdict is Verdict.FAIL
    assert tape.finding().sentence == f"{OTHER} fired at 25.0s, which nothing expected."


def test_another_alerts_page_fails_and_is_named(quiet: Any, script: Any) -> None:
    tape = quiet.plus((25.0, script.notified(receiver="ledger", name=OTHER)), (25.0, PageOpened("p2", "ledger", (OTHER,), 0)))
    assert tape.finding().sentence == f"{OTHER} paged ledger at 25.0s, which nothing expected."


def test_an_alert_that_joins_an_expected_page_is_no_less_a_surprise(quiet: Any, script: Any) -> None:
    assert quiet.plus((25.0, script.notified(name=OTHER))).finding().sentence == (
        f"{OTHER} paged payments-oncall at 23.3s, which nothing expected."
    )


def test_nobody_named_means_any_alert_is_a_surprise(script: Any) -> None:
    assert script.tape(script.expectation("quiet")).finding().verdict is Verdict.FAIL


def test_exceptions_may_be_heard(script: Any) -> None:
    tape = script.tape(script.expectation("quiet", {"except": [script.alert, OTHER]})).plus(firing())
    assert tape.plan.expectations[0].words == f"quiet except {script.alert} and {OTHER}"
    assert tape.finding().verdict is Verdict.PASS


def silenced(*matchers: str, t: float = 2.0) -> Any:
    return (t, SilenceCreated("s1", matchers, "They know", 30.0))


def test_an_alert_that_the_drill_silences_may_fire_but_not_page(quiet: Any, script: Any) -> None:
    kept = quiet.plus(silenced(f"alertname = {OTHER}"), firing())
    assert kept.finding().verdict is Verdict.PASS
    assert kept.plus((26, PageOpened("p9", "platform", [OTHER], 1))).finding().sentence == (
        f"{OTHER} paged platform at 26.0s, which nothing expected."
    )


def test_a_silence_for_other_alerts_excuses_none(quiet: Any) -> None:
    assert quiet.plus(silenced(f"alertname = {OTHER}", "team = platform"), firing()).finding().verdict is Verdict.FAIL


def test_an_alert_over_before_the_steady_phase_is_forgiven(quiet: Any) -> None:
    assert quiet.plus(firing(2.5), (3.5, AlertResolved(OTHER, {"alertname": OTHER}, "firing"))).finding().verdict is Verdict.PASS


@pytest.mark.parametrize("what", ["prometheus", "sink"])
def test_a_listener_that_was_blind_makes_silence_inconclusive(quiet: Any, what: str) -> None:
    tape = quiet.plus((30.0, BlindBegan(what, "refused")), (32.0, BlindEnded(what)))
    assert tape.finding().sentence == f"silence cannot be judged: {what} could not be seen from 30.0s to 32.0s (refused)."


@pytest.mark.parametrize("what", ["prometheus", "sink"])
def test_a_listener_that_nothing_vouches_for_makes_silence_inconclusive(quiet: Any, what: str) -> None:
    tape = quiet.without(lambda event: isinstance(event, Covered) and event.what == what)
    assert f"nothing shows that {what} was watched from 4.0s to 44.0s" in tape.finding().sentence


def test_a_blind_spot_while_things_are_taken_down_is_nobodys(quiet: Any) -> None:
    assert quiet.plus((44.5, BlindBegan("prometheus", "stopped"))).finding().verdict is Verdict.PASS


def test_a_rule_that_could_not_be_evaluated_makes_silence_inconclusive(quiet: Any) -> None:
    assert quiet.plus((30.0, BlindBegan(f"rule {OTHER}", "its evaluation fails"))).finding().verdict is Verdict.INCONCLUSIVE


def test_noise_is_a_failure_even_when_somebody_was_blind(quiet: Any) -> None:
    assert quiet.plus(firing(), (30.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.FAIL


def test_silence_of_an_interrupted_drill_is_inconclusive(quiet: Any) -> None:
    assert quiet.until(30, "interrupted").finding().verdict is Verdict.INCONCLUSIVE


def test_before_play_silence_is_pending(quiet: Any) -> None:
    assert quiet.until(5).finding(5).verdict is Verdict.PENDING


def standing(name: str = OTHER) -> Any:
    """An alert that had fired for 117 seconds when the drill began: a running Prometheus tells since when."""
    return (1.0, AlertFiring(name, {"alertname": name}), -117.0)


def test_what_fired_before_the_drill_is_told_with_its_time_and_not_held_against_it(quiet: Any) -> None:
    tape = quiet.plus(standing())
    finding, said = tape.finding(), f"{OTHER} had fired for 117.0s when the drill began"
    assert finding.verdict is Verdict.PASS
    assert finding.sentence.endswith(f"the sink always open; blind to what {said}.")
    assert f"{said}, and is not held against it." in [one.sentence for one in tape.concluded().noticed]


def test_what_ends_and_fires_again_is_of_the_drill(quiet: Any) -> None:
    tape = quiet.plus(standing(), (10.0, AlertResolved(OTHER, {"alertname": OTHER}, "firing")), firing())
    assert tape.finding().sentence == f"{OTHER} fired at 25.0s, which nothing expected."


def test_a_page_for_what_fired_before_the_drill_is_no_page_of_the_drills(quiet: Any, script: Any) -> None:
    paged = [(26.0, script.notified(receiver="others", name=OTHER)), (26.01, PageOpened("p9", "others", (OTHER,), 0))]
    assert quiet.plus(*paged).finding().verdict is Verdict.FAIL
    assert quiet.plus(standing(), *paged).finding().verdict is Verdict.PASS


def test_the_next_drill_waits_for_what_this_one_set_off_and_for_what_it_left_of_others(quiet: Any, script: Any) -> None:
    facts = quiet.plus(standing(), standing("Older")).facts()
    assert set_off(facts) == {script.alert}
    assert set_off(facts, frozenset({"Older"})) == {script.alert, "Older"}
