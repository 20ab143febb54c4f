"""The cause is the cause: what a team would look for elsewhere is named, with its label, its rule and its place."""

from collections.abc import Iterator
from typing import Any

import pytest

from firedrill.core.alerting import Alerting, AlertingRule, Inhibition, Place, Route
from firedrill.core.events import (
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertResolved,
    AlertSuppressed,
    BlindBegan,
    BlindEnded,
    NotificationReceived,
    PageOpened,
    PageResolved,
)
from firedrill.core.verdicts import Exit, Verdict

RULES, ROUTES = "alerts/r.yml", "alerts/alertmanager.yml"
LIFE = (AlertPending, AlertFiring, AlertResolved, AlertBoundary, NotificationReceived, PageOpened, PageResolved)


def place(line: int, file: str = RULES) -> Place:
    return Place(file=file, line=line)


def rule(script: Any, **more: Any) -> AlertingRule:
    plain = {"alert": script.alert, "expr": "x > 1", "for_": 4, "labels": {"severity": "page"}, "group": "g", "interval": 1}
    return AlertingRule(**{**plain, "place": place(3), "places": {"for": place(5), "expr": place(4)}} | more)


def alerting(script: Any, *inhibitions: Inhibition, **of_rule: Any) -> Alerting:
    oncall = Route(
        receiver="payments-oncall", group_wait=1, group_interval=40, place=place(9, ROUTES), places={"group_interval": place(7, ROUTES)}
    )
    return Alerting(alerts=(rule(script, **of_rule),), route=oncall, inhibitions=inhibitions)


@pytest.fixture
def missing(script: Any) -> Any:
    def tape(*inhibitions: Inhibition, expected: Any = None, **of_rule: Any) -> Any:
        asked = expected or script.expectation("page", script.alert, to="payments-oncall", within="25s")
        return script.tape(asked, alerting=alerting(script, *inhibitions, **of_rule)).without(*LIFE)

    return tape


def pended(script: Any, times: int, lasts: float, every: float, **labels: Any) -> Iterator[tuple[float, Any, float]]:
    for number in range(times):
        told = {**script.labels, **{name: value(number) for name, value in labels.items()}}
        at = 16.0 + number * every
        yield at + 0.1, AlertPending(script.alert, told), at
        yield at + lasts + 0.1, AlertResolved(script.alert, told, "pending"), at + lasts


def test_an_alert_that_was_pending_again_and_again_says_how_often_and_for_how_long(missing: Any, script: Any) -> None:
    found = missing().plus(*pended(script, 7, 1.5, 3.0)).finding()
    assert found.verdict is Verdict.FAIL
    assert (
        "it was pending 7 times, first 1.8s after the fault, 1.5s at the longest, but never fired, and `for` asks for 4s (alerts/r.yml:5): "
        "each time its condition was false again before that" in found.sentence
    )


def test_a_label_that_changes_at_each_evaluation_is_named(missing: Any, script: Any) -> None:
    tape = missing(labels={"severity": "page", "current": "{{ $value }}"})
    found = tape.plus(*pended(script, 13, 1.0, 1.0, current=lambda number: f"0.{number}")).finding()
    assert found.verdict is Verdict.FAIL
    assert "each evaluation was another alert: its label `current` had 13 values while its condition held for 13.0s" in found.sentence
    assert "belongs into an annotation" in found.sentence


def test_instances_that_take_turns_are_no_changing_label(missing: Any, script: Any) -> None:
    found = missing().plus(*pended(script, 3, 3.0, 3.0, instance=lambda number: f"api-{number}")).finding()
    assert "another alert" not in found.sentence
    assert "pending 3 times" in found.sentence


SAME = "its evaluation fails: vector contains metrics with the same labelset after applying rule labels"


@pytest.mark.parametrize("kind", ["page", "alert"])
def test_rules_that_collide_in_their_labels_fail_the_alerting(kind: str, missing: Any, script: Any) -> None:
    tape = missing(expr="backend_up == 0", labels={"backend": "pool"}, expected=script.expectation(kind, script.alert, within="25s"))
    drill = tape.plus((17.0, BlindBegan(f"rule {script.alert}", SAME)), (36.0, BlindEnded(f"rule {script.alert}"))).concluded()
    assert drill.exit_code is Exit.FAIL
    found = drill.findings[0]
    assert found.verdict is Verdict.FAIL
    assert "its own label `backend` replace" in found.sentence
    assert "(alerts/r.yml:4)" in found.sentence
    assert not any("nothing goes unseen" in one.expectation for one in drill.findings)


def test_metrics_that_differ_in_their_name_only_are_said_so(missing: Any, script: Any) -> None:
    tape = missing(expr='{__name__=~"a|b"} > 0')
    found = tape.plus((17.0, BlindBegan(f"rule {script.alert}", SAME))).concluded().findings[0]
    assert found.verdict is Verdict.FAIL
    assert "differ in their metric's name only" in found.sentence


def test_a_rule_that_collides_and_that_nobody_expects_fails_the_drill_all_the_same(script: Any) -> None:
    drill = script.tape(script.expectation("page", script.alert)).plus((17.0, BlindBegan("rule Other", SAME))).concluded()
    assert [one.verdict for one in drill.findings] == [Verdict.PASS, Verdict.FAIL]
    assert drill.findings[1].sentence.startswith("The rule Other could not be evaluated from 17.0s on: several of its series")


