"""A Prometheus-like server and an Alertmanager that outlive drills, started as the people who own them would."""

import base64
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from drilling import Suite
from firedrill.stack.install import find

PASSWORD = "drill-me"
HASHED = "$2b$04$f8rIEpjfbis9QEiNsQD9.uSM1TZwn97xNr5aWm0H/1PraA7DinJXS"
FILES = "        rules: [alerts/negotiation.rules.yml]\n        alertmanager-config: alerts/alertmanager.yml\n"


@dataclass(frozen=True)
class Own:
    """A suite whose environment `staging` has a stack that outlives its drills."""

    suite: Suite
    addresses: Mapping[str, str]

    def read_files(self) -> None:
        """Let the suite read rules and routes from its files instead of asking for them."""
        self.suite.edit("firedrill.yaml", ("        scrape-interval:", f"{FILES}        scrape-interval:"))

    def ask_instead(self) -> None:
        self.suite.edit("firedrill.yaml", (FILES, ""))


def tell_settings(suite: Suite, stack: str) -> None:
    """firedrill.yaml with `stack` in place of the embedded one, as an environment that others share."""
    settings = (suite.root / "firedrill.yaml").read_text(encoding="utf-8")
    before, rest = settings.split("    stack:\n")
    after = rest[rest.index("\n    targets:\n") + 1 :]
    text = before.replace("  local:\n", "  staging:\n") + stack + after + "default: staging\n"
    (suite.root / "firedrill.yaml").write_text(text, encoding="utf-8")


def routes_with_the_drill_route(own: Own) -> dict[str, Any]:
    """The suite's alertmanager.yml with what `firedrill stack route` prints pasted in; its own receivers lead nowhere."""
    config: dict[str, Any] = yaml.safe_load((own.suite.root / "alerts/alertmanager.yml").read_text(encoding="utf-8"))
    for receiver in config["receivers"]:
        receiver["webhook_configs"][0]["url"] = "http://127.0.0.1:9/nobody"
    own.read_files()
    pasted = yaml.safe_load(said(own.suite, "stack", "route"))
    own.ask_instead()
    drill, last = pasted["route"]["routes"]
    config["route"]["routes"] = [drill, *config["route"]["routes"], last]
    config["receivers"] += pasted["receivers"]
    return config


def said(suite: Suite, *words: str) -> str:
    """What a command prints."""
    done = subprocess.run([sys.executable, "-m", "firedrill.cli", *words], cwd=suite.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(name: str) -> str:
    """Where a program of the tests is."""
    found = find(name) if name in {"prometheus", "alertmanager"} else None
    path = found.path if found else shutil.which(name)
    assert path is not None, f"{name} is not installed: make test installs it"
    return str(path)


def alertmanager(address: str, *options: str) -> list[str]:
    """Its command line, without a cluster."""
    words = ["--config.file=alertmanager.yml", "--storage.path=alertmanager", "--cluster.listen-address="]
    return [program("alertmanager"), *words, f"--web.listen-address={address}", *options]


def certificate(folder: Path) -> None:
    """One for 127.0.0.1 that signs itself, for server and client alike."""
    folder.mkdir()
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


def with_password(url: str) -> urllib.request.Request:
    return urllib.request.Request(url, headers={"Authorization": f"Basic {base64.b64encode(f'firedrill:{PASSWORD}'.encode()).decode()}"})


@contextmanager
def running(home: Path, commands: Sequence[tuple[list[str], str]], tls: Path | None = None) -> Iterator[None]:
    """Each program, once its URL answers, until the end of the block."""
    started = []
    try:
        for command, url in commands:
            with (home / f"{Path(command[0]).name}.log").open("w") as log:
                started.append(subprocess.Popen(command, cwd=home, stdout=log, stderr=subprocess.STDOUT))
            _ready(url, tls)
        yield
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def _ready(url: str, tls: Path | None) -> None:
    context = ssl.create_default_context(cafile=None if tls is None else str(tls / "cert.pem"))
    if tls is not None:
        context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(with_password(url), timeout=2, context=context).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{url} is not ready"
