"""A Chaos Toolkit control: with it, plain `chaos run` journals, judges and reports as `firedrill run` does.

    controls:
      - name: firedrill
        provider:
          type: python
          module: firedrill.control
          arguments: {environment: staging}

Knows Chaos Toolkit's hooks; refuses to drill: that is done by an engine of its own, a process that measures and watches while
`chaos run` plays. The engine says when steady state is met; nothing is played before. Arguments, all optional: `experiment` (the
file, when it cannot be told from the command line), `environment`, `results`, `yes` (as for `firedrill run`).
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, BinaryIO

from firedrill.faults.chaos import link as links
from firedrill.faults.chaos.link import Link
from firedrill.faults.chaos.teller import Secrets, Teller

_ENDINGS = {0: ("completed", False), 1: ("completed", True), 130: ("interrupted", False)}
"""What an exit code of the engine makes of Chaos Toolkit's own journal: its status, and whether it deviated."""


class Guest(Link):
    """The link of a process that is not ours: it is interrupted, and never killed."""

    def tell(self, kind: str, **fields: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # an engine that is gone is noticed by the reader
            super().tell(kind, **fields)

    def end(self, grace: float = links.GRACE) -> None:
        with self._answered:
            if self.stopping.is_set():
                return
            self.stopping.set()
            self._answered.notify_all()
        signal.pthread_kill(links.main_thread(), signal.SIGINT)


class Engine:
    """The engine beside this `chaos run`, and the two pipes to it."""

    def __init__(self, arguments: list[str]) -> None:
        says, hears = os.pipe(), os.pipe()
        command = [sys.executable, "-P", "-m", "firedrill.cli", "run", *arguments, "--joined", str(hears[0]), str(says[1])]
        # A session of its own: Ctrl-C is for Chaos Toolkit, which tells the engine.
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, pass_fds=(hears[0], says[1]), start_new_session=True, stdout=sys.stderr
        )
        os.close(hears[0])
        os.close(says[1])
        self.orders: BinaryIO = os.fdopen(says[0], "rb", buffering=0)
        self.out = hears[1]

    def until_steady(self) -> Mapping[str, str] | None:
        """Wait for leave to play: what the activities need in their environment, or None when the drill ended before."""
        line = self.orders.readline()
        return json.loads(line)["env"] if line else None

    def end(self) -> int:
        """Nothing more will be said: wait for recovery and verdict; the engine's exit code."""
        os.close(self.out)
        return self.process.wait()


_engine: Engine | None = None
_leave = threading.Event()


def configure_control(
    experiment: Mapping[str, Any],
    event_registry: Any,
    configuration: object = None,
    secrets: object = None,
    settings: object = None,
    **arguments: Any,
) -> None:
    """Start the engine, and have it told what is played."""
    global _engine
    from chaoslib.run import RunEventHandler

    class Handler(Teller, RunEventHandler):  # type: ignore[misc]  # chaoslib has no types
        """What the teller does not tell, chaoslib's own handler ignores."""

    _engine = Engine(_words(arguments))
    links.current = Guest(_engine.orders, _engine.out)
    hidden = Secrets()
    hidden.learn(secrets)
    event_registry.register(Handler(links.current, hidden))


def _words(arguments: Mapping[str, Any]) -> list[str]:
    """The engine's command line."""
    words = [str(arguments.get("experiment") or _file_on_the_command_line())]
    for name in ("environment", "results"):
        if arguments.get(name):
            words += [f"--{name}", str(arguments[name])]
    return [*words, "--yes"] if arguments.get("yes") else words


def _file_on_the_command_line() -> str:
    files = [word for word in sys.argv[1:] if word.endswith((".yaml", ".yml", ".json")) and Path(word).is_file()]
    return files[-1] if files else ""


def before_experiment_control(context: MutableMapping[str, Any], **_: Any) -> None:
    """Wait until steady state is met; an experiment that the engine refuses, or whose steady state is not met, is not played."""
    from chaoslib.exceptions import InterruptExecution

    if _engine is None or links.current is None:
        return
    env = _engine.until_steady()
    if env is None:
        context["rollbacks"] = []  # nothing was broken
        raise InterruptExecution("firedrill let nothing be played: what it said above tells why")
    os.environ.update(env)
    threading.Thread(target=links.current.listen, daemon=True).start()
    _leave.set()


def after_experiment_control(context: Mapping[str, Any], state: MutableMapping[str, Any], **_: Any) -> None:
    """Tell how it ended, wait for the verdict, and make it Chaos Toolkit's own: `chaos run` then exits with 1 unless all passed."""
    if _engine is None or links.current is None:
        return
    if _leave.is_set():
        links.current.tell("chaos.ended", status=str(state["status"]), deviated=bool(state["deviated"]))
    else:
        _engine.process.send_signal(signal.SIGINT)
    links.current.stopping.set()
    links.current.close()
    code = _engine.end()
    status, deviated = _ENDINGS.get(code, ("failed", False))
    if code != 0 and state["status"] == "completed":
        state["status"] = status
    state["deviated"] = bool(state["deviated"]) or deviated
    state["firedrill"] = {"exit_code": code}
