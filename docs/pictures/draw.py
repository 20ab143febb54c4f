"""Draws docs/pictures/report.png from the report of a real drill: `python docs/pictures/draw.py results/slow-bureau/latest`.

Of a game day's folder, results/gamedays/..., it draws docs/pictures/debrief.png; of the address of a live page, while somebody is paged,
docs/pictures/live.png.

Needs Chromium, as the browser tests do; `make browser` installs it.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def draw(folder: Path, picture: Path) -> None:
    """The page from its verdict down to the end of the first waterfall, as a reader of 1,000 px sees it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.goto((folder / "report.html").resolve().as_uri())
        page.wait_for_selector("#timeline .main-svg")
        bottom = page.evaluate("document.querySelector('section.detection').getBoundingClientRect().bottom + window.scrollY")
        page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": 1000, "height": bottom + 16})
        browser.close()


def draw_debrief(folder: Path, picture: Path) -> None:
    """The page from its verdict down to the end of the day's moments, as a reader of 1,000 px sees it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.goto((folder / "debrief.html").resolve().as_uri())
        bottom = page.evaluate("document.querySelector('#moments').getBoundingClientRect().bottom + window.scrollY")
        page.screenshot(path=picture, full_page=True, clip={"x": 0, "y": 0, "width": 1000, "height": bottom + 16})
        browser.close()


def draw_live(url: str, picture: Path) -> None:
    """The page as it is once a runbook's step was done, at the width of a screen, and beside it as a phone in the dark shows it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, width, height, scheme in (("live", 1200, 900, "light"), ("live-phone", 390, 844, "dark")):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(url)
            page.locator(".step label.done").first.wait_for(timeout=120_000)
            page.screenshot(path=picture.with_name(f"{name}.png"))
        browser.close()


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if sys.argv[1].startswith("http"):
        draw_live(sys.argv[1], Path(__file__).with_name("live.png"))
    elif (where / "debrief.html").is_file():
        draw_debrief(where, Path(__file__).with_name("debrief.png"))
    else:
        draw(where, Path(__file__).with_name("report.png"))
