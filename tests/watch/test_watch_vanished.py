"""Series that vanish though their target is scraped, on a real Prometheus."""

from typing import Any

from firedrill.core.alerting import AlertingRule, Place
from firedrill.core.events import SeriesBack, SeriesGone
from firedrill.watch.alerts.vanished import LONGEST, MOST, Vanished

PLACE = Place(file="r.yml", line=1)


def rule(expr: str) -> AlertingRule:
    return AlertingRule(alert="A", expr=expr, group="g", interval=1, place=PLACE)


EXPIRES = AlertingRule(alert="A", expr="expires_total - time() <= 0 and on () app_requests_total > 0", group="g", interval=1, place=PLACE)


async def test_a_metric_that_a_scrape_no_longer_gives_is_told_and_that_it_is_back(
    stack: Any, app: Any, running: Any, clock: Any, book: Any, session: Any
) -> None:
    """Probes that fail no longer say when a certificate ends, while their exporter goes on."""
    given, plain = ["expires_total 7\n"], app.lines
    app.lines = lambda now: plain(now) + "".join(given)
    watch = Vanished(stack.prometheus, [EXPIRES, rule("never_seen > 1")], (), clock, book.journal.append, session=session)
    async with running(watch):
        await book.until(lambda: watch.there == {"expires_total", "app_requests_total"})
        assert book.of(SeriesGone) == []
        expires = given.pop()
        await book.until(lambda: book.of(SeriesGone))
        given.append(expires)
        await book.until(lambda: book.of(SeriesBack))
    found = [entry.event for entry in book.entries if isinstance(entry.event, SeriesGone | SeriesBack)]
    assert found == [SeriesGone("expires_total"), SeriesBack("expires_total")]


async def test_a_prometheus_that_does_not_answer_has_lost_nothing(clock: Any, book: Any, session: Any) -> None:
    watch = Vanished("http://127.0.0.1:9", [EXPIRES], (), clock, book.journal.append, session=session)
    await watch.look()
    assert book.entries == []


def test_what_is_asked_each_second_has_its_bounds(clock: Any, book: Any, session: Any) -> None:
    many = [rule(f"metric_{number} > 1") for number in range(100)]
    assert len(Vanished("", many, (), clock, book.journal.append, session=session).selectors) == MOST
    long = Vanished("", [rule(f'a{{b="{"x" * LONGEST}"}} > c')], (), clock, book.journal.append, session=session)
    assert long.selectors == ["c"]
