"""What nobody expected: alerts that fired and pages that opened though no expectation of the plan names them.

Knows names, receivers and labels; refuses to say whether a surprise matters: `quiet` fails for it, a report shows it anyway.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from firedrill.core.matching import all_match
from firedrill.core.model.plan import Plan
from firedrill.judge import hypothesis, traffic
from firedrill.judge.drill import AlertSpan, Facts, Notice, Page
from firedrill.judge.messages import became, is_broken
from firedrill.judge.moments import close, phase
from firedrill.judge.pages import instances, paged_alerts
from firedrill.judge.sight import is_watchdog
from firedrill.judge.wording import both, seconds

NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "page": ("page", "after", "grouped-with"),
    "alert": ("alert", "after", "inhibited-by"),
    "escalated": ("escalated",),
    "resolved": ("resolved",),
    "reopened": ("reopened",),
    "told": ("of",),
    "handed-over": ("of",),
}
"""By which keys a kind of expectation names alerts, which are no surprise then."""


@dataclass(frozen=True, slots=True)
class Excused:
    """What may be heard: these alerts, whatever only these receivers are told, and every alert with all of these labels."""

    alerts: frozenset[str]
    receivers: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


def named(plan: Plan) -> frozenset[str]:
    """Every alert that an expected page or alert is, or speaks of."""
    names = [one.declared.get(key) for one in plan.expectations for key in NAMED_BY.get(one.kind, ())]
    return frozenset(name for each in names for name in ([each] if isinstance(each, str) else each or ()))


def surprises(facts: Facts, excused: Excused, since: float) -> list[Notice]:
    """Alerts that fired, and then pages that were open, from `since` to the end of looking; each as a clause."""
    return [*_alerts(facts, excused, since), *_pages(facts, excused, since)]


def standing(facts: Facts) -> list[AlertSpan]:
    """Alerts that fired before the drill had begun: none of its own doing, and nothing that it could set off a second time."""
    began = facts.phases[0].start if facts.phases else 0.0
    return [span for span in facts.alerts if span.firing is not None and span.firing < began]


def told_standing(facts: Facts, since: float) -> list[Notice]:
    """Those that still fired at `since`, each as a clause."""
    found = [one for one in standing(facts) if (one.resolved is None or one.resolved > since) and not is_watchdog(facts, one.alert)]
    return [
        Notice(f"{one.alert} had fired for {seconds(-(one.firing or 0.0))} when the drill began", [one.seqs["firing"]]) for one in found
    ]


def set_off(facts: Facts, before: frozenset[str] = frozenset()) -> frozenset[str]:
    """The alerts that this drill set off, and those of drills before it that it left as they were."""
    old = {id(span) for span in standing(facts)}
    return frozenset(span.alert for span in facts.alerts if id(span) not in old or (span.alert in before and span.resolved is None))


def _alerts(facts: Facts, excused: Excused, since: float) -> Iterator[Notice]:
    told = _receivers(facts) if excused.receivers else {}
    old = {id(span) for span in standing(facts)}
    for span in facts.alerts:
        if (
            id(span) not in old
            and _fired(span, since, close(facts))
            and not _excused(excused, span.alert, span.labels)
            and not _told_to(facts, excused, told.get(span.alert, set()))
            and not _silenced(facts, span)
            and not is_watchdog(facts, span.alert)
        ):
            yield Notice(f"{span.alert} fired at {seconds(span.firing or 0.0)}", [span.seqs["firing"]])


def _pages(facts: Facts, excused: Excused, since: float) -> Iterator[Notice]:
    old, fresh = {span.alert for span in standing(facts)}, _fresh(facts)
    for page in facts.pages:
        if page.receiver in excused.receivers or not (page.opened >= since or page.resolved is None or page.resolved > since):
            continue
        known = {name for name in old if fresh.get(name, page.opened + 1) > page.opened}
        names = sorted(name for name in {*paged_alerts(page)} - known if name not in excused.alerts and not _labelled(excused, page, name))
        if names:
            yield Notice(f"{both(names)} paged {page.receiver} at {seconds(page.opened)}", [page.seqs["opened"]])


def _fresh(facts: Facts) -> dict[str, float]:
    """When each alert first fired that had not before the drill began: a page of others speaks of nothing new."""
    old, first = {id(span) for span in standing(facts)}, dict[str, float]()
    for span in facts.alerts:
        if span.firing is not None and id(span) not in old:
            first[span.alert] = min(first.get(span.alert, span.firing), span.firing)
    return first


def _labelled(excused: Excused, page: Page, alert: str) -> bool:
    """Whether every instance that the page tells of carries the labels that excuse it."""
    if not excused.labels:
        return False
    told = [one["labels"] for note in page.notifications for one in instances(note, alert)]
    return bool(told) and all(excused.labels.items() <= labels.items() for labels in told)


def _silenced(facts: Facts, span: AlertSpan) -> bool:
    """Whether the drill itself keeps the alert quiet: then it may fire, but still page nobody."""
    labels = {"alertname": span.alert, **span.labels}
    return any(all_match(matchers, labels) for matchers, _ in facts.silences.values())


def _excused(excused: Excused, alert: str, labels: Mapping[str, str]) -> bool:
    return alert in excused.alerts or bool(excused.labels and excused.labels.items() <= labels.items())


def _receivers(facts: Facts) -> dict[str, set[str]]:
    """Who was told of which alert."""
    told: dict[str, set[str]] = {}
    for page in facts.pages:
        for alert in paged_alerts(page):
            told.setdefault(alert, set()).add(page.receiver)
    return told


def _told_to(facts: Facts, excused: Excused, told: set[str]) -> bool:
    """Whether excused receivers alone are told of it; while the drill runs it may not have come to them yet."""
    if not excused.receivers:
        return False
    return told <= excused.receivers and (bool(told) or facts.ended is None)


def _fired(span: AlertSpan, since: float, until: float) -> bool:
    return span.firing is not None and span.firing <= until and (span.firing >= since or span.resolved is None or span.resolved > since)


def noticed(facts: Facts) -> list[Notice]:
    """What a report shows although no expectation failed for it; surprises only where no `quiet` speaks of them."""
    heard = phase(facts, "steady") or phase(facts, "play")
    listened = any(one.kind == "quiet" for one in facts.plan.expectations)
    found = [] if heard is None or listened else surprises(facts, Excused(named(facts.plan)), heard.start)
    unexpected = [Notice(f"{one.sentence}, which nothing expected.", one.evidence) for one in found]
    return [
        *traffic.notices(facts),
        *_remarks(facts),
        *(Notice(f"{one.sentence}, and is not held against it.", one.evidence) for one in told_standing(facts, 0.0)),
        *unexpected,
        *hypothesis.noticed(facts),
        *(_elsewhere(facts) if heard is not None else ()),
        *_broken_links(facts),
        *_unannounced(facts),
    ]


def _remarks(facts: Facts) -> Iterator[Notice]:
    """What was noted of an SLO, of stages that nobody looked for, and of what the rule of an expected alert reads where that never came."""
    pended = {span.alert for span in facts.alerts}
    for about, text, seq in facts.remarks:
        kind, _, name = about.partition(" ")
        if kind in {"slo", "stages"} or (kind == "rule" and name in named(facts.plan) - pended and facts.ended is not None):
            yield Notice(f"{text}.", [seq])


def _elsewhere(facts: Facts) -> Iterator[Notice]:
    """Pages for somebody whom no expectation of that alert names."""
    expected: dict[str, set[str | None]] = {}
    for one in facts.plan.expectations:
        if one.kind == "page":
            expected.setdefault(str(one.declared.get("page")), set()).add(one.declared.get("to"))
    for page in facts.pages:
        for alert in paged_alerts(page):
            if (meant := expected.get(alert)) and None not in meant and page.receiver not in meant:
                text = f"{alert} paged `{page.receiver}` too, at {seconds(page.opened)}, whom nothing expected to be paged."
                yield Notice(text, [page.seqs["opened"]])


def _broken_links(facts: Facts) -> Iterator[Notice]:
    """Links that lead nowhere, where no expectation asked for them."""
    if any(one.declared.get("links") == "reachable" for one in facts.plan.expectations):
        return
    for link in facts.links.values():
        if is_broken(link):
            yield Notice(f"The link {link.url} in a message {became(link)}.", [link.seq])


def _unannounced(facts: Facts) -> Iterator[Notice]:
    """Outsiders who do not know that the drill began, or that it is over."""
    for moment, _, _, error, seq in facts.announced:
        if error:
            yield Notice(f"Outsiders were not told of the drill's {moment}: {error}.", [seq])
