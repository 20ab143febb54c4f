"""Which episode of an alert a page is about: one that began with the fault, one that was under way before it, or one that nobody saw.

An episode is one life of one instance, from pending to resolved. Knows what Prometheus was seen to say; refuses to take a message's own
word for it: anybody who reaches the sink can send one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firedrill.core.verdicts import Verdict
from firedrill.judge.boundaries import JITTER
from firedrill.judge.drill import AlertSpan, Facts, Notification, instance
from firedrill.judge.grounds import Check, blinded, polled
from firedrill.judge.moments import Moment
from firedrill.judge.pages import Hit, instances, spans
from firedrill.judge.sight import is_watchdog, watching
from firedrill.judge.wording import seconds


@dataclass(frozen=True, slots=True)
class Episodes:
    """The pages since the fault by the episode that they tell of: `new` ones detect it, `old` ones do not.

    Behind an `unseen` one no firing alert was seen. `every` has all of them, whatever they tell of.
    """

    every: Sequence[Hit] = ()
    new: Sequence[Hit] = ()
    old: Sequence[tuple[Hit, AlertSpan]] = ()
    unseen: Sequence[Hit] = ()


def began(span: AlertSpan) -> float:
    """When an episode began, pending or firing at once."""
    return min(at for at in (span.pending, span.firing, span.resolved, float("inf")) if at is not None)


def under_way(span: AlertSpan, start: Moment) -> bool:
    """Whether an episode had begun before the fault could have begun it."""
    return began(span) < start.earliest


def lives_of(facts: Facts, alert: str, one: Mapping[str, Any]) -> Sequence[AlertSpan]:
    """The lives of a notified instance: of the one with most of its labels, since Prometheus may have added external ones on the way."""
    told: Mapping[str, str] = one.get("labels", {})
    if exact := facts.lives.get(instance(alert, told)):
        return exact
    shapes = sorted((names for names in facts.shapes.get(alert, ()) if names <= told.keys()), key=len, reverse=True)
    return next((lives for names in shapes if (lives := facts.lives.get(instance(alert, {name: told[name] for name in names})))), ())


def sort(facts: Facts, alert: str, labels: Mapping[str, str], found: Sequence[Hit], start: Moment) -> Episodes:
    """Pages since the fault by what they tell of. A watchdog's page tells of a silence; its alert fires all the time."""
    if is_watchdog(facts, alert):
        return Episodes(found, found)
    new, old, unseen = list[Hit](), list[tuple[Hit, AlertSpan]](), list[Hit]()
    for hit in found:
        told = [(note, life) for note in _notes(hit, alert, labels) for life in _told(facts, alert, labels, hit, note, start)]
        detecting = next((note for note, life in told if life is not None and not under_way(life, start)), None)
        behind = next((life for _, life in told if life is not None), None)
        if any(life is not None and not under_way(life, start) for _, life in told):
            new.append(Hit(hit.page, hit.at if detecting is None else detecting.at, detecting))
        elif any(life is None for _, life in told) or behind is None:
            unseen.append(hit)
        else:
            old.append((hit, behind))
    return Episodes(found, sorted(new, key=lambda hit: hit.at), old, unseen)


def _notes(hit: Hit, alert: str, labels: Mapping[str, str]) -> list[Notification | None]:
    """The messages of the page from the hit on that tell of the alert; None where the journal has none."""
    notes = [note for note in hit.page.notifications if note.at >= hit.at and instances(note, alert, labels)]
    return [*notes] if hit.note is not None and notes else [hit.note]


def _told(
    facts: Facts, alert: str, labels: Mapping[str, str], hit: Hit, note: Notification | None, start: Moment
) -> Iterator[AlertSpan | None]:
    """The life of each instance that a message tells of; None for one that was not seen to fire."""
    if note is None:
        alive = [span for span in spans(facts, alert, labels) if _fires(span, hit.at, start)]
        yield from alive or (None,)
        return
    for one in instances(note, alert, labels):
        yield next((span for span in reversed(lives_of(facts, alert, one)) if _fires(span, note.at, start)), None)


def _fires(span: AlertSpan, at: float, start: Moment) -> bool:
    """Whether it is the episode of a message of then: it fired by then, and was not over before the fault."""
    return span.firing is not None and span.firing <= at + JITTER and (span.resolved is None or span.resolved >= start.earliest)


def already(facts: Facts, pages: Episodes, start: Moment) -> Check:
    """That the only pages are about what had begun before the fault: they do not detect it."""
    hit, span = pages.old[0]
    paged = f"paged {hit.page.receiver} {seconds(hit.at - start.at)} after {start.name}"
    return under_way_before(span, start, f"it {paged} for that, which does not detect the fault", hit.evidence)


def under_way_before(span: AlertSpan, start: Moment, meaning: str, evidence: Sequence[int] = ()) -> Check:
    """What an episode that began before the fault says: one that fired by then was about something else, one that was pending may be."""
    seqs = [*(span.seqs[name] for name in ("pending", "firing") if name in span.seqs), *start.evidence, *evidence]
    if span.firing is not None and span.firing < start.earliest:
        words = f"was already firing {seconds(start.at - span.firing)} before {start.name}, when nothing was wrong; {meaning}"
        return Check(Verdict.FAIL, words, list(dict.fromkeys(seqs)))
    words = f"cannot be judged: it was already pending {seconds(start.at - began(span))} before {start.name}; {meaning}"
    return Check(Verdict.INCONCLUSIVE, words, list(dict.fromkeys(seqs)))


def unproved(facts: Facts, alert: str, hit: Hit, start: Moment) -> Check | None:
    """What a page says behind which no firing alert was seen; None where it is no evidence at all, and the alert is missing still."""
    said = f"paged {hit.page.receiver} {seconds(hit.at - start.at)} after {start.name}"
    known = hit.at + polled(facts)
    if facts.ended is None and facts.now < known:
        return Check(Verdict.PENDING, f"{said}; whether it fires is about to be known", hit.evidence, known)
    if (spot := blinded(facts, watching(facts, alert), start.at, hit.at)) is not None:
        return Check(spot.verdict, f"{spot.words}: it {said}, but nothing shows that it fired", [*spot.evidence, *hit.evidence])
    if facts.plan.stack == "external":
        words = f"cannot be judged: it {said}, but Prometheus was never seen to have it firing"
        return Check(Verdict.INCONCLUSIVE, words, hit.evidence)
    return None


def forged(facts: Facts, alert: str, hit: Hit, start: Moment) -> str:
    """What is said of a page that is no evidence."""
    fired = any(span.firing is not None for span in spans(facts, alert))
    had = "had no such alert firing by then" if fired else "never had the alert firing"
    came = f"a message that says so came for {hit.page.receiver} {seconds(hit.at - start.at)} after {start.name}"
    return f"{came}, but Prometheus {had}, so the message is no evidence"
