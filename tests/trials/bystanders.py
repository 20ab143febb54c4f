"""What outlives the drills of a trial: the demo, a fault proxy in front of its bureau, and a copy of the fast suite that drills them.

They stand for a team's own system: a fault that a dead drill left behind would be found here, at the target.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from firedrill.stack.addresses import choose, fill
from trials.mishaps import SPOILING, VARIABLE

ROOT = Path(__file__).parent.parent.parent
SUITE = ROOT / "tests" / "suite"
OWN, OUTSIDE = "own", "outside"
TOKEN = "a-token-of-the-trials"
MISHAP = "mishap.json"


class Supervised:
    """A program that is started again whenever it ends, until it is told to stay down."""

    def __init__(self, command: list[str], cwd: Path) -> None:
        self._command, self._cwd, self._down = command, cwd, threading.Event()
        self._process = self._started()
        self._watch = threading.Thread(target=self._again_and_again, daemon=True)
        self._watch.start()

    @property
    def pid(self) -> int:
        """Of the program as it runs now."""
        return self._process.pid

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, cwd=self._cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _again_and_again(self) -> None:
        while self._process.wait() is not None and not self._down.is_set():
            self._process = self._started()

    def stop(self) -> None:
        self._down.set()
        while self._watch.is_alive():  # it may have been about to start it again
            self._process.kill()
            self._watch.join(0.1)


@dataclass(frozen=True)
class Bystanders:
    """Addresses of what runs, and the folder of the suite; `own` and `outside` are its environments."""

    folder: Path
    addresses: Mapping[str, str]
    demo: "Supervised"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a drill's engine."""
        return _spoilt(self.folder) | {"XDG_STATE_HOME": str(self.folder / "state"), "TMPDIR": str(self.temporary)}

    @property
    def temporary(self) -> Path:
        """Where the drills' temporary folders are."""
        return self.folder / "temporary"

    @property
    def mishap(self) -> Path:
        """Where the trial's processes are told what befalls them."""
        return self.folder / MISHAP

    @property
    def open(self) -> Path:
        """The pages of the drills' ledger."""
        return self.folder / "state" / "firedrill" / "open"


def _spoilt(folder: Path) -> dict[str, str]:
    return os.environ | {"FIREDRILL_PROXY_TOKEN": TOKEN, "PYTHONPATH": str(SPOILING), VARIABLE: str(folder / MISHAP)}


@contextmanager
def bystanders(folder: Path) -> Iterator[Bystanders]:
    """Start them in `folder`, which must not exist, and end them."""
    suite = folder / "tests" / "suite"
    shutil.copytree(SUITE, suite, ignore=shutil.ignore_patterns("results", "__pycache__"))
    (folder / "demo").symlink_to(ROOT / "demo")
    (suite / "temporary").mkdir()
    local = widen(suite / "firedrill.yaml")
    addresses = choose({**dict.fromkeys(local["system"]["addresses"], "127.0.0.1:0"), "control": "127.0.0.1:0"})
    with ExitStack() as stack:
        demo = Supervised(_demo(local, addresses), suite)
        stack.callback(demo.stop)
        _started(stack, _proxy(local["targets"], addresses), suite)
        _answers(f"http://{addresses['api']}/health")
        _answers(f"http://{addresses['control']}/version")
        told = {"environments": {OWN: local, OUTSIDE: _outside(local, addresses)}, "default": OWN}
        (suite / "firedrill.yaml").write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
        yield Bystanders(suite, addresses, demo)


def widen(file: Path) -> dict[str, Any]:
    """Give the suite a target of each kind that its own drills do not need; its environment."""
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    local: dict[str, Any] = settings["environments"]["local"]
    local["system"]["addresses"] |= {"names": "127.0.0.1:0", "bureau-tls": "127.0.0.1:0"}
    local["targets"] |= {
        "names": {"dns": {"listen": "<names>", "answers": {"bureau.test": "127.0.0.1"}}},
        "bureau-tls": {"tls": {"listen": "<bureau-tls>", "upstream": "<bureau>", "host": "bureau.test"}},
        "prometheus": {"stack": "prometheus"},
        "alertmanager": {"stack": "alertmanager"},
        "on-call": {"receiver": "payments-oncall"},
    }
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return local


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
    service = {"process": {"port": local["targets"]["service"]["process"]["port"], "supervised": True}}
    return {**local, "system": system, "targets": {**local["targets"], **forwards, "service": service}}


def _started(stack: ExitStack, command: list[str], cwd: Path) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(command, cwd=cwd, env=_spoilt(cwd), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
