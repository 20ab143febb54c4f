"""How the parts of an expected alert become one finding: those that were asked for, in the order in which they are told.

Relies on Prometheus alone, but for what holds an alert back, which Alertmanager says.
"""

from collections.abc import Iterator

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import AlertSpan, Facts
from firedrill.judge.episodes import under_way, under_way_before
from firedrill.judge.expectations.alert import AlertExpectation
from firedrill.judge.grounds import Check, finding, polled, settle, shaken
from firedrill.judge.moments import Moment, expected_origin, origin
from firedrill.judge.pages import spans
from firedrill.judge.parts.alert_firing import Wanted, count, firing, too_early
from firedrill.judge.parts.alert_held import INHIBITION, SILENCE, held
from firedrill.judge.parts.alert_resolved import resolved
from firedrill.judge.parts.order import Came, after
from firedrill.judge.parts.stays import FIRING, Life, stays
from firedrill.judge.sight import watching
from firedrill.judge.wording import seconds


def judged(declared: AlertExpectation, words: str, facts: Facts) -> Finding:
    """Judge one expected alert; pending, while the drill runs, until it fired and was resolved or its deadlines passed."""
    if (reason := shaken(facts)) is not None:
        return settle(words, declared.alert, [reason])
    start = origin(facts)
    if start is None:
        expected = expected_origin(facts)
        until = None if expected is None or declared.within is None else expected + declared.within + polled(facts)
        return finding(words, Check(Verdict.PENDING, f"waiting for the fault, and then for {declared.alert} to fire", (), until))
    fired = [span for span in spans(facts, declared.alert, declared.labels) if span.firing is not None]
    if (early := too_early(facts, fired, start)) is not None:
        return settle(words, declared.alert, [early])
    fired = [span for span in fired if (span.firing or 0.0) >= start.at]
    if declared.times == 0:
        return settle(words, declared.alert, [count(declared.alert, 0, facts, fired, start, declared.labels)])
    if fired and all(under_way(span, start) for span in fired):
        first = min(fired, key=lambda span: span.firing or 0.0)
        fires = f"it fired {seconds((first.firing or 0.0) - start.at)} after {start.name}, which does not detect the fault"
        return settle(words, declared.alert, [under_way_before(first, start, fires)])
    fired = [span for span in fired if not under_way(span, start)]
    return settle(words, declared.alert, list(_parts(declared, facts, fired, start)))


def _parts(declared: AlertExpectation, facts: Facts, fired: list[AlertSpan], start: Moment) -> Iterator[Check]:
    wanted = Wanted(declared.alert, declared.labels, declared.within, declared.not_before)
    yield firing(wanted, facts, fired, start)
    if not fired:
        return
    if declared.times is not None:
        yield count(declared.alert, declared.times, facts, fired, start)
    if declared.after is not None:
        yield _after(declared.after, facts, fired, start)
    if declared.inhibited_by is not None:
        yield held(declared.alert, declared.labels, INHIBITION, declared.inhibited_by, facts, fired, start)
    if declared.silenced:
        yield held(declared.alert, declared.labels, SILENCE, None, facts, fired, start)
    if declared.stays is not None:
        lives = [Life(span.firing or 0.0, span.resolved, _cited(span)) for span in fired]
        yield stays(declared.stays, facts, lives, FIRING, start, watching(facts, declared.alert))
    if declared.resolved is not None:
        yield resolved(declared.alert, declared.resolved, facts, fired)


def _after(other: str, facts: Facts, fired: list[AlertSpan], start: Moment) -> Check:
    mine = min((Came(span.firing or 0.0, [span.seqs["firing"]]) for span in fired), key=lambda one: one.at)
    lives = [span for span in spans(facts, other) if span.firing is not None and (span.resolved is None or span.resolved > start.at)]
    theirs = [Came(span.firing or 0.0, [span.seqs["firing"]]) for span in lives]
    return after(other, "fired", facts, mine, theirs, start, watching(facts, other))


def _cited(span: AlertSpan) -> list[int]:
    return [span.seqs[name] for name in ("firing", "resolved") if name in span.seqs]
