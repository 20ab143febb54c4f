"""Which of Alertmanager's groups a pager's thread is: PagerDuty's dedup key and Opsgenie's alias are both SHA-256 of the group key.

Knows how Alertmanager writes group keys (github.com/prometheus/alertmanager, dispatch.Route.Key, tried with 0.25); refuses to know any
pager. Pure.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firedrill.core.alerting import Route

_MATCHER = re.compile(r'\s*"?([^\s=!~"]+)"?\s*(=~|!~|!=|=)\s*(.*?)\s*', re.DOTALL)
_ORDER = ("=", "!=", "=~", "!~")


@dataclass(frozen=True, slots=True)
class Group:
    """One group as Alertmanager has it now, with the alerts in it as `/api/v2/alerts/groups` tells them."""

    receiver: str
    key: str
    labels: Mapping[str, str]
    alerts: Sequence[Mapping[str, Any]]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(alert["labels"].get("alertname", "") for alert in self.alerts)


def hashed(key: str) -> str:
    """The name under which a pager knows the group."""
    return hashlib.sha256(key.encode()).hexdigest()


def groups(answer: Sequence[Mapping[str, Any]], route: Route | None) -> Iterator[Group]:
    """Each group under every key that it may have: one for each route that leads to its receiver."""
    routes = [] if route is None else list(_keys(route, ""))
    for group in answer:
        receiver, labels = group["receiver"]["name"], group["labels"]
        for key in dict.fromkeys(key for key, name in routes if name == receiver):
            yield Group(receiver, f"{key}:{_written(labels)}", labels, group["alerts"])


def _keys(route: Route, above: str) -> Iterator[tuple[str, str]]:
    key = above + "{" + ",".join(_matchers(route.matchers)) + "}"
    yield key, route.receiver
    for child in route.routes:
        yield from _keys(child, f"{key}/")


def _matchers(texts: Sequence[str]) -> list[str]:
    parts = [(match[1], _plain(match[3]), match[2]) for text in texts if (match := _MATCHER.fullmatch(text))]
    return [f"{name}{op}{_quoted(value)}" for name, value, op in sorted(parts, key=lambda part: (*part[:2], _ORDER.index(part[2])))]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name}={_quoted(value)}" for name, value in sorted(labels.items())) + "}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
