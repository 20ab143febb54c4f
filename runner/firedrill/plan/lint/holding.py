"""Whether an inhibit rule lets one alert hold another back, as far as the rules' own labels decide it.

Knows github.com/prometheus/alertmanager, inhibit.InhibitRule: a missing label equals an empty one, and of alerts that match both sides
none holds another that does.
"""

from collections.abc import Mapping

from firedrill.core.alerting import AlertingRule, Inhibition
from firedrill.core.routing import all_hold, static_labels


def holds_back(inhibition: Inhibition, source: AlertingRule, target: AlertingRule) -> tuple[str, ...] | None:
    """The labels of `equal` that the series still have to agree on, none when nothing is open; None when it is not certain otherwise."""
    ours, theirs = static_labels(target), static_labels(source)
    if all_hold(inhibition.target, ours) is not True or all_hold(inhibition.source, theirs) is not True:
        return None
    if all_hold(inhibition.source, ours) is not False and all_hold(inhibition.target, theirs) is not False:
        return None
    return _open(inhibition, source, target) if _may_agree(inhibition, ours, theirs) else None


def idle(inhibition: Inhibition, source: AlertingRule, target: AlertingRule) -> bool:
    """Both match both sides, so that neither can hold the other back."""
    labels = (static_labels(source), static_labels(target))
    return all(all_hold(side, each) is True for side in (inhibition.source, inhibition.target) for each in labels)


def _may_agree(inhibition: Inhibition, ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """A label that one rule sets and the other does not is left to the drill."""
    return all(ours.get(label) == theirs.get(label) for label in inhibition.equal)


def _open(inhibition: Inhibition, source: AlertingRule, target: AlertingRule) -> tuple[str, ...]:
    known = {"alertname", *source.labels, *target.labels}
    templated = {name for rule in (source, target) for name, value in rule.labels.items() if "{{" in value}
    return tuple(label for label in inhibition.equal if label not in known or label in templated)
