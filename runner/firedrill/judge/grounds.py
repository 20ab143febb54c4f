"""Why a finding would prove nothing, whatever it found: the drill's own grounds, shared by every kind of expectation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.moments import close, is_placebo, origin, phase, real_faults
from firedrill.judge.sight import unseen
from firedrill.judge.wording import seconds

UNMET = (Verdict.FAIL, Verdict.INCONCLUSIVE)
GRACE = 0.5
"""Seconds after a deadline in which what happened before it may still be on its way into the journal."""


@dataclass(frozen=True, slots=True)
class Check:
    """One part of an expectation: its verdict, the words for it, what it cites, and when a pending one is decided at the latest."""

    verdict: Verdict
    words: str
    evidence: Sequence[int] = field(default=())
    until: float | None = None
    details: Sequence[str] = ()
    """Its own parts where it has several, as clauses."""


def shaken(facts: Facts) -> Check | None:
    """What makes this drill prove nothing: steady state not met, no fault ever active, or one that touched nothing."""
    reason = _shaken(facts)
    return None if reason is None else unproven(reason)


def _shaken(facts: Facts) -> Check | None:
    if facts.ended is not None and phase(facts, "play") is None:
        return _never_played(facts)
    if facts.ended is not None and origin(facts) is None:
        return Check(Verdict.INCONCLUSIVE, "no fault was ever active", _ended(facts))
    idle = [] if is_placebo(facts) else [f for f in real_faults(facts) if f.touched == 0 and (f.cleared is not None or facts.ended)]
    if idle:
        expected = f": it was expected that {idle[0].changes}" if idle[0].changes else ""
        words = f"the fault {idle[0].name} touched nothing: its holder counted 0{expected}"
        return Check(Verdict.INCONCLUSIVE, words, [idle[0].seqs["counted"]])
    return None


def _never_played(facts: Facts) -> Check:
    if facts.steady is not None and not facts.steady[0]:
        _, reasons, seq = facts.steady
        why = "; ".join(reasons) or "no reason given"
        return Check(Verdict.INCONCLUSIVE, f"steady state was not met ({why}), so no fault was injected", [seq])
    return Check(Verdict.INCONCLUSIVE, f"the drill ended {ending(facts)}, before any fault", _ended(facts))


def ending(facts: Facts) -> str:
    """`after 12.1s (interrupted)`."""
    why = "" if facts.ended in (None, "finished") else f" ({facts.ended})"
    return f"after {seconds(close(facts))}{why}"


def cut_short(facts: Facts, deadline: float | None, what: str) -> Check | None:
    """That the drill ended before `deadline`, or, without one, ended otherwise than it should; None when it did not."""
    early = facts.ended is not None and (facts.ended != "finished" if deadline is None else close(facts) < deadline)
    return unproven(Check(Verdict.INCONCLUSIVE, f"the drill ended {ending(facts)}, before {what}", _ended(facts))) if early else None


def _ended(facts: Facts) -> list[int]:
    return [] if facts.ended_seq is None else [facts.ended_seq]


def undecided(facts: Facts, deadline: float | None) -> bool:
    """Whether the drill runs and the deadline, with its grace, has not passed."""
    return facts.ended is None and (deadline is None or facts.now < deadline + GRACE)


def polled(facts: Facts) -> float:
    """Prometheus is polled, so an evaluation is known at most about one interval after it happened."""
    return GRACE + 2 * facts.plan.evaluation_interval


def polled_undecided(facts: Facts, deadline: float | None) -> bool:
    """The same as `undecided`, for what only Prometheus tells."""
    return facts.ended is None and (deadline is None or facts.now < deadline + polled(facts))


def unproven(check: Check) -> Check:
    """The same as a verb phrase about an expectation's subject."""
    return Check(check.verdict, f"cannot be judged: {check.words}", check.evidence, check.until)


def blinded(facts: Facts, whats: Iterable[str], start: float, end: float) -> Check | None:
    """That `whats` were not seen all the time from `start` to `end`, so that nothing follows from what they did not show."""
    spot = unseen(facts, whats, start, end)
    return None if spot is None else Check(Verdict.INCONCLUSIVE, f"cannot be judged: {spot[0]}", spot[1])


def finding(words: str, check: Check) -> Finding:
    """A check that speaks for the whole expectation."""
    until = None if check.verdict is Verdict.PASS else check.until
    details = [_sentence(one) for one in check.details or (check.words,)] if check.verdict in UNMET else ()
    return Finding(words, check.verdict, _sentence(check.words), tuple(dict.fromkeys(check.evidence)), until, tuple(details))


def settle(words: str, subject: str, checks: Sequence[Check], join: str = ", ") -> Finding:
    """Several checks as one finding: the worst verdict, or all their words when every one of them passed.

    Of several that did not hold the first is said in the sentence, and each of them in the details. Pending: waits for the latest, also
    beside a part that has failed already; a part that is open until the drill ends is waited for by nobody.
    """
    verdict = max(check.verdict for check in checks)
    held = [check for check in checks if check.verdict is verdict]
    untils = [check.until for check in checks if check.verdict in (verdict, Verdict.PENDING) and check.until is not None]
    said = [f"{subject} {part}".strip() for check in held for part in check.details or (check.words,)]
    text = f"{subject} {join.join(check.words for check in held if check.words)}".strip()
    if verdict in UNMET:
        text = said[0] if len(said) == 1 else f"{said[0]}; {_more(len(said) - 1, verdict)}"
    evidence = [seq for check in (checks if verdict is Verdict.PASS else held) for seq in check.evidence]
    return finding(words, Check(verdict, text, evidence, max(untils, default=None), said))


def _more(number: int, verdict: Verdict) -> str:
    deed = "failed" if verdict is Verdict.FAIL else "cannot be judged"
    return f"{number} more {'part' if number == 1 else 'parts'} {deed}"


def _sentence(clause: str) -> str:
    return f"{clause.rstrip('.')}."
