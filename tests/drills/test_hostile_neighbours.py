"""A whole drill among neighbours who mean it ill, in a suite whose files are called as Python's: it passes, and nobody is the wiser."""

import json
import os
import re
import resource
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from drilling import SECONDS, Running, Suite

ALERT = {"status": "firing", "labels": {"alertname": "Forged"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "f"}
FORGED = {"version": "4", "groupKey": "{}", "status": "firing", "receiver": "x", "groupLabels": {}, "alerts": [ALERT]}


def _start(suite: Suite) -> Running:
    def few_descriptors() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    command = [sys.executable, "-P", "-m", "firedrill.cli", "run", "experiments/latency.yaml", "--live"]
    env = {**os.environ, "PWD": str(suite.root), "OLDPWD": str(suite.root.parent), "DB_PASS": "offers"}
    with (suite.root / "out.txt").open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env, preexec_fn=few_descriptors
        )
    return Running(suite.root, "latency", process)


def _said(suite: Suite, pattern: str) -> re.Match[str]:
    deadline = time.monotonic() + 30
    while (found := re.search(pattern, (suite.root / "out.txt").read_text(encoding="utf-8"))) is None:
        assert time.monotonic() < deadline, pattern
        time.sleep(0.05)
    return found


def _crowd(address: tuple[str, int]) -> list[socket.socket]:
    """As many as fit into this process; they ask for nothing."""
    most = min(1500, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    return [socket.create_connection(address, 5) for _ in range(most)]


def _posted(url: str) -> int:
    request = urllib.request.Request(url, json.dumps(FORGED).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_drill_passes_among_hostile_neighbours_and_its_tokens_are_nowhere_afterwards(suite: Suite) -> None:
    for name in ("secrets", "logging", "queue", "firedrill"):
        (suite.root / name).mkdir()
        (suite.root / name / "__init__.py").write_text(f"raise SystemExit('the suite has {name}')\n", encoding="utf-8")
    running = _start(suite)
    live = _said(suite, r"live page: http://([\d.]+):(\d+)/")
    sitting = _crowd((live[1], int(live[2])))
    running.wait_for("phase.entered", phase="steady")
    folder = next((suite.root / "results" / "latency").glob("latency-*"))
    config = (folder / "config" / "alertmanager.yml").read_text(encoding="utf-8")
    hook = yaml.safe_load(config)["receivers"][0]["webhook_configs"][0]["url"]
    token, sink = hook.split("/")[3], hook.split("/")[2]
    sitting += _crowd_of_sink(sink)
    assert [_posted(f"http://{sink}/{path}") for path in ("receivers/payments-oncall/webhook/0", "hooks/status-page")] == [404, 404]
    private = [folder / "journal.jsonl", *(folder / "logs").iterdir(), *(each for each in (folder / "config").rglob("*") if each.is_file())]
    modes = {_mode(each) for each in private}, {_mode(folder / "logs"), _mode(folder / "config")}
    running.process.wait(SECONDS)
    for one in sitting:
        one.close()
    outcome = running.finish()
    assert outcome.code == 0, outcome.said
    assert "Traceback" not in outcome.said
    assert modes == ({0o600}, {0o700})
    left = {file: file.read_text(encoding="utf-8", errors="replace") for file in folder.rglob("*") if file.is_file()}
    assert not [file for file, text in left.items() if token in text]
    assert "Forged" not in left[folder / "journal.jsonl"]
    assert "without the drill's own token" in left[folder / "journal.jsonl"]
    plan = json.loads(left[folder / "journal.jsonl"].splitlines()[0])["plan"]
    assert "***" not in json.dumps(plan["alerting"])
    assert _mode(folder / "summary.md") & 0o044 == 0o044 & ~_umask()


def _crowd_of_sink(sink: str) -> list[socket.socket]:
    host, _, port = sink.partition(":")
    return [socket.create_connection((host, int(port)), 5) for _ in range(100)]


def _umask() -> int:
    os.umask(before := os.umask(0))
    return before
