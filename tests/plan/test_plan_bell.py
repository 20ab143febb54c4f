"""The fire bell's plan: which alerts are sent, to whom each must come, and what cannot be rung."""

from types import SimpleNamespace as Suite
from typing import Any

import pytest

from firedrill.core.alerting import Alerting, Inhibition, Place, Receiver
from firedrill.plan.bell import Bell, bell_for, bell_for_all, filled, held, marked

PLACE = Place(file="alertmanager.yml", line=4)


def receivers(*names: str, integrations: tuple[str, ...] = ("webhook",)) -> tuple[Receiver, ...]:
    return tuple(Receiver(name=name, integrations=integrations, place=PLACE) for name in names)


def alerting(suite: Suite, root: Any, *rules: Any, names: tuple[str, ...] = ("rest", "a", "b"), **more: Any) -> Alerting:
    return Alerting(alerts=rules, receivers=receivers(*names), route=root, **more)


def told(bell: Bell) -> list[tuple[str, tuple[str, ...]]]:
    return [(ring.alert, ring.receivers) for ring in bell.rings]


def test_an_alert_has_its_rules_labels_and_one_of_its_own(suite: Suite) -> None:
    rule = suite.rule(labels={"severity": "page", "where": "{{ $labels.instance }}"}, annotations={"summary": "{{ $value }} is much"})
    root = suite.route("rest", routes=[suite.route("a", 'severity="page"')])
    (ring,) = bell_for(alerting(suite, root, rule), "Burn", "id", {"job": "api"}).rings
    assert ring.labels == {"alertname": "Burn", "severity": "page", "where": "(instance)", "job": "api", "firedrill_bell": "id-1"}
    assert ring.annotations == {"summary": "DRILL: (value) is much"}
    assert (ring.id, ring.receivers, ring.why) == ("id-1", ("a",), "rule Burn (alerts/r.yml:7)")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ $labels.instance }} is down", "(instance) is down"), ("{{ .Labels.job }}", "(job)"),
        ("{{ .Value }} {{- $value -}}", "(value) (value)"),
        ("{{ if gt $x 1.0 }}a{{ else }}b{{ end }}", "ab"), ("{{ printf `%.0f` $value }} %", "(value) %"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_a_template_has_words_in_the_place_of_values(template: str, text: str) -> None:
    assert filled(template) == text


def test_a_link_stays_a_link_and_every_other_annotation_is_marked() -> None:
    assert marked("It burns") == "DRILL: It burns"
    assert marked("https://runbooks.example.org/x") == "https://runbooks.example.org/x"


def test_an_alert_without_annotations_says_what_it_is(suite: Suite) -> None:
    (ring,) = bell_for(alerting(suite, suite.route("rest"), suite.rule(annotations={})), "Burn", "id", {}).rings
    assert ring.annotations == {"summary": "DRILL: Burn, rung by firedrill to prove that it arrives"}


def test_rules_of_one_name_are_rung_as_far_as_they_tell_somebody_new(suite: Suite) -> None:
    rules = [suite.rule(labels={"severity": severity}) for severity in ("page", "ticket", "note")]
    root = suite.route("rest", routes=[suite.route("a", "severity=page")])
    assert told(bell_for(alerting(suite, root, *rules), "Burn", "id", {})) == [("Burn", ("a",)), ("Burn", ("rest",))]


def test_a_label_of_the_series_may_change_the_way(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "instance=one")])
    files = alerting(suite, root, suite.rule())
    assert told(bell_for(files, "Burn", "id", {})) == [("Burn", ("rest",))]
    assert told(bell_for(files, "Burn", "id", {"instance": "one"})) == [("Burn", ("a",))]


def test_all_takes_a_rule_that_leads_there_and_makes_up_the_rest(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "severity=page"), suite.route("b", 'team=~"x|y"', "night!=no")])
    bell = bell_for_all(alerting(suite, root, suite.rule()), "id")
    assert told(bell) == [("FiredrillBell", ("rest",)), ("Burn", ("a",)), ("FiredrillBell", ("b",))]
    assert bell.rings[2].labels == {"alertname": "FiredrillBell", "team": "x", "firedrill_bell": "id-3"}
    assert bell.rings[2].why == "made from the matchers of the route at alerts/r.yml:7"
    assert bell.unrung == ()


