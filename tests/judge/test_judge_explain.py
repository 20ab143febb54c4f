"""Each stage beside the setting that causes it, with its place, what it would be at best, and what would shorten it."""

from typing import Any

import pytest

from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule, Route
from firedrill.core.events import AlertBoundary, AlertSuppressed, NotificationFailed
from firedrill.core.phase import predicted
from firedrill.judge.drill import BACK
from firedrill.judge.explain import explain
from firedrill.judge.explained import Explained
from firedrill.judge.stages import detections
from firedrill.judge.wording import exact

RULES, ROUTES, SETTINGS = "alerts/r.yml", "alerts/alertmanager.yml", "firedrill.yaml"
RATIO = "sum(rate(bad[{0}])) / sum(rate(all[{0}]))"


def at(file: str, line: int) -> Place:
    return Place(file=file, line=line)


def record(name: str, window: str, group: str = "g", line: int = 4, interval: float = 1.0) -> RecordingRule:
    return RecordingRule(record=name, expr=RATIO.format(window), group=group, interval=interval, place=at(RULES, line))


def rule(alert: str, expr: str = "r:long > 0.2 and r:short > 0.2", **more: Any) -> AlertingRule:
    places = {"expr": at(RULES, 21), "for": at(RULES, 22)}
    keys: dict[str, Any] = {"for_": 2.0, "group": "g", "interval": 1.0, "place": at(RULES, 20), "places": places} | more
    return AlertingRule(alert=alert, expr=expr, **keys)


def route(**waits: float) -> Route:
    places = {"group_wait": at(ROUTES, 5), "group_interval": at(ROUTES, 6)}
    return Route(receiver="payments-oncall", place=at(ROUTES, 3), places=places, **{"group_wait": 1.0, "group_interval": 2.0} | waits)


def alerting(alert: AlertingRule, *records: RecordingRule, root: Route | None = None, **more: Any) -> Alerting:
    places = {"scrape-interval": at(SETTINGS, 7), "evaluation-interval": at(SETTINGS, 8)}
    records = records or (record("r:long", "10s"), record("r:short", "2s", line=6))
    return Alerting(alerts=(alert,), records=records, route=root or route(), places=places, **more)


def stages(tape: Any) -> dict[str, Explained]:
    facts = tape.facts()
    return {one.stage: one for one in explain(facts, detections(facts)[0]).stages}


def back(tape: Any) -> dict[str, Explained]:
    facts = tape.facts()
    return {one.stage: one for one in explain(facts, detections(facts)[0]).back}


def causes(one: Explained) -> list[str]:
    return [*map(str, one.part.causes)]


def test_each_stage_names_its_setting_with_file_and_line(script: Any) -> None:
    found = stages(script.tape(alerting=alerting(rule(script.alert))))
    assert {name: causes(one) for name, one in found.items()} == {
        "window": ["more than 20% of bad requests over 10s at alerts/r.yml:21"],
        "scrape": ["scrape-interval: 1s at firedrill.yaml:7", "scraped 0s into each 1s, an offset drawn anew for each Prometheus"],
        "record": ["evaluation-interval: 1s at firedrill.yaml:8", "group g is evaluated 0.1s into each 1s, as was seen"],
        "evaluate": ["NegotiationLatencyBudgetBurn stands below its records in the group g at alerts/r.yml:20"],
        "for": ["for: 2s at alerts/r.yml:22"],
        "send": [],
        "group": ["group_wait: 1s at alerts/alertmanager.yml:5"],
        "deliver": ["the receiver's own time to answer"],
    }


def test_a_stage_has_its_time_the_shortest_it_can_be_and_what_to_expect(script: Any) -> None:
    found = stages(script.tape(alerting=alerting(rule(script.alert))))
    assert {name: (one.took, one.part.best, one.part.expected) for name, one in found.items()} == {
        "window": (4.0, 2.0, None), "scrape": (0.8, 0.0, 0.5), "record": (1.1, 0.0, 0.5), "evaluate": (0.1, 0.0, 0.0),
        "for": (2.0, 2.0, 2.0), "send": (0.003, 0.0, 0.0), "group": (1.092, 1.0, 1.0), "deliver": (0.005, 0.0, 0.0),
    }  # fmt: skip
    assert found["window"].part.notes == ("as long as with 50% bad",)


