"""Drills with a Prometheus and an Alertmanager that ran before and run on: one asked with a password, one by mutual TLS."""

import base64
import json
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from drilling import Outcome, Outside, Suite
from firedrill.stack.addresses import choose
from firedrill.stack.install import find

PASSWORD = "drill-me"
HASHED = "$2b$04$f8rIEpjfbis9QEiNsQD9.uSM1TZwn97xNr5aWm0H/1PraA7DinJXS"
STACK = """\
    stack:
      external:
        prometheus:
          url: http://{prometheus}
          username: firedrill
          password: OWN_PROMETHEUS_PASSWORD
        alertmanager:
          url: https://{alertmanager}
          ca: tls/cert.pem
          cert: tls/cert.pem
          key: tls/key.pem
        pages:
          sink:
            listen: {sink}
        scrape-interval: 200ms
        evaluation-interval: 200ms
"""
FILES = """\
        rules: [alerts/negotiation.rules.yml]
        alertmanager-config: alerts/alertmanager.yml
"""


@dataclass(frozen=True)
class Own:
    """A suite whose environment `staging` has a stack that outlives its drills."""

    suite: Suite
    addresses: dict[str, str]

    def alerts_at_prometheus(self) -> list[str]:
        with urllib.request.urlopen(_with_password(f"http://{self.addresses['prometheus']}/api/v1/alerts"), timeout=5) as answer:
            return [alert["labels"]["alertname"] for alert in json.load(answer)["data"]["alerts"]]


def _with_password(url: str) -> urllib.request.Request:
    return urllib.request.Request(url, headers={"Authorization": f"Basic {base64.b64encode(f'firedrill:{PASSWORD}'.encode()).decode()}"})


