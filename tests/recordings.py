"""Results folders made of the recorded drills of tests/journals, and commands run upon them through the entry point."""

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from firedrill.cli import main

JOURNALS = Path(__file__).parent / "journals"
NAMES = ("passing", "failing", "placebo", "response", "killed", "blind", "earlier")
"""`earlier` was written by a firedrill whose journals had no sums."""


def folder_of(results: Path, name: str) -> Path:
    """A new folder of results with that journal in its place."""
    source = JOURNALS / f"{name}.jsonl"
    first = json.loads(source.read_bytes().split(b"\n", 1)[0])
    folder = results / first["experiment"] / first["drill"]
    folder.mkdir(parents=True)
    shutil.copy(source, folder / "journal.jsonl")
    return folder


def unsummed(journal: Path, change: Callable[[list[dict[str, Any]]], object] = lambda lines: None) -> None:
    """Change a journal as somebody would who numbers its lines and knows of no sums."""
    lines = [{key: value for key, value in json.loads(line).items() if key != "sum"} for line in journal.read_text().splitlines()]
    change(lines)
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))


def ends(words: Iterable[object]) -> int:
    """How a command ends."""
    try:
        main([str(word) for word in words])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 99
    return 0