def test_the_best_whole_is_the_sum_of_the_parts(script: Any) -> None:
    facts = script.tape(alerting=alerting(rule(script.alert))).facts()
    assert explain(facts, detections(facts)[0]).best == 5.0


def test_a_record_of_another_group_costs_what_lies_between_the_groups_and_one_group_saves_it(script: Any) -> None:
    far = [record("r:long", "10s", "records", interval=5.0), record("r:short", "2s", "records", 6, 5.0)]
    found = stages(script.tape(alerting=alerting(rule(script.alert, interval=5.0), *far)))["evaluate"]
    assert causes(found)[0] == (
        "NegotiationLatencyBudgetBurn of group g reads r:long of group records, 0.1s old by then at alerts/r.yml:20"
    )
    assert (found.part.best, found.part.expected) == (pytest.approx(0.1), pytest.approx(0.1))


def test_one_group_for_both_saves_the_lag_that_their_names_predict(script: Any) -> None:
    far = [record("r:long", "10s", "rec", interval=60.0), record("r:short", "2s", "rec", 6, 60.0)]
    told = alerting(rule(script.alert, interval=60.0, group="alerts"), *far, rule_files={RULES: "rules.yml"})
    found = evaluated(script.tape(alerting=told), wall=21.0 - 0.0113)
    assert found.advice is not None
    assert found.advice.text == "put r:long and NegotiationLatencyBudgetBurn into one group"
    assert found.advice.saves == pytest.approx(43.099917645)


def test_a_record_made_from_one_of_another_group_waits_for_that_as_well(script: Any) -> None:
    made = RecordingRule(record="r:long", expr="r:base * 1", group="g", interval=60.0, place=at(RULES, 12))
    told = alerting(rule(script.alert, "r:long > 0.2", interval=60.0), record("r:base", "10s", "rec", interval=60.0), made)
    facts = script.tape(alerting=told.model_copy(update={"rule_files": {RULES: "rules.yml"}})).facts()
    facts.wall = predicted("rules.yml", "g", 60.0) + 60.0 - 20.2
    found = {one.stage: one for one in explain(facts, detections(facts)[0]).stages}["record"]
    late = (predicted("rules.yml", "g", 60.0) - predicted("rules.yml", "rec", 60.0)) % 60
    assert causes(found)[-1] == f"r:long of group g reads r:base of group rec, {exact(late)} old by then at alerts/r.yml:12"
    assert (found.part.best, found.part.expected) == (pytest.approx(late), pytest.approx(30 + late))
    assert found.advice is not None
    assert (found.advice.text, found.advice.saves) == ("put r:base above r:long in one group", pytest.approx(late))


def evaluated(tape: Any, wall: float) -> Explained:
    """The stage `evaluate` of a drill that began at that wall time, so that its alert was pending 20.2 s after it."""
    facts = tape.facts()
    facts.wall = wall
    return {one.stage: one for one in explain(facts, detections(facts)[0]).stages}["evaluate"]


def test_where_an_evaluation_was_not_when_its_name_says_only_what_was_seen_counts(script: Any) -> None:
    far = [record("r:long", "10s", "rec", interval=60.0), record("r:short", "2s", "rec", 6, 60.0)]
    told = alerting(rule(script.alert, interval=60.0, group="alerts"), *far, rule_files={RULES: "rules.yml"})
    found = evaluated(script.tape(alerting=told), wall=1.0)
    assert causes(found)[0].startswith("NegotiationLatencyBudgetBurn of group alerts reads r:long of group rec, 0.1s old by then")
    assert causes(found)[2] == "group alerts is evaluated 21.2s into each 1m, as was seen"


