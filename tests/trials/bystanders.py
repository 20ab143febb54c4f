"""What outlives the drills of a trial: the demo, a fault proxy in front of its bureau, and a copy of the fast suite that drills them.

They stand for a team's own system: a fault that a dead drill left behind would be found here, at the target.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from firedrill.stack.addresses import choose, fill

ROOT = Path(__file__).parent.parent.parent
SUITE = ROOT / "tests" / "suite"
OWN, OUTSIDE = "own", "outside"
TOKEN = "a-token-of-the-trials"


@dataclass(frozen=True)
class Bystanders:
    """Addresses of what runs, and the folder of the suite; `own` and `outside` are its environments."""

    folder: Path
    addresses: Mapping[str, str]
    demo: "subprocess.Popen[bytes]"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a drill's engine."""
        return os.environ | {"FIREDRILL_PROXY_TOKEN": TOKEN, "XDG_STATE_HOME": str(self.folder / "state")}


@contextmanager
def bystanders(folder: Path) -> Iterator[Bystanders]:
    """Start them in `folder`, which must not exist, and end them."""
    suite = folder / "tests" / "suite"
    shutil.copytree(SUITE, suite, ignore=shutil.ignore_patterns("results", "__pycache__"))
    (folder / "demo").symlink_to(ROOT / "demo")
    settings = yaml.safe_load((suite / "firedrill.yaml").read_text(encoding="utf-8"))
    local = settings["environments"]["local"]
    addresses = choose({**dict.fromkeys(local["system"]["addresses"], "127.0.0.1:0"), "control": "127.0.0.1:0"})
    with ExitStack() as stack:
        demo = _started(stack, _demo(local, addresses), suite)
        _started(stack, _proxy(local["targets"], addresses), suite)
        _answers(f"http://{addresses['api']}/health")
        _answers(f"http://{addresses['control']}/version")
        told = {"environments": {OWN: local, OUTSIDE: _outside(local, addresses)}, "default": OWN}
        (suite / "firedrill.yaml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
        yield Bystanders(suite, addresses, demo)


def _demo(local: Mapping[str, Any], addresses: Mapping[str, str]) -> list[str]:
    (command,) = local["system"]["start"]
    return [sys.executable, *fill(command, addresses).split()[1:]]


def _forwards(targets: Mapping[str, Any]) -> dict[str, Any]:
    return {name: target for name, target in targets.items() if {"listen", "upstream"} <= set(target)}


def _proxy(targets: Mapping[str, Any], addresses: Mapping[str, str]) -> list[str]:
    ways = [f"{name}={fill(way['listen'], addresses)}={_upstream(way, addresses)}" for name, way in _forwards(targets).items()]
    return [sys.executable, "-m", "firedrill.cli", "proxy", *ways, "--api", addresses["control"]]


def _upstream(way: Mapping[str, str], addresses: Mapping[str, str]) -> str:
    return ("http:" if way.get("protocol") == "http" else "") + fill(way["upstream"], addresses)


def _outside(local: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    """The same environment, for a system that runs already."""
    forwards = {
        name: {"proxy": f"http://{addresses['control']}", "protocol": way.get("protocol", "tcp")}
        for name, way in _forwards(local["targets"]).items()
    }
    system = {"addresses": {name: addresses[name] for name in local["system"]["addresses"]}, "ready": local["system"]["ready"]}
    return {**local, "system": system, "targets": {**local["targets"], **forwards}}


def _started(stack: ExitStack, command: list[str], cwd: Path) -> "subprocess.Popen[bytes]":
    environ = os.environ | {"FIREDRILL_PROXY_TOKEN": TOKEN}
    process = subprocess.Popen(command, cwd=cwd, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.send_signal, signal.SIGKILL)
    return process


def _answers(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
