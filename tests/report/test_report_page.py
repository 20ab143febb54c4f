"""The report in a real Chromium: what a reader sees, without a server, a network, or even JavaScript."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from firedrill.core.events import Samples
from firedrill.judge.drill import BACK, STAGES, JudgedDrill
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude
from firedrill.report import verdict_json
from firedrill.report.chart import figure
from firedrill.report.html import render
from firedrill.report.lanes import lanes
from firedrill.report.words import seconds

Open = Callable[..., "Opened"]
LINE = "#timeline .scatterlayer .js-line"
"""A line of the chart, whose colour is its stroke."""


class Opened:
    """A page with all that it said and asked for from its first moment on."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.asked.append(request.url))

    def traces(self) -> list[dict[str, Any]]:
        script = "document.getElementById('timeline').data.map(t => ({name: t.name, meta: t.meta, x: t.xaxis || 'x', y: t.yaxis}))"
        found: list[dict[str, Any]] = self.page.evaluate(script)
        return found

    def names(self, kind: str) -> list[str]:
        return [trace["name"] for trace in self.traces() if trace["meta"]["kind"] == kind]

    def style(self, selector: str, what: str) -> str:
        script = "([selector, what]) => getComputedStyle(document.querySelector(selector))[what]"
        return str(self.page.evaluate(script, [selector, what]))

    def overflow(self) -> int:
        script = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        return int(self.page.evaluate(script))


@pytest.fixture(scope="module")
def opened(chromium: Browser) -> Iterator[Open]:
    """Opens a report's file; `width`, `scheme` and `javascript` say how it is read."""
    contexts = []

    def open_(report: Path, width: int = 1280, scheme: Any = "light", javascript: bool = True) -> Opened:
        size: Any = {"width": width, "height": 900}
        contexts.append(chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=javascript))
        made = Opened(contexts[-1].new_page())
        made.page.goto(report.as_uri())
        return made

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def report(judged: JudgedDrill, recording: Any, placed: Callable[..., Path]) -> Path:
    return placed(judged, "passed", recording.by_seq)


@pytest.fixture(scope="module")
def light(opened: Open, report: Path) -> Opened:
    """The page that most tests only read: a chart takes a second to open."""
    return opened(report)


@pytest.fixture(scope="module")
def dark(opened: Open, report: Path) -> Opened:
    return opened(report, scheme="dark")


def test_the_page_says_no_error_and_asks_for_files_beside_it_only(light: Opened, report: Path) -> None:
    page = light
    assert page.said == []
    assert [url.rpartition("/")[2] for url in page.asked] == ["report.html", next(report.parents[2].glob("plotly-*.min.js")).name]
    assert all(url.startswith("file://") for url in page.asked)


def test_every_series_and_every_phase_of_the_verdict_is_one_trace(light: Opened, judged: JudgedDrill) -> None:
    page, content = light, verdict_json.content(judged)
    assert page.names("series") == [one["name"] for one in content["series"]]
    assert page.names("phase") == [one["name"] for one in content["phases"]]
    assert len(page.names("series")) == 4
    assert len(page.names("phase")) == 6


def test_faults_alerts_notifications_and_pages_are_on_the_same_time_line(light: Opened) -> None:
    page = light
    assert page.names("fault") == ["latency-bureau"]
    assert page.names("alert") == ["NegotiationLatencyBudgetBurn pending", "NegotiationLatencyBudgetBurn firing"]
    assert page.names("notification") == ["firing notification to payments-oncall", "resolved notification to payments-oncall"]
    assert page.names("page") == ["page p1: NegotiationLatencyBudgetBurn"]
    assert {trace["x"] for trace in page.traces()} == {"x"}


def test_objectives_and_limits_of_latency_are_labelled(light: Opened) -> None:
    texts = light.page.locator("#timeline .annotation-text").all_text_contents()
    assert {"99 %", "90 %", "300 ms"} <= set(texts)


def test_the_waterfall_has_eight_bars_with_their_durations(light: Opened, judged: JudgedDrill) -> None:
    page = light.page
    rows = page.locator(".there .stage:not(.whole)")
    assert rows.locator(".name b").all_text_contents() == list(STAGES)
    stages = judged.detections[0].stages
    assert rows.locator(".took").all_text_contents() == [seconds(stages[stage]) for stage in STAGES]
    boxes = page.eval_on_selector_all(".there .stage .bar", "bars => bars.map(bar => bar.getBoundingClientRect().toJSON())")
    assert len(boxes) == 8
    assert all(before["left"] <= after["left"] for before, after in pairwise(boxes))
    assert boxes[0]["width"] / boxes[4]["width"] == pytest.approx(stages["window"] / stages["for"], rel=0.02)  # type: ignore[operator]


