"""A whole drill followed on its live page in real Chromium by two people: one acts, one watches, on a screen and on a phone."""

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from drilling import Outside, Running, Suite

DELAY = 0.35
SLOW = ("for: 2s", "for: 9s"), ("within: 2s", "within: 9s"), ("resolved: 5s", "resolved: 9s")
PATIENCE = 60_000


# Not for the whole session: while Playwright's loop runs, no asynchronous test can.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("No Chromium is on PATH, so nobody can look at the page: `apt-get install chromium`.")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody's own browser, with all that its page complains of."""

    page: Page
    said: list[str] = field(default_factory=list)

    def sees(self, text: str) -> None:
        self.page.locator(".lines li", has_text=text).first.wait_for(timeout=PATIENCE)

    def overflow(self) -> int:
        return int(self.page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"))


@pytest.fixture
def arrives(chromium: Browser) -> Iterator[Callable[..., Person]]:
    """Opens the page in a browser of a person's own."""
    contexts = []

    def come(url: str, width: int = 1200, scheme: Any = "light") -> Person:
        contexts.append(chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme))
        one = Person(contexts[-1].new_page())
        one.page.on("console", lambda message: one.said.append(f"{message.type}: {message.text}"))
        one.page.on("pageerror", lambda error: one.said.append(str(error)))
        one.page.on("dialog", lambda dialog: (one.said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        one.page.goto(url)
        return one

    yield come
    for context in contexts:
        context.close()


def _address(suite: Suite, running: Running) -> str:
    deadline = time.monotonic() + 60
    while not (told := re.search(r"live page: (\S+)", (suite.root / "out.txt").read_text())):
        assert time.monotonic() < deadline, (suite.root / "out.txt").read_text()
        assert running.process.poll() is None, (suite.root / "out.txt").read_text()
        time.sleep(0.05)
    return told[1]


def _clear_again(outside: Outside, since: list[float], found: list[float]) -> None:
    """Ask the bureau over and over; notes how long after the press it was fast for the first time."""
    while not found:
        asked = time.monotonic()
        took = outside.seconds_to_ask_the_bureau()
        if since and asked > since[0] and took < DELAY - 0.1:
            found.append(time.monotonic() - since[0])


def test_two_people_follow_a_drill_one_acts_and_stops_it_and_the_fault_is_gone_within_a_second(
    outside: Outside, arrives: Callable[..., Person]
) -> None:
    outside.suite.edit("experiments/latency.yaml", *SLOW)
    running = outside.suite.start("latency", "--live")
    url = _address(outside.suite, running)
    acts, watches = arrives(url), arrives(url, width=360, scheme="dark")
    token = url.partition("#token=")[2]
    assert "#" not in acts.page.url
    acts.page.get_by_label("Name").fill("first-on-call")
    acts.page.get_by_role("button", name="Acknowledge").click(timeout=PATIENCE)
    acts.page.get_by_label("Note for the record").fill("<b>offers</b> are slow")
    acts.page.get_by_role("button", name="Write it down").click()
    for one in (acts, watches):
        one.sees("first-on-call acknowledges p1")
        one.sees("first-on-call: <b>offers</b> are slow")
        assert one.overflow() <= 0
    assert watches.page.locator("#expected li").count() == 2
    _is_stopped_within_a_second(outside, acts)
    watches.sees("first-on-call stops the drill")
    watches.page.locator("#ended").wait_for(timeout=PATIENCE)
    assert watches.overflow() <= 0
    outcome = running.finish()
    assert outcome.code == 130
    assert "stopped by first-on-call" in outcome.of_kind("drill.ended")[0].event.detail  # type: ignore[attr-defined]
    assert acts.said == watches.said == [] or all("ERR_" in text for text in (*acts.said, *watches.said))  # the server goes with the drill
    assert outcome.folder is not None
    for file in outcome.folder.rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes(), file


def _is_stopped_within_a_second(outside: Outside, acts: Person) -> None:
    since: list[float] = []
    found: list[float] = []
    asking = threading.Thread(target=_clear_again, args=(outside, since, found))
    assert outside.seconds_to_ask_the_bureau() > DELAY - 0.1
    asking.start()
    acts.page.get_by_role("button", name="Stop the drill").click()
    acts.page.get_by_role("button", name="Press again to stop").click()
    since.append(time.monotonic())
    asking.join(20)
    assert found, "the bureau is slow still"
    assert found[0] < 1.0


def test_one_press_of_stop_stops_nothing_and_buttons_are_large_enough_for_a_thumb(suite: Suite, arrives: Callable[..., Person]) -> None:
    suite.edit("experiments/latency.yaml", *SLOW)
    running = suite.start("latency", "--live")
    one = arrives(_address(suite, running), width=360)
    stop = one.page.locator("#stop")
    stop.click(timeout=PATIENCE)
    one.page.get_by_role("button", name="Press again to stop").wait_for()
    one.page.get_by_role("button", name="Stop the drill").wait_for(timeout=6000)
    one.page.get_by_role("button", name="Acknowledge").wait_for(timeout=PATIENCE)
    for button in one.page.locator("button:visible, input:visible, select:visible, textarea:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44, button.inner_text()
    one.page.get_by_role("button", name="Acknowledge").click()
    one.page.get_by_role("alert").get_by_text("Say who you are first").wait_for()
    assert one.said == []
    outcome = running.finish()
    assert outcome.of_kind("stop.requested") == []
    assert outcome.code == 0, outcome.said


def test_without_the_token_the_page_asks_for_it_and_shows_nothing(suite: Suite, arrives: Callable[..., Person]) -> None:
    suite.edit("experiments/latency.yaml", *SLOW)
    running = suite.start("latency", "--live")
    url, _, token = _address(suite, running).partition("#token=")
    one = arrives(url)
    one.page.get_by_label("Token").wait_for()
    assert one.page.locator(".lines li").count() == 0
    assert not one.page.locator("#stop").is_visible()
    one.page.get_by_label("Token").fill(token)
    one.page.get_by_role("button", name="Open").click()
    one.sees("preparing")
    assert all("401" in text for text in one.said)
    running.process.terminate()
    assert running.finish().code == 130


DAY = """\
title: The bureau again
briefing: Only the demo is touched.
roles:
  scribe: team-lead
rounds:
  - pause: Everybody has a seat
  - experiment: mitigated
    briefing: The bureau gets slow.
debrief:
  questions: [What surprised us?]
"""


def _day(suite: Suite) -> Running:
    (suite.root / "gamedays" / "again.yaml").write_text(DAY, encoding="utf-8")
    command = [sys.executable, "-m", "firedrill.cli", "gameday", "gamedays/again.yaml", "--live"]
    with (suite.root / "out.txt").open("wb") as out:
        return Running(suite.root, "mitigated", subprocess.Popen(command, cwd=suite.root, stdin=subprocess.DEVNULL, stdout=out, stderr=out))


def test_two_people_play_a_game_day_one_acts_and_one_watches(outside: Outside, arrives: Callable[..., Person]) -> None:
    outside.suite.edit("runbooks/slow-bureau.md", ("http://<bureau>/scores/anyone", "http://<api>/health"))
    running = _day(outside.suite)
    url = _address(outside.suite, running)
    acts, watches = arrives(url), arrives(url, width=360, scheme="dark")
    for one in (acts, watches):
        one.page.locator("#said").get_by_text("Everybody has a seat").wait_for(timeout=PATIENCE)
        one.page.locator("#said").get_by_text("Only the demo is touched.").wait_for(timeout=PATIENCE)
        one.page.get_by_role("heading", name="The bureau again").wait_for(timeout=PATIENCE)
    acts.page.get_by_label("Name").fill("first-on-call")
    acts.page.get_by_role("button", name="Continue").click()
    acts.page.get_by_role("button", name="Acknowledge").click(timeout=PATIENCE)
    acts.page.get_by_role("button", name="Run: Answer from cached scores").click()
    acts.page.get_by_label("Note for the record").fill("offers come from the cache now")
    acts.page.get_by_role("button", name="Write it down").click()
    for one in (acts, watches):
        one.sees("first-on-call acknowledges p1")
        one.sees("first-on-call: step 'Answer from cached scores' is done")
        one.sees("first-on-call: offers come from the cache now")
    _is_stopped_within_a_second(outside, acts)
    watches.page.locator("#said").get_by_text("The bureau again is over").wait_for(timeout=PATIENCE)
    assert watches.overflow() <= 0
    assert running.process.wait(60) == 130
    (folder,) = (outside.suite.root / "results" / "gamedays").iterdir()
    kept = json.loads((folder / "gameday.json").read_text(encoding="utf-8"))
    assert (kept["stopped_by"], kept["rounds"][0]["waited"]) == ("first-on-call", True)
    assert "offers come from the cache now" in (folder / "debrief.html").read_text(encoding="utf-8")
