"""How it is judged what a status page or a ticket system was told: by what came to the sink in its name since the fault."""

from collections.abc import Iterator, Sequence

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import SEEN_BY, unsettled
from firedrill.judge.drill import Facts, Hook
from firedrill.judge.expectations.hook import HookExpectation
from firedrill.judge.grounds import GRACE, Check, blinded, settle, shaken
from firedrill.judge.moments import Moment, expected_origin, origin
from firedrill.judge.sight import cited
from firedrill.judge.wording import both, clipped, quoted, seconds, times


def judged(declared: HookExpectation, words: str, facts: Facts) -> Finding:
    """Judge what one status page or ticket system was told; pending until that is decided."""
    return settle(words, declared.hook, list(_parts(declared, facts)))


def _parts(declared: HookExpectation, facts: Facts) -> Iterator[Check]:
    start = origin(facts)
    if (reason := shaken(facts) or _unheard(declared, facts)) is not None:
        yield reason
    elif start is None:
        expected = expected_origin(facts)
        until = None if expected is None or declared.within is None else expected + declared.within + GRACE
        yield Check(Verdict.PENDING, "is to be told once the fault is active", (), until)
    else:
        since = [one for one in facts.hooks if one.hook == declared.hook and one.at >= start.at]
        found = [one for one in since if all(" ".join(text.split()) in " ".join(one.text.split()) for text in declared.says)]
        if declared.times != 0:
            yield _came(declared, facts, start, since, found)
        if declared.times is not None and (found or declared.times == 0):
            yield _count(declared, declared.times, facts, start, found)


def _unheard(declared: HookExpectation, facts: Facts) -> Check | None:
    if declared.hook in facts.plan.hooks or any(one.hook == declared.hook for one in facts.hooks):
        return None
    return Check(Verdict.INCONCLUSIVE, "cannot be judged: the environment does not list it under hooks, so nobody listened")


def _saying(declared: HookExpectation) -> str:
    return f" {both(map(quoted, declared.says))}" if declared.says else ""


def _came(declared: HookExpectation, facts: Facts, start: Moment, since: Sequence[Hook], found: Sequence[Hook]) -> Check:
    if not found:
        return _missing(declared, facts, start, since)
    took, evidence = found[0].at - start.at, [*start.evidence, found[0].seq]
    said = f"was told{_saying(declared)} {seconds(took)} after {start.name}"
    if declared.within is not None and took > declared.within:
        words = f"{said}, {seconds(took - declared.within)} later than within {declared.within}"
        return blinded(facts, SEEN_BY, start.at, found[0].at) or Check(Verdict.FAIL, words, evidence)
    return Check(Verdict.PASS, said + ("" if declared.within is None else f", within {declared.within}"), evidence)


def _missing(declared: HookExpectation, facts: Facts, start: Moment, since: Sequence[Hook]) -> Check:
    deadline = None if declared.within is None else start.at + declared.within
    within = "" if declared.within is None else f" within {declared.within} after {start.name}"
    span = "it could be told" if declared.within is None else f"{declared.within} after {start.name} were over"
    open_ = unsettled(facts, start.at, deadline, f"is to be told{_saying(declared)}{within}", span, start.evidence)
    if open_ is not None:
        return open_
    heard = [one for one in since if deadline is None or one.at <= deadline]
    other = list(dict.fromkeys(quoted(clipped(one.text, 80)) for one in heard))
    but = f": it was told {both(other[:3])}" if heard else ": nothing came"
    words = f"was not told{_saying(declared)}{within}{but}"
    return Check(Verdict.FAIL, words, [*start.evidence, *(one.seq for one in heard), *cited(facts, SEEN_BY)])


def _count(declared: HookExpectation, wanted: int, facts: Facts, start: Moment, found: Sequence[Hook]) -> Check:
    evidence = [one.seq for one in found]
    if len(found) > wanted:
        when = both(seconds(one.at - start.at) for one in found[:5])
        words = f"was told{_saying(declared)} {times(len(found))}, {when} after {start.name}; expected {times(wanted)}"
        return Check(Verdict.FAIL, words, evidence)
    waits = f"was told{_saying(declared)} {times(len(found))} so far; it is counted until the drill ends"
    open_ = unsettled(facts, start.at, None, waits, "all that it was told was counted", evidence)
    if open_ is not None:
        return open_
    if len(found) < wanted:
        return Check(Verdict.FAIL, f"was told{_saying(declared)} {times(len(found))}; expected {times(wanted)}", evidence)
    said = f"was not told{_saying(declared)}" if wanted == 0 else times(wanted)
    return Check(Verdict.PASS, said, [*evidence, *cited(facts, SEEN_BY)])
