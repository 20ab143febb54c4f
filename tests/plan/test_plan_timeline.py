"""The time line: everything resolved, and limits refused by name."""

from types import SimpleNamespace as Suite

import pytest

from firedrill.core.alerting import Place, RecordingRule
from firedrill.core.errors import Invalid, Refused
from firedrill.core.model.experiment import Load, Silence
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Door, External, Pages, Process, Server, Stack, Target


def test_a_fault_keeps_its_place_and_what_its_holder_is_told(suite: Suite) -> None:
    planned = suite.plan(suite.fault("latency", "30s", "5s", target="bureau", delay="500ms")).faults[0]
    assert (planned.name, planned.target, planned.at, planned.lasts, planned.ends) == ("latency-bureau", "bureau", 5.0, 30.0, 35.0)
    assert planned.wire == {"type": "latency", "stream": "downstream", "attributes": {"latency": 500, "jitter": 0}}
    told = {"target": "bureau", "delay": "500ms", "jitter": "0s", "direction": "downstream", "share": "100%", "from": []}
    assert planned.settings == told


def test_nothing_has_no_target_and_tells_nobody(suite: Suite) -> None:
    planned = suite.plan(suite.fault("nothing")).faults[0]
    assert (planned.target, planned.wire) == (None, None)


def test_all_users_come_within_two_seconds_unless_told_otherwise(suite: Suite) -> None:
    load = suite.plan(suite.fault("nothing")).load
    assert (load.spawn_rate, load.file, load.host) == (10.0, "scenarios/negotiate.py", "http://<api>")


@pytest.mark.parametrize(("users", "told", "rate"), [(1, None, 1.0), (7, None, 3.5), (20, 4, 4.0)])
def test_the_spawn_rate_is_at_least_one(suite: Suite, users: int, told: int | None, rate: float) -> None:
    load = Load(scenario="slow-payer", users=users, spawn_rate=told)
    planned = suite.plan(suite.fault("nothing"), load=load, slos=()).load
    assert (planned.spawn_rate, planned.file) == (rate, "scenarios/slow_payer.py")


def test_the_longest_window_follows_records(suite: Suite) -> None:
    record = RecordingRule(record="r:5m", expr="rate(up[5m])", group="g", interval=1.0, place=Place(file="r", line=1))
    alerts = suite.alerting(suite.rule(expr="max_over_time(r:5m[1h]) > 1"), records=[record])
    assert suite.plan(suite.fault("nothing"), alerts=alerts).longest_window == 3900.0


def test_a_rule_that_is_not_promql_is_named_by_its_line(suite: Suite) -> None:
    with pytest.raises(Invalid, match=r"^alerts/r.yml:7:1: expr: is not PromQL: "):
        suite.plan(suite.fault("nothing"), alerts=suite.alerting(suite.rule(expr="sum(up")))


def test_a_plan_is_the_same_after_a_way_through_json(suite: Suite) -> None:
    faults = (suite.fault("down", target="bureau"), suite.fault("nothing"))
    plan = suite.plan(*faults, expect=[suite.expectation("page", page="Burn", within="45s"), suite.expectation("quiet")])
    assert Plan.model_validate(plan.model_dump(mode="json", by_alias=True)) == plan


def test_a_kind_of_fault_that_is_not_allowed_is_refused(suite: Suite) -> None:
    with pytest.raises(Refused) as refused:
        suite.plan(suite.fault("down", target="bureau"), where=suite.environment(faults=("latency", "nothing")))
    assert str(refused.value) == "e.yaml:3:5: environment local allows no down: limits.faults is latency, nothing"


@pytest.mark.parametrize(
    ("kind", "lacks"),
    [
        ("kill", "says no way back: give its process start, restart-with or supervised"),
        ("clock", "cannot be started by us: give its process start"),
    ],
)
def test_a_process_that_lacks_what_a_fault_needs_is_refused(suite: Suite, kind: str, lacks: str) -> None:
    bare = {"service": Target(process=Process(port="<api>"))}
    where = suite.environment().model_copy(update={"targets": bare})
    with pytest.raises(Refused) as refused:
        suite.plan(suite.fault(kind, target="service", **({"ahead": "5m"} if kind == "clock" else {})), where=where)
    assert str(refused.value) == f"e.yaml:3:5: {kind} cannot act on the target service of environment local: it {lacks}"


def test_all_limits_are_refused_at_once_with_their_values(suite: Suite) -> None:
    with pytest.raises(Refused) as refused:
        suite.plan(suite.fault("down", "3m", target="burau"), chaos={"method": [{"type": "action"}]})
    assert str(refused.value).splitlines() == [
        "e.yaml:3:5: down-burau lasts 3m: limits.longest-fault of environment local is 2m",
        "e.yaml:3:5: there is no target in environment local called burau; did you mean bureau?",
        "experiments/slow.yaml: environment local lets no actions of Chaos Toolkit's own run, and the file has `method`: "
        "limits.methods is refuse",
    ]


def test_an_empty_method_breaks_no_limit(suite: Suite) -> None:
    assert suite.plan(suite.fault("nothing"), chaos={"method": []}).chaos == {"method": []}


def test_a_name_that_nothing_has_is_refused(suite: Suite) -> None:
    with pytest.raises(Refused, match=r"^there is no probe jurney; did you mean journey\?$"):
        suite.plan(suite.fault("nothing"), probes=("jurney",))


def test_silences_are_for_an_embedded_alertmanager_unless_a_limit_says_otherwise(suite: Suite) -> None:
    silences = (Silence(matchers=("team = platform",), comment="They know"),)
    assert suite.plan(silences=silences).silences == silences
    assert suite.plan(silences=silences, where=suite.environment(silences="allow")).silences == silences
    with pytest.raises(Refused) as refused:
        suite.plan(silences=silences, where=suite.environment(silences="refuse"))
    said = "experiments/slow.yaml: environment local lets no drill make silences at its Alertmanager: limits.silences is refuse"
    assert str(refused.value) == said


def test_silences_are_not_made_where_credentials_are_wanted(suite: Suite) -> None:
    silences = (Silence(matchers=("team = platform",), comment="They know"),)
    local = suite.environment(silences="allow")
    pages = Pages(sink=Door(listen="127.0.0.1:9"))
    asking = External(prometheus=Server(url="http://p"), alertmanager=Server(url="http://a", token="TOKEN"), pages=pages)
    with pytest.raises(
        Refused, match="silences cannot be made yet at an Alertmanager that wants credentials, as the one of environment local does"
    ):
        suite.plan(silences=silences, where=local.model_copy(update={"stack": Stack(external=asking)}))
