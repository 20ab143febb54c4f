"""Which pages and alerts speak of which alert: a page's thread may carry several, and an instance is known by its labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firedrill.judge.drill import AlertSpan, Facts, Notification, Page


@dataclass(frozen=True, slots=True)
class Hit:
    """A page for one alert: when it asked for a human because of that alert, and the notification that did."""

    page: Page
    at: float
    note: Notification | None

    @property
    def evidence(self) -> list[int]:
        return [*([] if self.note is None else [self.note.seq]), self.page.seqs["opened"]]


def hits(facts: Facts, alert: str, receiver: str | None = None, labels: Mapping[str, str] | None = None) -> list[Hit]:
    """Every page for an instance of `alert` that carries at least `labels`, of one receiver or of all, in order."""
    found = [hit for page in facts.pages if receiver in (None, page.receiver) and (hit := _hit(page, alert, labels or {})) is not None]
    return sorted(found, key=lambda hit: hit.at)


def all_hits(facts: Facts) -> dict[str, list[Hit]]:
    """Every page of every alert, in order: each page is looked at for the alerts that it tells of, and for no other."""
    found: dict[str, list[Hit]] = {}
    for page in facts.pages:
        for alert in paged_alerts(page):
            if (hit := _hit(page, alert, {})) is not None:
                found.setdefault(alert, []).append(hit)
    return {alert: sorted(of, key=lambda hit: hit.at) for alert, of in found.items()}


def _hit(page: Page, alert: str, labels: Mapping[str, str]) -> Hit | None:
    note = next((note for note in page.notifications if instances(note, alert, labels)), None)
    if note is None and (labels or alert not in page.alerts):
        return None
    return Hit(page, page.opened if note is None else note.at, note)


def since(moment: float, found: Sequence[Hit], alert: str, labels: Mapping[str, str]) -> list[Hit]:
    """Those of the hits that asked for a human from a moment on; a page that was over by then and was reopened has asked again."""
    return [one for hit in found if (one := hit if hit.at >= moment else _again(hit, alert, labels, moment)) is not None]


def _again(hit: Hit, alert: str, labels: Mapping[str, str], moment: float) -> Hit | None:
    if hit.page.open_at(moment):
        return None
    notes = (note for note in hit.page.notifications if note.at >= moment and instances(note, alert, labels))
    return next((Hit(hit.page, note.at, note) for note in notes), None)


def instances(note: Notification, alert: str, labels: Mapping[str, str] | None = None) -> list[Mapping[str, Any]]:
    """The firing instances of `alert` in a notification that carry at least `labels`."""
    wanted = {"alertname": alert, **(labels or {})}
    return [one for one in note.alerts if one.get("status") == "firing" and wanted.items() <= one.get("labels", {}).items()]


def paged_alerts(page: Page) -> list[str]:
    """Every alert that a page's thread has asked for a human about."""
    joined = (one["labels"].get("alertname", "") for note in page.notifications for one in note.alerts if one.get("status") == "firing")
    return list(dict.fromkeys([*page.alerts, *joined]))


def spans(facts: Facts, alert: str, labels: Mapping[str, str] | None = None) -> Sequence[AlertSpan]:
    """The lives of the instances of `alert` that carry at least `labels`."""
    wanted = dict(labels or {})
    return [span for span in facts.named.get(alert, ()) if wanted.items() <= span.labels.items()]


def is_of(span: AlertSpan, one: Mapping[str, Any]) -> bool:
    """Whether a notified instance is this one; Prometheus may add external labels on the way."""
    told: Mapping[str, str] = one.get("labels", {})
    return {**span.labels, "alertname": span.alert}.items() <= told.items()
