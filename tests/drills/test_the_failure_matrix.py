"""Broken on purpose, each drill fails honestly: its finding names that cause and no other, and the journal has its end."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import psutil
import pytest

from firedrill.conduct.ledger import state_directory
from firedrill.core.events import DrillEnded
from firedrill.core.integrations import INTEGRATIONS
from firedrill.stack.install import find

RULES = "alerts/negotiation.rules.yml"
ROUTES = "alerts/alertmanager.yml"


def _ended(outcome) -> DrillEnded:
    last = outcome.journal[-1].event
    assert isinstance(last, DrillEnded)
    return last


def test_a_latency_fault_pages_in_time_and_the_drill_passes(suite) -> None:
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    assert outcome.verdict["verdict"] == "pass"
    assert _ended(outcome).reason == "finished"
    assert (outcome.folder / "report.html").stat().st_size > 10_000


def test_several_drills_have_one_summary_one_junit_file_and_one_exit_code(suite) -> None:
    outcome = suite.run("down", "experiments/placebo.yaml", "--junit", "all.xml")
    assert outcome.code == 0, outcome.said
    cases = ET.parse(suite.root / "all.xml").getroot()
    assert [(one.get("name"), one.get("failures"), one.get("errors")) for one in cases] == [("down", "0", "0"), ("placebo", "0", "0")]
    assert [line.split() for line in outcome.said.splitlines()[-2:]] == [["✓", "pass", "down"], ["✓", "pass", "placebo"]]


def test_with_json_the_answer_stands_alone_on_standard_output_and_a_leftover_of_before_stops_the_rest(suite) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "run", "experiments/placebo.yaml", "--json"]
    done = subprocess.run(command, cwd=suite.root, capture_output=True, text=True, check=False)
    (answer,) = json.loads(done.stdout)
    assert (done.returncode, answer["experiment"], answer["verdict"]) == (0, "placebo", "pass")
    page = state_directory() / "open" / "earlier.json"
    page.write_text(json.dumps({"drill": "earlier", "undos": {"x": {"kind": "of a later version"}}}), encoding="utf-8")
    refused = subprocess.run(command, cwd=suite.root, capture_output=True, text=True, check=False)
    assert (refused.returncode, json.loads(refused.stdout)) == (4, [])
    assert "an earlier drill, earlier, may have left x" in refused.stderr
    assert len(list((suite.root / "results" / "placebo").glob("placebo-*"))) == 1


def test_a_rule_that_can_never_fire_is_a_missed_page_that_was_never_pending(suite) -> None:
    suite.edit(RULES, *_never(suite))
    outcome = suite.run("latency")
    assert outcome.code == 1, outcome.said
    (missed,) = outcome.findings("fail")
    assert "never became pending" in missed
    assert _ended(outcome).reason == "finished"


def _never(suite) -> list[tuple[str, str]]:
    text = (suite.root / RULES).read_text(encoding="utf-8")
    return [
        (line, line.split(">")[0] + "> 2")
        for line in text.splitlines()
        if "slow" in line and ">" in line and not line.lstrip().startswith("#")
    ]


def test_a_misrouted_page_is_a_fail_that_names_who_got_it(suite) -> None:
    suite.edit(ROUTES, ("receiver: payments-oncall\n      matchers", "receiver: platform\n      matchers"))
    outcome = suite.run("latency")
    assert outcome.code == 1, outcome.said
    (missed,) = outcome.findings("fail")
    assert "platform" in missed
    assert "payments-oncall" in missed


def test_a_second_alert_that_fires_breaks_the_quiet(suite) -> None:
    path = suite.root / RULES
    path.write_text(path.read_text(encoding="utf-8") + SECOND, encoding="utf-8")
    outcome = suite.run("latency")
    assert outcome.code == 1, outcome.said
    (loud,) = outcome.findings("fail")
    assert "AlsoSlow" in loud


SECOND = """
  - name: second
    rules:
      - alert: AlsoSlow
        expr: sum(rate(http_requests_total{route="/offers"}[2s])) > 0
        labels:
          severity: page
          team: payments
