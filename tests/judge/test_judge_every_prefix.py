"""Whatever moment a drill is looked at, and wherever its journal stops, every part of every expectation has an answer."""

from typing import Any

import pytest

from firedrill.core.events import AlertFiring, AlertResolved, AlertSuppressed, DrillEnded, LinkChecked
from firedrill.core.verdicts import Verdict
from firedrill.judge.facts import apply, blank
from firedrill.judge.verdict import conclude, judge

OTHER = "BureauDown"


@pytest.fixture
def everything(script: Any) -> Any:
    page = script.expectation(
        "page", script.alert, to="payments-oncall", labels={"severity": "page"}, within="45s", not_before="1s", times=1, after=OTHER,
        grouped_with=[OTHER], has=["summary"], annotations={"summary": "Offers are slow"}, says="Offers", links="reachable",
        stays="until-cleared", resolved="90s",
    )  # fmt: skip
    alert = script.expectation(
        "alert", OTHER, within="45s", not_before="1s", times=2, after=script.alert, inhibited_by=script.alert, silenced="true",
        stays="2s", resolved="30s",
    )  # fmt: skip
    rest = script.expectation("pages", {"at-most": 1}), script.expectation("quiet", {"except-to": "chat"})
    labels = {"alertname": OTHER}
    return script.tape(page, alert, *rest, links=("runbooks.example",)).plus(
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
            assert finding.verdict is not Verdict.PASS or facts.ended is not None, (entry.seq, finding.sentence)


def test_wherever_a_journal_stops_nothing_is_pending_and_nothing_breaks(everything: Any, script: Any) -> None:
    for cut in range(0, len(everything.story), 7):
        tape = everything.until(sorted(one[0] for one in everything.story)[cut]).without(DrillEnded)
        drill = conclude(tape.facts(), script.kinds)
        assert drill.verdict in (Verdict.INCONCLUSIVE, Verdict.FAIL)
        assert all(" broke: " not in one.sentence and one.verdict is not Verdict.PENDING for one in drill.findings)
