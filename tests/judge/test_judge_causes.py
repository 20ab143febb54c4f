"""Why no page came, on hand-written journals: each cause with its words, their order, and no other beside the first."""

from typing import Any

import pytest

from firedrill.core.alerting import Alerting, AlertingRule, Inhibition, Place, RecordingRule, Route
from firedrill.core.events import (
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertReleased,
    AlertResolved,
    AlertsUnsent,
    AlertSuppressed,
    NotificationFailed,
    NotificationReceived,
    PageOpened,
    PageResolved,
    RecordEmpty,
    RecordFilled,
    SeriesBack,
    SeriesGone,
    TargetDown,
    TargetUp,
)
from firedrill.core.verdicts import Verdict

PAGED = (NotificationReceived, PageOpened, PageResolved)
LIVED = (AlertPending, AlertFiring, AlertResolved, AlertBoundary)
RULES, ROUTES = "alerts/rules.yml", "alerts/alertmanager.yml"
ALERT = "NegotiationLatencyBudgetBurn"


def place(line: int, file: str = ROUTES) -> Place:
    return Place(file=file, line=line)


def record(name: str, expr: str, line: int) -> RecordingRule:
    return RecordingRule(record=name, expr=expr, group="g", interval=1, place=place(line, RULES))


RULE = AlertingRule(
    alert=ALERT, expr="slow:ratio > 0.1", for_=2, labels={"severity": "page"}, group="g", interval=1, place=place(18, RULES),
    places={"for": place(20, RULES)},
)  # fmt: skip
RECORDS = (
    record("slow:ratio", "slow:rate / all:rate", 5),
    record("slow:rate", "rate(slow_total[5s])", 7),
    record("all:rate", "rate(all_total[5s])", 9),
)
ONCALL = Route(
    receiver="payments-oncall", matchers=("severity = page",), group_wait=1, group_interval=30, mute=("nights",), place=place(9),
    places={"group_wait": place(3), "group_interval": place(4)},
)  # fmt: skip
ROOT = Route(receiver="unrouted", routes=(ONCALL,), place=place(2))
ALERTING = Alerting(records=RECORDS, alerts=(RULE,), route=ROOT)
OUT_OF_REACH = "dial tcp 127.0.0.1:1: connect: connection refused"
MISSED = f"{ALERT} did not page payments-oncall within 10s: "


@pytest.fixture
def missed(script: Any) -> Any:
    """A journal in which the alert fired, Alertmanager had it and sent it off, and no page came; `alerting` are the files."""

    def make(alerting: Alerting = ALERTING, **other: Any) -> Any:
        wanted = script.expectation("page", ALERT, to="payments-oncall", within="10s", **other)
        return script.tape(wanted, alerting=alerting).without(*PAGED).plus(*flushed(script))

    return make


def flushed(script: Any) -> list[Any]:
    return [(23.4, AlertBoundary(ALERT, script.labels, "flush", "log"), 23.2)]


def unflushed(event: Any) -> bool:
    return isinstance(event, AlertBoundary) and event.stage in ("flush", "group")


def unsent(event: Any) -> bool:
    return unflushed(event) or (isinstance(event, AlertBoundary) and event.stage == "send")


def why(tape: Any) -> str:
    found = tape.finding()
    assert found.verdict is Verdict.FAIL
    assert found.sentence.startswith(MISSED), found.sentence
    return found.sentence.removeprefix(MISSED)


def test_a_target_that_cannot_be_scraped_and_whose_metrics_the_rule_reads(missed: Any) -> None:
    tape = missed().without(*LIVED).plus((15.0, TargetDown("api", "127.0.0.1:80", OUT_OF_REACH, ("slow_total",)), 14.3))
    assert why(tape) == "Prometheus could not scrape 127.0.0.1:80 of job api (connection refused), whose metrics its rule reads."