"""


def test_load_and_probes_that_stop_make_the_drill_inconclusive(suite) -> None:
    running = suite.start("latency")
    running.wait_for("fault.active")
    for process in psutil.Process(running.process.pid).children(recursive=True):
        if any("firedrill.measure" in word for word in process.cmdline()):
            os.kill(process.pid, signal.SIGKILL)
    outcome = running.finish()
    assert outcome.code == 3, outcome.said
    assert outcome.findings("fail") == []
    assert any("load" in sentence for sentence in outcome.findings("inconclusive"))


def test_a_prometheus_killed_in_mid_drill_ends_it_inconclusive_at_once_with_a_report(suite) -> None:
    running = suite.start("latency")
    active = running.wait_for("fault.active")
    for process in psutil.Process(running.process.pid).children(recursive=True):
        if Path(process.name()).name == "prometheus":
            os.kill(process.pid, signal.SIGKILL)
    outcome = running.finish()
    assert outcome.code == 3, outcome.said
    assert _ended(outcome).reason == "stack-lost"
    assert outcome.journal[-1].t - active.t < 10
    assert (outcome.folder / "report.html").exists()
    assert len(outcome.of_kind("fault.cleared")) == 1


def test_without_steady_state_nothing_is_injected_by_the_proxys_own_count(suite) -> None:
    suite.edit("slos/negotiation-availability.yaml", ("target: 0.95", "target: 0.9999"))
    suite.edit("experiments/latency.yaml", ("steady: 2s", "steady: 1s"))
    outcome = suite.run("latency")
    assert outcome.code == 3, outcome.said
    assert _ended(outcome).reason == "steady-not-met"
    assert outcome.of_kind("fault.intended") == outcome.of_kind("fault.active") == []
    (counted,) = outcome.of_kind("holder.counted")
    assert counted.event.injected == 0


BROKEN = {
    "an unknown fault": ("- latency:", "- latencyy:", "11:5: faults[0].latencyy: unknown fault kind 'latencyy'; did you mean 'latency'?"),
    "a misspelt key": ("steady:", "stedy:", "9:1: stedy: unknown key; did you mean 'steady'?"),
    "a wrong unit": ("    for: 2s", "    for: 2", "15:10: faults[0].for: a duration needs a unit: write 2s"),
    "a duplicate key": ("title:", "title: Twice\ntitle:", "2:1: title: duplicate key; the first one stands on line 1"),
    "a missing probe": (
        "offer-journey",
        "offer-jurney",
        "4:10: probes[0]: no probe 'offer-jurney' in probes/; did you mean 'offer-journey'?",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_line_and_column_and_nothing_is_started(suite, case: str) -> None:
    old, new, message = BROKEN[case]
    suite.edit("experiments/latency.yaml", (old, new))
    outcome = suite.run("latency")
    assert outcome.code == 2, outcome.said
    assert outcome.said == f"experiments/latency.yaml:{message}\n"
    assert outcome.folder is None


RECEIVERS = {
    "pushover": "23:5: receivers[1].pushover_configs: a drill cannot catch what pushover sends, because its address is compiled into "
    "Alertmanager; `replace: [pushover]` in firedrill.yaml, under `embedded:`, has a webhook in its place",
    "newer": "23:5: Alertmanager refuses this: field KIND_configs not found in type config.plain: Alertmanager has it from SINCE on; "
    "`replace: [KIND]` beside `alertmanager:` in firedrill.yaml has a webhook in its place",
}
"""One whose address is compiled in, and one of a newer Alertmanager than the one that is here, if there is a newer."""


def _newer_than(version: str) -> tuple[str, str]:
    """The kind of receiver that came next after that version, and with which."""
    here = tuple(map(int, version.split(".")[:2]))
    since, kind = min((one.since, kind) for kind, one in INTEGRATIONS.items() if one.since > here and not one.not_captured)
    return kind, ".".join(map(str, since))


@pytest.mark.parametrize("kind", RECEIVERS)
def test_a_receiver_that_cannot_be_caught_is_named_and_nothing_is_started(suite, kind: str) -> None:
    alertmanager = find("alertmanager")
    assert alertmanager is not None
    since, said = "", RECEIVERS[kind]
    if kind == "newer":
        if tuple(map(int, alertmanager.version.split(".")[:2])) >= max(one.since for one in INTEGRATIONS.values()):
            return  # it knows every kind that we know
        kind, since = _newer_than(alertmanager.version)
    suite.edit(ROUTES, ("name: payments-oncall\n    webhook_configs:", f"name: payments-oncall\n    {kind}_configs:"))
    outcome = suite.run("latency")
    assert outcome.code == 2, outcome.said
    said = said.replace("KIND", kind).replace("SINCE", since)
    assert outcome.said.removeprefix("firedrill: ") == f"alerts/alertmanager.yml:{said}\n"
    assert outcome.folder is None
