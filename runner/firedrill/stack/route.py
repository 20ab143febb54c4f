"""The `drill` route: a copy of a routing tree whose receivers are firedrill's sink, to stand beside the tree it copies.

It matches every alert and goes on (`continue: true`), so that each notification of the real tree has a twin at the sink, with the
same matchers, grouping, waits and muted times. Alertmanager sends to the root's own receiver only what no child took, and the
drill route takes everything: so what the root itself received needs a route of its own beside it. Pure.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import yaml

from firedrill.core.alerting import Alerting, Route
from firedrill.core.errors import FiredrillError
from firedrill.core.units import Duration

PREFIX = "drill-"
_WAITS = ("group_wait", "group_interval", "repeat_interval")
TOKEN_FILE = "/etc/alertmanager/firedrill-sink.token"  # noqa: S105 - a file's name, not a secret


def pasted(alerting: Alerting, url: str, token: str | None) -> dict[str, Any]:
    """The routes to put beside those of alertmanager.yml, in their order, and the receivers to add, as data."""
    tree = _root(alerting)
    receivers = [_receiver(name, url, token) for name in dict.fromkeys(_receivers(tree))]
    return {"routes": [_as_yaml(drill_route(tree), tree), *_beside(tree)], "receivers": receivers}


def printed(alerting: Alerting, url: str, token: str | None) -> str:
    """The same as YAML, with instructions; `token` is the variable of the sink's token, if it wants one."""
    parts = pasted(alerting, url, token)
    steps = [*_steps(_root(alerting)), *_token_steps(token)]
    return (
        "# firedrill's drill route: each notification of your routes also goes to firedrill's sink; your own stay as they are.\n"
        + "".join(f"# {number}. {step}\n" for number, step in enumerate(steps, start=1))
        + "\n"
        + _dumped({"route": {"routes": parts["routes"]}})
        + "\n"
        + _dumped({"receivers": parts["receivers"]})
    )


def _steps(tree: Route) -> Iterator[str]:
    if _wraps(tree):
        yield "Put the two routes in place of your `route.routes`, and your own routes below the second one, at `routes: []`."
    elif _beside(tree):
        yield "Put the first route in front of your `route.routes`, and the last one behind them: it is for what only the root received."
    else:
        yield "Put the route in front of your `route.routes`."
    yield "Add the receivers to your `receivers`. They are reached while a drill runs; at other times Alertmanager logs that they are not."
    yield "Check it with `amtool check-config`, and reload Alertmanager while nothing fires."
    yield "After a change of your routes, print this anew."


def _token_steps(token: str | None) -> Iterator[str]:
    if token is not None:
        yield f"Put the value of {token} into {TOKEN_FILE} on the Alertmanager's host, readable by it alone."


def drill_route(tree: Route) -> Route:
    """The twin of a whole tree, to stand first below the root."""
    return _twin(_canonical(tree)).model_copy(update={"continue_": True})


def _twin(route: Route) -> Route:
    return route.model_copy(update={"receiver": PREFIX + route.receiver, "routes": tuple(map(_twin, route.routes))})


def _beside(tree: Route) -> list[dict[str, Any]]:
    """The route that takes what the root itself took before the drill route stood there."""
    tree = _canonical(tree)
    if _wraps(tree):
        return [{"receiver": tree.receiver, "routes": []}]
    return [] if tree.routes and _takes_all(tree.routes[-1]) else [{"receiver": tree.receiver}]


def _wraps(tree: Route) -> bool:
    """Whether a route behind the others would also take what one of them took and passed on."""
    return any(child.continue_ for child in _canonical(tree).routes)


def _takes_all(route: Route) -> bool:
    return not route.matchers and not route.continue_


def _canonical(tree: Route) -> Route:
    """The tree without a last route that does what the root does anyway."""
    *others, last = tree.routes or (None,)
    if last is None or not _takes_all(last) or not _same_waits(tree, last) or last.receiver != tree.receiver or last.mute or last.active:
        return tree
    if not others:
        return tree.model_copy(update={"routes": last.routes})
    kept = not last.routes and not any(child is not None and child.continue_ for child in others)
    return tree.model_copy(update={"routes": tuple(others)}) if kept else tree


