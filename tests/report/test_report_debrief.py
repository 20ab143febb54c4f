"""The debrief of a game day: what it tells, in Markdown and in a real Chromium, without a script, on a phone and in the dark."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from firedrill.core import events as ev
from firedrill.core.gameday import GameDayKept, NoteKept, RoundKept
from firedrill.core.model.oncall import Level, OnCall, Person, Policy
from firedrill.core.model.plan import PlannedWatchdog
from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import JudgedDrill
from firedrill.report import debrief, debrief_html, debrief_md
from firedrill.report.debrief import Story
from report.conftest import ALERT, WALL, make_plan, record

BEGAN = datetime.fromtimestamp(WALL, UTC).replace(microsecond=0) - timedelta(seconds=90)
EVIL = "<script>alert('x')</script> | `rm` & co"


def _at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def _kept() -> GameDayKept:
    """Three rounds and two pauses; a person stopped it before its last round."""
    asked = ("What did you look at first?", "Did the page say enough to begin with?")
    rounds = [
        RoundKept(kind="pause", what="Everybody knows how to stop", started_at=_at(1), ended_at=_at(61), took_s=60.2, waited=True),
        RoundKept(
            kind="experiment", number=1, what="slow-bureau", title="The credit bureau answers half a second late", questions=asked,
            started_at=_at(88), ended_at=_at(190), took_s=102, drill="well", folder="slow-bureau/well", verdict="pass", exit_code=0,
        ),
        RoundKept(kind="pause", what="Change seats", started_at=_at(191), ended_at=_at(250), took_s=59, waited=True),
        RoundKept(
            kind="experiment", number=2, what="bureau-down", title="The credit bureau refuses every connection", questions=asked[:1],
            started_at=_at(251), ended_at=_at(352), took_s=101, drill="badly", folder="bureau-down/badly", verdict="fail", exit_code=1,
        ),
        RoundKept(kind="blind", number=3, what="", window_s=120),
    ]  # fmt: skip
    roles = {"incident-commander": "first-on-call", "operations": "second-on-call", "scribe": "team-lead"}
    return GameDayKept(
        game_day="first-20261118-083500-4f1e", name="first", title="The credit bureau is having a day", environment="local", seed=7,
        briefing="What we drill: the bureau.\nHow to stop: Ctrl-C.", roles=roles, rounds=rounds, started_at=_at(0), ended_at=_at(360),
        notes=[NoteKept(at=_at(30), by="team-lead", role="scribe", text=f"Dashboards are open {EVIL}")],
        questions=("What surprised us?", "What do we change?"), ended="interrupted", stopped_by="team-lead", exit_code=130,
    )  # fmt: skip


def _answered() -> JudgedDrill:
    """The drill that went well, with people in it."""
    oncall = OnCall(
        people={"first-on-call": Person(shown="First on call"), "second-on-call": Person()},
        policies={"payments-oncall": Policy(levels=(Level(notify=("first-on-call",)),))},
    )
    said = [
        (33.7, ev.PersonTold("p1", "first-on-call", 1, "opened", "payments"), "desk", None),
        (41.0, ev.PageEscalated("p1", 2), "desk", None),
        (41.1, ev.PersonTold("p1", "second-on-call", 2, "escalated"), "desk", None),
        (44.2, ev.PageAcknowledged("p1", "second-on-call"), "desk", None),
        (50.0, ev.NoteWritten("team-lead", f"Offers are slow, the API itself is well {EVIL}", "scribe"), "people", None),
        (60.5, ev.MitigationDeclared("second-on-call", "cached scores are on"), "people", None),
    ]
    return record(make_plan().model_copy(update={"oncall": oncall}), more=said).judged()


@pytest.fixture(scope="module")
def told(unpaged: JudgedDrill) -> Story:
    later = replace(unpaged, facts=replace(unpaged.facts, wall=WALL + 163))
    return debrief.story(_kept(), {"well": _answered(), "badly": later}, {"1.2": "Yes.\nIt named the runbook."})


def test_the_summary_counts_rounds_and_says_who_stopped(told: Story) -> None:
    assert told.summary == "2 of 3 rounds drilled: 1 passed, 1 failed. team-lead stopped the game day."
    assert told.verdict is Verdict.FAIL


def test_moments_of_all_rounds_and_pauses_stand_in_one_order(told: Story) -> None:
    assert [one.at for one in told.moments] == sorted(one.at for one in told.moments)
    texts = [one.text for one in told.moments]
    assert texts[:3] == [
        "pause: Everybody knows how to stop (1m)",
        f"team-lead (scribe): Dashboards are open {EVIL}",
        "round 1 begins: slow-bureau",
    ]
    first = [one.text for one in told.moments if one.round == 1]
    assert first.index("fault latency-bureau is active") < first.index(f"{ALERT} fires") < first.index(f"payments-oncall is paged: {ALERT}")
    assert "First on call is told of p1 (on call in payments)" in first
    assert "second-on-call is told of p1 (as level 2, nobody had acknowledged)" in first
    assert "second-on-call acknowledges p1" in first


def test_every_bar_lies_within_the_day(told: Story) -> None:
    bars = [bar for part in told.parts for bar in part.bars]
    assert {bar.kind for bar in bars} == {"drill", "pause", "fault", "page"}
    assert all(0 <= bar.left <= 100 and bar.width >= 0 and bar.left + bar.width <= 100.001 for bar in bars)


def test_a_placebo_breaks_nothing_and_the_watchdog_that_always_fires_is_no_news(placebo: JudgedDrill) -> None:
    plan = placebo.facts.plan.model_copy(update={"watchdog": PlannedWatchdog(alert=ALERT, receiver="payments-oncall", within=5)})
    calm = replace(placebo, facts=replace(placebo.facts, plan=plan))
    texts = [one.text for one in debrief.story(_kept(), {"well": calm}).moments if one.round == 1]
    assert texts[0] == "round 1 begins: slow-bureau"
    assert not [text for text in texts if text.startswith("fault") or text.endswith("fires")]


def test_times_are_those_that_people_ask_for(told: Story) -> None:
    assert [one.name for one in told.rounds[0].times] == ["detect", "page", "acknowledge", "mitigate", "recover", "resolve"]
    assert told.rounds[0].times[2].took == pytest.approx(44.2 - 33.684)


def test_notes_carry_the_role_of_who_wrote_them(told: Story) -> None:
    assert [(one.by, one.role) for one in told.rounds[0].words] == [("team-lead", "scribe"), ("second-on-call", "")]
    assert [(one.by, one.role) for one in told.between] == [("team-lead", "scribe")]


def test_every_gap_says_what_is_next_also_of_a_round_that_never_came(told: Story) -> None:
    gaps = [(one.round, one.verdict, one.next) for one in told.gaps]
    assert gaps[0] == (2, Verdict.FAIL, "Find out why nobody was paged. Then drill it again: `firedrill run experiments/bureau-down.yaml`.")
    assert gaps[-1] == (3, Verdict.INCONCLUSIVE, "Drill it in the next game day.")
    assert told.gaps[-1].sentence == "Its turn never came."


def test_a_command_to_copy_runs_nothing_of_what_a_foreign_file_is_called() -> None:
    kept = _kept()
    rounds = [one.model_copy(update={"what": "x; $(id) #"}) for one in kept.rounds]
    gaps = debrief.story(kept.model_copy(update={"rounds": rounds}), {}).gaps
    commands = re.findall(r"`(firedrill [^`]*)`", " ".join(one.next for one in gaps))
    assert commands
    assert {tuple(shlex.split(one)) for one in commands} == {("firedrill", "run", "experiments/x; $(id) #.yaml")}


def test_a_round_whose_record_is_gone_proves_nothing(told: Story) -> None:
    without = debrief.story(_kept(), {})
    assert without.verdict is Verdict.INCONCLUSIVE
    assert without.rounds[0].missing == "The record of its drill is not there any more."


def test_answers_in_the_markdown_are_found_again_and_kept(told: Story) -> None:
    text = debrief_md.render(told).decode()
    assert debrief.answers_in(text) == {"1.2": "Yes.\nIt named the runbook."}
    written = text.replace("<!-- answer 0.1 -->\n\n", "<!-- answer 0.1 -->\nHow quiet it was.\n", 1)
    again = debrief.story(_kept(), {}, debrief.answers_in(written))
    assert again.questions[0].answer == "How quiet it was."
    assert debrief.answers_in(debrief_md.render(again).decode()) == {"0.1": "How quiet it was.", "1.2": "Yes.\nIt named the runbook."}


def test_the_markdown_has_no_html_of_people_and_no_broken_table(told: Story) -> None:
    text = debrief_md.render(told).decode()
    assert "<script>" not in text
    rows = [line for line in text.splitlines() if re.match(r"\| \d\d:\d\d:\d\d ", line)]
    assert len(rows) == len(told.moments)
    assert all(line.replace("\\|", "").count("|") == 4 for line in rows)


# ---- the page


@pytest.fixture(scope="module")
def file(told: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("debrief") / "debrief.html"
    made.write_bytes(debrief_html.render(told))
    return made


@pytest.fixture(scope="module")
def page(chromium: Browser, file: Path) -> Iterator[Callable[..., Page]]:
    """Opens the page at a width, light or dark."""
    contexts = []

    def open_(width: int = 1200, scheme: Any = "light") -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True))
        made = contexts[-1].new_page()
        made.goto(file.as_uri())
        return made

    yield open_
    for context in contexts:
        context.close()


def test_the_page_has_no_script_and_asks_for_nothing(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_screen(page: Callable[..., Page], width: int) -> None:
    script = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    assert page(width).evaluate(script) <= 0


def test_dark_and_light_have_colours_of_their_own(page: Callable[..., Page]) -> None:
    papers = {scheme: page(scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor") for scheme in ("light", "dark")}
    assert papers == {"light": "rgb(247, 246, 242)", "dark": "rgb(20, 23, 27)"}


def test_each_round_links_to_its_report_and_has_its_questions(page: Callable[..., Page]) -> None:
    shown = page()
    links = [one.get_attribute("href") for one in shown.locator("section.round .reason a").all()]
    assert links == ["../../slow-bureau/well/report.html", "../../bureau-down/badly/report.html"]
    assert shown.locator("#round-1 .question p").all_text_contents() == [
        "What did you look at first?",
        "Did the page say enough to begin with?",
    ]
    assert shown.locator("#round-1 .answer").all_text_contents() == ["", "Yes.\nIt named the runbook."]
    assert shown.locator("#across .question p").all_text_contents() == ["What surprised us?", "What do we change?"]


def test_an_open_answer_has_room_to_write(page: Callable[..., Page]) -> None:
    box = page().locator(".answer.open").first.bounding_box()
    assert box is not None
    assert box["height"] > 60


def test_what_people_wrote_is_text(page: Callable[..., Page]) -> None:
    shown = page()
    assert EVIL in shown.locator("#round-1 .words").first.text_content()
    assert shown.locator("main script").count() == 0


def test_commands_of_what_is_next_are_code(page: Callable[..., Page]) -> None:
    assert "firedrill run experiments/bureau-down.yaml" in page().locator(".gaps code").all_text_contents()


def test_a_contrast_that_eyes_can_read_in_both_schemes(page: Callable[..., Page]) -> None:
    for scheme in ("light", "dark"):
        colours = page(scheme=scheme).evaluate("['.pill', '.soft', 'a'].map(s => getComputedStyle(document.querySelector(s)).color)")
        assert len(set(colours)) == 3
