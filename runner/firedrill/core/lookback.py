"""How far rules look back on what they read, and the sentence for a Prometheus that remembers less.

Knows rules and the selectors in them; refuses to know how much any Prometheus remembers.
"""

from dataclasses import dataclass

from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule
from firedrill.core.units import Duration


@dataclass(frozen=True, slots=True)
class LookBack:
    """A raw selector, for how many seconds it is looked back on at most, and the first rule that does: its name and place."""

    selector: str
    seconds: float
    rule: str
    place: Place

    def falls_short(self, has: str) -> str:
        """That there is less history: `SlowBurn looks back 3d on x, of which Prometheus has 26.2s`."""
        return f"{self.rule} looks back {Duration(self.seconds)} on {self.selector}, of which Prometheus has {has}"


def look_backs(alerting: Alerting) -> dict[str, LookBack]:
    """Every raw selector that the rules read, by its text."""
    found: dict[str, LookBack] = {}
    rules: tuple[RecordingRule | AlertingRule, ...] = (*alerting.records, *alerting.alerts)
    for rule in rules:
        for selector, seconds in promql.reads(rule.expr, alerting.records).items():
            if selector not in found or found[selector].seconds < seconds:
                name = rule.record if isinstance(rule, RecordingRule) else rule.alert
                found[selector] = LookBack(selector, seconds, name, rule.places.get("expr", rule.place))
    return found
