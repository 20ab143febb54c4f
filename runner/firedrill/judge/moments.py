"""The moments of a drill that deadlines count from: the first active fault, the last one's clearing, the end of looking.

A moment that has not come is None; one that is only planned is an estimate, and is said to be one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firedrill.judge.drill import Activity, Facts, FaultWindow, Phase


@dataclass(frozen=True, slots=True)
class Moment:
    """A time on the drill's clock, the entries that say so, and what to call it in a sentence."""

    at: float
    evidence: Sequence[int]
    name: str
    since: float | None = None
    """When it was let happen, where that is known: what began between then and `at` may be its doing."""

    @property
    def earliest(self) -> float:
        """From when on something can be its doing."""
        return self.at if self.since is None else min(self.since, self.at)


def phase(facts: Facts, name: str) -> Phase | None:
    """The last phase of that name."""
    return next((phase for phase in reversed(facts.phases) if phase.name == name), None)


def is_placebo(facts: Facts) -> bool:
    """Whether nothing is meant to break: no fault that does anything, and no method of the user's own."""
    return all(fault.wire is None for fault in facts.plan.faults) and not facts.plan.chaos.get("method")


def real_faults(facts: Facts) -> list[FaultWindow]:
    """The faults that came into the journal and are meant to do something; an undo of a method counts as one."""
    idle = {fault.name for fault in facts.plan.faults if fault.wire is None}
    return [fault for fault in facts.faults.values() if fault.name not in idle]


def origin(facts: Facts) -> Moment | None:
    """What `within` and `not-before` count from: the first active fault; of a placebo, the start of play."""
    if is_placebo(facts):
        play = phase(facts, "play")
        return Moment(play.start, [play.seq], "the start of play") if play is not None else None
    begun = [Moment(f.injected, [f.seqs["injected"]], "the fault", f.intended) for f in real_faults(facts) if f.injected is not None]
    begun += [_beginning(deed) for deed in _own_deeds(facts)]
    return min(begun, key=lambda moment: moment.at, default=None)


def _beginning(deed: Activity) -> Moment:
    """From its beginning on an action may do harm; where nobody saw it begin, its end is all that is known, and is called so."""
    if deed.started is None:
        return Moment(deed.ended, [deed.seq], f"the end of the action {deed.name!r}, whose beginning nobody saw")
    return Moment(deed.started, [deed.seq if deed.started_seq is None else deed.started_seq], f"the start of the action {deed.name!r}")


def _own_deeds(facts: Facts) -> list[Activity]:
    """Successful actions of the user's own method, which are faults by what they do."""
    names = {activity.get("name") for activity in facts.plan.chaos.get("method") or () if isinstance(activity, dict)}
    return [
        deed
        for deed in facts.activities
        if deed.stage == "method" and deed.type == "action" and deed.status == "succeeded" and deed.name in names
    ]


def cleared(facts: Facts) -> Moment | None:
    """What `resolved` and `recovered` count from: the last fault's clearing, once none is active or to come."""
    after = phase(facts, "recover") or phase(facts, "end")
    real = real_faults(facts)
    planned = {fault.name for fault in facts.plan.faults if fault.wire is not None}
    to_come = planned - {fault.name for fault in real if fault.injected is not None}
    if any(fault.cleared is None for fault in real) or (after is None and (to_come or not planned or facts.plan.chaos.get("method"))):
        return None
    ends = [Moment(f.cleared, [f.seqs["cleared"]], "the fault was cleared") for f in real if f.cleared is not None]
    if after is not None and (not ends or facts.plan.chaos.get("method")):
        ends.append(Moment(after.start, [after.seq], "the end of play"))
    return max(ends, key=lambda moment: moment.at, default=None)


def expected_origin(facts: Facts) -> float | None:
    """The origin, or when the plan says it will be; None before play."""
    if (moment := origin(facts)) is not None:
        return moment.at
    play = phase(facts, "play")
    real = [fault.at for fault in facts.plan.faults if fault.wire is not None]
    return None if play is None else play.start + min(real, default=0.0)


def expected_clear(facts: Facts) -> float | None:
    """The last clearing, or when the plan says it will be; None before play."""
    if (moment := cleared(facts)) is not None:
        return moment.at
    play = phase(facts, "play")
    return None if play is None else play.start + facts.plan.last_fault_end


def close(facts: Facts) -> float:
    """When looking ends: what is taken down after that is nobody's blind spot. While the drill runs, now."""
    end = phase(facts, "end")
    return facts.now if end is None else end.start
