"""From a counter that rises to a page that is resolved, on real programs."""

import asyncio
from itertools import pairwise

import pytest

from firedrill.core.events import (
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertResolved,
    BlindBegan,
    Covered,
    NotificationReceived,
    PageOpened,
    PageResolved,
    Samples,
)
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.watch.alerts.alertmanager import AlertmanagerWatch
from firedrill.watch.alerts.back import WayBack
from firedrill.watch.alerts.prometheus import PrometheusWatch
from firedrill.watch.history import shortfall
from firedrill.watch.indicators import Indicators

COUNTED = Slo(
    name="answers", objective=0.9,
    indicator=Indicator(source=Source.PROMQL, total="sum(app_requests_total)", bad="sum(app_failures_total)"),
)  # fmt: skip
COMPARED = Slo(name="up", objective=0.9, indicator=Indicator(source=Source.PROMQL, value="up", op="gte", limit=1))
GONE = Slo(name="gone", objective=0.9, indicator=Indicator(source=Source.PROMQL, total="sum(nothing)", good="sum(nothing)"))


async def history_is_full(session, stack, clock) -> list[list[str]]:
    """Waits until it is; returns what was said to be missing, and what to be short, on the way."""
    said: list[list[str]] = [[], []]
    async with asyncio.timeout(20):
        while True:
            lacks = await shortfall(session, stack.prometheus, stack.alerting, clock.offset() + clock.now())
            if not (lacks.missing or lacks.short):
                return said
            said[0] += lacks.missing
            said[1] += lacks.short
            await asyncio.sleep(0.1)


@pytest.fixture
async def drilled(app, stack, sink, book, clock, session, running):
    """One fault that both alerts page for, and its end; the boundary between the two is `app.mended_at`."""
    prometheus = PrometheusWatch(
        stack.prometheus, stack.alerting, 0.2, 0.2, clock, book.journal.append, session=session, fault_active=lambda: app.broken_at,
        fault_cleared=lambda: app.mended_at,
    )  # fmt: skip
    alertmanager = AlertmanagerWatch(stack.alertmanager, stack.alertmanager_log, clock, book.journal.append, session=session)
    back = WayBack(stack.alertmanager_log, clock, book.journal.append)
    book.journal.observers += [alertmanager.observe, back.observe]
    said = await history_is_full(session, stack, clock)
    indicators = Indicators(stack.prometheus, [COUNTED, COMPARED, GONE], clock, book.journal.append, session=session, scrape=0.2)
    async with running(prometheus, alertmanager, back, indicators):
        await book.until(lambda: book.of(Samples))
        app.failing(clock.now())
        await book.until(lambda: len(book.of(PageOpened)) == 2)
        app.mended_at = clock.now()
        await book.until(lambda: len(book.of(PageResolved)) == 2)
    return said


async def test_a_whole_detection_is_seen_stage_by_stage(drilled, app, book):
    for alert in ("FailuresBurn", "FailuresRaw"):
        boundaries_are_in_order_and_add_up(book, app, alert)
        the_way_back_is_in_order_and_adds_up(book, app, alert)
    pages_hold_together(book)
    counters_became_samples(book, app)
    history_was_short_until_it_was_not(drilled)
    covered = {entry.event.what for entry in book.of(Covered)}
    assert {"prometheus", "alertmanager", "sink", "slo answers"} <= covered
    # An SLI that never had data is no blind spot: it has no samples, and without samples no steady state is met.
    assert "slo gone" not in covered
    assert not book.of(BlindBegan)


def of_alert(book, kind, alert):
    return [entry for entry in book.of(kind) if entry.event.alert == alert]