def test_a_target_that_the_rule_does_not_read_or_that_came_back_soon_is_not_to_blame(missed: Any) -> None:
    other = missed().without(*LIVED).plus((15.0, TargetDown("db", "127.0.0.1:81", OUT_OF_REACH, ("db_total",)), 14.3))
    brief = missed().without(*LIVED).plus(
        (15.0, TargetDown("api", "127.0.0.1:80", OUT_OF_REACH, ("slow_total",)), 14.3), (17.0, TargetUp("api", "127.0.0.1:80"))
    )  # fmt: skip
    assert {why(other), why(brief)} == {DEAD}


DEAD = (
    "the alert never became pending, though samples were bad from 1.8s after the fault on: what its rule (alerts/rules.yml:18) asks for "
    "was never true."
)


def test_a_rule_that_nothing_ever_met(missed: Any) -> None:
    assert why(missed().without(*LIVED)) == DEAD


def test_a_rule_that_nothing_ever_met_where_nothing_was_bad(missed: Any, script: Any) -> None:
    tape = missed().without(*LIVED, type(script.second(1.0))).plus(*script.bins(range(0)))
    assert why(tape) == "the alert never became pending: what its rule (alerts/rules.yml:18) asks for was never true."


def test_of_records_that_give_nothing_the_innermost_is_to_blame(missed: Any) -> None:
    tape = missed().without(*LIVED).plus((2.0, RecordEmpty("slow:ratio")), (2.0, RecordEmpty("slow:rate")))
    assert why(tape) == "the record slow:rate (alerts/rules.yml:7), which its rule reads, gave no series."


def test_records_that_were_filled_before_the_deadline_are_not_to_blame(missed: Any) -> None:
    tape = missed().without(*LIVED).plus((2.0, RecordEmpty("slow:rate")), (16.0, RecordFilled("slow:rate")))
    assert why(tape) == DEAD


def test_the_target_comes_before_the_record_that_it_leaves_empty(missed: Any) -> None:
    lost = (15.0, TargetDown("api", "127.0.0.1:80", OUT_OF_REACH, ("slow_total",)), 14.3)
    assert "could not scrape" in why(missed().without(*LIVED).plus(lost, (15.0, RecordEmpty("slow:rate"))))


def test_series_that_vanished_with_the_fault(missed: Any) -> None:
    """A certificate's end, for one, which a probe that fails no longer tells, though it is scraped as before."""
    tape = missed().without(*LIVED).plus((14.9, SeriesGone("slow_total"), 14.7))
    words = "slow_total had no series from 0.5s after the fault on, so its rule (alerts/rules.yml:18) saw no new sample of it."
    assert why(tape) == words
    assert why(tape.plus((15.0, RecordEmpty("slow:ratio")), (15.0, RecordEmpty("slow:rate")))) == words
    both = tape.plus((13.2, SeriesGone("all_total")))
    assert why(both).startswith("slow_total and all_total had no series from 1.0s before the fault on")
    lost = (15.0, TargetDown("api", "127.0.0.1:80", OUT_OF_REACH, ("slow_total",)), 14.3)
    assert "could not scrape" in why(tape.plus(lost))


def test_series_that_the_rule_can_do_without_or_that_came_back_soon_are_not_to_blame(missed: Any) -> None:
    other = missed().without(*LIVED).plus((14.9, SeriesGone("other_total"), 14.7))
    brief = missed().without(*LIVED).plus((14.9, SeriesGone("slow_total"), 14.7), (17.0, SeriesBack("slow_total")))
    absent = RULE.model_copy(update={"expr": "absent(slow_total) or slow:ratio > 0.1"})
    asked = missed(ALERTING.model_copy(update={"alerts": (absent,)})).without(*LIVED).plus((14.9, SeriesGone("slow_total"), 14.7))
    assert {why(other), why(brief), why(asked)} == {DEAD}


def test_an_alert_that_did_not_hold_for_as_long_as_for_asks(missed: Any, script: Any) -> None:
    tape = missed().without(AlertFiring, AlertResolved, AlertBoundary).plus((21.5, AlertResolved(ALERT, script.labels, "pending"), 21.4))
    assert (
        why(tape) == "it was pending 6.0s after the fault, but never fired: it held for 1.2s, and `for` asks for 2s (alerts/rules.yml:20)."
    )


