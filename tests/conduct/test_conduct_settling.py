"""How long a drill waits for the alerts of the one before it."""

import pytest

from firedrill.conduct.settling import longest
from firedrill.core.alerting import Alerting, AlertingRule, Place, Route
from firedrill.core.model.plan import Plan

PLACE = Place(file="rules.yml", line=1)


def rule(name: str, **more) -> AlertingRule:
    return AlertingRule(alert=name, group="g", interval=5, place=PLACE, **{"expr": "up == 0"} | more)


PLAN = Plan(
    experiment="e", file="e.yaml", title="e", environment="staging", steady=10, evaluation_interval=5,
    alerting=Alerting(
        alerts=(rule("Plain"), rule("Slow", expr="rate(errors_total[1m]) > 0", for_=30, keep_firing_for=20)),
        route=Route(receiver="oncall", group_interval=40, place=PLACE),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("alerts", "seconds"), [({"Plain"}, 10 + 40), ({"Plain", "Slow"}, 60 + 30 + 20 + 10 + 40), ({"Unknown"}, 10 + 40)])
def test_it_waits_at_most_until_rules_have_forgotten_and_the_end_is_told(alerts, seconds):
    assert longest(PLAN, frozenset(alerts)) == seconds
