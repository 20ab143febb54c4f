"""How an objective is judged: from samples alone.

Refuses to call an objective met or broken on fewer samples than that takes.
"""

import math

from firedrill.core.model.slos import Slo
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts, Phase
from firedrill.judge.expectations.slo import SloExpectation
from firedrill.judge.grounds import Check, cut_short, finding, shaken
from firedrill.judge.mitigation import hurt
from firedrill.judge.moments import Moment, cleared, close, expected_clear, origin, phase
from firedrill.judge.sight import blinds, describe
from firedrill.judge.slo import WINDOW, Recovery, bins, named, recovery, result, sentence, silence, source, tally, verdict_of, worse
from firedrill.judge.traffic import in_doubt, why_silent
from firedrill.judge.wording import both, promise, seconds, share

FLUSH = 1.5
"""Seconds after a second is over in which its bin may still be on its way."""


def judged(declared: SloExpectation, words: str, facts: Facts) -> Finding:
    """Judge one objective, over the play phase or after the clearing."""
    slo = named(facts, declared.slo)
    if slo is None:
        return _say(words, Verdict.INCONCLUSIVE, f"{declared.slo} cannot be judged: the experiment does not list it under slos")
    if (reason := shaken(facts)) is not None:
        return finding(words, Check(reason.verdict, f"{slo.name} {reason.words}", reason.evidence))
    check = _held(slo, facts) if declared.recovered is None else _recovered(slo, declared.recovered, facts)
    return finding(words, check)


def _say(words: str, verdict: Verdict, text: str) -> Finding:
    return finding(words, Check(verdict, text))


def _held(slo: Slo, facts: Facts) -> Check:
    play = phase(facts, "play")
    if play is None or play.end is None or not all_told(facts, slo, play.end):
        expected = expected_clear(facts)
        until = None if expected is None else (expected if play is None or play.end is None else play.end) + 1 + FLUSH
        return Check(Verdict.PENDING, f"{slo.name} is judged when play ends", (), until)
    if phase(facts, "recover") is None and (early := cut_short(facts, None, "play was over")) is not None:
        return Check(early.verdict, f"{slo.name} {early.words}", early.evidence)
    return unheard(slo, facts, play.start, play.end) or _stands(slo, facts, play)


def all_told(facts: Facts, slo: Slo, end: float) -> bool:
    """Whether every bin of the time until `end` is in."""
    return facts.ended is not None or facts.now >= end + 1 + FLUSH or max(bins(facts, slo), default=-1.0) >= end


def _stands(slo: Slo, facts: Facts, play: Phase) -> Check:
    sli = result(facts, slo, "play")
    assert sli is not None
    assert play.end is not None
    evidence = [play.seq, *tally(facts, slo, play.start, play.end).seqs]
    doubtful, why, seqs = in_doubt(facts, slo, play.start, play.end)
    if doubtful and verdict_of(sli) is Verdict.PASS and verdict_of(worse(sli, doubtful)) is not Verdict.PASS:
        good = f"{share(sli.sli or 0.0)} of {sli.samples} samples were good"
        words = f"{slo.name} cannot be told from {promise(slo.objective)}: {good}, but {why}"
        return Check(Verdict.INCONCLUSIVE, words, [*evidence, *seqs])
    return Check(verdict_of(sli), sentence(sli), evidence)


def unheard(slo: Slo, facts: Facts, start: float, end: float) -> Check | None:
    """A blind spot of the SLO's source, or a stretch without any sample, between `start` and `end`."""
    spots = blinds(facts, (source(slo), f"slo {slo.name}"), start, end)
    if spots:
        why = both(dict.fromkeys(describe(facts, spot) for spot in spots))
        return Check(Verdict.INCONCLUSIVE, f"{slo.name} cannot be judged: {why}", [spot.seq for spot in spots])
    gap = silence(facts, slo, start, end)
    if gap is not None:
        why, seqs = why_silent(facts, slo, *gap)
        words = f"{slo.name} cannot be judged: it has no samples from {seconds(gap[0])} to {seconds(gap[1])}{why}"
        return Check(Verdict.INCONCLUSIVE, words, seqs)
    return None


