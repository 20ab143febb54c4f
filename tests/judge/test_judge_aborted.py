"""What becomes of a drill that a guard aborted: it failed, its guard is named first, and exit code 1 unless something is left."""

from firedrill.core.events import DrillEnded, Entry, FaultActive, FaultCleared, FaultIntended, GuardTripped, PhaseEntered
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan, PlannedFault
from firedrill.core.verdicts import Exit, Verdict
from firedrill.judge.drill import JudgedDrill
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude

FAULT = PlannedFault(name="slow", kind="latency", target="bureau", at=0, lasts=9, settings={}, wire={"type": "latency"})


def aborted(*, cleared: bool) -> JudgedDrill:
    events = [PhaseEntered("play"), FaultIntended("slow", {}), FaultActive("slow"), GuardTripped(0, "alert Down firing", "it fires", (3,))]
    events += [FaultCleared("slow", "undo")] if cleared else []
    events += [DrillEnded("aborted", "alert Down firing: it fires")]
    facts = fold(Entry(seq, seq / 4, "engine", None, event) for seq, event in enumerate(events, 1))
    facts.plan = Plan(experiment="e", file="e", title="e", environment="local", steady=1.0, faults=(FAULT,))
    return conclude(facts, Kinds(faults={}, expectations={}))


def test_a_drill_that_a_guard_aborted_has_failed_and_says_which_and_why() -> None:
    drill = aborted(cleared=True)
    assert (drill.verdict, drill.exit_code) == (Verdict.FAIL, Exit.FAIL)
    assert drill.reason == "The drill was aborted at 1.0s by its guard 'alert Down firing': it fires; everything was cleared 0.2s later."
    assert drill.findings[0].evidence == (3, 4)


def test_what_an_aborted_drill_left_over_is_louder_than_its_guard() -> None:
    assert aborted(cleared=False).exit_code is Exit.LEFT_OVER
