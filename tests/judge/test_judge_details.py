"""All that failed is said: the sentence is about the first part, and the details have every one."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from firedrill.cli.ending import Ending, say_ending
from firedrill.core.events import AlertFiring, AlertResolved, NotificationReceived, PageOpened, PageResolved
from firedrill.core.verdicts import Verdict
from firedrill.report import incident, junit, summary, verdict_json


@pytest.fixture
def thrice(script: Any) -> Any:
    """A page that comes late, twice, without a runbook, and that nobody resolves."""
    expected = script.expectation(
        "page", script.alert, to="payments-oncall", within="5s", times=1, has=["summary", "runbook"], resolved="3s"
    )
    again = (26.3, script.notified(name=script.alert)), (26.31, PageOpened("p2", "payments-oncall", (script.alert,), 0))
    return script.tape(expected).without(PageResolved, lambda event: event == script.notified("resolved")).plus(*again)


PARTS = ["later than within 5s", "twice", "without runbook", "not resolved within 3s"]


def test_each_part_that_failed_has_a_detail_of_its_own(thrice: Any) -> None:
    found = thrice.concluded().findings[0]
    assert found.verdict is Verdict.FAIL
    assert [next(part for part in PARTS if part in one) for one in found.details] == PARTS
    assert "; 3 more parts failed." in found.sentence
    assert found.sentence.startswith(found.details[0].rstrip("."))
    assert list(found.further) == list(found.details[1:])


def test_what_held_is_no_detail(script: Any) -> None:
    expected = script.expectation("page", script.alert, to="payments-oncall", within="45s", has=["nothing"], resolved="90s")
    found = script.tape(expected).concluded().findings[0]
    assert found.details == (found.sentence,)
    assert script.tape(script.expectation("page", script.alert)).concluded().findings[0].details == ()


def test_every_report_says_every_part(thrice: Any, capsys: pytest.CaptureFixture[str]) -> None:
    drill = thrice.concluded()
    told = json.loads(verdict_json.render(drill))["findings"][0]
    assert [next(part for part in PARTS if part in one) for one in told["details"]] == PARTS
    assert told["sentence"] == drill.findings[0].sentence
    case = ElementTree.fromstring(junit.render(drill)).find(".//failure")
    assert case is not None
    say_ending(Ending(drill, Path("results/slow/slow-1")))
    said = [summary.render(drill).decode(), incident.render(drill).decode(), capsys.readouterr().out, f"{case.get('message')}\n{case.text}"]
    assert [[part in text.replace("\\", "") for part in PARTS] for text in said] == [[True] * 4] * 4


def test_a_drill_goes_on_until_the_other_parts_of_a_failed_page_are_decided(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, within="5s", resolved="90s"))
    found = tape.until(25.0).finding(25.0)
    assert found.verdict is Verdict.FAIL
    assert found.until == pytest.approx(14.0 + 20 + 90, abs=2)
    assert tape.concluded().findings[0].until is None


def test_of_many_surprises_the_first_are_in_the_sentence_and_all_in_the_details(script: Any) -> None:
    noise = [(24.0 + n / 100, AlertFiring(f"A{n:03}", {"alertname": f"A{n:03}"})) for n in range(100)]
    found = script.tape(script.expectation("quiet"), script.expectation("page", script.alert)).plus(*noise).concluded().findings[0]
    assert len(found.details) == 100
    assert found.sentence.endswith("A003 fired at 24.0s and 96 more, which nothing expected.")


def test_of_what_cannot_be_judged_every_reason_is_said(script: Any) -> None:
    expected = script.expectation("page", script.alert, within="45s", links="reachable", says=["slow"], resolved="90s")
    silent = NotificationReceived("payments-oncall", "firing", "g", {}, script.notified().alerts, "slack")
    tape = script.tape(expected).without(NotificationReceived, PageOpened, PageResolved, AlertResolved)
    tape = tape.plus((23.3, silent), (23.31, PageOpened("p1", "payments-oncall", (script.alert,), 0)))
    found = tape.concluded().findings[0]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert len(found.details) > 1