def _same_waits(one: Route, other: Route) -> bool:
    return all(getattr(one, key) == getattr(other, key) for key in (*_WAITS, "group_by"))


def plain(alerting: Alerting) -> Alerting:
    """What an alertmanager.yml says without firedrill's route and receivers; the same when it has none."""
    tree = alerting.route
    drill = None if tree is None else _drill_child(tree)
    if tree is None or drill is None:
        return alerting
    ours = set(_receivers(drill))
    return alerting.model_copy(
        update={
            "route": _canonical(tree.model_copy(update={"routes": tuple(child for child in tree.routes if child is not drill)})),
            "receivers": tuple(each for each in alerting.receivers if each.name not in ours),
        }
    )


def trouble(running: Alerting) -> tuple[str, bool]:
    """What is wrong with the drill route of a running Alertmanager, and whether no page could be seen for it; empty when all is well."""
    tree = running.route
    drill = None if tree is None else _drill_child(tree)
    if tree is None or drill is None:
        return "has no drill route, so no page would be seen: `firedrill stack route` prints it", True
    if not same(drill, drill_route(_root(plain(running)))):
        return "has a drill route that is not a copy of its other routes any more: `firedrill stack route` prints it anew", False
    return "", False


def same(one: Route, other: Route) -> bool:
    """Whether two trees tell the same receivers of every alert at the same times."""
    return _shape(_canonical(one)) == _shape(_canonical(other))


def _drill_child(tree: Route) -> Route | None:
    return next((child for child in tree.routes if child.receiver == PREFIX + tree.receiver and not child.matchers), None)


def _shape(route: Route) -> tuple[object, ...]:
    """All that decides where and when an alert is told."""
    waits = (sorted(route.group_by), *(getattr(route, key) for key in _WAITS))
    children = [_shape(child) for child in route.routes]
    return (route.receiver, sorted(route.matchers), waits, route.continue_, sorted(route.mute), sorted(route.active), children)


def _root(alerting: Alerting) -> Route:
    if alerting.route is None:
        raise FiredrillError("there are no routes to copy")
    tree = plain(alerting).route
    assert tree is not None
    return tree


def _receivers(route: Route) -> Iterator[str]:
    yield route.receiver
    for child in route.routes:
        yield from _receivers(child)


def _as_yaml(route: Route, above: Route) -> dict[str, Any]:
    """A route's own settings: what it does not inherit."""
    written: dict[str, Any] = {"receiver": route.receiver}
    if route.matchers:
        written["matchers"] = list(route.matchers)
    if route.group_by != above.group_by:
        written["group_by"] = list(route.group_by)
    waits = {key: str(Duration(getattr(route, key))) for key in _WAITS if getattr(route, key) != getattr(above, key)}
    return written | waits | _flags(route) | _children(route)


def _flags(route: Route) -> dict[str, Any]:
    muted = {key: list(names) for key, names in (("mute_time_intervals", route.mute), ("active_time_intervals", route.active)) if names}
    return muted | ({"continue": True} if route.continue_ else {})


def _children(route: Route) -> dict[str, Any]:
    return {"routes": [_as_yaml(child, route) for child in route.routes]} if route.routes else {}


def _receiver(name: str, url: str, token: str | None) -> dict[str, Any]:
    """Its own http_config keeps a global proxy or credentials away from the sink."""
    http: dict[str, Any] = {"authorization": {"credentials_file": TOKEN_FILE}} if token else {}
    return {"name": PREFIX + name, "webhook_configs": [{"url": f"{url.rstrip('/')}/receivers/{quote(name, safe='')}", "http_config": http}]}


def _dumped(document: dict[str, Sequence[Any] | dict[str, Any]]) -> str:
    return yaml.safe_dump(document, sort_keys=False, width=10_000, allow_unicode=True)
