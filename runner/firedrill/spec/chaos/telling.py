"""How the rules of Chaos Toolkit are told: with the place, and what an unknown key probably meant. It knows none of its keys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from firedrill.core.errors import Problem, Severity
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree, under
from firedrill.spec.suggest import listed, meant
from firedrill.spec.typed import expected, unknown_key

_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Telling:
    """One file; `soft` is how bad it is what Chaos Toolkit silently ignores."""

    document: Document
    soft: Severity

    def wrong(self, at: Tree, path: Path, message: str, severity: Severity = Severity.ERROR) -> Problem:
        return self.document.problem(at, path, message, severity)

    def mapping(self, tree: Tree | None, at: Path, known: Sequence[str] | None = None) -> Iterator[Problem]:
        """A problem unless it is a mapping, or absent; and one for each key that is not `known`."""
        if tree is None:
            return
        if not isinstance(tree, Table):
            yield self.wrong(tree, at, expected("a mapping (key: value)", tree))
        elif known is not None:
            yield from self.unknown(tree, at, known)

    def unknown(self, tree: Table, at: Path, known: Sequence[str]) -> Iterator[Problem]:
        for key, place in tree.keys.items():
            if key not in known and not key.startswith("x-"):
                yield self.wrong(place, (*at, key), unknown_key(key, known, tree.keys), self.soft)

    def required(self, tree: Tree, at: Path, keys: Sequence[str]) -> Iterator[Problem]:
        for key in keys if isinstance(tree, Table) else ():
            value = under(tree, key)
            if value is None:
                yield self.wrong(tree, at, f"'{key}' is missing")
            elif is_empty(value):
                blank = not isinstance(value, Scalar) or value.nothing or not value.text.strip()
                message = "nothing stands here; write a value" if blank else f"{expected('a text', value)}; put quotes round it"
                yield self.wrong(value, (*at, key), message)


def is_a(tree: Tree | None, *tags: str) -> bool:
    """Whether YAML 1.1 makes one of these of a scalar: `int`, `float`, `bool`, `null`, `str`."""
    return isinstance(tree, Scalar) and tree.node.tag.removeprefix(_TAG) in tags


def is_empty(tree: Tree) -> bool:
    """Whether Python holds it for false, or it is blank: Chaos Toolkit asks no more of what it requires."""
    match tree:
        case Scalar():
            blank = tree.nothing or not tree.text.strip()
            return blank or (is_a(tree, "int", "float", "bool") and tree.text.lower() in {"0", "0.0", "false", "no", "off"})
        case Items():
            return not tree.items
        case Table():
            return not tree.keys


def choice(tree: Tree, choices: Mapping[str, object] | Sequence[str]) -> str:
    """`python, process or http is expected here, not the text 'htp'; did you mean 'http'?`"""
    guess = meant(tree.text, choices) if isinstance(tree, Scalar) else ""
    return expected(listed(choices, "or"), tree) + guess
