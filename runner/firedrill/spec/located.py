"""A file as a tree whose every key and value knows where it stands and keeps the text that the person wrote.

It resolves aliases and merge keys and finds duplicate keys. It refuses to know what any key means.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from firedrill.core.errors import Problem, Severity

Path = tuple[str | int, ...]

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"
_STANDARD = "tag:yaml.org,2002:"
_MOST = 200_000
"""Values a file may hold once its aliases are written out; beyond it, somebody is playing."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A key or a value as raw text: `off`, `1:30` and `1.10` stay what they are."""

    node: yaml.ScalarNode

    @property
    def text(self) -> str:
        return str(self.node.value)

    @property
    def nothing(self) -> bool:
        """An empty place, `~` or `null`."""
        return self.node.tag == _NULL and self.node.style not in ("'", '"')


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list."""

    node: yaml.SequenceNode
    items: tuple["Tree", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A mapping, or where an empty one would be: `keys` say where each key stands, `values` what it holds; merged keys come last."""

    node: yaml.Node
    keys: Mapping[str, Scalar]
    values: Mapping[str, "Tree"]

    def only(self, *names: str) -> "Table":
        """The same place with no keys but these."""
        kept = [name for name in self.keys if name in names]
        return Table(self.node, {name: self.keys[name] for name in kept}, {name: self.values[name] for name in kept})


Tree = Scalar | Items | Table


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document of one file; `file` is how people are told of it."""

    file: str
    tree: Tree

    def problem(self, at: Tree, path: Path, message: str, severity: Severity = Severity.ERROR) -> Problem:
        """Something wrong with the value `at`, which stands at `path`."""
        mark = at.node.start_mark
        return Problem(self.file, mark.line + 1, mark.column + 1, written(path), message, severity)


def written(path: Path) -> str:
    """`faults[0].latency.delay`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def line_of(tree: Tree) -> int:
    return int(tree.node.start_mark.line) + 1


def column_of(tree: Tree) -> int:
    return int(tree.node.start_mark.column) + 1


def step_into(tree: Tree, step: str | int) -> Tree | None:
    """The value one step down, if there is one."""
    match tree:
        case Table() if step in tree.values:
            return tree.values[str(step)]
        case Items() if isinstance(step, int) and step < len(tree.items):
            return tree.items[step]
        case _:
            return None


def under(tree: Tree | None, *path: str | int) -> Tree | None:
    """The value at `path`, or None."""
    for step in path:
        tree = step_into(tree, step) if tree is not None else None
    return tree


def scalars(tree: Tree | None, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every scalar value below, with its path; keys are not values."""
    match tree:
        case Scalar():
            yield path, tree
        case Items():
            for number, item in enumerate(tree.items):
                yield from scalars(item, (*path, number))
        case Table():
            for key, value in tree.values.items():
                yield from scalars(value, (*path, key))


def raw(tree: Tree) -> object:
    """Texts, lists and dicts; an empty place is None."""
    match tree:
        case Scalar():
            return None if tree.nothing else tree.text
        case Items():
            return [raw(item) for item in tree.items]
        case Table():
            return {key: raw(value) for key, value in tree.values.items()}


def grow(node: yaml.Node, file: str) -> tuple[Document | None, list[Problem]]:
    """The tree of a composed document, with what is wrong in any YAML; no tree when a loop or a flood of aliases makes one impossible."""
    grower = _Grower(file)
    try:
        tree = grower.tree(node, ())
    except _Endless as endless:
        return None, [*grower.problems, endless.problem]
    return Document(file, tree), grower.problems


class _Endless(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass
class _Grower:
    file: str
    problems: list[Problem] = field(default_factory=list)
    grown: dict[int, tuple[Tree, int]] = field(default_factory=dict)
    within: set[int] = field(default_factory=set)
    size: int = 0

    def tree(self, node: yaml.Node, path: Path) -> Tree:
        """Each node once: an alias is the same tree at a second place."""
        if id(node) in self.within:
            raise _Endless(self._at(node, path, "this anchor holds an alias of itself"))
        if id(node) in self.grown:
            tree, size = self.grown[id(node)]
            self._count(node, path, size)
            return tree
        return self._new(node, path)

    def _new(self, node: yaml.Node, path: Path) -> Tree:
        before = self.size
        self._count(node, path, 1)
        self.within.add(id(node))
        tree = self._tree(node, path)
        self.within.discard(id(node))
        self.grown[id(node)] = tree, self.size - before
        return tree

    def _count(self, node: yaml.Node, path: Path, more: int) -> None:
        self.size += more
        if self.size > _MOST:
            raise _Endless(self._at(node, path, f"with its aliases written out this file holds more than {_MOST} values"))

    def _tree(self, node: yaml.Node, path: Path) -> Tree:
        if not node.tag.startswith(_STANDARD):
            self.problems.append(self._at(node, path, f"tags such as {node.tag} are not allowed"))
        match node:
            case yaml.MappingNode():
                return self._table(node, path)
            case yaml.SequenceNode():
                return Items(node, tuple(self.tree(item, (*path, number)) for number, item in enumerate(node.value)))
            case _:
                assert isinstance(node, yaml.ScalarNode)
                return Scalar(node)

    def _table(self, node: yaml.MappingNode, path: Path) -> Table:
        keys: dict[str, Scalar] = {}
        values: dict[str, Tree] = {}
        merged: list[Table] = []
        for key, value in node.value:
            if key.tag == _MERGE:
                merged += self._merged(value, path)
            elif not isinstance(key, yaml.ScalarNode):
                self.problems.append(self._at(key, path, "a key is plain text; put quotes round a value that starts with { or ["))
            elif key.value in keys:
                self.problems.append(self._twice(key, keys[key.value], path))
            else:
                keys[key.value] = Scalar(key)
                values[key.value] = self.tree(value, (*path, key.value))
        for table in merged:
            keys = keys | {name: key for name, key in table.keys.items() if name not in keys}
            values = values | {name: value for name, value in table.values.items() if name not in values}
        return Table(node, keys, values)

    def _merged(self, node: yaml.Node, path: Path) -> list[Table]:
        nodes: Sequence[yaml.Node] = node.value if isinstance(node, yaml.SequenceNode) else [node]
        trees = [self.tree(each, (*path, "<<")) for each in nodes]
        self.problems += [
            self._at(tree.node, (*path, "<<"), "<< takes a mapping or a list of mappings") for tree in trees if not isinstance(tree, Table)
        ]
        return [tree for tree in trees if isinstance(tree, Table)]

    def _twice(self, key: yaml.ScalarNode, first: Scalar, path: Path) -> Problem:
        return self._at(key, (*path, key.value), f"duplicate key; the first one stands on line {line_of(first)}")

    def _at(self, node: yaml.Node, path: Path, message: str) -> Problem:
        return Problem(self.file, node.start_mark.line + 1, node.start_mark.column + 1, written(path), message)
