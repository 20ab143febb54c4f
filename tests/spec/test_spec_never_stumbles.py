"""Whatever a file holds, the answer is a problem with a place, never an exception."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firedrill.core.kinds import Kinds
from firedrill.spec.check import check

SCRAPS = [
    "",
    "\t",
    ": ",
    "- ",
    "{",
    "[",
    "}",
    "*a",
    "&a ",
    "<<: *a",
    "null",
    "'",
    '"',
    "|\n",
    "!x ",
    "\n",
    "  ",
    "\x00",
    "é",
    "# ",
    "0",
    "${X}",
    "<x>",
    ",",
    "?",
]


@pytest.fixture
def kept(suite: Path) -> dict[str, str]:
    return {str(file.relative_to(suite)): file.read_text() for file in suite.rglob("*.*") if file.is_file()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_suite_with_a_scrap_anywhere_gives_problems_with_places(
    suite: Path, kinds: Kinds, kept: dict[str, str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(kept)))
    text = kept[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.sampled_from([start, start + 1, text.find("\n", start), len(text)]))
    whole = text[:start] + data.draw(st.sampled_from(SCRAPS)) + text[max(start, end) :]
    try:
        (suite / name).write_text(whole)
        found = check([suite / "experiments"], kinds, {})
    finally:
        (suite / name).write_text(text)
    lines = whole.splitlines() or [""]
    for problem in found.problems:
        assert os.path.exists(problem.file) or "no such" in problem.message
        assert problem.message
        assert problem.column >= 1
        assert problem.file != name or 1 <= problem.line <= len(lines) + 1