def test_a_record_below_its_alert_is_read_a_round_later(script: Any) -> None:
    late = [record("r:long", "10s", line=30), record("r:short", "2s", line=32)]
    found = stages(script.tape(alerting=alerting(rule(script.alert), *late)))["evaluate"]
    assert causes(found) == ["r:long stands below NegotiationLatencyBudgetBurn, so it is read a round later at alerts/r.yml:30"]
    assert found.advice is not None
    assert (found.advice.text, found.advice.saves) == ("put r:long above NegotiationLatencyBudgetBurn", 1.0)


def test_without_records_the_evaluation_waits_for_its_own_interval(script: Any) -> None:
    expr = f"{RATIO.format('10s')} > 0.2"
    found = stages(script.tape(alerting=alerting(rule(script.alert, expr, interval=30.0, places={"interval": at(RULES, 3)}))))
    assert causes(found["evaluate"])[0] == "interval: 30s at alerts/r.yml:3"
    assert (found["evaluate"].part.best, found["evaluate"].part.expected) == (0.0, 15.0)
    assert found["evaluate"].advice is not None
    assert (found["evaluate"].advice.text, found["evaluate"].advice.saves) == ("interval: 30s -> 15s", 7.5)
    assert found["record"].part.notes == ("the rule reads no recorded series",)


def test_for_takes_whole_rounds_and_is_needless_beside_two_windows(script: Any) -> None:
    found = stages(script.tape(alerting=alerting(rule(script.alert, for_=2.5))))["for"]
    assert (found.part.best, found.part.notes) == (3.0, ("with an evaluation every 1s it is 3s",))
    assert found.advice is not None
    assert found.advice.text == "for: 2s500ms -> 0s, since a long and a short window keep blips out already"


def test_a_long_group_wait_is_said_to_be_too_long(script: Any) -> None:
    found = stages(script.tape(alerting=alerting(rule(script.alert), root=route(group_wait=30.0))))["group"]
    assert found.advice is not None
    assert (found.advice.text, found.advice.saves) == ("group_wait: 30s -> 5s", 25.0)


def test_an_alert_that_joins_a_group_waits_for_its_tick(script: Any) -> None:
    other = script.notified(name="Other")
    tape = script.tape(alerting=alerting(rule("Other", "up == 0", for_=0.0))).plus((30.0, other))
    facts = tape.facts()
    (joined,) = (one for one in detections(facts) if one.alert == "Other")
    found = {one.stage: one for one in explain(facts, joined).stages}["group"]
    assert causes(found) == ["group_interval: 2s at alerts/alertmanager.yml:6"]
    assert found.part.notes[-1] == "it joined a group that had been told already, so it waited for the group's next tick"


def test_what_a_small_advice_would_save_is_not_worth_a_line(script: Any) -> None:
    found = stages(script.tape(alerting=alerting(rule(script.alert), root=route(group_wait=5.2))))
    assert found["group"].advice is None


def test_a_stage_whose_end_nobody_saw_says_where_its_time_is_counted(script: Any) -> None:
    def unseen(event: object) -> bool:
        return isinstance(event, AlertBoundary) and event.stage in ("send", "group")

    found = stages(script.tape(alerting=alerting(rule(script.alert))).without(unseen))
    assert (found["send"].took, found["group"].took) == (None, None)
    assert found["group"].part.notes[0] == "its end was not seen: its time is counted in deliver"
    assert found["deliver"].held == ("send", "group")
    assert found["deliver"].part.notes[0] == "with send and group, whose ends nobody saw"
    assert found["deliver"].took == pytest.approx(1.1)


def test_what_held_a_message_back_and_what_failed_before_is_said(script: Any) -> None:
    muted = (22.5, AlertSuppressed(script.alert, script.labels, "mute", ("nights",)), 22.3)
    failed = (22.9, NotificationFailed("payments-oncall", "webhook", "{}", "unexpected status code 500"), 22.9)
    found = stages(script.tape(alerting=alerting(rule(script.alert))).plus(muted, failed))
    assert found["group"].part.notes == ("it was held back by mute",)
    assert found["deliver"].part.notes == ("Alertmanager could not tell payments-oncall before: unexpected status code 500",)


