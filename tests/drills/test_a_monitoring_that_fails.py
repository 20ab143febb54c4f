"""The monitoring itself is drilled: its processes are paused, its way to the system is cut, its pager refuses, and all is put back."""

import re
from pathlib import Path

from drilling import Outcome, Suite

SETTINGS = "firedrill.yaml"
SCRAPE = "              - <api>\n"
TARGETS = """      prometheus:
        stack: prometheus
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
    """Every target that a suite may have of its monitoring; Alertmanager forgets an alert after four tenths of its usual seconds."""
    suite.edit(
        SETTINGS,
        (SCRAPE, "              - <metrics>\n"),
        (
            "        bureau: 127.0.0.1:0\n",
            "".join(f"        {name}: 127.0.0.1:0\n" for name in ("bureau", "metrics", "alertmanager-proxy")),
        ),
        ("        watchdog:\n", "        resend-delay: 1s\n        alertmanager-at: <alertmanager-proxy>\n        watchdog:\n"),
        ("    limits:\n", f"{TARGETS}    limits:\n"),
    )
    (suite.root / "experiments" / "monitoring.yaml").write_text(experiment, encoding="utf-8")
    return suite


def _state(pid: int) -> str:
    """The state letter of a process; `-` when it is gone."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rpartition(")")[2].split()[0] if stat.exists() else "-"


def _put_back(outcome: Outcome, faults: int) -> None:
    assert len(outcome.of_kind("fault.intended")) == len(outcome.of_kind("fault.cleared")) == faults
    assert {entry.event.why for entry in outcome.of_kind("fault.cleared")} == {"played"}
    assert min(entry.event.touched for entry in outcome.of_kind("fault.counted") if entry.event.touched) >= 1


def test_an_alertmanager_that_hangs_makes_the_watchdog_page(suite: Suite) -> None:
    outcome = suite.run("alertmanager-hangs")
    assert outcome.code == 0, outcome.said
    _put_back(outcome, 1)
    (opened,), (resolved,) = outcome.of_kind("page.opened"), outcome.of_kind("page.resolved")
    assert (opened.source, opened.event.receiver) == ("watchdog", "deadman")
    told = [entry.at for entry in outcome.of_kind("notification.received")]
    assert not [at for at in told if opened.at - 2 < at < resolved.at]
    assert {entry.event.what for entry in outcome.of_kind("blind.began")} == {"alertmanager"}


def test_a_prometheus_that_stalls_makes_the_watchdog_page_and_does_not_end_the_drill(suite: Suite) -> None:
    running = _prepared(suite, STALLS).start("monitoring")
    pid = running.wait_for("fault.intended").event.undo["aimed"]["pid"]
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
