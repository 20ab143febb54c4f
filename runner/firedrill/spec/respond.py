"""`respond:` of an experiment: one responder, a list of them, or `nobody`, which is what leaving it out says too."""

from collections.abc import Iterator

from firedrill.core.errors import Problem
from firedrill.core.model.response import Respond
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree, under
from firedrill.spec.typed import expected, typed

NOBODY = "nobody"


def read(document: Document, tree: Tree | None, path: Path) -> tuple[tuple[Respond, ...], list[Problem]]:
    """Every responder that could be read, and every problem."""
    problems: list[Problem] = []
    found: list[Respond] = []
    for where, entry in each(tree, path):
        one, wrong = _responder(document, entry, where)
        problems += wrong
        found += [one] if one is not None and not wrong else []
    return tuple(found), problems


def each(tree: Tree | None, path: Path) -> Iterator[tuple[Path, Tree]]:
    """The responders of the tree with their places, however they are written."""
    match tree:
        case None:
            return
        case Scalar() if tree.text == NOBODY:
            return
        case Items():
            yield from (((*path, number), entry) for number, entry in enumerate(tree.items))
        case _:
            yield path, tree


def _responder(document: Document, entry: Tree, path: Path) -> tuple[Respond | None, list[Problem]]:
    if not isinstance(entry, Table):
        return None, [document.problem(entry, path, expected("a responder (a mapping), a list of them or 'nobody'", entry))]
    one, problems = typed(Respond, entry, document, path)
    if one is not None and one.runbook is None and (at := under(entry, "start")) is not None:
        problems.append(document.problem(at, (*path, "start"), "'start' is when a runbook begins: it goes with 'runbook'"))
    return one, problems