def test_under_each_stage_stands_what_sets_it_and_what_would_shorten_it(light: Opened) -> None:
    said = light.page.locator(".there .stage .why").all_text_contents()
    assert said[4:6] == ["for: 2s", "group_wait: 1s"]
    assert said[3].endswith("; put offers_slow:ratio20s above NegotiationLatencyBudgetBurn: saves 1s")


def test_the_way_back_is_a_waterfall_of_its_own(light: Opened, judged: JudgedDrill) -> None:
    rows = light.page.locator(".back .stage")
    back = judged.detections[0].back
    assert back is not None
    assert rows.locator(".name b").all_text_contents() == list(BACK)
    assert rows.locator(".took").all_text_contents() == ["not seen" if took is None else seconds(took) for took in back.stages.values()]


def test_a_stage_that_nobody_saw_says_so(opened: Open, unseen_window: Path) -> None:
    assert opened(unseen_window, javascript=False).page.locator(".stage .took").all_text_contents()[:2] == ["not seen", "3.63 s"]


def test_nothing_scrolls_sideways_on_a_phone_even_when_its_lights_go_out(opened: Open, report: Path) -> None:
    page = opened(report, width=390)
    page.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.overflow() <= 0
    bright = page.style(LINE, "stroke")
    page.page.emulate_media(color_scheme="dark")
    page.page.wait_for_function(f"before => getComputedStyle(document.querySelector('{LINE}')).stroke !== before", arg=bright)
    assert page.overflow() <= 0
    assert page.said == []


def test_dark_is_not_light(light: Opened, dark: Opened) -> None:
    assert light.style("body", "backgroundColor") != dark.style("body", "backgroundColor")
    assert light.style(LINE, "stroke") != dark.style(LINE, "stroke")
    assert light.style(".verdict", "borderLeftColor") != dark.style(".verdict", "borderLeftColor")


def test_paper_is_light_and_the_chart_as_wide_as_a_sheet_even_from_a_dark_screen(light: Opened, dark: Opened) -> None:
    before = dark.style(LINE, "stroke")
    dark.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert dark.style(LINE, "stroke") == light.style(LINE, "stroke")
    assert dark.style("#timeline .main-svg", "width") == "660px"
    dark.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert dark.style(LINE, "stroke") == before
    assert dark.page.pdf(format="A4").startswith(b"%PDF")


def test_a_page_with_the_library_inside_draws_with_nothing_beside_it(opened: Open, judged: JudgedDrill, placed: Any) -> None:
    page = opened(placed(judged, "inline", library="inside"))
    assert len(page.names("series")) == 4
    assert page.said == []
    assert len(page.asked) == 1


def test_a_page_whose_library_is_gone_says_so_and_keeps_its_tables(opened: Open, judged: JudgedDrill, placed: Any) -> None:
    page = opened(placed(judged, "moved", library="nowhere")).page
    assert "The chart library is not beside this report" in page.locator("#timeline").inner_text()
    assert page.locator("#times tbody tr").count() == 11


def test_without_javascript_everything_stands_there_as_text(opened: Open, report: Path, judged: JudgedDrill) -> None:
    page = opened(report, javascript=False).page
    text = page.locator("main").inner_text()
    assert "The chart needs JavaScript; the tables below say the same in words." in text
    assert all(finding.sentence in text for finding in judged.findings)
    times = [row.split("\n")[0].split("\t")[:5] for row in page.locator("#times tbody tr").all_inner_texts()]
    assert ["fault", "latency-bureau", "26.41 s", "86.43 s", "60.02 s"] in times
    assert ["alert", "NegotiationLatencyBudgetBurn", "30.61 s", "91.61 s", "61.00 s"] in times
    assert ["page", "at payments-oncall", "33.68 s", "93.67 s", "59.98 s"] in times
    assert sum(row[0] == "phase" for row in times) == 6


