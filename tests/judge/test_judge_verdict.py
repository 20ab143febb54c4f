"""The whole judgement: implicit findings, the reason, the exit code."""

from dataclasses import replace
from typing import Any

import pytest

from firedrill.core.events import (
    ActivityEnded,
    BlindBegan,
    BlindEnded,
    ClockOffset,
    DrillEnded,
    FaultActive,
    FaultCleared,
    FaultIntended,
    HypothesisChecked,
    LoadEnded,
    SteadyChecked,
)
from firedrill.core.kinds import Kinds
from firedrill.core.verdicts import Exit, Verdict
from firedrill.judge.verdict import conclude, judge


@pytest.fixture
def drill(script: Any) -> Any:
    return script.tape(
        script.expectation("page", script.alert, to="payments-oncall", within="45s", times=1),
        script.expectation("slo", "latency", recovered="5s"),
        script.expectation("quiet"),
    )


def inconclusive(judged: Any, sentence: str) -> None:
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)
    assert sentence in [finding.sentence for finding in judged.findings]


def test_the_ordinary_drill_passes_with_nothing_to_add(drill: Any) -> None:
    judged = drill.concluded()
    assert (judged.verdict, judged.exit_code, judged.reason) == (Verdict.PASS, Exit.PASS, "All 3 expectations held.")
    assert len(judged.findings) == 3
    assert [(one.name, one.phase) for one in judged.slos] == [
        (name, phase) for name in ("latency", "availability") for phase in ("steady", "play", "recover")
    ]


def test_a_failed_expectation_gives_its_sentence_as_the_reason(script: Any) -> None:
    judged = script.tape(script.expectation("page", script.alert, within="5s")).concluded()
    assert (judged.verdict, judged.exit_code) == (Verdict.FAIL, Exit.FAIL)
    assert judged.reason.endswith("4.1s later than within 5s.")


def test_a_journal_without_an_end_is_a_killed_drill(drill: Any) -> None:
    judged = drill.without(DrillEnded).concluded()
    inconclusive(judged, "The journal ends without drill.ended, after 45.1s: the drill was killed.")
    assert judged.facts.ended is None


def test_a_drill_killed_with_a_fault_active_has_something_left_over(drill: Any) -> None:
    judged = drill.until(20).concluded()
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, Exit.LEFT_OVER)
    assert any("run `firedrill undo slow-1`" in finding.sentence for finding in judged.findings)


def test_nothing_stays_pending_at_the_end(drill: Any) -> None:
    judged = drill.until(20).concluded()
    assert all(finding.verdict is not Verdict.PENDING and finding.until is None for finding in judged.findings)


def test_an_uncleared_fault_is_the_loudest_even_of_a_finished_drill(drill: Any) -> None:
    assert drill.without(FaultCleared).concluded().exit_code is Exit.LEFT_OVER


def test_a_failed_undo_is_left_over(drill: Any) -> None:
    assert drill.until(40, "undo-failed").concluded().exit_code is Exit.LEFT_OVER


def test_an_interrupted_drill_exits_as_interrupted_and_never_passes(drill: Any) -> None:
    judged = drill.until(42.5, "interrupted").concluded()
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, Exit.INTERRUPTED)
    assert judged.reason == "The drill was interrupted after 42.5s."


@pytest.mark.parametrize("reason", ["stack-lost", "chaos-lost", "system-lost", "error"])
def test_a_drill_that_lost_something_is_inconclusive(drill: Any, reason: str) -> None:
    judged = drill.until(36, reason).concluded()
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)


def test_an_internal_error_never_exits_as_a_failure(script: Any) -> None:
    judged = script.tape(script.expectation("page", script.alert, within="5s")).until(40, "error").concluded()
    assert judged.findings[0].verdict is Verdict.FAIL
    assert (judged.verdict, judged.exit_code) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)


def test_an_unmet_steady_state_makes_every_finding_inconclusive(drill: Any) -> None:
    tape = drill.until(13).plus((13.5, SteadyChecked(False, ("latency is slow",))), (13.6, DrillEnded("steady-not-met")))
    judged = tape.concluded()
    inconclusive(judged, "Steady state was not met: latency is slow.")
    assert all("steady state was not met (latency is slow)" in finding.sentence for finding in judged.findings[:3])


def test_no_expectations_prove_nothing(script: Any) -> None:
    inconclusive(script.tape().concluded(), "Nothing was expected, so nothing was proved.")


@pytest.mark.parametrize("what", ["prometheus", "alertmanager", "sink", "load negotiate"])
def test_a_blind_spot_while_faults_play_is_inconclusive(drill: Any, what: str) -> None:
    judged = drill.plus((30.0, BlindBegan(what, "it was gone")), (31.0, BlindEnded(what))).concluded()
    inconclusive(judged, f"{what[0].upper()}{what[1:]} could not be seen from 30.0s to 31.0s (it was gone).")


