"""The load child: a Locust scenario as a library, `python -m firedrill.measure.load.child`.

Locust patches the whole process, so this file only ever runs as a child, and imports Locust before anything that it would patch.
The order: `zero` (the drill's zero on CLOCK_MONOTONIC), `name`, `root`, `file`, `host`, `users`, `spawn_rate`, `thresholds` (seconds).
It says `load.failed` when the file cannot be used; else `load.started`, `load.ready` when all users are there, `load.second` for each
second of the drill, and at the end of its input `load.ended` with Locust's own totals.

A request is good when Locust has no exception for it. It is binned at the moment Locust reports it, and counted exactly where Locust
counts it, so that a request cut off at the end is in neither count.
"""

import importlib.util
import json
import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from firedrill.measure.bins import Binner
from firedrill.measure.causes import cause_of, unusable
from firedrill.measure.lines import Say, end_with_engine, speaker
from firedrill.measure.load.underway import Underway

STOP_TIMEOUT = 1.0
"""Seconds that a user may take to finish its task at the end."""
AFTER = 0.02
"""Seconds after a second's end at which it is told."""


class Tally:
    """What Locust's listeners see, until it is told."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._binner = Binner("load", order["name"], tuple(order["thresholds"]), order["zero"])
        self._counting = False
        self._exceptions: dict[str, int] = {}
        self.underway = Underway()

    def begin(self, **_: Any) -> None:
        """Locust has just set its statistics to zero."""
        self._counting = True

    def request(self, response_time: float | None, exception: Any = None, **_: Any) -> None:
        if self._counting:
            ok, cause = not exception, cause_of(exception) if exception else None
            self._binner.add(time.monotonic(), ok, (response_time or 0.0) / 1000, cause)

    def user_error(self, exception: BaseException, **_: Any) -> None:
        cause = cause_of(exception)
        self._exceptions[cause] = self._exceptions.get(cause, 0) + 1
        self.underway.broke()

    def flush(self, up_to_second: float | None) -> dict[str, Any]:
        exceptions, self._exceptions = self._exceptions, {}
        return {"bins": self._binner.flush(up_to_second), "exceptions": exceptions, "traffic": self.underway.flush()}


def play(order: Mapping[str, Any], say: Say) -> None:
    """Run the scenario until our input ends."""
    events = _patched()
    tally = Tally(order)
    tally.underway.watch()
    # First of all listeners: what a file asks for before the test starts is in none of Locust's numbers.
    events.test_start.add_listener(tally.begin)
    try:
        users = _users(order)
    except (Exception, SystemExit) as error:
        say("load.failed", why=unusable(error, Path(order["root"], order["file"]), order["file"]))
        return
    if not users:
        say("load.failed", why=f"{order['file']}: it defines no Locust user (a class based on HttpUser or FastHttpUser)")
        return
    environment = _environment(order, events, users, tally)
    _run(order, environment, tally, say)


def _run(order: Mapping[str, Any], environment: Any, tally: Tally, say: Say) -> None:
    import gevent

    environment.events.spawning_complete.add_listener(
        lambda **_: say("load.ready", users=environment.runner.user_count, at=time.monotonic())
    )
    since = time.monotonic() - order["zero"]
    say("load.started", since=since)
    environment.runner.start(order["users"], spawn_rate=order["spawn_rate"])
    teller = gevent.spawn(_tell, order["zero"], since, environment.runner, tally, say)
    _until_input_ends()
    environment.runner.quit()
    environment.events.quitting.fire(environment=environment, reverse=True)
    _end(order["zero"], teller, environment.runner, tally, say)


def _patched() -> Any:
    """Locust's own hooks, the ones that a scenario adds its listeners to; the process is patched from here on."""
    import locust
    from locust import log

    logging: Any = log
    logging.setup_logging("INFO")
    return locust.events


def _users(order: Mapping[str, Any]) -> list[Any]:
    from locust.util.load_locustfile import is_shape_class, is_user_class

    found = list(vars(_loaded(Path(order["root"]), Path(order["root"], order["file"]))).values())
    if any(is_shape_class(each) for each in found):
        print("the file's LoadTestShape is not used: the experiment says how many users there are", file=sys.stderr)
    return [each for each in found if is_user_class(each)]


def _loaded(root: Path, path: Path) -> ModuleType:
    """The scenario as a module. Its folder and the suite's root come last, where Locust's own loader has them before Python's library."""
    sys.path += [str(path.parent), str(root)]
    name = path.stem if path.stem not in sys.modules and path.stem not in sys.stdlib_module_names else f"scenario_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, "a scenario is a file of Python's"
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _environment(order: Mapping[str, Any], events: Any, users: list[Any], tally: Tally) -> Any:
    from locust.env import Environment

    environment = Environment(user_classes=users, events=events, host=order["host"], locustfile=order["file"], stop_timeout=STOP_TIMEOUT)
    runner = environment.create_local_runner()
    # Right after the runner's own listener, so that nothing can come between its count and ours.
    events.request.add_listener(tally.request)
    events.user_error.add_listener(tally.user_error)
    events.init.fire(environment=environment, runner=runner, web_ui=None)
    return environment


def _tell(zero: float, since: float, runner: Any, tally: Tally, say: Say) -> None:
    import gevent

    while True:
        until = float(math.floor(since) + 1)
        gevent.sleep(max(0.0, zero + until + AFTER - time.monotonic()))
        say("load.second", since=since, until=until, users=runner.user_count, **tally.flush(until))
        since = until


def _until_input_ends() -> None:
    from gevent.socket import wait_read

    wait_read(0)
    while os.read(0, 65536):
        wait_read(0)


def _end(zero: float, teller: Any, runner: Any, tally: Tally, say: Say) -> None:
    """Both counts are taken before anything else can run."""
    total, rest, until = runner.stats.total, tally.flush(None), time.monotonic() - zero
    requests, failures = total.num_requests, total.num_failures
    teller.kill()
    say("load.ended", requests=requests, failures=failures, until=until, **rest)


def main() -> None:
    """One order from standard input; nothing is done when the engine is already gone."""
    end_with_engine()
    say = speaker()
    if line := sys.stdin.readline():
        play(json.loads(line), say)


if __name__ == "__main__":
    main()
