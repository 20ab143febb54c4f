"""What the steady-state hypothesis says: when it was looked at, whether it held, and which probe gave what when it did not.

A look before the faults tells whether things were normal; only one that came while they were on, or after them, is evidence of anything.
"""

from collections.abc import Iterator, Sequence

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts, HypothesisLook, Missed, Notice
from firedrill.judge.grounds import Check, settle
from firedrill.judge.moments import origin
from firedrill.judge.wording import times

HOLDS = "the steady-state hypothesis holds"
_MISSED = "The steady-state hypothesis was not met"
_WHEN = {"before": "before the faults", "during": "while the method was played", "after": "after the faults"}


def findings(facts: Facts) -> Iterator[Finding]:
    """Before the faults an unmet hypothesis means that nothing was normal; from then on, that the system did not stand them.

    One that the file states and that was never looked at is no evidence of anything.
    """
    for when, meaning in (("before", Verdict.INCONCLUSIVE), ("during", Verdict.FAIL), ("after", Verdict.FAIL)):
        if parts := list(_unmet(facts, when, meaning)):
            yield settle(HOLDS, _MISSED, parts)
    if stated(facts) and not facts.looks and facts.ended == "finished":
        seqs = [] if facts.ended_seq is None else [facts.ended_seq]
        yield settle(HOLDS, "The steady-state hypothesis", [Check(Verdict.INCONCLUSIVE, "was never looked at", seqs)])


def stood(facts: Facts) -> Iterator[Finding]:
    """A file that expects nothing else expects its hypothesis: held after the faults or while they were on, and at every other look."""
    if facts.plan.expectations or facts.ended != "finished" or not _told(facts) or any(not one.met for one in facts.looks):
        return
    during = [one for one in facts.looks if one.when == "during"]
    also = (
        "held whenever it was looked at, also after the faults"
        if any(one.when == "after" for one in facts.looks)
        else f"held at each of {len(during)} looks while the method was played; nobody looked after it"
    )
    yield settle(HOLDS, "The steady-state hypothesis", [Check(Verdict.PASS, also, [one.seq for one in facts.looks])])


def judges_nothing(facts: Facts) -> str | None:
    """Why a hypothesis that was looked at tells nothing of the faults; None where it does, or where there is none."""
    if not facts.looks or _told(facts) or any(not one.met for one in facts.looks):
        return None
    if all(one.when == "before" for one in facts.looks):
        runtime = facts.plan.chaos.get("runtime") or {}
        strategy = (runtime.get("hypothesis") or {}).get("strategy")
        by = f" (its strategy is {strategy})" if strategy else ""
        return f"The steady-state hypothesis was looked at before the method only{by}, so nothing tells whether it held afterwards"
    return "The steady-state hypothesis was looked at before the faults only, so nothing tells whether it held while they were on"


def noticed(facts: Facts) -> Iterator[Notice]:
    """The same beside other expectations, which are judged without it."""
    if facts.plan.expectations and facts.ended == "finished" and (why := judges_nothing(facts)) is not None:
        yield Notice(f"{why}.", [one.seq for one in facts.looks[-1:]])


def stated(facts: Facts) -> bool:
    return bool(facts.plan.chaos.get("steady-state-hypothesis"))


def missed_before(facts: Facts) -> str | None:
    """What missed before the method, as a clause; None where nothing did."""
    unmet = [one for one in facts.looks if one.when == "before" and not one.met]
    if not unmet:
        return None
    return "; ".join(_words(missed) for missed in unmet[-1].missed) or "no probe was named"


def _told(facts: Facts) -> bool:
    """Whether somebody looked after the faults, or while one was on."""
    start = origin(facts)
    return any(one.when == "after" or (one.when == "during" and (start is None or one.at >= start.at)) for one in facts.looks)


def _unmet(facts: Facts, when: str, verdict: Verdict) -> Iterator[Check]:
    """A part for each probe that missed, with what it gave first and how often."""
    looks = [one for one in facts.looks if one.when == when]
    unmet = [one for one in looks if not one.met]
    if not unmet:
        return
    probes = list(dict.fromkeys(missed.probe for one in unmet for missed in one.missed))
    if not probes:
        yield Check(verdict, _WHEN[when], [one.seq for one in unmet])
    for probe in probes:
        yield _missed(when, verdict, probe, looks, [one for one in unmet if any(missed.probe == probe for missed in one.missed)])


def _missed(when: str, verdict: Verdict, probe: str, looks: Sequence[HypothesisLook], unmet: Sequence[HypothesisLook]) -> Check:
    first = next(missed for missed in unmet[0].missed if missed.probe == probe)
    often = f", {times(len(unmet))} in {len(looks)} looks" if len(looks) > 1 else ""
    return Check(verdict, f"{_WHEN[when]}: {_words(first)}{often}", [one.seq for one in unmet])


def _words(missed: Missed) -> str:
    tolerance = f"its tolerance is {missed.tolerance}" if missed.tolerance else "it has no tolerance"
    if missed.error:
        return f"the probe {missed.probe!r} failed ({missed.error.rstrip('.')}); {tolerance}"
    return f"the probe {missed.probe!r} gave {missed.value}, and {tolerance}"
