"""The documentation as a whole: its links lead somewhere, and what must stay short is short."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs.markdown import Page, read_page

ROOT = Path(__file__).parent.parent.parent
ELSEWHERE = ("http://", "https://", "mailto:")


def _of_the_repository(file: Path) -> bool:
    """Not what drills, caches and installed packages hold."""
    parts = file.relative_to(ROOT).parts
    return not any(part.startswith(".") for part in parts) and ("results" not in parts or parts == ("results", "README.md"))


PAGES = sorted(filter(_of_the_repository, ROOT.rglob("*.md")))


def _broken(page: Page) -> Iterator[str]:
    for line, link in page.links():
        path, _, anchor = link.partition("#")
        target = (page.file.parent / unquote(path)).resolve() if path else page.file
        if link.startswith(ELSEWHERE):
            continue
        if not target.exists():
            yield f"{page.name}:{line}: {link} leads nowhere"
        elif anchor and target.suffix == ".md" and unquote(anchor) not in read_page(target, page.root).anchors():
            yield f"{page.name}:{line}: {path or page.name} has no heading #{anchor}"


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    assert list(_broken(read_page(file, ROOT))) == []


def test_a_link_to_nothing_is_told_with_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b` & c\n# Twice\n# Twice\n[ok](#a-b--c) [ok](#twice-1)\n`[no](code.md)`\n[x](gone.md)\n", encoding="utf-8")
    assert list(_broken(read_page(page, tmp_path))) == ["page.md:6: gone.md leads nowhere"]
    assert read_page(page, tmp_path).anchors() == {"a-b--c", "twice", "twice-1"}


def test_the_map_of_the_engine_fits_on_a_screen_or_two() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 80


def test_a_decision_is_told_in_forty_lines() -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in (ROOT / "docs" / "decisions").glob("*.md")}
    assert {name: length for name, length in lengths.items() if length > 40} == {}


def test_the_readme_says_both_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make drill" in readme
    assert "make test" in readme