def test_an_alertmanager_out_of_reach(missed: Any) -> None:
    tape = missed().without(unsent).plus((22.3, AlertsUnsent(OUT_OF_REACH), 22.21))
    assert why(tape) == f"it fired 8.0s after the fault, but Prometheus could not hand it to Alertmanager ({OUT_OF_REACH})."


def test_alerts_that_were_not_sent_before_it_fired_say_nothing_about_it(missed: Any) -> None:
    assert "hand it to Alertmanager" not in why(missed().plus((18.0, AlertsUnsent(OUT_OF_REACH), 18.0)))


def tree(*routes: Route) -> Alerting:
    return ALERTING.model_copy(update={"route": ROOT.model_copy(update={"routes": routes})})


def elsewhere(tape: Any, script: Any, receiver: str) -> Any:
    return tape.plus((23.3, script.notified(receiver=receiver)), (23.31, PageOpened("p9", receiver, (ALERT,), 0)))


def test_a_label_that_the_route_does_not_take(missed: Any, script: Any) -> None:
    teams = tree(ONCALL.model_copy(update={"matchers": ("severity = critical",)}))
    said = 'it fired with severity=page, where the route to payments-oncall (alerts/alertmanager.yml:9) takes severity="critical": it '
    assert why(elsewhere(missed(teams), script, "unrouted")) == f"{said}reached `unrouted`."
    assert why(missed(teams)) == f"{said}goes to `unrouted`."


def test_a_label_that_is_missing(missed: Any, script: Any) -> None:
    teams = tree(ONCALL.model_copy(update={"matchers": ("severity = page", "team = payments")}))
    assert why(elsewhere(missed(teams), script, "unrouted")) == (
        "it fired with no team, where the route to payments-oncall (alerts/alertmanager.yml:9) takes "
        'team="payments": it reached `unrouted`.'
    )


def test_another_route_that_takes_it_first(missed: Any, script: Any) -> None:
    first = Route(receiver="platform", matchers=("severity = page",), place=place(7))
    assert why(elsewhere(missed(tree(first, ONCALL)), script, "platform")) == (
        "it reached `platform` instead of payments-oncall: the route (alerts/alertmanager.yml:7) takes it first."
    )


def test_no_route_that_leads_there(missed: Any, script: Any) -> None:
    only = tree(Route(receiver="platform", matchers=("severity = page",), place=place(7)))
    assert why(elsewhere(missed(only), script, "platform")) == (
        "it reached `platform` instead of payments-oncall: the route (alerts/alertmanager.yml:7) takes it, "
        "and no route leads to payments-oncall."
    )


def test_an_inhibition_with_its_source_and_its_rule(missed: Any, script: Any) -> None:
    rule = Inhibition(source=("alertname = Maintenance",), target=("severity = page",), place=place(20))
    other = Inhibition(source=("alertname = Other",), target=("severity = page",), place=place(30))
    held = (22.4, AlertSuppressed(ALERT, script.labels, "inhibition", ("f2",), "Maintenance"))
    tape = missed(ALERTING.model_copy(update={"inhibitions": (other, rule)})).plus(held)
    assert why(tape) == "Alertmanager held it back, inhibited by Maintenance (alerts/alertmanager.yml:20)."


def test_a_silence_with_its_author_and_words(missed: Any, script: Any) -> None:
    tape = missed().plus((22.4, AlertSuppressed(ALERT, script.labels, "silence", ("s1",), "ann: deploying")))
    assert why(tape) == "Alertmanager held it back for the silence s1 (ann: deploying)."


def test_a_silence_of_another_instance_or_one_that_was_over_is_not_to_blame(missed: Any, script: Any) -> None:
    other = missed().plus((22.4, AlertSuppressed(ALERT, {"severity": "ticket"}, "silence", ("s1",), "ann: deploying")))
    over = missed().plus(
        (5.0, AlertSuppressed(ALERT, script.labels, "silence", ("s1",), "x")), (6.0, AlertReleased(ALERT, script.labels, "silence"))
    )
    assert "silence" not in why(other) + why(over)