def boundaries_are_in_order_and_add_up(book, app, alert):
    found = {entry.event.stage: entry.at for entry in of_alert(book, AlertBoundary, alert)}
    (pending,), (firing,), (resolved,) = (of_alert(book, kind, alert) for kind in (AlertPending, AlertFiring, AlertResolved))
    arrived = next(entry for entry in book.of(NotificationReceived) if entry.event.alerts[0]["labels"]["alertname"] == alert)
    times = [
        app.broken_at,
        found["window"],
        found["scrape"],
        found["record"],
        pending.at,
        firing.at,
        found["send"],
        found["group"],
        arrived.at,
    ]
    stages = [later - earlier for earlier, later in pairwise(times)]
    assert min(stages) >= 0, stages
    assert sum(stages) == pytest.approx(arrived.at - app.broken_at, abs=0.001)
    window, scrape, record, evaluate, for_, send, group, deliver = stages
    # theta * L: 0.3 of 3 s, and 0.2 of 2 s; the counters move on between a scrape's stamp and its answer.
    assert window == pytest.approx({"FailuresBurn": 0.9, "FailuresRaw": 0.4}[alert], abs=0.1)
    # `for: 400ms` ends with the first evaluation after it; a busy Prometheus leaves evaluations out, 200 ms each.
    left_out = (for_ - {"FailuresBurn": 0.4, "FailuresRaw": 0.0}[alert]) / 0.2
    assert left_out == pytest.approx(0 if alert == "FailuresRaw" else max(0, round(left_out)), abs=0.25)
    assert (record == 0) == (alert == "FailuresRaw")
    assert scrape < 1
    assert evaluate < 1
    assert send < 0.5
    assert group == pytest.approx(0.3, abs=0.15)
    assert deliver < 0.5
    assert {tuple(entry.event.labels.items()) for entry in of_alert(book, AlertBoundary, alert)} == {(("severity", "page"),)}
    assert resolved.event.was == "firing"
    assert resolved.at > app.mended_at


def the_way_back_is_in_order_and_adds_up(book, app, alert):
    found = {entry.event.stage: entry.at for entry in of_alert(book, AlertBoundary, alert)}
    (resolved,) = of_alert(book, AlertResolved, alert)
    told = [entry for entry in book.of(NotificationReceived) if entry.event.alerts[0]["labels"]["alertname"] == alert]
    arrived = next(entry for entry in told if entry.event.status == "resolved")
    ends = [found[f"{stage}-back"] for stage in ("window", "scrape", "record")]
    times = [app.mended_at, *ends, resolved.at, found["send-back"], found["group-back"], arrived.at]
    stages = [later - earlier for earlier, later in pairwise(times)]
    assert min(stages) >= 0, stages
    # (1 - theta) * S: 0.7 of the short window of 1 s, and 0.8 of 2 s; a rate sees up to a scrape less, and then a scrape ends it.
    share, window = {"FailuresBurn": (0.7, 1.0), "FailuresRaw": (0.8, 2.0)}[alert]
    assert share * (window - 0.2) - 0.1 < stages[0] < share * window + 0.1
    assert (stages[2] == 0) == (alert == "FailuresRaw")
    # The group's ticks go on from its first message, 600 ms apart.
    ticks = (found["group-back"] - found["group"]) / 0.6
    assert abs(ticks - round(ticks)) < 0.3


def pages_hold_together(book):
    assert [entry.event.page for entry in book.of(PageOpened)] == ["p1", "p2"]
    assert {entry.event.page for entry in book.of(PageResolved)} == {"p1", "p2"}
    assert {entry.event.receiver for entry in book.of(PageOpened)} == {"oncall"}
    told = book.of(NotificationReceived)[0].event.alerts[0]
    assert told["annotations"] == {"summary": "s"}


def counters_became_samples(book, app):
    samples = [entry.event for entry in book.of(Samples)]
    failures = sum(event.bad for event in samples if event.name == "answers")
    assert failures == app.failures()
    assert sum(event.good for event in samples if event.name == "answers") > 0
    assert {(event.good, event.bad) for event in samples if event.name == "up"} == {(1, 0)}
    assert {event.of for event in samples} == {"slo"}


def history_was_short_until_it_was_not(said):
    missing, short = said
    assert "app_requests_total has no series" in missing
    assert any(text.startswith("app:failures:share3s looks back 3s on app_requests_total, of which Prometheus has ") for text in short)