def _recovered(slo: Slo, allowed: Duration, facts: Facts) -> Check:
    clear = cleared(facts)
    if clear is None:
        return _not_cleared(slo, allowed, facts)
    found, deadline = recovery(facts, slo, clear.at), clear.at + allowed
    last = deadline + WINDOW + FLUSH
    waits = Check(Verdict.PENDING, f"{slo.name} is to recover within {allowed} after {clear.name}", clear.evidence, last)
    open_ = facts.ended is None and facts.now < last
    if found.at is not None and found.at <= max(deadline, clear.at + 1):
        if (spot := unheard(slo, facts, clear.at, close(facts) if facts.ended else found.at)) is not None:
            return spot
        if _was_hurt(slo, facts):
            return _doubted(slo, facts, found, clear) or _well(slo, allowed, found, clear)
        return waits if open_ else _never_hurt(slo, facts, clear)
    if open_:
        return waits
    if facts.ended == "finished" and found.met and close(facts) < deadline + WINDOW:
        return unheard(slo, facts, clear.at, close(facts)) or _ill_again(slo, found, clear)
    if (early := cut_short(facts, deadline + WINDOW, f"{allowed} after {clear.name} and a window of {WINDOW}s were over")) is not None:
        return Check(early.verdict, f"{slo.name} {early.words}", early.evidence)
    return unheard(slo, facts, clear.at, min(close(facts), deadline + WINDOW)) or _ill(slo, allowed, found, clear)


def _doubted(slo: Slo, facts: Facts, found: Recovery, clear: Moment) -> Check | None:
    """That it is met only because errors were taken for good, or because some requests never came to an end."""
    if facts.ended is None or found.at is None:
        return None
    end = close(facts)
    doubtful, why, seqs = in_doubt(facts, slo, found.at, end)
    counted = tally(facts, slo, end - WINDOW - 1, end)
    if not doubtful or counted.good - doubtful >= slo.objective * counted.samples > 0:
        return None
    return Check(Verdict.INCONCLUSIVE, f"{slo.name} cannot be judged after {clear.name}: {why}", [*clear.evidence, *seqs])


def _since_fault(slo: Slo, facts: Facts) -> tuple[Moment, Recovery] | None:
    """All that users felt of the fault, its own second included."""
    start = origin(facts)
    return None if start is None else (start, recovery(facts, slo, math.floor(start.at)))


def _was_hurt(slo: Slo, facts: Facts) -> bool:
    felt = _since_fault(slo, facts)
    return felt is not None and hurt(slo, felt[1])


def _never_hurt(slo: Slo, facts: Facts, clear: Moment) -> Check:
    """What was never hurt cannot recover: that it was met all along shows that the fault was tolerated, and nothing of a recovery."""
    felt = _since_fault(slo, facts)
    if felt is None:
        return Check(Verdict.INCONCLUSIVE, f"{slo.name} cannot be judged: no fault was ever active")
    start, found = felt
    if (spot := unheard(slo, facts, start.at, clear.at)) is not None:
        return spot
    words = (
        f"{slo.name} cannot be judged: it was never hurt, so there was nothing to recover from: "
        f"{promise(slo.objective)} was met in every window of {WINDOW}s after {start.name}"
    )
    return Check(Verdict.INCONCLUSIVE, words, [*start.evidence, *clear.evidence, *found.seqs])


def _ill_again(slo: Slo, found: Recovery, clear: Moment) -> Check:
    """It was met again, which decided it while the drill ran, and missed in the drill's last seconds."""
    words = (
        f"{slo.name} cannot be judged: it was met again after {clear.name}, and missed once more before the drill was over: "
        f"at worst {share(found.worst or 0.0)} of a {WINDOW}s window's samples were good, {promise(slo.objective)} are promised"
    )
    return Check(Verdict.INCONCLUSIVE, words, [*clear.evidence, *found.seqs])


def _not_cleared(slo: Slo, allowed: Duration, facts: Facts) -> Check:
    if facts.ended is not None:
        return Check(Verdict.INCONCLUSIVE, f"{slo.name} cannot be judged: the drill ended before the fault was cleared")
    expected = expected_clear(facts)
    until = None if expected is None else expected + allowed + WINDOW + FLUSH
    return Check(Verdict.PENDING, f"{slo.name} is to recover once the fault is cleared", (), until)


def _well(slo: Slo, allowed: Duration, found: Recovery, clear: Moment) -> Check:
    assert found.at is not None
    text = (
        f"{slo.name} met {promise(slo.objective)} again {seconds(found.at - clear.at)} after {clear.name}, within {allowed}, and to the end"
    )
    return Check(Verdict.PASS, text, [*clear.evidence, *found.seqs])


def _ill(slo: Slo, allowed: Duration, found: Recovery, clear: Moment) -> Check:
    evidence = [*clear.evidence, *found.seqs]
    if found.worst is None:
        return Check(Verdict.INCONCLUSIVE, f"{slo.name} cannot be judged: it has no samples after {clear.name}", evidence)
    worst = f"at worst {share(found.worst)} of a {WINDOW}s window's samples were good, {promise(slo.objective)} are promised"
    if found.at is None:
        return Check(Verdict.FAIL, f"{slo.name} did not recover within {allowed} after {clear.name}: {worst}", evidence)
    delay = found.at - clear.at
    late = f"{slo.name} recovered {seconds(delay)} after {clear.name}, {seconds(delay - allowed)} later than within"
    return Check(Verdict.FAIL, f"{late} {allowed}: {worst}", evidence)