@pytest.fixture
def own(outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    """Started as its people would: their rules, their routes with the drill route pasted in, and credentials."""
    monkeypatch.setenv("OWN_PROMETHEUS_PASSWORD", PASSWORD)
    suite = outside.suite
    addresses = outside.addresses | choose(dict.fromkeys(["prometheus", "alertmanager", "sink"], "127.0.0.1:0"))
    _certificate(suite.root / "tls")
    _tell_settings(suite, addresses)
    home = tmp_path / "own"
    home.mkdir()
    commands = [_alertmanager(suite, home, addresses), _prometheus(suite, home, addresses)]
    running = []
    try:
        for command, url in zip(commands, (f"https://{addresses['alertmanager']}", f"http://{addresses['prometheus']}"), strict=True):
            with (home / f"{Path(command[0]).name}.log").open("w") as log:
                running.append(subprocess.Popen(command, cwd=home, stdout=log, stderr=subprocess.STDOUT))
            _ready(f"{url}/-/ready", suite.root / "tls")
        yield Own(suite, addresses)
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def _certificate(folder: Path) -> None:
    folder.mkdir()
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


def _tell_settings(suite: Suite, addresses: dict[str, str]) -> None:
    settings = (suite.root / "firedrill.yaml").read_text(encoding="utf-8")
    before, rest = settings.split("    stack:\n")
    after = rest[rest.index("\n    targets:\n") + 1 :]
    text = before.replace("  local:\n", "  staging:\n") + STACK.format(**addresses) + after + "default: staging\n"
    (suite.root / "firedrill.yaml").write_text(text, encoding="utf-8")


def _alertmanager(suite: Suite, home: Path, addresses: dict[str, str]) -> list[str]:
    config = yaml.safe_load((suite.root / "alerts/alertmanager.yml").read_text(encoding="utf-8"))
    suite.edit("firedrill.yaml", ("        scrape-interval:", f"{FILES}        scrape-interval:"))
    pasted = yaml.safe_load(_said(suite, "stack", "route"))
    suite.edit("firedrill.yaml", (FILES, ""))
    drill, last = pasted["route"]["routes"]
    config["route"]["routes"] = [drill, *config["route"]["routes"], last]
    config["receivers"] += pasted["receivers"]
    for receiver in config["receivers"][:3]:
        receiver["webhook_configs"][0]["url"] = "http://127.0.0.1:9/nobody"
    tls = suite.root / "tls"
    web = {"cert_file": f"{tls}/cert.pem", "key_file": f"{tls}/key.pem", "client_auth_type": "RequireAndVerifyClientCert"}
    (home / "alertmanager-web.yml").write_text(yaml.safe_dump({"tls_server_config": web | {"client_ca_file": f"{tls}/cert.pem"}}))
    (home / "alertmanager.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    return [
        str(_program("alertmanager")), "--config.file=alertmanager.yml", "--storage.path=alertmanager", "--cluster.listen-address=",
        f"--web.listen-address={addresses['alertmanager']}", "--web.config.file=alertmanager-web.yml",
    ]  # fmt: skip


def _prometheus(suite: Suite, home: Path, addresses: dict[str, str]) -> list[str]:
    tls = suite.root / "tls"
    sends = {"scheme": "https", "static_configs": [{"targets": [addresses["alertmanager"]]}]}
    ours = {"ca_file": f"{tls}/cert.pem", "cert_file": f"{tls}/cert.pem", "key_file": f"{tls}/key.pem"}
    document = {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": [str(suite.root / "alerts/negotiation.rules.yml")],
        "alerting": {"alertmanagers": [sends | {"tls_config": ours}]},
        "scrape_configs": [{"job_name": "negotiation", "static_configs": [{"targets": [addresses["api"]]}]}],
    }
    (home / "prometheus.yml").write_text(yaml.safe_dump(document))
    (home / "prometheus-web.yml").write_text(yaml.safe_dump({"basic_auth_users": {"firedrill": HASHED}}))
    return [
        str(_program("prometheus")), "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus",
        "--web.config.file=prometheus-web.yml", f"--web.listen-address={addresses['prometheus']}",
    ]  # fmt: skip


def _program(name: str) -> Path:
    found = find(name)
    assert found is not None
    return found.path


def _ready(url: str, tls: Path) -> None:
    context = ssl.create_default_context(cafile=str(tls / "cert.pem"))
    context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(_with_password(url), timeout=2, context=context).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{url} is not ready"


def _said(suite: Suite, *words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "firedrill.cli", *words], cwd=suite.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _noted(outcome: Outcome) -> list[str]:
    return [entry.event.text for entry in outcome.of_kind("noted")]


def test_a_drill_pages_through_the_drill_route_and_its_stages_sum_without_the_flush_that_nobody_saw(own: Own) -> None:
    outcome = own.suite.run("latency", "--yes")
    assert outcome.code == 0, outcome.said
    (one,) = outcome.verdict["detections"]
    assert one["receiver"] == "payments-oncall"
    assert [name for name, seconds in one["stages"].items() if seconds is None] == ["group"]
    assert sum(seconds for seconds in one["stages"].values() if seconds is not None) == pytest.approx(one["total_s"], abs=0.05)
    assert one["stages"]["deliver"] >= 0.3 - 0.05
    hows = {entry.event.stage: entry.event.how for entry in outcome.of_kind("alert.boundary")}
    assert hows["send"].startswith("Alertmanager's API: updatedAt")
    assert _noted(outcome) == ["Prometheus 2.42.0+ds and Alertmanager 0.25.0 run already"]
    assert PASSWORD not in "".join(file.read_text(errors="replace") for file in outcome.folder.rglob("*") if file.is_file())
    assert own.alerts_at_prometheus() == []


def test_what_is_wrong_with_a_stack_of_ones_own_is_said_and_nothing_is_injected(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = own.suite.run("latency")
    assert unasked.code == 2
    assert unasked.folder is None
    assert unasked.said.splitlines() == [
        "latency in staging:",
        f"  touches bureau (http://{own.addresses['control']}): latency for 2s, 0s after steady state",
        "  touches http://<api>: 16 users",
        "  expects NegotiationLatencyBudgetBurn, which may page payments-oncall",
        "  may page, if anything else fires, unrouted, platform",
        "the environment staging is not drilled unasked: say --yes when that is what you want",
    ]
    monkeypatch.setenv("OWN_PROMETHEUS_PASSWORD", "wrong")
    refused = own.suite.run("latency", "--yes")
    assert refused.code == 3
    url = f"http://{own.addresses['prometheus']}"
    assert f"Prometheus at {url} does not accept the password in OWN_PROMETHEUS_PASSWORD (status 401)" in refused.said
    monkeypatch.setenv("OWN_PROMETHEUS_PASSWORD", PASSWORD)
    own.suite.edit(
        "firedrill.yaml", ("        scrape-interval:", f"{FILES}        scrape-interval:"), (own.addresses["alertmanager"], "127.0.0.1:9")
    )
    unreached = own.suite.run("latency", "--yes")
    assert unreached.code == 3
    assert unreached.of_kind("fault.intended") == []
    assert "Alertmanager at https://127.0.0.1:9 cannot be reached: Connection refused" in unreached.said
