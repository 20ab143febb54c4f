"""The ways through a routing tree as Alertmanager names and spells them, and which matchers keep an alert from one.

Knows route keys (github.com/prometheus/alertmanager, dispatch.Route.Key); refuses to know which way is taken.
"""

from collections.abc import Iterator, Mapping, Sequence

from firedrill.core.alerting import Route
from firedrill.core.matching import matcher


def ways(root: Route | None) -> Iterator[tuple[Route, ...]]:
    """Every route with those above it, from the first one down."""
    if root is not None:
        yield (root,)
        yield from ((root, *way) for child in root.routes for way in ways(child))


def key(way: Sequence[Route]) -> str:
    """What Alertmanager calls a route, as its group keys begin with: `{}/{severity="page",team="payments"}`."""
    return "/".join("{" + ",".join(sorted(map(spelled, route.matchers))) + "}" for route in way)


def spelled(text: str) -> str:
    """A matcher as Alertmanager spells it: `team="payments"`."""
    if (parts := matcher(text)) is None:
        return text
    value = parts.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{parts.label}{parts.op}"{value}"'


def label_of(text: str) -> str:
    """The label that a matcher is about."""
    parts = matcher(text)
    return "" if parts is None else parts.label


def unmet(matchers: Sequence[str], labels: Mapping[str, str]) -> tuple[str, ...]:
    """Those that an alert with exactly these labels does not meet, as Alertmanager spells them; a label that is not there is empty."""
    return tuple(spelled(text) for text in matchers if _holds(text, labels) is False)


def _holds(text: str, labels: Mapping[str, str]) -> bool | None:
    parts = matcher(text)
    return None if parts is None else parts.holds(labels.get(parts.label, ""))
