"""The monitoring itself is drilled: its processes are paused, its way to the system is cut, its pager refuses, and all is put back."""

import re
from pathlib import Path

from drilling import Outcome, Suite

SETTINGS = "firedrill.yaml"
SCRAPE = "              - <api>\n"
RULES, ROUTES = "alerts/negotiation.rules.yml", "alerts/alertmanager.yml"
WATCHDOG = """
  # It waits until Prometheus knows its Alertmanager, 5 s after it started: what fires before is told again only after the resend delay.
  - name: monitoring
    rules:
      - alert: Watchdog
        expr: vector(1)
        for: 6s
        labels:
          severity: none
"""
ROUTE = """    - receiver: deadman
      matchers:
        - alertname = Watchdog
      group_wait: 0s
      group_interval: 300ms
      repeat_interval: 100ms
"""
DEADMAN = """receivers:
  - name: deadman
    webhook_configs:
      - url: https://deadman.example.org/hooks/negotiation
"""
LISTENS = """        watchdog:
          alert: Watchdog
          receiver: deadman
          within: 2s
"""
TARGETS = """      prometheus:
        stack: prometheus
      alertmanager:
        stack: alertmanager
      metrics:
        listen: <metrics>
        upstream: <api>
      pager:
        receiver: platform
      way-to-alertmanager:
        listen: <alertmanager-proxy>
        upstream: <alertmanager>
"""
LOAD = "probes: [api-health]\nload:\n  scenario: negotiate\n  users: 4\nsteady: 2s\n"
HANGS = f"""title: Alertmanager hangs, and the watchdog pages
{LOAD}faults:
  - pause:
      target: alertmanager
    for: 4s
expect:
  - page: Watchdog
    to: deadman
    within: 4s
    times: 1
    stays: 1s
    resolved: 4s
  - quiet
"""
STALLS = f"""title: No rule is evaluated any more, and the watchdog pages
{LOAD}faults:
  - pause:
      target: prometheus
    for: 7s
expect:
  - page: Watchdog
    to: deadman
    not-before: 2s
    within: 7s
    times: 1
    resolved: 4s
"""
LATE = f"""title: The API cannot be scraped, and the pager refuses to hear of it
{LOAD}faults:
  - down:
      target: metrics
    for: 5s
  - receiver-error:
      target: pager
    for: 3s
expect:
  - page: NegotiationApiDown
    to: platform
    within: 2s
"""


def _prepared(suite: Suite, experiment: str) -> Suite:
    """A watchdog, and every target that a suite may have of its monitoring; Alertmanager forgets an alert after 4 s."""
    suite.edit(
        SETTINGS,
        (SCRAPE, "              - <metrics>\n"),
        (
            "        bureau: 127.0.0.1:0\n",
            "".join(f"        {name}: 127.0.0.1:0\n" for name in ("bureau", "metrics", "alertmanager-proxy")),
        ),
        ("        scrape:\n", f"        resend-delay: 1s\n        alertmanager-at: <alertmanager-proxy>\n{LISTENS}        scrape:\n"),
        ("    limits:\n", f"{TARGETS}    limits:\n"),
    )
    suite.edit(ROUTES, ("\nreceivers:\n", f"{ROUTE}\n{DEADMAN}"))
    rules = suite.root / RULES
    rules.write_text(rules.read_text(encoding="utf-8") + WATCHDOG, encoding="utf-8")
    (suite.root / "experiments" / "monitoring.yaml").write_text(experiment, encoding="utf-8")
    return suite


def _state(pid: int) -> str:
    """The state letter of a process; `-` when it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else "-"


def _put_back(outcome: Outcome, faults: int) -> None:
    assert len(outcome.of_kind("fault.intended")) == len(outcome.of_kind("fault.cleared")) == faults
    assert {entry.event.why for entry in outcome.of_kind("fault.cleared")} <= {"played", "lease"}
    assert min(entry.event.touched for entry in outcome.of_kind("fault.counted") if entry.event.touched) >= 1


def test_an_alertmanager_that_hangs_makes_the_watchdog_page(suite: Suite) -> None:
    outcome = _prepared(suite, HANGS).run("monitoring")
    assert outcome.code == 0, outcome.said
    _put_back(outcome, 1)
    (opened,), (resolved,) = outcome.of_kind("page.opened"), outcome.of_kind("page.resolved")
    assert (opened.source, opened.event.receiver) == ("watchdog", "deadman")
    told = [entry.at for entry in outcome.of_kind("notification.received") if entry.event.status == "firing"]
    assert not [at for at in told if opened.at - 1.9 < at < resolved.at]
    assert {entry.event.what for entry in outcome.of_kind("blind.began")} == {"alertmanager"}


def test_a_prometheus_that_stalls_makes_the_watchdog_page_and_does_not_end_the_drill(suite: Suite) -> None:
    running = _prepared(suite, STALLS).start("monitoring")
    pid = running.wait_for("fault.intended").event.undo["aimed"]["processes"][0]["pid"]
    assert "prometheus" in Path(f"/proc/{pid}/cmdline").read_text()
    running.wait_for("fault.active")
    assert _state(pid) == "T"
    running.wait_for("blind.ended", what="prometheus")
    assert _state(pid) in "SRD"
    outcome = running.finish()
    assert outcome.code == 0, outcome.said
    assert _state(pid) == "-"
    _put_back(outcome, 1)
    # Alertmanager goes on for what is left of four resend delays, and then the watchdog hears nothing.
    (opened,) = outcome.of_kind("page.opened")
    assert opened.at - outcome.of_kind("fault.active")[0].at > 2 + 2


def test_a_pager_that_refuses_is_told_late_and_the_finding_says_why(suite: Suite) -> None:
    outcome = _prepared(suite, LATE).run("monitoring")
    assert outcome.code == 1, outcome.said
    _put_back(outcome, 2)
    (said,) = outcome.findings("fail")
    assert re.fullmatch(
        r"NegotiationApiDown paged platform \d\.\ds after the fault, \d\.\ds later than within 2s: .*answered 500.*", said
    ), said
    (opened,) = outcome.of_kind("page.opened")
    refused = next(entry for entry in outcome.of_kind("fault.cleared") if entry.event.fault == "receiver-error-pager")
    assert opened.at >= refused.at
