"""Pages of drills that somebody else recorded end and say what is wrong; a drill's own page ends with a word, whatever breaks."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from firedrill.cli.registry import kinds
from firedrill.conduct.drill import Drill
from firedrill.core.events import DrillEnded
from firedrill.core.kinds import Kinds
from firedrill.live.guard import Token
from firedrill.live.suite import Followed, Gallery
from recordings import folder_of, unsummed


async def ended(folder: Path) -> dict[str, Any]:
    followed = Followed(folder, kinds())
    async with asyncio.timeout(10):
        await followed.follow()
    assert followed.feed.closed
    told: dict[str, Any] = followed.feed.snapshot()["state"]["ended"]
    return told


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines[0].update(plan=[]), "no journal that can be judged"),
        (lambda lines: lines[0].update(wall="x"), "no journal that can be judged"),
        (lambda lines: lines[20].update(t=[]), "line 21: it is no entry: its t should be a number, not a list"),
        (lambda lines: lines[-1].update(kind=5), "line 167: it is no entry: its kind should be a text, not a number"),
        (lambda lines: lines.pop(60), "line 61: entry 62 where 61 was expected"),
    ],
)
async def test_the_page_of_an_odd_journal_ends(tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], reason: str) -> None:
    folder = folder_of(tmp_path, "passing")
    unsummed(folder / "journal.jsonl", change)
    told = await ended(folder)
    assert (told["verdict"], reason in told["reason"]) == ("inconclusive", True), told


async def test_a_pipe_or_a_link_in_place_of_a_journal_holds_up_neither_its_page_nor_the_list(tmp_path: Path) -> None:
    makes: tuple[Callable[[Path], object], ...] = (os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir())
    for number, make in enumerate(makes):
        folder = tmp_path / "e" / f"d{number}"
        folder.mkdir(parents=True)
        make(folder / "journal.jsonl")
        (folder / "verdict.json").write_text("[" * 100_000)
        assert (await ended(folder))["how"] == "unreadable"
    gallery = Gallery(tmp_path, kinds(), Token("t"))
    assert sorted(gallery.told(*one)["drill"] for one in gallery.folders().items()) == ["d0", "d1", "d2"]


async def test_a_verdict_that_cannot_be_shown_is_said_on_the_page(begun: Callable[..., Drill], served: Callable[..., Any]) -> None:
    drill, server = begun(), await served()
    async with server.attend(drill):
        drill.record(DrillEnded("finished"))
        drill.order = replace(drill.order, kinds=Kinds(faults={}, expectations=None))  # type: ignore[arg-type]
    told = server.feed.snapshot()["state"]["ended"]
    assert "could not be shown: AttributeError" in told["reason"]
    drill.close()
