"""Rules and routes as Prometheus and Alertmanager files declare them, with where each setting stands."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from firedrill.core.model.declared import Declared


class Place(Declared):
    """Where something is written; lines and columns count from 1, and 0 is where only a running server told of it."""

    file: str
    line: int
    column: int = 1


class RecordingRule(Declared):
    """`record: expr` in a rule group."""

    record: str
    expr: str
    group: str
    interval: float
    """Seconds between the group's evaluations."""
    place: Place
    places: Mapping[str, Place] = {}
    """Where `expr` stands, and the group's `interval` when the file sets one."""
    labels: Mapping[str, str] = {}
    """What the rule adds to what its expression yields."""


class AlertingRule(Declared):
    """`alert: expr` in a rule group; seconds for `for_`, `keep_firing_for` and `interval`."""

    alert: str
    expr: str
    for_: float = 0.0
    keep_firing_for: float = 0.0
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    group: str
    interval: float
    place: Place
    places: Mapping[str, Place] = {}
    """Where `expr`, `for` and `keep_firing_for` stand, and the group's `interval` when the file sets one."""


class Receiver(Declared):
    """A receiver of alertmanager.yml and the integrations it uses, such as `webhook`."""

    name: str
    integrations: tuple[str, ...] = ()
    place: Place


class Route(Declared):
    """A node of the routing tree with what it inherits filled in; seconds for the three waits.

    `places` says where each of them stands, here or in the route it is inherited from; Alertmanager's own defaults stand nowhere.
    Mute and active time intervals are the node's own: Alertmanager does not inherit them.
    """

    receiver: str
    matchers: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 14_400.0
    continue_: bool = False
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()
    place: Place
    places: Mapping[str, Place] = {}


class Inhibition(Declared):
    """An inhibit rule: alerts that match `target` are not told while one that matches `source` fires with the same `equal` labels."""

    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()
    place: Place


class TimeInterval(Declared):
    """A named time interval; `spec` is its `time_intervals` list as the file has it."""

    name: str
    spec: Any = None
    place: Place


class Gap(Declared):
    """What an alertmanager.yml leaves to its deployment; `of` is the receiver that needs it, or `global` or `templates`."""

    of: str
    words: str
    place: Place


class Alerting(Declared):
    """All that the files under test say."""

    records: tuple[RecordingRule, ...] = ()
    alerts: tuple[AlertingRule, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    route: Route | None = None
    inhibitions: tuple[Inhibition, ...] = ()
    intervals: tuple[TimeInterval, ...] = ()
    places: Mapping[str, Place] = {}
    """Where firedrill.yaml sets `scrape-interval` and `evaluation-interval`; what it leaves out stands nowhere."""
    rule_files: Mapping[str, str] = {}
    """Rule file -> the name by which the embedded Prometheus knows it, on which the moments of its groups hang."""
    unread: tuple[str, ...] = ()
    """What only a running server could tell and has not been asked: `rules`, `routes`."""
    gaps: tuple[Gap, ...] = Field((), exclude=True)
    """What the file does not give; of the files alone, no drill's record has it."""


def rule_of(alerting: Alerting, alert: str, labels: Mapping[str, str]) -> AlertingRule | None:
    """The rule that an instance comes from: of that name, and with its labels, templates left open."""
    fitting = [rule for rule in alerting.alerts if rule.alert == alert and fits(rule.labels, labels)]
    return max(fitting, key=lambda rule: len(rule.labels), default=None)


def fits(declared: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether an instance with `labels` can come from a rule that declares these."""
    return all(labels.get(key) == value or "{{" in value for key, value in declared.items())
