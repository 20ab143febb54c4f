"""Drills with a Prometheus and an Alertmanager that ran before and run on: one asked with a password, one by mutual TLS."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from drilling import Outcome, Outside
from firedrill.stack.addresses import choose
from owning import (
    HASHED,
    PASSWORD,
    Own,
    alertmanager,
    certificate,
    program,
    routes_with_the_drill_route,
    running,
    tell_settings,
    with_password,
)

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


@pytest.fixture
def own(outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    """Their rules, their routes with the drill route pasted in, and credentials."""
    monkeypatch.setenv("OWN_PROMETHEUS_PASSWORD", PASSWORD)
    addresses = outside.addresses | choose(dict.fromkeys(["prometheus", "alertmanager", "sink"], "127.0.0.1:0"))
    home, tls = tmp_path / "own", outside.suite.root / "tls"
    home.mkdir()
    certificate(tls)
    tell_settings(outside.suite, STACK.format(**addresses))
    own = Own(outside.suite, addresses)
    _write_configuration(own, home, tls)
    sends = alertmanager(addresses["alertmanager"], "--web.config.file=alertmanager-web.yml")
    watches = [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus",
               "--web.config.file=prometheus-web.yml", f"--web.listen-address={addresses['prometheus']}"]  # fmt: skip
    ready = (f"https://{addresses['alertmanager']}/-/ready", f"http://{addresses['prometheus']}/-/ready")
    with running(home, list(zip((sends, watches), ready, strict=True)), tls):
        yield own


def _write_configuration(own: Own, home: Path, tls: Path) -> None:
    ours = {"cert_file": f"{tls}/cert.pem", "key_file": f"{tls}/key.pem"}
    signed = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": f"{tls}/cert.pem"}
    sends = {"scheme": "https", "static_configs": [{"targets": [own.addresses["alertmanager"]]}]}
    files = {
        "alertmanager.yml": routes_with_the_drill_route(own),
        "alertmanager-web.yml": {"tls_server_config": ours | signed},
        "prometheus-web.yml": {"basic_auth_users": {"firedrill": HASHED}},
        "prometheus.yml": {
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
            "rule_files": [str(own.suite.root / "alerts/negotiation.rules.yml")],
            "alerting": {"alertmanagers": [sends | {"tls_config": ours | {"ca_file": f"{tls}/cert.pem"}}]},
            "scrape_configs": [{"job_name": "negotiation", "static_configs": [{"targets": [own.addresses["api"]]}]}],
        },
    }
    for name, document in files.items():
        (home / name).write_text(yaml.safe_dump(document, sort_keys=False))


def _noted(outcome: Outcome) -> list[str]:
    return [entry.event.text for entry in outcome.of_kind("noted")]


def test_the_bell_of_a_running_alertmanager_asks_first_and_then_proves_every_receiver(own: Own) -> None:
    unasked = own.suite.command("bell", "--all")
    assert (unasked.returncode, unasked.stdout) == (2, "")
    assert "marked as a drill, unrouted, payments-oncall, platform\n" in unasked.stderr
    rung = own.suite.command("bell", "--all", "--yes", "--json")
    assert rung.returncode == 0, rung.stderr
    told = json.loads(rung.stdout)["receivers"]
    assert sorted(one["name"] for one in told if one["delivered"]) == ["payments-oncall", "platform", "unrouted"]
    assert all("DRILL: " in one["message"] for one in told)


def test_a_drill_pages_through_the_drill_route_and_its_stages_sum_without_the_flush_that_nobody_saw(own: Own) -> None:
    outcome = own.suite.run("latency", "--yes")
    assert outcome.code == 0, outcome.said
    (one,) = outcome.verdict["detections"]
    assert one["receiver"] == "payments-oncall"
    assert [name for name, seconds in one["stages"].items() if seconds is None] == ["group"]
    assert sum(seconds for seconds in one["stages"].values() if seconds is not None) == pytest.approx(one["total_s"], abs=0.05)
    assert one["stages"]["deliver"] >= 0.3 - 0.05  # the route's group_wait is in it
    hows = {entry.event.stage: entry.event.how for entry in outcome.of_kind("alert.boundary")}
    assert hows["send"].startswith("Alertmanager's API: updatedAt")
    assert [text for text in _noted(outcome) if "run already" not in text] == []
    assert PASSWORD not in "".join(file.read_text(errors="replace") for file in outcome.folder.rglob("*") if file.is_file())
    with urllib.request.urlopen(with_password(f"http://{own.addresses['prometheus']}/api/v1/alerts"), timeout=5) as still_there:
        assert json.load(still_there)["status"] == "success"


def test_what_is_wrong_with_a_stack_of_ones_own_is_said_and_nothing_is_injected(own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    unasked = own.suite.run("latency")
    assert unasked.code == 2
    assert unasked.folder is None
    assert [line for line in unasked.said.splitlines() if ": warning: " not in line] == [
        "latency in staging:",
        f"  touches bureau (http://{own.addresses['control']}): latency for 2s, 0s after steady state",
        f"  touches http://{own.addresses['api']}: 16 users",
        "  expects NegotiationLatencyBudgetBurn, which may page payments-oncall",
        "  may page, if anything else fires, unrouted, platform",
        "the environment staging is not drilled unasked: say --yes when that is what you want",
    ]
    monkeypatch.setenv("OWN_PROMETHEUS_PASSWORD", "wrong")
    refused = own.suite.run("latency", "--yes")
    assert refused.code == 3
    assert refused.folder is None
    url = f"http://{own.addresses['prometheus']}"
    assert f"Prometheus at {url} does not accept the password in OWN_PROMETHEUS_PASSWORD (status 401)" in refused.said
    monkeypatch.setenv("OWN_PROMETHEUS_PASSWORD", PASSWORD)
    own.suite.edit("firedrill.yaml", (f"listen: {own.addresses['sink']}", "listen: 127.0.0.1:9"))
    for words in (("run", "experiments/latency.yaml", "--yes"), ("bell", "--all", "--yes")):
        elsewhere = own.suite.command(*words)
        assert elsewhere.returncode == 2
        assert (
            f"leads to http://{own.addresses['sink']}/receivers/unrouted, and firedrill's sink is at http://127.0.0.1:9/"
            in elsewhere.stderr
        )
    assert not (own.suite.root / "results").exists()
    own.suite.edit("firedrill.yaml", ("listen: 127.0.0.1:9", f"listen: {own.addresses['sink']}"))
    own.read_files()
    own.suite.edit("firedrill.yaml", (own.addresses["alertmanager"], "127.0.0.1:9"))
    unreached = own.suite.run("latency", "--yes")
    assert unreached.code == 3
    assert unreached.of_kind("fault.intended") == []
    assert "Alertmanager at https://127.0.0.1:9 cannot be reached: Connection refused" in unreached.said
