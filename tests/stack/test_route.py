"""The drill route: Alertmanager's own tool says that nobody else's routing changes by it, and that each receiver has a twin."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from firedrill.core.alerting import Alerting, Receiver, Route
from firedrill.core.alerting import Place as At
from firedrill.stack.route import PREFIX, drill_route, plain, printed, same, trouble

PLACE = At(file="alertmanager.yml", line=1)
SINK = "http://127.0.0.1:9099"
ALERTS = ({"team": "a"}, {"team": "b"}, {"team": "c"}, {"team": "a", "severity": "page"}, {})

Tree = Callable[..., Route]


def node(receiver: str, *routes: Route, **settings: Any) -> Route:
    return Route(receiver=receiver, routes=routes, place=PLACE, **settings)


TREES = {
    "no routes": node("root"),
    "the usual": node("root", node("a", matchers=('team="a"',), group_wait=5.0), node("b", matchers=('team="b"',), mute=("nights",))),
    "a route that goes on": node("root", node("a", matchers=('team="a"',), continue_=True), node("b", matchers=('severity="page"',))),
    "a last route for the rest": node("root", node("a", matchers=('team="a"',)), node("rest")),
    "routes in routes": node(
        "root", node("a", node("a-page", matchers=('severity="page"',), group_by=("team",), active=("nights",)), matchers=('team=~"a|c"',))
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_every_alert_reaches_whom_it_reached_before_and_each_of_them_has_a_twin(name: str, tmp_path: Path) -> None:
    tree = TREES[name]
    before, after = tmp_path / "before.yml", tmp_path / "after.yml"
    before.write_text(yaml.safe_dump(_config(tree)))
    after.write_text(yaml.safe_dump(_pasted(tree, _print(tree))))
    for alert in ALERTS:
        reached, now = _reached(before, alert), _reached(after, alert)
        assert [one for one in now if not one.startswith(PREFIX)] == reached, alert
        assert [one.removeprefix(PREFIX) for one in now if one.startswith(PREFIX)] == reached, alert


@pytest.mark.parametrize("name", TREES)
def test_what_was_pasted_is_known_again_and_what_changed_since_is_told(name: str) -> None:
    tree = TREES[name]
    running = _running(tree, drill_route(tree))
    assert trouble(running) == ("", False)
    assert same(plain(running).route or tree, tree)
    assert [each.name for each in plain(running).receivers] == list(dict.fromkeys(_names(tree)))
    changed = tree.model_copy(update={"routes": (*tree.routes, node("new", matchers=('team="new"',)))})
    assert trouble(_running(changed, drill_route(tree))) == (
        "has a drill route that is not a copy of its other routes any more: `firedrill stack route` prints it anew",
        False,
    )


def test_an_alertmanager_without_the_route_shows_no_page() -> None:
    sentence = "has no drill route, so no page would be seen: `firedrill stack route` prints it"
    assert trouble(_alerting(TREES["the usual"])) == (sentence, True)


def test_a_sink_that_others_can_reach_is_sent_its_token_from_a_file() -> None:
    text = printed(_alerting(TREES["no routes"]), "http://10.0.0.5:9099", "SINK_TOKEN")
    (hook,) = yaml.safe_load(text)["receivers"][0]["webhook_configs"]
    assert hook == {
        "url": "http://10.0.0.5:9099/receivers/root",
        "http_config": {"authorization": {"credentials_file": "/etc/alertmanager/firedrill-sink.token"}},
    }
    assert "# 5. Put the value of SINK_TOKEN into /etc/alertmanager/firedrill-sink.token on the Alertmanager's host" in text


def _alerting(tree: Route) -> Alerting:
    names = dict.fromkeys(_names(tree))
    return Alerting(route=tree, receivers=tuple(Receiver(name=name, place=PLACE) for name in names))


def _running(tree: Route, drill: Route) -> Alerting:
    """The tree with what was printed beside it, as Alertmanager has it after the paste."""
    routes = _print(tree)["route"]["routes"][1:]
    match routes:
        case [{"routes": []}]:
            below: tuple[Route, ...] = (tree.model_copy(update={"continue_": False}),)
        case [{"receiver": name}]:
            below = (*tree.routes, node(name))
        case _:
            below = tree.routes
    return _alerting(tree.model_copy(update={"routes": (drill, *below)}))


def _names(tree: Route) -> list[str]:
    return [tree.receiver, *(name for child in tree.routes for name in _names(child))]


def _print(tree: Route) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(printed(_alerting(tree), SINK, None))
    return document


def _config(tree: Route) -> dict[str, Any]:
    intervals = [{"name": "nights", "time_intervals": [{"weekdays": ["monday"]}]}]
    receivers = [{"name": name} for name in dict.fromkeys(_names(tree))]
    return {"route": _yaml(tree), "receivers": receivers, "time_intervals": intervals}


def _yaml(route: Route) -> dict[str, Any]:
    own = {"matchers": list(route.matchers), "group_by": list(route.group_by), "continue": route.continue_}
    muted = {"mute_time_intervals": list(route.mute), "active_time_intervals": list(route.active)}
    waits = {"group_wait": f"{route.group_wait:g}s", "routes": [_yaml(child) for child in route.routes]}
    return {"receiver": route.receiver} | {key: value for key, value in (own | muted | waits).items() if value}


def _pasted(tree: Route, new: dict[str, Any]) -> dict[str, Any]:
    """As the printed instructions say."""
    config = _config(tree)
    drill, *last = new["route"]["routes"]
    theirs = config["route"].get("routes", [])
    wraps = bool(last) and "routes" in last[0]
    config["route"]["routes"] = [drill, last[0] | {"routes": theirs}] if wraps else [drill, *theirs, *last]
    config["receivers"] += new["receivers"]
    return config


def _reached(file: Path, labels: dict[str, str]) -> list[str]:
    words = ["amtool", "config", "routes", "test", f"--config.file={file}", *(f"{name}={value}" for name, value in labels.items())]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split(",")
