"""The response to a drill in every report: who was told, who answered, what they did, and how soon."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from firedrill.core import events as ev
from firedrill.judge.drill import JudgedDrill
from firedrill.report import summary, verdict_json
from firedrill.report.lanes import lanes
from firedrill.report.times import happenings, key_times
from report.conftest import ALERT, Line, make_plan, record

FIRST = ("p1", "first-on-call")


def _answered() -> list[Line]:
    """Nobody answers for 10 s; then the second level does, follows the runbook, and one of its steps fails."""
    told: list[tuple[float, ev.Event]] = [
        (33.7, ev.PersonTold(*FIRST, 1, "opened", "payments")),
        (43.684, ev.PageEscalated("p1", 2)),
        (43.7, ev.PersonTold("p1", "second-on-call", 2, "escalated")),
        (45.684, ev.PageAcknowledged("p1", "second-on-call")),
        (46.0, ev.HookReceived("status-page", "Offers are <b>slow</b>", {"title": "Offers are slow"})),
        (48.0, ev.RunbookStarted("slow-bureau", "p1", "second-on-call")),
        (50.0, ev.StepEnded("slow-bureau", "p1", "second-on-call", 1, "switch to cached scores", "succeeded", "", 0.4)),
        (52.0, ev.StepEnded("slow-bureau", "p1", "second-on-call", 2, "look at the offers", "failed", "answered 500", 0.3)),
        (52.1, ev.RunbookEnded("slow-bureau", "p1", "second-on-call", "failed")),
        (55.0, ev.ShiftChanged("payments", "first-on-call", "night-shift")),
        (60.0, ev.NoteWritten("second-on-call", "The bureau says that it is them", "operations")),
        (94.5, ev.PageReopened("p1", 0)),
        (95.5, ev.PageResolved("p1", 0)),
    ]
    return [(at, event, "desk", None) for at, event in told]


@pytest.fixture(scope="module")
def answered() -> JudgedDrill:
    return record(make_plan(), more=_answered()).judged()


def test_verdict_json_tells_the_response(answered: JudgedDrill) -> None:
    told = verdict_json.content(answered)["response"]
    assert (told["detect_s"], told["page_s"], told["acknowledge_s"], told["mitigate_s"]) == (6.197, 7.272, 12.0, None)
    (page,) = told["pages"]
    assert (page["acknowledged_s"], page["acknowledged_by"], page["resolved_by"]) == (45.684, "second-on-call", "")
    assert [(one["person"], one["why"], one["schedule"]) for one in page["told"]] == [
        ("first-on-call", "opened", "payments"), ("second-on-call", "escalated", ""),
    ]  # fmt: skip
    assert [(one["level"], one["at_s"]) for one in page["escalations"]] == [(2, 43.684)]
    assert [one["at_s"] for one in page["reopened"]] == [94.5]
    (run,) = told["runbooks"]
    assert (run["runbook"], run["by"], run["status"], [one["status"] for one in run["steps"]]) == (
        "slow-bureau", "second-on-call", "failed", ["succeeded", "failed"],
    )  # fmt: skip
    assert [(one["hook"], one["text"]) for one in told["hooks"]] == [("status-page", "Offers are <b>slow</b>")]
    assert [(one["before"], one["after"]) for one in told["hand_overs"]] == [("first-on-call", "night-shift")]
    assert [(one["what"], one["by"], one["role"]) for one in told["said"]] == [("note", "second-on-call", "operations")]
    assert set(told["mitigated_s"]) == {"negotiation-latency", "offer-journey"}


def test_the_response_and_the_detection_tell_the_same_times(answered: JudgedDrill) -> None:
    content = verdict_json.content(answered)
    assert content["detections"][0]["acknowledge_s"] == content["response"]["acknowledge_s"]
    assert content["detections"][0]["resolve_s"] == content["response"]["resolve_s"]
    assert content["pages"][0]["acknowledged_s"] == content["response"]["pages"][0]["acknowledged_s"]


def test_the_times_of_people_come_with_a_time_to_mitigate_where_somebody_responded(answered: JudgedDrill, judged: JudgedDrill) -> None:
    assert [one.name for one in key_times(answered)] == [
        "hurt", "detect", "page", "acknowledge", "mitigate", "recover", "reset", "resolve",
    ]  # fmt: skip
    assert "mitigate" not in [one.name for one in key_times(judged)]


def test_what_people_did_is_among_what_happened(answered: JudgedDrill) -> None:
    rows = [(row.what, row.name, row.more) for row in happenings(answered.facts)]
    assert ("told", "first-on-call", "of p1: opened, level 1, on call in payments") in rows
    assert ("escalated", "p1", "to level 2") in rows
    assert ("acknowledged", "second-on-call", "p1") in rows
    assert ("step", "2. look at the offers", "second-on-call: failed, answered 500") in rows
    assert ("note", "second-on-call (operations)", "The bureau says that it is them") in rows
    assert ("hook", "status-page", "Offers are <b>slow</b>") in rows
    assert ("hand-over", "payments", "first-on-call to night-shift") in rows


def test_people_and_runbooks_have_lanes_on_the_time_line(answered: JudgedDrill, judged: JudgedDrill) -> None:
    people = [lane for lane in lanes(answered.facts) if lane.kind in {"person", "runbook", "said"}]
    assert [lane.title.split(":")[0] for lane in people] == [
        "first-on-call", "second-on-call", "runbook slow-bureau", "\u25a0 hand-overs, \u2605 words, \u25c6 hooks",
    ]  # fmt: skip
    assert [mark.symbol for mark in people[2].marks] == ["circle", "x"]
    assert not [lane for lane in lanes(judged.facts) if lane.kind in {"person", "runbook", "said"}]


def test_the_summary_tells_the_response_in_a_few_lines(answered: JudgedDrill, judged: JudgedDrill) -> None:
    text = summary.render(answered).decode()
    assert (
        f"- {ALERT} at payments-oncall: told first-on-call after 16 ms, second-on-call after 10.02 s; "
        "acknowledged by second-on-call after 12.00 s; escalated level 2 after 10.00 s; resolved after 61.82 s (reopened after 60.82 s)"
    ) in text
    assert "- second-on-call began slow-bureau at 48.00 s: failed after 4.10 s" in text
    assert "- status-page was told at 46.00 s: Offers are &lt;b>slow&lt;/b>" in text
    assert "- negotiation-latency was not met again while the fault was on" in text
    assert "The response" not in summary.render(judged).decode()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_shows_the_response_and_scrolls_sideways_on_no_screen(
    answered: JudgedDrill, placed: Callable[..., Path], chromium: Browser, width: int
) -> None:
    context: Any = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme="dark")
    page = context.new_page()
    page.goto(placed(answered, "answered").as_uri())
    assert page.locator("#response tbody tr").count() == 1
    assert "by second-on-call after 12.00 s" in page.locator("#response").inner_text()
    assert page.locator("#response .steps li.broken").all_text_contents() == ["✗ 2. look at the offers: failed at 52.00 s; answered 500"]
    assert page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth") <= 0
    context.close()
