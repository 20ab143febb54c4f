"""What kept an alert back stands in the table of what happened, and when."""

from firedrill.core.events import (
    AlertReleased,
    AlertsUnsent,
    AlertSuppressed,
    Entry,
    Event,
    NotificationFailed,
    PhaseEntered,
    RecordEmpty,
    SeriesGone,
    TargetDown,
)
from firedrill.judge.facts import fold
from firedrill.report.times import happenings


def _rows(*told: tuple[float, Event]) -> list[tuple[str, str, float | None, float | None, str]]:
    entries = [Entry(seq, at, "x", None, event) for seq, (at, event) in enumerate(told, start=1)]
    return [(row.what, row.name, row.start, row.end, row.more) for row in happenings(fold(entries)) if row.what != "phase"]


def test_each_hindrance_is_a_row_with_its_time_and_its_words() -> None:
    labels = {"team": "payments"}
    assert _rows(
        (1.0, RecordEmpty("slow:ratio")),
        (1.5, SeriesGone("a_total")),
        (2.0, TargetDown("api", "127.0.0.1:80", "connection refused", ("a_total",))),
        (3.0, AlertSuppressed("Slow", labels, "silence", ("s1",), "ann: deploying")),
        (4.0, AlertReleased("Slow", labels, "silence")),
        (5.0, AlertSuppressed("Slow", labels, "mute", ("nights",), "within mute time")),
        (6.0, AlertsUnsent("connection refused")),
        (7.0, NotificationFailed("oncall", "webhook", "g", "unexpected status code 500", 1)),
    ) == [
        ("no data", "slow:ratio", 1.0, None, ""),
        ("vanished", "a_total", 1.5, None, ""),
        ("not scraped", "127.0.0.1:80", 2.0, None, "api: connection refused"),
        ("held back", "Slow", 3.0, 4.0, "silence: ann: deploying"),
        ("held back", "Slow", 5.0, None, "mute: within mute time: nights"),
        ("not sent", "to Alertmanager", 6.0, None, "connection refused"),
        ("not told", "oncall", 7.0, None, "webhook, attempt 1: unexpected status code 500"),
    ]


def test_what_a_drill_takes_down_at_its_end_is_no_hindrance() -> None:
    assert _rows((1.0, PhaseEntered("end")), (2.0, TargetDown("probes", "127.0.0.1:81", "connection refused"))) == []
