"""Alertmanager's group keys: which route a group belongs to, which receivers that route tells, and the labels it is grouped by.

Knows how Alertmanager writes a key: each route's matchers from the root down, then the labels, `{}/{severity="page"}:{alertname="A"}`.
Pure.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from firedrill.core.alerting import Route
from firedrill.core.matching import Matcher

RouteKey: TypeAlias = tuple[frozenset[tuple[str, str, str]], ...]
"""The matchers of every route from the root down, each as (label, operator, value)."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_BRACES = re.compile(r"\{((?:[^{}\"]|" + _QUOTED + r")*)\}")
_MATCHER = re.compile(r"\s*([\w:.]+)\s*(=~|!~|!=|=)\s*(" + _QUOTED + r"|[^,\"]*?)\s*(?:,|$)")
_ANCHORED = re.compile(r"^\^\(\?:(.*)\)\$$", re.DOTALL)


def receivers(route: Route | None) -> Mapping[RouteKey, frozenset[str]]:
    """Who is told of the groups of each route; routes that read alike have one key."""
    told: dict[RouteKey, frozenset[str]] = {}
    for key, name in _told(route, ()) if route is not None else ():
        told[key] = told.get(key, frozenset()) | {name}
    return told


def _told(route: Route, above: RouteKey) -> Iterator[tuple[RouteKey, str]]:
    key = (*above, frozenset(one for text in route.matchers for one in _matchers(text)))
    yield key, route.receiver
    for below in route.routes:
        yield from _told(below, key)


@functools.lru_cache(maxsize=4096)
def route_of(group_key: str) -> RouteKey:
    """The route that a group's key names."""
    *routes, _ = _BRACES.findall(group_key) or [""]
    return tuple(frozenset(_matchers(text)) for text in routes)


def labels_of(group_key: str) -> Mapping[str, str]:
    """The labels that a group's alerts share."""
    found: list[str] = _BRACES.findall(group_key)
    return {name: value for name, _, value in _matchers(found[-1])} if found else {}


def may_hold(group_key: str, labels: Mapping[str, str]) -> bool:
    """Whether an alert with these labels, its name among them, may be in that group: it has the group's and meets the route's matchers."""
    if not labels_of(group_key).items() <= labels.items():
        return False
    found = (Matcher(name, operator, value) for matchers in route_of(group_key) for name, operator, value in matchers)
    return all(one.holds(labels.get(one.label, "")) is not False for one in found)


def _matchers(text: str) -> Iterator[tuple[str, str, str]]:
    for name, operator, value in _MATCHER.findall(text):
        plain = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value[1:-1]) if value[:1] == '"' else value
        anchored = _ANCHORED.match(plain) if operator in ("=~", "!~") else None
        yield name, operator, anchored[1] if anchored else plain
