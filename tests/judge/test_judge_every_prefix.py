"""Whatever moment a drill is looked at, and wherever its journal stops, every part of every expectation has an answer."""

from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertResolved,
    AlertSuppressed,
    DrillEnded,
    HookReceived,
    LinkChecked,
    PageAcknowledged,
    PageEscalated,
    PageReopened,
    PageResolved,
    PersonTold,
    RunbookEnded,
    RunbookStarted,
    ShiftChanged,
    StepEnded,
)
from firedrill.core.verdicts import Verdict
from firedrill.judge.facts import apply, blank
from firedrill.judge.verdict import conclude, judge

OTHER = "BureauDown"
AT_ONCE = ("payments handed over", "NegotiationLatencyBudgetBurn resolved")
"""What is decided as soon as it happens."""


def _answered() -> list[Any]:
    """Every entry of a response."""
    by = ("p1", "first-on-call")
    return [
        (23.4, PersonTold(*by, 1, "opened", "payments")),
        (25.0, HookReceived("status-page", "Offers are slow")),
        (27.0, PageAcknowledged(*by)),
        (27.5, RunbookStarted("slow-bureau", *by)),
        (28.0, StepEnded("slow-bureau", *by, 1, "one", "succeeded")),
        (28.5, ShiftChanged("payments", "first-on-call", "night-shift")),
        (28.6, PersonTold("p1", "night-shift", 1, "handed-over", "payments")),
        (29.0, StepEnded("slow-bureau", *by, 2, "two", "failed", "no answer")),
        (29.1, RunbookEnded("slow-bureau", *by, "failed")),
        (33.0, PageEscalated("p1", 2)),
        (33.1, PersonTold("p1", "second-on-call", 2, "escalated")),
        (40.0, PageReopened("p1", 0)),
        (42.0, PageResolved("p1", None, "first-on-call")),
    ]


@pytest.fixture
def everything(script: Any) -> Any:
    page = script.expectation(
        "page", script.alert, to="payments-oncall", labels={"severity": "page"}, within="45s", not_before="1s", times=1, after=OTHER,
        grouped_with=[OTHER], has=["summary"], annotations={"summary": "Offers are slow"}, says="Offers", links="reachable",
        stays="until-cleared", acknowledged="15s", by="first-on-call", resolved="90s",
    )  # fmt: skip
    alert = script.expectation(
        "alert", OTHER, within="45s", not_before="1s", times=2, after=script.alert, inhibited_by=script.alert, silenced="true",
        stays="2s", resolved="30s",
    )  # fmt: skip
    people = [
        script.expectation("escalated", script.alert, to="second-on-call", after="5s", within="15s"),
        script.expectation("mitigated", "latency", within="40s"),
        script.expectation("resolved", script.alert, within="40s", by="first-on-call"),
        script.expectation("runbook", "slow-bureau", steps=["one", "two"], by="first-on-call"),
        script.expectation("told", "first-on-call", of=script.alert, within="5s", only="true"),
        script.expectation("handed-over", "payments", to="night-shift", of=script.alert),
        script.expectation("hook", "status-page", within="30s", says="slow", times=1),
        script.expectation("reopened", script.alert, times=1),
    ]
    rest = script.expectation("pages", {"at-most": 1}), script.expectation("quiet", {"except-to": "chat"})
    labels = {"alertname": OTHER}
    return script.tape(page, alert, *people, *rest, links=("runbooks.example",), hooks=("status-page",), oncall=script.oncall).plus(
        *_answered(),
        (18.0, AlertFiring(OTHER, labels)),
        (18.2, AlertSuppressed(OTHER, labels, "inhibition", (script.alert,))),
        (21.0, AlertResolved(OTHER, labels, "firing")),
        (24.0, LinkChecked("https://runbooks.example/slow", 1, 200)),
        (26.0, AlertFiring(OTHER, labels)),
        (26.1, script.notified(name=OTHER)),
    )


def test_no_moment_breaks_a_judge_and_none_passes_before_its_time(everything: Any, script: Any) -> None:
    facts = blank()
    for entry in everything.entries:
        apply(facts, entry)
        for finding in judge(facts, script.kinds):
            assert " broke: " not in finding.sentence, (entry.seq, finding.sentence)
            early = finding.verdict is Verdict.PASS and facts.ended is None and not finding.expectation.startswith(AT_ONCE)
            assert not early, (entry.seq, finding.sentence)


def test_wherever_a_journal_stops_nothing_is_pending_and_nothing_breaks(everything: Any, script: Any) -> None:
    for cut in range(0, len(everything.story), 7):
        tape = everything.until(sorted(one[0] for one in everything.story)[cut]).without(DrillEnded)
        drill = conclude(tape.facts(), script.kinds)
        assert drill.verdict in (Verdict.INCONCLUSIVE, Verdict.FAIL)
        assert all(" broke: " not in one.sentence and one.verdict is not Verdict.PENDING for one in drill.findings)