def test_a_mute_interval_and_one_that_is_not_active(missed: Any, script: Any) -> None:
    mute = (23.4, AlertSuppressed(ALERT, script.labels, "mute", ("nights",), "within mute time"))
    office = (23.4, AlertSuppressed(ALERT, script.labels, "mute", ("office", "days"), "not within active time"))
    assert why(missed().plus(mute)) == "the route (alerts/alertmanager.yml:9) was muted by the time interval `nights`."
    assert why(missed().plus(office)) == (
        "the route (alerts/alertmanager.yml:9) was not active, outside one of the time intervals `office` and `days`."
    )


def other_page(script: Any) -> list[Any]:
    note = NotificationReceived("payments-oncall", "firing", "g", {"severity": "page"}, script.notified(name="Busy").alerts)
    return [(12.0, note), (12.0, PageOpened("p0", "payments-oncall", ("Busy",), 0))]


def test_a_group_whose_page_was_open_already(missed: Any, script: Any) -> None:
    assert why(missed().without(unflushed).plus(*other_page(script))) == (
        "it joined the group of severity=page, whose page for Busy was open already, and waited for group_interval 30s "
        "(alerts/alertmanager.yml:4)."
    )


def test_a_blip_that_was_over_inside_group_wait(missed: Any, script: Any) -> None:
    tape = missed().without(unflushed, AlertResolved).plus((22.8, AlertResolved(ALERT, script.labels, "firing"), 22.7))
    assert (
        why(tape) == "it was resolved 0.5s after it fired, inside group_wait 1s (alerts/alertmanager.yml:3), so Alertmanager told nobody."
    )


def test_a_group_wait_longer_than_the_deadline(missed: Any) -> None:
    slow = tree(ONCALL.model_copy(update={"group_wait": 60.0}))
    assert why(missed(slow).without(unflushed, AlertResolved)) == (
        "it fired 8.0s after the fault, and Alertmanager was still waiting for group_wait 1m (alerts/alertmanager.yml:3)."
    )


FAILURES = {
    "template: x:1:2: executing \"m\" at <.a>: can't evaluate field a": (
        "the slack message for payments-oncall could not be rendered (template: x:1:2: executing \"m\" at <.a>: can't evaluate field a)."
    ),
    "unexpected status code 500: the pager is broken": (
        "payments-oncall answered 500 (the pager is broken) to Alertmanager's slack message."
    ),
    'channel "#c": unexpected status code 404': "payments-oncall answered 404 to Alertmanager's slack message.",
    "context deadline exceeded": "payments-oncall was slow: it took longer than Alertmanager waits (context deadline exceeded).",
    OUT_OF_REACH: f"Alertmanager could not reach payments-oncall by slack ({OUT_OF_REACH}).",
}  # fmt: skip


@pytest.mark.parametrize("reason", FAILURES)
def test_a_receiver_that_could_not_be_told(missed: Any, reason: str) -> None:
    tape = missed().plus((23.5, NotificationFailed("payments-oncall", "slack", "g", reason), 23.3))
    assert why(tape) == FAILURES[reason]


def test_a_failure_of_another_receiver_is_not_to_blame(missed: Any) -> None:
    tape = missed().plus((23.5, NotificationFailed("platform", "slack", "g", "unexpected status code 500"), 23.3))
    assert "500" not in why(tape)


def test_a_receiver_that_never_took_it(missed: Any) -> None:
    assert why(missed()) == ("payments-oncall was slow: Alertmanager sent it off 9.0s after the fault, and 20.8s later it was not taken.")


def test_without_a_log_nothing_is_guessed(missed: Any) -> None:
    assert why(missed().without(unsent)) == "it fired 8.0s after the fault, but no notification came."


