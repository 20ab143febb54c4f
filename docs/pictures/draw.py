"""Draws docs/pictures/report.png from the report of a real drill: `python docs/pictures/draw.py results/slow-bureau/latest`.

Of a game day's folder, results/gamedays/..., it draws docs/pictures/debrief.png.

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


if __name__ == "__main__":
    where = Path(sys.argv[1])
    if (where / "debrief.html").is_file():
        draw_debrief(where, Path(__file__).with_name("debrief.png"))
    else:
        draw(where, Path(__file__).with_name("report.png"))
