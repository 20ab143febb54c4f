"""How a mitigation is judged: from samples alone, over the time from the first active fault to the last one's clearing."""

from firedrill.core.model.slos import Slo
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.expectations.mitigated import MitigatedExpectation
from firedrill.judge.grounds import Check, cut_short, finding, settle, shaken
from firedrill.judge.mitigation import hurt, mitigation
from firedrill.judge.moments import Moment, cleared, expected_clear, origin
from firedrill.judge.parts.slo import FLUSH, all_told, unheard
from firedrill.judge.slo import WINDOW, Recovery, named
from firedrill.judge.wording import promise, seconds, share


def judged(declared: MitigatedExpectation, words: str, facts: Facts) -> Finding:
    """Judge one mitigation; pending until the fault is cleared, or its time is over."""
    slo = named(facts, declared.mitigated)
    if slo is None:
        text = f"{declared.mitigated} cannot be judged: the experiment does not list it under slos"
        return finding(words, Check(Verdict.INCONCLUSIVE, text))
    return settle(words, slo.name, [shaken(facts) or _mitigated(slo, declared, facts)])


def _mitigated(slo: Slo, declared: MitigatedExpectation, facts: Facts) -> Check:
    start, found = origin(facts), mitigation(facts, slo)
    if start is None or found is None:
        return Check(Verdict.PENDING, "is to be hurt by the fault, and met again before it is cleared")
    clear = cleared(facts)
    if clear is None or not all_told(facts, slo, clear.at):
        return _too_late(slo, declared, facts, start, found) or _while_it_lasts(facts, start, found)
    return _unheard(slo, facts, start, clear) or _after_all(slo, declared, facts, start, clear, found)


def _too_late(slo: Slo, declared: MitigatedExpectation, facts: Facts, start: Moment, found: Recovery) -> Check | None:
    """That its time is over while the fault is still on."""
    if declared.within is None or facts.ended is not None:
        return None
    deadline = start.at + declared.within
    if facts.now < deadline + WINDOW + FLUSH or (found.at is not None and found.at <= deadline):
        return None
    if not hurt(slo, found):
        return None
    return _unheard(slo, facts, start, Moment(facts.now, (), "now")) or _ill(slo, declared, start, found, "the fault was still on")


def _while_it_lasts(facts: Facts, start: Moment, found: Recovery) -> Check:
    if facts.ended is not None:
        return Check(Verdict.INCONCLUSIVE, "cannot be judged: the drill ended before the fault was cleared")
    expected = expected_clear(facts)
    return Check(
        Verdict.PENDING,
        "is to be met again before the fault is cleared, and to stay so",
        [*start.evidence, *found.seqs],
        None if expected is None else expected + 1 + FLUSH,
    )


def _unheard(slo: Slo, facts: Facts, start: Moment, end: Moment) -> Check | None:
    spot = unheard(slo, facts, start.at, end.at)
    return None if spot is None else Check(spot.verdict, spot.words.removeprefix(f"{slo.name} "), spot.evidence)


def _after_all(slo: Slo, declared: MitigatedExpectation, facts: Facts, start: Moment, clear: Moment, found: Recovery) -> Check:
    evidence = [*start.evidence, *clear.evidence, *found.seqs]
    if not hurt(slo, found):
        words = f"cannot be judged: it was met all the while, so there was nothing to mitigate from {start.name} until {clear.name}"
        return Check(Verdict.INCONCLUSIVE, words, evidence)
    limit = None if declared.within is None else start.at + declared.within
    if found.at is None:
        early = facts.ended not in (None, "finished") and (limit is None or clear.at < limit)
        aborted = cut_short(facts, None, "users could be well again") if early else None
        return aborted or _ill(
            slo, declared, start, found, f"{clear.name} {seconds(clear.at - start.at)} after it, before users were well again"
        )
    took = found.at - start.at
    if declared.within is not None and took > max(declared.within, 1):
        words = f"was met again {seconds(took)} after {start.name}, {seconds(took - declared.within)} later than within {declared.within}"
        return Check(Verdict.FAIL, words, evidence)
    within = "" if declared.within is None else f", within {declared.within}"
    words = f"met {promise(slo.objective)} again {seconds(took)} after {start.name}{within}, and until {clear.name}"
    return Check(Verdict.PASS, words, evidence)


def _ill(slo: Slo, declared: MitigatedExpectation, start: Moment, found: Recovery, why: str) -> Check:
    within = "" if declared.within is None else f" within {declared.within} after {start.name}"
    worst = f"at worst {share(found.worst or 0.0)} of a {WINDOW}s window's samples were good, {promise(slo.objective)} are promised"
    return Check(Verdict.FAIL, f"was not met again{within}: {why}; {worst}", [*start.evidence, *found.seqs])
