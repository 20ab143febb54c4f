"""Rules and routes as Prometheus and Alertmanager files declare them, with where each setting stands."""

from collections.abc import Mapping

from firedrill.core.model.declared import Declared


class Place(Declared):
    """Where something is written; lines count from 1."""

    file: str
    line: int


class RecordingRule(Declared):
    """`record: expr` in a rule group."""

    record: str
    expr: str
    group: str
    interval: float
    """Seconds between the group's evaluations."""
    place: Place


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


class Receiver(Declared):
    """A receiver of alertmanager.yml and the integrations it uses, such as `webhook`."""

    name: str
    integrations: tuple[str, ...] = ()
    place: Place


class Route(Declared):
    """A node of the routing tree with what it inherits filled in; seconds for the three waits."""

    receiver: str
    matchers: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 14_400.0
    continue_: bool = False
    routes: tuple["Route", ...] = ()
    place: Place


class Alerting(Declared):
    """All that the files under test say."""

    records: tuple[RecordingRule, ...] = ()
    alerts: tuple[AlertingRule, ...] = ()
    receivers: tuple[Receiver, ...] = ()
    route: Route | None = None
