"""incident.md: what people read after a drill that went wrong, or that did not, and what foreign words cannot do to it."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from firedrill.core import events as ev
from firedrill.judge.actions import concerning, merged
from firedrill.judge.drill import JudgedDrill
from firedrill.report import incident
from firedrill.report.markdown import _CONTROL, code, escaped

HEADINGS = ["Summary", "Impact", "Time line", "What worked", "What did not work", "Action items", "Open questions"]
EVIL = "| a **b** `c` [d](http://e) <script>alert(1)</script>\n# big\n- [ ] do &lt; ~~it~~ _now_ $x$ ![p](q)"
MORE = {"html_block", "html_inline", "link_open", "image", "code_inline", "code_block", "fence", "s_open", "em_open", "blockquote_open"}
READER = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def left_behind(drill: JudgedDrill) -> JudgedDrill:
    return replace(drill, actions=concerning(merged((), drill), drill.facts))


def headings(text: str) -> list[str]:
    return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]


def words(tokens: list[Token]) -> str:
    """What a reader sees of it."""
    parts = [child.content for token in tokens for child in token.children or () if child.type in {"text", "code_inline", "text_special"}]
    return "".join(parts)


def test_a_drill_that_failed_has_every_part_filled_in(unpaged: JudgedDrill) -> None:
    text = incident.render(left_behind(unpaged)).decode()
    assert headings(text) == HEADINGS
    for said in (
        "# Post-incident: The credit bureau answers half a second late",
        "✗ **fail**: NegotiationLatencyBudgetBurn did not page payments-oncall within 45s",
        "Drill `slow-bureau-20261118-083640-4f1e` of `slow-bureau` in `local`, 2026-11-18 11:06:40 UTC,",
        "- **Broken:** latency-bureau on bureau for 60.0 s",
        "- **Users saw:** negotiation-latency was good for 0.00 % (708 of 708 samples were bad), promised are 99 %",
        "- **Paged:** nobody",
        "| negotiation-latency | 99 % | 0.00 % | 0.00 % to 0.42 % | 708 | 708 |",
        "| 11:07:06.6 | 26.4 s | fault | latency-bureau is active on bureau | 103 |",
        "- **Why did this not hold: page NegotiationLatencyBudgetBurn to payments-oncall within 45s",
    ):
        assert said in text
    assert re.search(r"^- \[ \] `[0-9a-f]{8}` new: page NegotiationLatencyBudgetBurn", text, re.MULTILINE)


def test_a_drill_that_passed_says_in_short_that_there_is_nothing_to_learn(judged: JudgedDrill) -> None:
    text = incident.render(left_behind(judged)).decode()
    assert headings(text) == ["Summary"]
    assert "All that was expected of the response happened: no failure is to be learnt from here, so this document is short." in text
    assert "| page | 7.27 s | fault active to page open |" in text


def test_a_placebo_that_paged_nobody_is_shorter_still(placebo: JudgedDrill) -> None:
    text = incident.render(placebo).decode()
    assert "- **Broken:** nothing, this was a placebo" in text


def test_what_could_not_be_seen_has_a_part_of_its_own(unseen: JudgedDrill) -> None:
    text = incident.render(left_behind(unseen)).decode()
    assert "What could not be seen" in headings(text)
    assert re.search(r"^- prometheus from 48\.2 s, to the end: connection refused \(\d+\)$", text, re.MULTILINE)
    assert "- **Why could this not be told: " in text


def test_the_time_line_tells_of_everybody_and_cites_an_entry_for_each_line(recording: Any, answered: Callable[..., Any]) -> None:
    drill, entries = answered()
    text = incident.render(drill).decode()
    rows = [line.split(" | ") for line in text.splitlines() if re.match(r"\| \d\d:\d\d:", line)]
    told = {row[2]: row[3] for row in rows}
    assert told["hand-over"] == "primary: day-shift hands over to night-shift"
    assert told["runbook"] == "flip-the-switch: step 1, flip it, failed: it answered 500 after 0.2s"
    assert told["note"] == "team-lead (scribe): we look at the bureau"
    assert told["mitigation"] == "night-shift says that users are well again"
    assert told["hook"] == "status-page is told: offers are slow"
    assert told["stop"] == "team-lead stops the drill"
    assert "day-shift is told of p1, as level 1 for primary" in text
    assert "nobody has acknowledged p1: level 2 is told" in text
    assert "night-shift acknowledges p1" in text
    assert [float(row[1].split()[0]) for row in rows] == sorted(float(row[1].split()[0]) for row in rows)
    assert all(int(row[4].rstrip(" |")) in entries for row in rows)
    assert "- **Told:** day-shift and night-shift" in text


@pytest.fixture(scope="module")
def answered(recording: Any) -> Callable[..., Any]:
    """The drill in which everybody did something, and which did not see everything; its texts as a test has them."""

    def make(note: str = "we look at the bureau", step: str = "flip it") -> tuple[JudgedDrill, set[int]]:
        lines = [
            (33.9, ev.PersonTold("p1", "day-shift", 1, "opened", "primary")),
            (40.0, ev.ShiftChanged("primary", "day-shift", "night-shift")),
            (44.0, ev.PageEscalated("p1", 2)),
            (44.1, ev.PersonTold("p1", "night-shift", 2, "escalated")),
            (46.0, ev.PageAcknowledged("p1", "night-shift")),
            (47.0, ev.RunbookStarted("flip-the-switch", "p1", "night-shift")),
            (47.5, ev.StepEnded("flip-the-switch", "p1", "night-shift", 1, step, "failed", "it answered 500", 0.2)),
            (49.0, ev.NoteWritten("team-lead", note, "scribe")),
            (50.0, ev.HookReceived("status-page", "offers are slow")),
            (52.0, ev.MitigationDeclared("night-shift")),
            (53.0, ev.StopRequested("team-lead")),
            (54.0, ev.BlindBegan("prometheus", "connection refused")),
        ]
        entries = [*recording.entries, *(ev.Entry(900 + n, at, "desk", None, event) for n, (at, event) in enumerate(lines))]
        whole = type(recording)(sorted(entries, key=lambda one: (one.t, one.seq)))
        return left_behind(whole.judged()), {one.seq for one in entries}

    return make


def test_words_that_are_markdown_or_html_change_nothing_around_them(answered: Callable[..., Any]) -> None:
    tame, _ = answered("x", "y")
    wild, _ = answered(EVIL, EVIL)
    shape = [token.type for token in READER.parse(incident.render(tame).decode())]
    tokens = READER.parse(incident.render(wild).decode())
    assert [token.type for token in tokens] == shape
    assert (MORE - {"em_open", "code_inline"}).isdisjoint(child.type for token in tokens for child in token.children or ())


def test_a_hostile_title_and_alert_stay_words(hostile: Any) -> None:
    tokens = READER.parse(incident.render(left_behind(hostile.judged())).decode())
    assert {"html_block", "html_inline"}.isdisjoint(one.type for token in tokens for one in (token, *(token.children or ())))


@given(st.text(max_size=60))
def test_any_text_is_read_as_it_is_written(text: str) -> None:
    seen = " ".join(_CONTROL.sub(" ", text).split())
    for place in ("- {}", "a paragraph, {}", "# {}", "**{}**", "| a |\n|---|\n| {} |"):
        tokens = READER.parse(place.format(escaped(text)))
        assert seen in words(tokens)
        assert MORE.isdisjoint(one.type for token in tokens for one in (token, *(token.children or ())))


@pytest.mark.parametrize(
    "text", ["# x", "- x", "1. x", "2) x", "> x", "+ x", "=== x", "| a | b |", "[x]: y", "*a*", "__a__", "a_b_c", "\\*", "&lt;", "&#35;"]
)
def test_what_it_shows_is_the_text_itself(text: str) -> None:
    assert words(READER.parse(f"- {escaped(text)}")) == text
    assert [token.type for token in READER.parse(f"- {escaped(text)}")].count("inline") == 1


@pytest.mark.parametrize("text", ["a", "a`b", "``", "a\nb"])
def test_code_holds_any_backticks(text: str) -> None:
    assert words(READER.parse(f"x {code(text)} y")) == f"x {' '.join(text.split())} y"


def test_a_storm_is_cut_short_and_says_so(storm: JudgedDrill) -> None:
    failed = replace(storm, verdict=incident.Verdict.FAIL)
    text = incident.render(failed).decode()
    assert len([line for line in text.splitlines() if re.match(r"\| \d\d:\d\d:", line)]) == incident.MOST
    assert re.search(r"^\d+ more lines stand in the journal\.$", text, re.MULTILINE)