def test_a_rule_that_fails_otherwise_stays_a_blind_spot(missing: Any, script: Any) -> None:
    found = missing().plus((17.0, BlindBegan(f"rule {script.alert}", "its evaluation fails: out of memory"))).finding()
    assert found.verdict is Verdict.INCONCLUSIVE


def test_an_inhibition_by_the_same_alert_elsewhere_names_the_label_that_is_not_equal(missing: Any, script: Any) -> None:
    inhibition = Inhibition(
        source=("severity = critical",), target=("severity = warning",), equal=("alertname", "instance"), place=place(30, ROUTES)
    )  # fmt: skip
    expected = script.expectation("page", script.alert, to="payments-oncall", labels={"mountpoint": "/data"}, within="25s")
    var = {"alertname": script.alert, "severity": "critical", "mountpoint": "/var", "instance": "a"}
    data = {"alertname": script.alert, "severity": "warning", "mountpoint": "/data", "instance": "a"}
    note = script.notified()
    paged = NotificationReceived("payments-oncall", "firing", "g", {}, [{**note.alerts[0], "labels": var}])
    tape = missing(inhibition, expected=expected, labels={"severity": "{{ x }}"}).plus(
        (17.1, AlertFiring(script.alert, var), 17.0), (17.2, AlertFiring(script.alert, data), 17.1), (18.0, paged),
        (18.01, PageOpened("p1", "payments-oncall", (script.alert,), 0)),
        (17.5, AlertSuppressed(script.alert, {k: v for k, v in data.items() if k != "alertname"}, "inhibition", ("f",), script.alert)),
    )  # fmt: skip
    found = tape.finding()
    assert found.verdict is Verdict.FAIL
    assert (
        f"inhibited by {script.alert} (alerts/alertmanager.yml:30): that is the same alert elsewhere, whose `mountpoint` " in found.sentence
    )
    assert "(/var, not /data) is not in its `equal`" in found.sentence


def test_a_resolve_that_fell_into_an_inhibition_is_named(script: Any) -> None:
    worse = Inhibition(source=("alertname = Worse",), target=("severity = page",), place=place(30, ROUTES))
    tape = script.tape(script.expectation("page", script.alert, resolved="5s"), alerting=alerting(script, worse))
    tape = tape.without(PageResolved, lambda event: event == script.notified("resolved"))
    found = tape.plus((30.0, AlertSuppressed(script.alert, {"severity": "page"}, "inhibition", ("f",), "Worse"))).finding()
    assert found.verdict is Verdict.FAIL
    assert "its end fell into the time in which Worse (alerts/alertmanager.yml:30) held it back, so the page stays open" in found.sentence


def test_resolved_and_fired_again_inside_one_group_interval_is_named(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, times=2), alerting=alerting(script)).without(AlertResolved)
    tape = tape.plus(
        (26.1, AlertResolved(script.alert, script.labels, "firing"), 26.0), (31.1, AlertFiring(script.alert, script.labels), 31.0),
    )  # fmt: skip
    found = tape.concluded().findings[0]
    assert found.verdict is Verdict.FAIL
    assert (
        "expected twice: it was resolved and fired again 5.0s later, both within one group_interval 40s (alerts/alertmanager.yml:7)"
        in found.sentence
    )


def test_an_end_that_ran_out_while_prometheus_was_gone_is_named(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, times=1), alerting=alerting(script)).without(
        PageResolved, lambda event: event == script.notified("resolved")
    )
    tape = tape.plus(
        (24.5, BlindBegan("prometheus", "timed out")), (28.5, script.notified("resolved")), (28.51, PageResolved("p1", 0)),
        (34.5, BlindEnded("prometheus")), (36.0, script.notified()), (36.01, PageOpened("p2", "payments-oncall", (script.alert,), 0)),
    )  # fmt: skip
    found = tape.concluded().findings[0]
    assert found.verdict is Verdict.FAIL
    assert "Alertmanager took it for over 4.0s after the last word from Prometheus" in found.sentence
    assert "its endsAt ran out" in found.sentence


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("Down on {{ $labels.instance }} backend {{ $labels.backend }}/{{ .Labels.proxy }}", ("instance", "backend", "proxy")),
        ('Down on {{ index $labels "backend" }}', ("backend",)),
        ("Offers are slow in {{ $labels.cluster }}", ()),
        ("{{ if $labels.backend }}on {{ $labels.backend }}{{ end }}", ()),
        ("{{ $labels.severity }}: {{ $value }}", ()),
    ],
)
def test_a_text_with_an_empty_place_is_no_summary(text: str, empty: tuple[str, ...], script: Any) -> None:
    expected = script.expectation("page", script.alert, has=["summary"])
    found = script.tape(expected, alerting=alerting(script, annotations={"summary": text})).finding()
    assert found.verdict is (Verdict.FAIL if empty else Verdict.PASS)
    if empty:
        assert "with an empty place in its summary" in found.sentence
        assert all(f"$labels.{name}" in found.sentence for name in empty)
        assert "(alerts/r.yml:4)" in found.sentence
