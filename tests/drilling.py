"""Drills of the fast suite as a person starts them: `firedrill run` in a process of its own, on a copy that a test may break."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from firedrill.core.errors import FiredrillError
from firedrill.core.events import BlindBegan, Entry
from firedrill.core.journal import NAME, is_locked, read
from firedrill.stack.addresses import choose

SECONDS = 90
"""More than any drill of the fast suite takes, even on a busy machine."""

LATE = ("nobody looked for ", "prober-limited: ", "did not run for ")
"""How blind spots begin that are the machine's own doing; what a test breaks is blind for another reason."""


class Unwatched(AssertionError):
    """A test failed, and this machine was too busy to watch its drill: that proves nothing, so it is tried anew (pyproject.toml)."""


def _late(folder: Path) -> list[str]:
    """Why looks or samples were late in the drills under a folder; empty where none was."""
    late = []
    for path in folder.rglob(NAME):
        with suppress(FiredrillError):  # a test may break a journal, too
            late += [one.event.why for one in read(path) if isinstance(one.event, BlindBegan) and one.event.why.startswith(LATE)]
    return late


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """A failure beside a drill that could not be watched says so first: those alone are tried anew."""
    try:
        yield
    except Exception as error:
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if folder is not None and (late := _late(folder)):
            raise Unwatched(f"{'; '.join(late)}\n{error}") from error
        raise


@dataclass(frozen=True)
class Suite:
    """A copy of tests/suite that is a test's own."""

    root: Path

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Replace texts in a file, each of which must be there."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{file} does not hold {old!r}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Another command, to its end."""
        command = [sys.executable, "-m", "firedrill.cli", *words]
        return subprocess.run(command, cwd=self.root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    def start(self, experiment: str, *options: str) -> "Running":
        command = [sys.executable, "-m", "firedrill.cli", "run", f"experiments/{experiment}.yaml", *options]
        with (self.root / "out.txt").open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                command, cwd=self.root, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=dict(os.environ)
            )
        return Running(self.root, experiment, process)

    def run(self, experiment: str, *options: str) -> "Outcome":
        return self.start(experiment, *options).finish()


@dataclass(frozen=True)
class Running:
    """A drill under way."""

    root: Path
    experiment: str
    process: "subprocess.Popen[bytes]"

    def entries(self) -> Iterator[Entry]:
        """Entries as they are written, until the drill's process ends."""
        seen = 0
        while True:
            over = self.process.poll() is not None
            found = list(self._journal())
            yield from found[seen:]
            seen = len(found)
            if over:
                return
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue

    def _journal(self) -> Iterator[Entry]:
        for path in (self.root / "results" / self.experiment).glob(f"{self.experiment}-*/{NAME}"):
            yield from read(path)

    def wait_for(self, kind: str, **fields: object) -> Entry:
        """The first entry of a kind with these fields; fails when the drill ends without one."""
        for entry in self.entries():
            if entry.event.kind == kind and all(getattr(entry.event, name) == value for name, value in fields.items()):
                return entry
        raise AssertionError(f"no {kind} {fields} in the journal:\n{(self.root / 'out.txt').read_text()}")

    def finish(self) -> "Outcome":
        code = self.process.wait(SECONDS)
        folder = max((self.root / "results" / self.experiment).glob(f"{self.experiment}-*"), default=None)
        return Outcome(code, (self.root / "out.txt").read_text(encoding="utf-8"), folder)


@dataclass(frozen=True)
class Outcome:
    """A drill that ended: exit code, what it printed, its folder if it made one."""

    code: int
    said: str
    folder: Path | None

    @property
    def verdict(self) -> dict[str, Any]:
        assert self.folder is not None, self.said
        answer: dict[str, Any] = json.loads((self.folder / "verdict.json").read_text(encoding="utf-8"))
        return answer

    @property
    def journal(self) -> list[Entry]:
        assert self.folder is not None, self.said
        assert not is_locked(self.folder / NAME)
        return list(read(self.folder / NAME))

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.journal if entry.event.kind == kind]

    def findings(self, verdict: str) -> list[str]:
        return [one["sentence"] for one in self.verdict["findings"] if one["verdict"] == verdict]


@pytest.fixture
def suite_at(root: Path, tmp_path: Path) -> Callable[[str], Suite]:
    """Makes copies of the fast suite, each under a name of its own; `../../demo` in their settings is the demo itself."""

    def make(name: str) -> Suite:
        home = tmp_path / name / "tests" / "suite"
        shutil.copytree(root / "tests" / "suite", home, ignore=shutil.ignore_patterns("results", "__pycache__"))
        (tmp_path / name / "demo").symlink_to(root / "demo")
        return Suite(home)

    return make


@pytest.fixture
def suite(suite_at: Callable[[str], Suite]) -> Suite:
    """One copy."""
    return suite_at("one")


@dataclass(frozen=True)
class Outside:
    """A demo and a fault proxy that outlive drills, and a suite that drills them."""

    suite: Suite
    addresses: dict[str, str]

    def seconds_to_ask_the_bureau(self) -> float:
        """How long one request through the proxy takes."""
        began = time.monotonic()
        with urllib.request.urlopen(f"http://{self.addresses['bureau-proxy']}/scores/someone", timeout=5) as answer:
            assert answer.status == 200
        return time.monotonic() - began

    def undelayed_within(self, seconds: float, delay: float) -> bool:
        """Whether requests are faster than the fault's delay again in time; asks over and over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.seconds_to_ask_the_bureau() < delay:
                return True
        return False


@pytest.fixture
def outside(suite: Suite, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    """The demo on its own behind `firedrill proxy`, and firedrill.yaml told so."""
    monkeypatch.setenv("FIREDRILL_PROXY_TOKEN", "a-token-of-this-test")
    monkeypatch.setenv("DEMO_TOKEN", "the-demos-token-of-this-test")
    addresses = choose(dict.fromkeys(["api", "bureau", "bureau-proxy", "control"], "127.0.0.1:0"))
    _tell_settings(suite, addresses)
    demo = [sys.executable, str(root / "demo"), "--api", addresses["api"], "--bureau", addresses["bureau"]]
    proxy = [sys.executable, "-m", "firedrill.cli", "proxy", f"bureau={addresses['bureau-proxy']}={addresses['bureau']}"]
    commands = [[*demo, "--bureau-via", addresses["bureau-proxy"]], [*proxy, "--api", addresses["control"]]]
    running = [subprocess.Popen(one, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for one in commands]
    try:
        _answers(f"http://{addresses['api']}/health")
        _answers(f"http://{addresses['control']}/version")
        yield Outside(suite, addresses)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.wait(5)


def _tell_settings(suite: Suite, addresses: dict[str, str]) -> None:
    file = suite.root / "firedrill.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    local = settings["environments"]["local"]
    local["system"] = {"addresses": {"api": addresses["api"]}, "ready": local["system"]["ready"]}
    local["targets"] = {"bureau": {"proxy": f"http://{addresses['control']}"}}
    file.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def _answers(url: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
