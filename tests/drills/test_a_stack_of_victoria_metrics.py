"""A drill with VictoriaMetrics, whose rules vmalert evaluates, and an Alertmanager, all of which ran before and run on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from drilling import Outside
from firedrill.stack.addresses import choose
from owning import Own, alertmanager, program, routes_with_the_drill_route, running, tell_settings

STACK = """\
    stack:
      external:
        prometheus:
          url: http://{metrics}
        rules-url: http://{rules}
        samples-within: 10s
        alertmanager:
          url: http://{alertmanager}
        pages:
          sink:
            listen: {sink}
        scrape-interval: 200ms
        evaluation-interval: 1s
"""


@pytest.fixture
def own(outside: Outside, tmp_path: Path) -> Iterator[Own]:
    """The fast suite with its waits as vmalert, which stamps whole seconds, can see them."""
    addresses = outside.addresses | choose(dict.fromkeys(["metrics", "rules", "alertmanager", "sink"], "127.0.0.1:0"))
    home = tmp_path / "own"
    home.mkdir()
    tell_settings(outside.suite, STACK.format(**addresses))
    rules = outside.suite.root / "alerts/negotiation.rules.yml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("[2s]", "[4s]").replace("[1s]", "[2s]"), encoding="utf-8")
    # VictoriaMetrics finds a new series, such as a record's at the first traffic, only some ten seconds later, and shows a sample, of
    # the record as of the metrics under it, up to two seconds later.
    longer = [
        ("steady: 2s", "steady: 12s"),
        ("    for: 2s", "    for: 14s"),
        ("within: 2s", "within: 14s"),
        ("resolved: 5s", "resolved: 18s"),
    ]
    outside.suite.edit("experiments/latency.yaml", *longer)
    outside.suite.edit("firedrill.yaml", ("longest-fault: 10s", "longest-fault: 14s"))
    own = Own(outside.suite, addresses)
    (home / "alertmanager.yml").write_text(yaml.safe_dump(routes_with_the_drill_route(own), sort_keys=False))
    jobs = [{"job_name": "negotiation", "static_configs": [{"targets": [addresses["api"]]}]}]
    (home / "scrape.yml").write_text(yaml.safe_dump({"global": {"scrape_interval": "200ms"}, "scrape_configs": jobs}))
    with running(home, _commands(own, str(rules))):
        yield own


def _at_once() -> list[str]:
    """From 1.96 on vmalert evaluates as of half a minute ago, unless it is told otherwise."""
    said = subprocess.run([program("vmalert"), "--help"], capture_output=True, text=True, check=False)
    return ["-rule.evalDelay=0s"] if "-rule.evalDelay" in said.stdout + said.stderr else []


def _commands(own: Own, rules: str) -> list[tuple[list[str], str]]:
    at = {name: f"http://{address}" for name, address in own.addresses.items()}
    keeps = [program("victoria-metrics"), "-storageDataPath=metrics", "-promscrape.config=scrape.yml", "-search.latencyOffset=0s"]
    evaluates = [
        program("vmalert"), f"-rule={rules}", f"-datasource.url={at['metrics']}", f"-notifier.url={at['alertmanager']}",
        f"-remoteWrite.url={at['metrics']}", "-remoteWrite.flushInterval=200ms", "-evaluationInterval=1s", *_at_once(),
    ]  # fmt: skip
    return [
        (alertmanager(own.addresses["alertmanager"]), f"{at['alertmanager']}/-/ready"),
        ([*keeps, f"-httpListenAddr={own.addresses['metrics']}"], f"{at['metrics']}/health"),
        ([*evaluates, f"-httpListenAddr={own.addresses['rules']}"], f"{at['rules']}/health"),
    ]


def test_a_drill_with_victoria_metrics_and_vmalert_sees_the_alert_and_the_page(own: Own) -> None:
    outcome = own.suite.run("latency", "--yes")
    assert outcome.code == 0, outcome.said
    (one,) = outcome.verdict["detections"]
    assert one["receiver"] == "payments-oncall"
    assert one["stages"]["group"] is None
    assert sum(seconds for seconds in one["stages"].values() if seconds is not None) == pytest.approx(one["total_s"], abs=0.05)