def test_the_first_thing_on_the_way_is_named_and_no_other(missed: Any, script: Any) -> None:
    """Everything is wrong at once; when the first cause is taken away the next one on the way is named."""
    fired = [
        (22.3, AlertsUnsent(OUT_OF_REACH), 22.21),
        (22.4, AlertSuppressed(ALERT, script.labels, "inhibition", ("f2",), "Maintenance")),
        (22.4, AlertSuppressed(ALERT, script.labels, "silence", ("s1",), "ann: deploying")),
        (23.4, AlertSuppressed(ALERT, script.labels, "mute", ("nights",), "within mute time")),
        (23.5, NotificationFailed("payments-oncall", "webhook", "g", "unexpected status code 500"), 23.3),
    ]
    assert "hand it to" in why(missed().without(unsent).plus(*fired))
    for number, step in enumerate(("inhibited by", "silence s1", "muted by", "answered 500"), start=1):
        assert step in why(missed().plus(*fired[number:]))
    assert "was slow" in why(missed())


def test_a_page_that_came_late_because_the_receiver_took_its_time(script: Any) -> None:
    tape = script.tape(script.expectation("page", ALERT, to="payments-oncall", within="10s"), alerting=ALERTING).without(*PAGED)
    late = tape.plus((27.3, script.notified()), (27.31, PageOpened("p1", "payments-oncall", (ALERT,), 0)))
    assert late.finding().sentence == (
        f"{ALERT} paged payments-oncall 13.1s after the fault, 3.1s later than within 10s: "
        "payments-oncall was slow: it took 4.0s to take it."
    )


def test_a_page_that_was_refused_at_first_is_late_for_that_though_its_group_was_sent_off_again(script: Any) -> None:
    tape = script.tape(script.expectation("page", ALERT, to="payments-oncall", within="10s"), alerting=ALERTING).without(*PAGED)
    refused = (23.5, NotificationFailed("payments-oncall", "webhook", "g", "unexpected status code 500"), 23.3)
    again = (27.4, AlertBoundary(ALERT, script.labels, "group", "log"), 27.3)
    late = tape.without(lambda event: isinstance(event, AlertBoundary) and event.stage == "group").plus(
        *flushed(script), refused, (27.3, script.notified()), (27.31, PageOpened("p1", "payments-oncall", (ALERT,), 0)), again
    )
    assert late.finding().sentence.endswith("3.1s later than within 10s: payments-oncall answered 500 to Alertmanager's webhook message.")


def test_a_page_that_came_late_for_no_single_wait_says_only_how_late(script: Any) -> None:
    tape = script.tape(script.expectation("page", ALERT, within="5s"), alerting=ALERTING)
    assert tape.finding().sentence == f"{ALERT} paged payments-oncall 9.1s after the fault, 4.1s later than within 5s."


def test_a_page_whose_annotations_prometheus_could_not_render(script: Any) -> None:
    broken = (
        "<error expanding template: error executing template __alert_A: template: __alert_A:1:7: can't evaluate field y in type string>"
    )
    tape = script.tape(script.expectation("page", ALERT), alerting=ALERTING).without(*PAGED)
    tape = tape.plus((23.3, script.notified(summary=broken)), (23.31, PageOpened("p1", "payments-oncall", (ALERT,), 0)))
    assert tape.finding().sentence == (
        f"{ALERT} paged payments-oncall with a summary that could not be rendered (__alert_A:1:7: can't evaluate field y in type string)."
    )


def test_an_alert_expectation_is_told_the_same_causes(script: Any) -> None:
    tape = script.tape(script.expectation("alert", ALERT, within="10s"), alerting=ALERTING).without(*PAGED, *LIVED)
    lost = tape.plus((15.0, TargetDown("api", "127.0.0.1:80", OUT_OF_REACH, ("slow_total",)), 14.3))
    assert tape.finding().sentence == f"{ALERT} did not fire within 10s: {DEAD}"
    assert "Prometheus could not scrape 127.0.0.1:80 of job api" in lost.finding().sentence
