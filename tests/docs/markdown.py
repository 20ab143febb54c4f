"""Reads Markdown as these tests need it: fenced blocks with the comment above them, headings, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_FENCE = re.compile(r"( *)(`{3,}|~{3,})\s*(\S*)")
_COMMENT = re.compile(r"<!--\s*(file|tutorial|shipped|entry)\b(?::\s*(\S+))?\s*-->")
_HEADING = re.compile(r"#{1,6} +(.*?)(?: +#+)?\s*$")
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)|(?:href|src)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Block:
    """A fenced block: `says` is file, tutorial, shipped, entry or nothing, `path` what the comment names."""

    place: str
    language: str
    text: str
    says: str = ""
    path: str = ""


@dataclass(frozen=True)
class Page:
    """A Markdown file in parts."""

    file: Path
    root: Path
    name: str
    blocks: tuple[Block, ...]
    prose: tuple[tuple[int, str], ...]
    """Lines outside of blocks, with their numbers."""

    def anchors(self) -> set[str]:
        """What `#...` may name here, by GitHub's rule: a repeated heading gets -1, -2 and so on."""
        seen: dict[str, int] = {}
        found = set()
        for _, line in self.prose:
            if match := _HEADING.match(line):
                slug = _slug(match[1])
                found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
                seen[slug] = seen.get(slug, 0) + 1
        return found

    def links(self) -> Iterator[tuple[int, str]]:
        """Targets of links and pictures, with their lines."""
        for number, line in self.prose:
            for match in _LINK.finditer(re.sub(r"`[^`]*`", "``", line)):
                yield number, next(part for part in match.groups() if part)


def _slug(heading: str) -> str:
    words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def read_page(file: Path, root: Path) -> Page:
    """The file in parts; an open fence at its end is a fault of the file."""
    name = str(file.relative_to(root))
    lines = iter(enumerate(file.read_text(encoding="utf-8").splitlines(), 1))
    blocks, prose = list[Block](), list[tuple[int, str]]()
    for number, line in lines:
        if opened := _FENCE.match(line):
            blocks.append(_block(opened, lines, f"{name}:{number}", prose))
            prose.append((number, opened[2]))  # so that a comment belongs to the block below it only
        else:
            prose.append((number, line))
    return Page(file, root, name, tuple(blocks), tuple(prose))


def _block(opened: re.Match[str], lines: Iterator[tuple[int, str]], place: str, prose: list[tuple[int, str]]) -> Block:
    held = []
    for _, line in lines:
        if re.fullmatch(rf" *{opened[2][0]}{{{len(opened[2])},}}\s*", line):
            break
        held.append(line.removeprefix(opened[1]))
    else:
        pytest.fail(f"{place}: this block is never closed")
    above = next((line for _, line in reversed(prose) if line.strip()), "")
    comment = _COMMENT.fullmatch(above.strip())
    text = "".join(f"{line}\n" for line in held)
    return Block(place, opened[3], text, *((comment[1], comment[2] or "") if comment else ()))
