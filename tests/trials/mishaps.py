"""What befalls a trial beside its signal: counting that fails, clearing that fails for a while, pages of the ledger that are torn."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SPOILING = Path(__file__).parent / "spoiling"
"""On the PYTHONPATH of a trial's processes."""
VARIABLE = "FIREDRILL_TRIAL_MISHAP"
ERRORS = ("OSError", "PermissionError", "KeyError", "ValueError", "RuntimeError", "TimeoutError", "AssertionError")
SHAPES = ("", "[]", "null", '{"undos": 5}', '{"drill": 5, "undos": {"x": 5}}', '{"drill": "x"', "\0" * 100, "[" * 50_000)
"""Pages that somebody tore, or that were never whole."""


@dataclass(frozen=True)
class Mishap:
    """`clearing`: for how many seconds each try to clear fails. `torn`: of an engine that is killed, how much of its page is left.

    `strange`: a page beside it that cannot be used.
    """

    error: str = "OSError"
    counting: bool = False
    clearing: float = 0.0
    torn: float | None = None
    strange: str | None = None

    def words(self) -> list[str]:
        """Each by its name."""
        given = {"counting fails": self.counting, "clearing fails": self.clearing, "its page torn": self.torn is not None}
        return [name for name, there in (given | {"a strange page": self.strange is not None}).items() if there]


def drawn(chance: random.Random) -> Mishap:
    """One by one, and sometimes several."""
    return Mishap(
        error=chance.choice(ERRORS),
        counting=chance.random() < 0.25,
        clearing=round(chance.uniform(0.2, 2.5), 2) if chance.random() < 0.25 else 0.0,
        torn=chance.random() if chance.random() < 0.15 else None,
        strange=chance.choice(SHAPES) if chance.random() < 0.2 else None,
    )


@contextmanager
def befallen(file: Path, number: int, mishap: Mishap) -> Iterator[None]:
    """The trial's processes find it in `file`."""
    told = {"trial": number, "error": mishap.error, "counting": mishap.counting, "clearing": mishap.clearing}
    file.write_text(json.dumps(told), encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def tear(folder: Path, mishap: Mishap) -> list[Path]:
    """Tear the page of a drill that was killed, and lay a strange one and a sound one beside it; those that cannot be used."""
    bad = []
    for page in sorted(folder.glob("*.json")) if mishap.torn is not None else ():
        content = page.read_bytes()
        page.write_bytes(content[: int(mishap.torn * (len(content) - 1))])
        bad.append(page)
    if mishap.strange is not None:
        folder.mkdir(parents=True, exist_ok=True)
        bad.append(folder / "a-strange-1.json")
        bad[-1].write_text(mishap.strange, encoding="utf-8")
        (folder / "z-sound-1.json").write_text(
            '{"drill": "z-sound-1", "journal": "", "undos": {"x": {"kind": "nothing"}}}', encoding="utf-8"
        )
    return bad