def test_evidence_shows_the_entries_that_it_cites(light: Opened, judged: JudgedDrill) -> None:
    page = light.page
    page.locator("#findings summary").first.click()
    entries = page.locator("#findings .entries").first.locator("li").all_inner_texts()
    assert [entry.split()[0] for entry in entries] == [f"#{seq}" for seq in judged.findings[0].evidence]
    assert entries[0] == f"#{judged.findings[0].evidence[0]} at 26.412 s fault.active source: proxy, fault: latency-bureau"


def test_the_times_that_people_ask_for_stand_at_the_top(light: Opened) -> None:
    times = light.page.locator(".times > div").all_inner_texts()
    assert [text.split("\n")[:2] for text in times] == [
        ["to hurt", "1.59 s"], ["to detect", "6.20 s"], ["to page", "7.27 s"], ["to acknowledge", "—"],
        ["to recover", "0.57 s"], ["to reset", "4.61 s"], ["to resolve", "59.98 s"],
    ]  # fmt: skip


def test_messages_stand_there_as_people_read_them(light: Opened) -> None:
    first, last = light.page.locator("#messages .message").all()
    assert list(filter(None, first.inner_text().split("\n"))) == [
        "firing to payments-oncall by slack at 33.68 s (#140)", "firing: NegotiationLatencyBudgetBurn", "Offers are slow",
        "  see https://runbooks.example.org/slow-bureau",
    ]  # fmt: skip
    assert last.locator("h3").inner_text() == "resolved: NegotiationLatencyBudgetBurn"


def test_what_nobody_saw_is_said(opened: Open, unseen: JudgedDrill, placed: Any) -> None:
    page = opened(placed(unseen, "unseen"), javascript=False).page
    assert page.locator(".verdict strong").inner_text().lower() == "inconclusive"
    assert "Not seen: prometheus from 48.20 s on: connection refused." in page.locator("#used").inner_text()


def test_a_placebo_shows_its_time_but_shades_nothing_as_broken(placebo: JudgedDrill) -> None:
    drawn = figure(placebo)
    (fault,) = [trace for trace in drawn["data"] if trace["meta"]["kind"] == "fault"]
    assert fault["meta"]["colour"] == "calm"
    assert [shape for shape in drawn["layout"]["shapes"] if shape["name"] == "shade"] == []


def test_a_storm_of_one_alert_shares_a_lane_and_the_page_stays_readable(storm: JudgedDrill) -> None:
    titles = [lane.title for lane in lanes(storm.facts) if lane.kind == "alert"]
    page = render(storm, "../../plotly.js").decode()
    assert titles == ["alert NegotiationLatencyBudgetBurn: pending, then firing", "alert Storm: 500 instances"]
    assert page.count('<section class="detection">') == 10
    assert "491 more detections stand in verdict.json." in page
    assert "more rows are left out; the journal has them all." in page


def test_the_lines_do_not_bridge_seconds_that_nobody_measured(recording: Any) -> None:
    gap = [one for one in recording.entries if not (isinstance(one.event, Samples) and 40 <= one.event.second < 43)]
    for trace in figure(type(recording)(gap).judged())["data"]:
        if trace["meta"]["kind"] in {"series", "latency"}:
            held = dict(zip(trace["x"], trace["y"], strict=True))
            assert [held[second + 0.5] for second in (40, 41, 42)] == [None] * 3
            assert held[39.5] is not None


def test_text_that_wants_to_be_a_script_stays_text(opened: Open, hostile: Any, placed: Any) -> None:
    page = opened(placed(hostile.judged(), "hostile", hostile.by_seq), width=390)
    page.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.said == []
    assert page.page.locator("img").count() == 0
    assert page.page.locator("h1").inner_text() == "</script><img src=x onerror=alert(1)> title"
    assert len(page.names("series")) == 4
    assert page.names("blind") == ["prometheus </script><img src=x onerror=alert(1)> not seen"]
    assert page.overflow() <= 0
    assert len(page.asked) == 2


@pytest.mark.parametrize("entries", [1, 130])
def test_a_journal_cut_short_still_has_its_page(opened: Open, recording: Any, placed: Any, entries: int) -> None:
    from firedrill.cli.registry import kinds

    killed = conclude(fold(recording.entries[:entries]), kinds())
    page = opened(placed(killed, f"killed-{entries}"))
    assert page.said == []
    assert "the drill was killed" in page.page.locator(".verdict").inner_text()
    assert len(page.names("phase")) == len(killed.facts.phases)