def test_one_alert_tells_every_receiver_that_routes_lead_it_to(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", continue_=True), suite.route("b", "team=x")])
    assert told(bell_for_all(alerting(suite, root, names=("a", "b")), "id")) == [("FiredrillBell", ("a",)), ("FiredrillBell", ("a", "b"))]
    assert told(bell_for_all(alerting(suite, root, names=("b", "a")), "id")) == [("FiredrillBell", ("a", "b"))]


def test_a_receiver_behind_others_gets_labels_that_the_others_leave(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "severity!=page"), suite.route("b", "team=x")])
    bell = bell_for_all(alerting(suite, root, names=("b",)), "id")
    assert told(bell) == [("FiredrillBell", ("b",))]
    assert bell.rings[0].labels["severity"] == "page"


def test_a_route_that_matches_on_the_alerts_name_gets_it(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", 'alertname=~"Disk.+"')])
    assert told(bell_for_all(alerting(suite, root, names=("a",)), "id")) == [("Diskx", ("a",))]


def test_what_cannot_be_rung_is_named_with_why(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a"), suite.route("b", "team=x")])
    files = Alerting(receivers=(*receivers("b", "c"), *receivers("hole", integrations=())), route=root)
    unrung = {one.receiver: (one.why, one.certain) for one in bell_for_all(files, "id").unrung}
    assert unrung == {
        "b": (
            "no labels were found that its route (alerts/r.yml:7) takes and no route before it does: ring it with an alert of yours", False,
        ),
        "c": ("no route leads to it (alertmanager.yml:4): no alert can ever reach it", True),
    }  # fmt: skip


def test_a_receiver_that_tells_nobody_is_told_of_for_one_alert_and_left_out_for_all(suite: Suite) -> None:
    root = suite.route("hole", routes=[suite.route("a", "team=x")])
    files = Alerting(alerts=(suite.rule(),), receivers=(*receivers("a"), *receivers("hole", integrations=())), route=root)
    (unrung,) = bell_for(files, "Burn", "id", {}).unrung
    assert (unrung.receiver, unrung.certain) == ("hole", True)
    assert unrung.why == "it has no integration: whatever comes here is told to nobody"
    assert (told(bell_for_all(files, "id")), bell_for_all(files, "id").unrung) == ([("FiredrillBell", ("a",))], ())


def test_a_matcher_that_only_alertmanager_understands_is_said(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", 'team=~"(?<n>x)"')])
    bell = bell_for(alerting(suite, root, suite.rule()), "Burn", "id", {"team": "x"})
    assert bell.notes == ('the matcher team=~"(?<n>x)" is not understood here, so Alertmanager alone knows whom it lets through',)


def test_an_alert_is_older_than_any_wait_of_its_routes(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", group_wait=300.0, continue_=True), suite.route("b")])
    assert bell_for_all(alerting(suite, root, names=("b",)), "id").rings[0].age == 360.0


@pytest.mark.parametrize(
    ("group_by", "groups", "wait"),
    [
        (("alertname",), [], 0.0),
        (("alertname",), [("rest", {"alertname": "Burn"})], 2.0),
        (("alertname",), [("rest", {"alertname": "Other"}), ("a", {"alertname": "Burn"})], 0.0),
        (("alertname", "instance"), [("rest", {"alertname": "Burn"})], 2.0),
        ((), [("rest", {})], 2.0),
        (("alertname", "firedrill_bell"), [("rest", {"alertname": "Burn"})], 0.0),
        (("...",), [("rest", {"alertname": "Burn", "severity": "page"})], 0.0),
    ],
)
def test_only_a_group_that_is_there_already_makes_it_wait(suite: Suite, group_by: Any, groups: Any, wait: float) -> None:
    (ring,) = bell_for(alerting(suite, suite.route("rest", group_by=group_by), suite.rule()), "Burn", "id", {}).rings
    assert held(ring, groups) == wait


def test_alerts_of_which_one_would_inhibit_the_other_are_sent_one_after_the_other(suite: Suite) -> None:
    root = suite.route("rest", routes=[suite.route("a", "severity=page"), suite.route("b", "severity=ticket")])
    rule = Inhibition(source=('severity="page"',), target=('severity="ticket"',), equal=("cluster",), place=PLACE)
    apart = bell_for_all(alerting(suite, root, inhibitions=(rule,)), "id")
    assert [[ring.receivers for ring in one] for one in apart.rounds] == [[("rest",), ("a",)], [("b",)]]
    rule = rule.model_copy(update={"equal": ("severity",)})
    assert len(bell_for_all(alerting(suite, root, inhibitions=(rule,)), "id").rounds) == 1