@pytest.mark.parametrize("what", ["proxy", "proxy http://127.0.0.1:8474", "host", "receivers"])
def test_a_holder_that_stood_still_while_its_fault_was_there_leaves_every_finding_inconclusive(drill: Any, script: Any, what: str) -> None:
    stood = [(20.0, BlindBegan(what, "did not run for 3.0s: the fault proxy")), (23.0, BlindEnded(what))]
    told = f"{what} could not be seen from 20.0s to 23.0s (did not run for 3.0s: the fault proxy)."
    judged = drill.plus(*stood).concluded()
    inconclusive(judged, told[0].upper() + told[1:])
    assert {finding.verdict for finding in judged.findings} == {Verdict.INCONCLUSIVE}
    failed = script.tape(script.expectation("page", script.alert, within="5s")).plus(*stood).concluded()
    assert failed.findings[0].verdict is Verdict.INCONCLUSIVE
    assert failed.findings[0].sentence.endswith(f"; but the fault was not what it was to be: {told}")


def test_a_chaos_toolkit_that_stood_still_is_inconclusive(drill: Any) -> None:
    judged = drill.plus((20.0, BlindBegan("chaos", "did not run for 3.0s")), (23.0, BlindEnded("chaos"))).concluded()
    inconclusive(judged, "Chaos could not be seen from 20.0s to 23.0s (did not run for 3.0s).")


@pytest.mark.parametrize(("what", "verdict"), [("host", Verdict.PASS), ("proxy", Verdict.INCONCLUSIVE)])
def test_a_holder_that_stood_still_after_its_fault_matters_where_people_come_through_it(drill: Any, what: str, verdict: Verdict) -> None:
    assert drill.plus((37.0, BlindBegan(what, "did not run")), (38.5, BlindEnded(what))).concluded().verdict is verdict


def test_faults_that_are_refused_here_are_wrong_usage_and_those_refused_at_injection_prove_nothing(drill: Any) -> None:
    refused = drill.until(4, "faults-refused").concluded()
    assert (refused.verdict, refused.exit_code) == (Verdict.INCONCLUSIVE, Exit.USAGE)
    assert refused.reason == "A fault of the plan is refused here after 4.0s."
    late = drill.until(14.05, "not-injected").concluded()
    assert (late.verdict, late.exit_code) == (Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE)


def test_a_blind_spot_before_play_is_forgiven(drill: Any) -> None:
    assert drill.plus((5.0, BlindBegan("prometheus", "slow")), (6.0, BlindEnded("prometheus"))).concluded().verdict is not Verdict.FAIL


def test_a_clock_step_is_inconclusive(drill: Any) -> None:
    judged = drill.plus((20.0, ClockOffset(1.2, 0.051))).concluded()
    inconclusive(judged, "The wall clock was stepped by +51ms at 20.0s, so the times that Prometheus and Alertmanager tell are in doubt.")


def test_a_small_drift_is_no_clock_step(drill: Any) -> None:
    assert drill.plus((20.0, ClockOffset(1.2, -0.049))).concluded().verdict is Verdict.PASS


@pytest.mark.parametrize(("stage", "meaning"), [("method", "an action"), ("rollbacks", "a rollback")])
def test_a_failed_activity_is_never_a_pass(drill: Any, stage: str, meaning: str) -> None:
    judged = drill.plus((30.0, ActivityEnded("switch off", "action", stage, "failed", "no such host"))).concluded()
    inconclusive(judged, f"The method was not played as written: {meaning}, 'switch off', failed: no such host.")


def test_a_hypothesis_unmet_before_is_inconclusive_and_after_a_failure(drill: Any) -> None:
    inconclusive(
        drill.plus((13.0, HypothesisChecked("before", False))).concluded(), "The steady-state hypothesis was not met before the faults."
    )
    assert drill.plus((36.0, HypothesisChecked("after", False))).concluded().exit_code is Exit.FAIL


def test_a_hypothesis_unmet_during_the_method_is_one_failure_however_often_it_was_looked_at(drill: Any) -> None:
    judged = drill.plus(*((20.0 + second, HypothesisChecked("during", second % 2 == 0)) for second in range(6))).concluded()
    (failed,) = [finding for finding in judged.findings if finding.verdict is Verdict.FAIL]
    assert failed.sentence == "The steady-state hypothesis was not met while the method was played."
    assert len(failed.evidence) == 3
    assert judged.exit_code is Exit.FAIL


