"""How a page came about, stage by stage: nine boundaries, each seen by its own source, and the stages between neighbours.

A stage ends at its boundary. A boundary that nobody saw makes its stage None, and its time is counted in the next stage that is
seen; nothing is computed as a remainder (judge/boundaries.py). The stages that are seen sum to the whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from firedrill.judge.back import way_back, well_again
from firedrill.judge.boundaries import JITTER, Boundary, lengths, ordered
from firedrill.judge.drill import AlertSpan, Bin, Detection, Facts
from firedrill.judge.episodes import lives_of, sort
from firedrill.judge.mitigation import mitigated_for_all
from firedrill.judge.moments import Moment, cleared, origin
from firedrill.judge.pages import Hit, all_hits, instances, spans
from firedrill.judge.sight import is_watchdog
from firedrill.judge.slo import bins, good_of, recovery


def detections(facts: Facts) -> list[Detection]:
    """One for each page since the first active fault and alert in it, in order of arrival; none before a fault was active."""
    start = origin(facts)
    if start is None:
        return []
    recovered = good_again(facts)
    course = Course(
        start, cleared(facts), time_to_hurt(facts, start), mitigated_for_all(facts), recovered, well_again(facts, recovered)
    )  # fmt: skip
    return [_detection(facts, alert, hit, course) for alert, hit in _paged_since(facts, start)]


@dataclass(frozen=True, slots=True)
class Course:
    """What all detections of a drill share: looked up once, since a storm has thousands of them."""

    start: Moment
    clear: Moment | None
    hurt: float | None
    """Seconds from the fault to the first bad sample."""
    mitigated: float | None
    """Seconds from the fault until people had made users well."""
    recovered: float | None
    """When every SLO was met again."""
    good: Boundary | None
    """The same, as a boundary of the way back."""


def _paged_since(facts: Facts, start: Moment) -> Iterator[tuple[str, Hit]]:
    """Those that tell of what had begun before the fault do not detect it."""
    since = {name: [hit for hit in found if hit.at >= start.at] for name, found in all_hits(facts).items()}
    pages = {name: sort(facts, name, {}, found, start) for name, found in since.items()}
    found = [(name, hit) for name, each in pages.items() for hit in (*each.new, *each.unseen)]
    yield from sorted(found, key=lambda pair: pair[1].at)


def _detection(facts: Facts, alert: str, hit: Hit, course: Course) -> Detection:
    span = _instance(facts, alert, hit)
    seen, notes = ordered(_boundaries(span, course.start, hit))
    return Detection(
        alert=alert,
        labels=_labels(alert, span, hit),
        receiver=hit.page.receiver,
        total_s=round(hit.at - course.start.at, 6),
        stages=lengths(seen),
        boundaries=tuple(None if boundary is None else boundary[1] for boundary in seen),
        hurt_s=course.hurt,
        acknowledge_s=_between(hit.page.opened, hit.page.acknowledged),
        reset_s=None if span is None else _reset(span, course),
        resolve_s=_between(hit.page.opened, hit.page.resolved),
        notes=notes,
        back=None if span is None else way_back(facts, span, hit, course.clear, course.good),
    )


def _instance(facts: Facts, alert: str, hit: Hit) -> AlertSpan | None:
    """The life of the alert that this page speaks of: the last that fired before the page came."""
    if is_watchdog(facts, alert):
        return None  # it fired long before: the page came because nothing was told of that any more
    told = [] if hit.note is None else instances(hit.note, alert)
    known = [span for one in told for span in lives_of(facts, alert, one) if _fired_by(span, hit.at)]
    lives = known or [span for span in spans(facts, alert) if _fired_by(span, hit.at)]
    return max(lives, key=lambda span: span.firing or 0.0, default=None)


def _fired_by(span: AlertSpan, at: float) -> bool:
    return span.firing is not None and span.firing <= at + JITTER


def _reset(span: AlertSpan, course: Course) -> float | None:
    """From SLIs good to resolved; an alert that was resolved while a fault was on counts from when people had made them good."""
    if span.resolved is None or course.clear is None or span.resolved >= course.clear.at:
        return _between(course.recovered, span.resolved)
    return None if course.mitigated is None else _between(course.start.at + course.mitigated, span.resolved)


def _labels(alert: str, span: AlertSpan | None, hit: Hit) -> Mapping[str, str]:
    if span is not None:
        return dict(span.labels)
    told = [] if hit.note is None else instances(hit.note, alert)
    return dict(told[0].get("labels", {})) if told else {}


def _boundaries(span: AlertSpan | None, start: Moment, hit: Hit) -> list[Boundary | None]:
    """Fault active, the ends of window, scrape and record, pending, firing, the ends of send and group, arrival."""
    arrival = (hit.at, hit.page.seqs["opened"] if hit.note is None else hit.note.seq)
    first = (start.at, start.evidence[0])
    if span is None:
        return [first, *[None] * 7, arrival]
    pending = None if span.pending is None else (span.pending, span.seqs["pending"])
    firing = None if span.firing is None else (span.firing, span.seqs["firing"])
    window, scrape, record, send, group = (span.boundaries.get(name) for name in ("window", "scrape", "record", "send", "group"))
    return [first, window, scrape, record, pending, firing, send, group, arrival]


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round(end - start, 6)


def time_to_hurt(facts: Facts, start: Moment) -> float | None:
    """From the fault to the first sample since then that failed or that an SLO counts as bad; to the second where only its bin is known.

    Where no sample of our own was bad, the first second in which the system's own metrics broke an SLO stands for it.
    """
    times = _hurts(_samples(facts), start) or _hurts(_told_by_metrics(facts), start)
    return round(min(times) - start.at, 6) if times else None


def _hurts(held: Iterable[tuple[Bin, int]], start: Moment) -> list[float]:
    return [at for bin_, bad in held if (at := _hurt_at(bin_, bad, start.at)) is not None]


def _told_by_metrics(facts: Facts) -> Iterator[tuple[Bin, int]]:
    return ((bin_, bin_.bad) for (of, _), one in facts.series.items() if of == "slo" for bin_ in one.bins.values())


def _samples(facts: Facts) -> Iterator[tuple[Bin, int]]:
    """Every bin of probes and load, with its bad samples by the strictest SLO on it."""
    bad: dict[tuple[str, str, float], int] = {}
    held = {(of, name, at): bin_ for (of, name), one in facts.series.items() if of != "slo" for at, bin_ in one.bins.items()}
    for slo in facts.plan.slos:
        for at, bin_ in bins(facts, slo).items():
            key = (slo.indicator.source.value, slo.indicator.name, at)
            bad[key] = max(bad.get(key, 0), bin_.good + bin_.bad - good_of(slo, bin_))
    return ((bin_, max(bin_.bad, bad.get(key, 0))) for key, bin_ in held.items())


def _hurt_at(bin_: Bin, bad: int, start: float) -> float | None:
    if bin_.first_bad is not None and bin_.first_bad >= start:
        return bin_.first_bad
    # A bin that began before the fault may owe its bad samples to the time before; another's ended by its second's end.
    return bin_.second + 1 if bad and bin_.second >= start and bin_.first_bad is None else None


def good_again(facts: Facts) -> float | None:
    """When every SLO was met again after the last clearing; None while one is not, or none is promised."""
    clear = cleared(facts)
    if clear is None or not facts.plan.slos:
        return None
    times = [recovery(facts, slo, clear.at).at for slo in facts.plan.slos]
    known = [at for at in times if at is not None]
    return max(known) if len(known) == len(times) else None
