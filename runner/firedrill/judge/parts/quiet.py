"""How silence is judged: by what was heard that nothing expected, and by who listened.

It passes only when Prometheus and the sink were watched the whole time.
"""

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.expectations.quiet import Exceptions, QuietExpectation
from firedrill.judge.grounds import Check, blinded, cut_short, finding, shaken, unproven
from firedrill.judge.moments import close, phase
from firedrill.judge.sight import cited, failed_rules
from firedrill.judge.surprises import Excused, named, surprises, told_standing
from firedrill.judge.traffic import unasked
from firedrill.judge.wording import seconds, several

LISTENED = ("prometheus", "sink")


def judged(declared: QuietExpectation, words: str, facts: Facts) -> Finding:
    """Judge the silence; it stays pending while the drill runs, unless it is broken."""
    reason = shaken(facts)
    heard = phase(facts, "steady") or phase(facts, "play")
    if phase(facts, "play") is None or heard is None:
        return finding(words, _quiet(reason) if reason is not None else Check(Verdict.PENDING, "listening from the steady phase on"))
    if (noise := _noise(facts, _excused(declared, facts), heard.start)) is not None:
        return finding(words, noise)
    if facts.ended is None:
        return finding(words, Check(Verdict.PENDING, "nothing else has fired or paged so far", [heard.seq]))
    missed = (
        reason
        or _unasked(facts)
        or cut_short(facts, None, "it was meant to")
        or blinded(facts, [*LISTENED, *failed_rules(facts)], heard.start, close(facts))
    )
    if missed is not None:
        return finding(words, _quiet(missed))
    looks = facts.coverage["prometheus"].looks
    while_ = f"from {seconds(heard.start)} to {seconds(close(facts))}"
    text = f"nothing else fired or paged {while_}: {looks} looks at Prometheus, the sink always open"
    old = told_standing(facts, heard.start)
    text += f"; blind to what {several([one.sentence for one in old])}" if old else ""
    seqs = [seq for one in old for seq in one.evidence]
    return finding(words, Check(Verdict.PASS, text, [heard.seq, *cited(facts, LISTENED), *seqs]))


def _unasked(facts: Facts) -> Check | None:
    """That there was nothing to be loud about."""
    silent = unasked(facts)
    return None if silent is None else unproven(Check(Verdict.INCONCLUSIVE, *silent))


def _quiet(reason: Check) -> Check:
    return Check(reason.verdict, f"silence {reason.words}", reason.evidence)


def _excused(declared: QuietExpectation, facts: Facts) -> Excused:
    """What is no surprise: what other expectations name, and the exceptions."""
    own = declared.quiet or Exceptions()
    return Excused(named(facts.plan) | frozenset(own.except_), frozenset(own.except_to), own.except_labels)


def _noise(facts: Facts, excused: Excused, since: float) -> Check | None:
    heard = surprises(facts, excused, since)
    if not heard:
        return None
    evidence = [seq for one in heard for seq in one.evidence]
    said = [one.sentence for one in heard]
    return Check(Verdict.FAIL, f"{several(said)}, which nothing expected", evidence, None, said)