@pytest.mark.parametrize(
    ("looks", "verdict"),
    [
        ([("before", True), ("after", True)], Verdict.PASS),
        ([("before", True), ("during", True), ("after", True)], Verdict.PASS),
        ([("before", True), ("during", False), ("after", True)], Verdict.FAIL),
        ([("before", True), ("after", False)], Verdict.FAIL),
        ([("before", False)], Verdict.INCONCLUSIVE),
        ([("before", True)], Verdict.INCONCLUSIVE),
        ([("during", True)], Verdict.PASS),
        ([("during", False)], Verdict.FAIL),
        ([], Verdict.INCONCLUSIVE),
    ],
)
def test_a_file_that_expects_nothing_else_expects_its_hypothesis(looks: list[tuple[str, bool]], verdict: Verdict, drill: Any) -> None:
    bare = replace(drill, plan=drill.plan.model_copy(update={"expectations": ()}))
    times = {"before": 13.0, "during": 20.0, "after": 80.0}
    judged = bare.plus(*((times[when], HypothesisChecked(when, met)) for when, met in looks)).concluded()
    assert judged.verdict is verdict
    cited = [finding for finding in judged.findings if finding.expectation == "the steady-state hypothesis holds"]
    assert all(finding.evidence for finding in cited)
    assert len(cited) == (verdict is not Verdict.INCONCLUSIVE or ("before", False) in looks)


def test_a_hypothesis_that_nobody_looked_at_is_inconclusive(drill: Any) -> None:
    stated = replace(drill, plan=drill.plan.model_copy(update={"chaos": {"steady-state-hypothesis": {"title": "fine", "probes": []}}}))
    inconclusive(stated.concluded(), "The steady-state hypothesis was never looked at.")
    assert stated.plus((13.0, HypothesisChecked("before", True))).concluded().verdict is Verdict.PASS


def test_load_that_was_not_counted_to_the_request_is_inconclusive(drill: Any) -> None:
    judged = drill.without(LoadEnded).plus((45.0, LoadEnded("negotiate", 2100, 0, 2099))).concluded()
    inconclusive(judged, "The load negotiate cannot be trusted: Locust made 2100 requests, 2099 were counted.")


def test_load_that_never_told_its_totals_is_inconclusive(drill: Any) -> None:
    inconclusive(drill.without(LoadEnded).concluded(), "The load negotiate never told its own totals.")


def test_a_broken_judge_is_inconclusive(drill: Any, script: Any) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    kinds = Kinds({}, {**script.kinds.expectations, "page": replace(script.kinds.expectations["page"], judge=broken)})
    first = judge(drill.facts(), kinds)[0]
    assert (first.verdict, first.sentence) == (Verdict.INCONCLUSIVE, "The judge of page broke: ZeroDivisionError: division by zero.")
    assert conclude(drill.facts(), kinds).exit_code is Exit.INCONCLUSIVE


def test_an_unknown_kind_is_inconclusive(drill: Any) -> None:
    assert {finding.verdict for finding in judge(drill.facts(), Kinds({}, {}))} == {Verdict.INCONCLUSIVE}


def test_every_finding_that_passes_cites_entries_of_the_journal(drill: Any) -> None:
    seqs = {entry.seq for entry in drill.entries}
    for finding in drill.concluded().findings:
        assert finding.evidence
        assert seqs.issuperset(finding.evidence)


def test_a_judge_of_ours_that_breaks_is_inconclusive_and_no_traceback(script: Any) -> None:
    odd = script.expectation("page", script.alert).model_copy(update={"declared": {"page": script.alert, "to": [1]}})
    judged = conclude(script.tape(odd).facts(), Kinds(faults={}, expectations={}))
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "The judge of surprises broke: TypeError: unhashable type: 'list'." in [one.sentence for one in judged.findings]


def test_what_no_file_can_have_expected_is_inconclusive_in_a_sentence(script: Any) -> None:
    odd = script.expectation("page", script.alert).model_copy(update={"declared": {"page": script.alert, "within": 5}})
    inconclusive(
        script.tape(odd).concluded(),
        "What the journal says was expected, a page, cannot be read: within: a duration such as 30s is expected here.",
    )


def test_a_journal_that_is_not_as_a_drill_writes_it_proves_neither(script: Any) -> None:
    for within in ("45s", "5s"):
        facts = script.tape(script.expectation("page", script.alert, within=within)).facts()
        facts.unsound += [(line, "it is no entry", line) for line in (7, 8, 9, 12)]
        judged = conclude(facts, script.kinds)
        inconclusive(
            judged,
            "The journal is damaged: line 7: it is no entry; line 8: it is no entry; line 9: it is no entry; and 1 more.",
        )
        assert judged.reason.startswith("The journal is damaged")


def test_a_fault_of_the_plan_that_never_was_active_is_told(script: Any) -> None:
    later = script.fault.model_copy(update={"name": "second", "at": 10.0, "lasts": 5.0})
    tape = script.tape(script.expectation("page", script.alert), faults=(script.fault, later))
    drill = tape.concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.reason == "The fault second was never active, though the drill finished."
    whole = tape.plus((24.1, FaultIntended("second", {})), (24.2, FaultActive("second")), (29.0, FaultCleared("second", "played")))
    assert whole.concluded().verdict is Verdict.PASS
