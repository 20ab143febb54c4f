"""One healthy suite with everything in it that a broken path needs, and each way to break it: one change apart from its twin."""

import json
import re
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from drilling import Outcome, Suite

AT_A_TIME = 4
"""Drills side by side: two cores carry no more without being late themselves."""
INCONCLUSIVE = 3
RULES, ROUTES, SETTINGS, EXPERIMENT = (
    "alerts/negotiation.rules.yml",
    "alerts/alertmanager.yml",
    "firedrill.yaml",
    "experiments/latency.yaml",
)

BUSY = """
      - alert: Busy
        expr: sum(rate(http_requests_total[2s])) > 0
        labels:
          severity: page
          team: payments
        annotations:
          summary: Somebody asks for offers

      - alert: Maintenance
        expr: sum(rate(http_requests_total[2s])) < 0
        labels:
          severity: note
        annotations:
          summary: The bureau is being maintained
"""
HELD = """
inhibit_rules:
  - source_matchers:
      - alertname = Maintenance
    target_matchers:
      - alertname = NegotiationLatencyBudgetBurn

time_intervals:
  - name: nights
    time_intervals:
      - years: ["1999"]
"""
EXCEPT = "  - quiet:\n      except: [Busy, Maintenance, NegotiationApiDown]\n"
METRICS = "      metrics:\n        listen: <metrics>\n        upstream: <api>\n"


def prepare(suite: Suite) -> Suite:
    """The fast suite with another alert that pages already, an inhibition, a time interval, and metrics that a fault can touch."""
    path = suite.root / RULES
    path.write_text(path.read_text(encoding="utf-8") + BUSY, encoding="utf-8")
    path = suite.root / ROUTES
    path.write_text(path.read_text(encoding="utf-8") + HELD, encoding="utf-8")
    mute = "- team = payments\n      mute_time_intervals:\n        - nights\n"
    suite.edit(ROUTES, ("group_interval: 500ms", "group_interval: 30s"), ("- team = payments\n", mute))
    suite.edit(
        EXPERIMENT, ("    for: 2s", "    for: 3s"), ("within: 2s", "within: 3s"), ("    resolved: 5s\n", ""), ("  - quiet\n", EXCEPT)
    )
    suite.edit(
        SETTINGS,
        ("        bureau: 127.0.0.1:0\n", "        bureau: 127.0.0.1:0\n        metrics: 127.0.0.1:0\n"),
        ("              - <api>\n", "              - <metrics>\n"),
        ("    targets:\n      bureau", f"    targets:\n{METRICS}      bureau"),
    )
    return suite


@dataclass(frozen=True)
class Broken:
    """One way to break the path: texts to replace in a file, or a silence; and the sentence of the page that does not come."""

    says: str
    file: str = ""
    changes: tuple[tuple[str, str], ...] = ()
    silence: str | None = None
    twin: tuple[tuple[str, str], ...] = ()
    """Changes to the experiment that the twin has too."""

    def drill(self, suite: Suite, broken: bool = True) -> Outcome:
        suite.edit(EXPERIMENT, *self.twin)
        if broken and self.file:
            suite.edit(self.file, *self.changes)
        running = suite.start("latency")
        if self.silence is not None or not broken:
            running.wait_for("phase.entered", phase="ramp")
            silence(suite.root, self.silence if broken and self.silence else "SomethingElse")
        return running.finish()


def silence(root: Path, alert: str) -> None:
    """What a person does in Alertmanager's own page: an hour of silence for one alert."""
    (config,) = root.glob("results/latency/latency-*/config/prometheus.yml")
    (address,) = yaml.safe_load(config.read_text())["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    now = datetime.now(UTC)
    body = {
        "matchers": [{"name": "alertname", "value": alert, "isRegex": False}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "the night shift",
        "comment": "the bureau is being deployed",
    }
    request = urllib.request.Request(f"http://{address}/api/v2/silences", json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5).close()


def drill_all(paths: Mapping[str, Broken], suite_at: Callable[[str], Suite], broken: bool = True) -> dict[str, Outcome]:
    """Drills of several broken paths, or of their twins, side by side. What a busy machine did not let a drill see is drilled again."""

    def drill(name: str) -> Outcome:
        first, second = (prepare(suite_at(f"{name.replace(' ', '-')}-{number}")) for number in (1, 2))
        outcome = paths[name].drill(first, broken)
        return outcome if outcome.code != INCONCLUSIVE else paths[name].drill(second, broken)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return dict(zip(paths, pool.map(drill, paths), strict=True))


def says(pattern: str, sentence: str) -> bool:
    """Whether a sentence is what a pattern says; `#` stands for a number of seconds, `*` for words."""
    return re.fullmatch(re.escape(pattern).replace(r"\#", r"\d+\.\d").replace(r"\*", ".+"), sentence) is not None