def test_an_alert_that_no_rule_of_the_plan_makes_is_explained_without_settings(script: Any) -> None:
    found = stages(script.tape())
    assert [one.took for one in found.values()] == [4.0, 0.8, 1.1, 0.1, 2.0, 0.003, 1.092, 0.005]
    assert causes(found["for"]) == []


RESOLVED = {"window": 36.5, "scrape": 37.0, "record": 38.1, "send": 38.203, "group": 39.48}


def returned(script: Any, **boundaries: float) -> Any:
    told = [
        (39.6, AlertBoundary(script.alert, script.labels, f"{stage}-back", "x"), when) for stage, when in (boundaries or RESOLVED).items()
    ]
    return script.tape(alerting=alerting(rule(script.alert))).plus(*told)


def test_the_way_back_is_split_the_same_way_and_sums_to_the_whole(script: Any) -> None:
    found = back(returned(script))
    assert tuple(found) == BACK
    assert {name: one.took for name, one in found.items()} == {
        "recover": 1.8, "window": 0.5, "scrape": 0.5, "record": 1.1, "evaluate": 0.1, "keep": 0.0, "send": 0.003, "group": 1.277,
        "deliver": 0.02,
    }  # fmt: skip
    assert sum(one.took or 0 for one in found.values()) == pytest.approx(39.5 - 34.2)


def test_each_stage_of_the_way_back_names_its_setting(script: Any) -> None:
    found = back(returned(script))
    assert causes(found["window"]) == ["the window of 2s at alerts/r.yml:21"]
    # Half of the requests were bad, so 0.2 is two fifths of what the window held: (1 - 0.4) * 2 s.
    assert (found["window"].part.best, found["window"].part.expected) == (0.0, pytest.approx(1.2))
    assert causes(found["group"]) == ["group_interval: 2s at alerts/alertmanager.yml:6"]
    assert found["group"].part.expected == 1.0


def test_the_way_back_cites_an_entry_for_each_boundary(script: Any) -> None:
    tape = returned(script)
    kinds = {entry.seq: entry.event.kind for entry in tape.entries}
    (one,) = detections(tape.facts())
    assert one.back is not None
    assert [kinds[seq] for seq in one.back.boundaries] == [
        "fault.cleared", "samples", *["alert.boundary"] * 3, "alert.resolved", "alert.resolved", *["alert.boundary"] * 2,
        "notification.received",
    ]  # fmt: skip


def test_what_nobody_saw_of_the_way_back_is_null_and_counted_in_the_next(script: Any) -> None:
    found = back(script.tape(alerting=alerting(rule(script.alert))))
    assert {name for name, one in found.items() if one.took is None} == {"window", "scrape", "record", "send", "group"}
    assert found["evaluate"].held == ("window", "scrape", "record")


def test_keep_firing_for_holds_the_alert_and_hides_when_it_was_first_untrue(script: Any) -> None:
    kept = rule(script.alert, keep_firing_for=1.5, places={"keep_firing_for": at(RULES, 23)})
    found = back(script.tape(alerting=alerting(kept)))
    assert found["evaluate"].took is None
    assert causes(found["keep"]) == ["keep_firing_for: 1s500ms at alerts/r.yml:23"]
    assert found["keep"].part.expected == 2.0


def test_slis_that_are_good_later_than_the_alert_is_resolved_are_not_on_its_way_back(script: Any) -> None:
    tape = returned(script, window=35.0, scrape=35.5, record=35.8)
    found = back(tape)
    assert found["recover"].took is None
    assert found["recover"].part.notes == ("the SLIs were good again later than that, or never: its time is counted in window",)


def test_an_alert_that_is_not_resolved_has_no_way_back(script: Any) -> None:
    tape = script.tape(alerting=alerting(rule(script.alert))).until(37)
    facts = tape.facts()
    assert explain(facts, detections(facts)[0]).back == ()
