"""A game day's file, gamedays/NAME.yaml, to its model, and the files of the experiments that it names.

Knows that file alone. Whether its experiments are sound is asked of them as `run` asks it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from firedrill.core.errors import Invalid, Problem
from firedrill.core.model.gameday import GameDay
from firedrill.spec.check import ENDINGS, EXPERIMENTS
from firedrill.spec.located import Document, Items, Table, scalars, under
from firedrill.spec.located import Path as Where
from firedrill.spec.names import files_by_name, none_named
from firedrill.spec.suite import find_root
from firedrill.spec.typed import typed
from firedrill.spec.yaml import read_one


@dataclass(frozen=True, slots=True)
class ReadGameDay:
    """The file as read; there is no `day` when it has a problem of its own."""

    name: str
    """The file's name without its ending."""
    root: Path | None
    """The suite's."""
    day: GameDay | None
    experiments: Mapping[str, Path]
    """Each experiment that a round names and that is there, by name."""
    problems: tuple[Problem, ...]


def read_game_day(path: Path) -> ReadGameDay:
    """The game day in `path`, and all that is wrong with its file."""
    document, problems = read_one(path)
    if document is None:
        return ReadGameDay(path.stem, None, None, {}, tuple(problems))
    day, wrong = typed(GameDay, document.tree, document)
    problems += [*wrong, *_empty(document), *_drills_nothing(document)]
    try:
        root = find_root(path)
    except Invalid as invalid:
        return ReadGameDay(path.stem, None, None, {}, (*problems, *invalid.problems))
    known, twice = files_by_name(root / EXPERIMENTS, ENDINGS)
    problems += [*twice, *_unknown(document, known)]
    named = {value: known[value] for _, value in _named(document) if value in known}
    return ReadGameDay(path.stem, root, day, named, tuple(problems))


def _named(document: Document) -> Iterator[tuple[Where, str]]:
    """Every name of an experiment in the file, with its place."""
    rounds = under(document.tree, "rounds")
    for number, _ in enumerate(rounds.items if isinstance(rounds, Items) else ()):
        for key in ("experiment", "blind"):
            for where, value in scalars(under(rounds, number, key), ("rounds", number, key)):
                if not value.nothing:
                    yield where, value.text


def _unknown(document: Document, known: Mapping[str, Path]) -> Iterator[Problem]:
    for where, name in _named(document):
        at = under(document.tree, *where)
        if name not in known and at is not None:
            yield document.problem(at, where, none_named("experiment", name, EXPERIMENTS, sorted(known)))


def _empty(document: Document) -> Iterator[Problem]:
    title = under(document.tree, "title")
    for where, value in scalars(title, ("title",)):
        if not value.nothing and not value.text.strip():
            yield document.problem(value, where, "nothing stands here; write a value")


def _drills_nothing(document: Document) -> Iterator[Problem]:
    """A day of pauses proves nothing."""
    rounds = under(document.tree, "rounds")
    entries = rounds.items if isinstance(rounds, Items) else ()
    if rounds is not None and entries and all(isinstance(one, Table) and "pause" in one.keys for one in entries):
        yield document.problem(rounds, ("rounds",), "these are pauses only; a game day drills at least one experiment")
