"""`faults:` of an experiment: each entry's first key is its kind, beside the reserved `name`, `at` and `for`."""

from collections.abc import Iterator

from pydantic import BaseModel

from firedrill.core.errors import Problem
from firedrill.core.kinds import FaultKind, Kinds
from firedrill.core.model.declared import Declared
from firedrill.core.model.experiment import Fault
from firedrill.core.units import Duration
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree
from firedrill.spec.suggest import meant, unknown
from firedrill.spec.typed import expected, keys_of, typed

RESERVED = ("name", "at", "for")


class _Beside(Declared):
    name: str | None = None
    at: Duration = Duration(0)
    for_: Duration


def read(document: Document, tree: Tree | None, path: Path, kinds: Kinds) -> tuple[tuple[Fault, ...], list[Problem]]:
    """Every fault that could be read, and every problem."""
    if tree is None:
        return (), []
    if not isinstance(tree, Items):
        return (), [document.problem(tree, path, expected("a list", tree))]
    reader = _Reader(document, kinds)
    found = [reader.fault(entry, (*path, number)) for number, entry in enumerate(tree.items)]
    return tuple(each for each in found if each is not None), reader.problems


class _Reader:
    def __init__(self, document: Document, kinds: Kinds) -> None:
        self.document, self.kinds = document, kinds
        self.problems: list[Problem] = []
        self.names: dict[str, int] = {}

    def fault(self, entry: Tree, path: Path) -> Fault | None:
        if not isinstance(entry, Table) or not entry.keys:
            self._wrong(entry, path, _not_an_entry(entry, self.kinds))
            return None
        name = next(iter(entry.keys))
        if name in RESERVED:
            self._wrong(entry.keys[name], (*path, name), _late_kind(entry, name, self.kinds))
            return None
        kind = self.kinds.faults.get(name)
        if kind is None:
            self._wrong(entry.keys[name], (*path, name), unknown("fault kind", name, self.kinds.faults))
        self.problems += self._strays(entry, name, kind, path)
        beside, problems = typed(_Beside, entry.only(*RESERVED), self.document, path)
        self.problems += problems
        settings = self._settings(entry.values[name], kind, (*path, name))
        return self._made(entry, path, name, settings, beside) if settings is not None and beside is not None else None

    def _settings(self, value: Tree, kind: FaultKind | None, path: Path) -> BaseModel | None:
        if kind is None:
            return None
        if isinstance(value, Scalar) and value.nothing:
            value = Table(value.node, {}, {})
        settings, problems = typed(kind.settings, value, self.document, path)
        self.problems += problems
        return settings

    def _made(self, entry: Table, path: Path, kind: str, settings: BaseModel, beside: _Beside) -> Fault | None:
        target = getattr(settings, "target", None)
        name = beside.name or (f"{kind}-{target}" if target else kind)
        mark = entry.keys[kind].node.start_mark
        if beside.for_ <= 0:
            self._wrong(entry.values["for"], (*path, "for"), "a fault lasts longer than 0s")
        if name in self.names:
            self._wrong(entry, path, f"the fault on line {self.names[name]} is named '{name}' too; give one of them a 'name:' of its own")
            return None
        self.names[name] = mark.line + 1
        return Fault(
            kind=kind, settings=settings, name=name, at=beside.at, for_=beside.for_,
            file=self.document.file, line=mark.line + 1, column=mark.column + 1,
        )  # fmt: skip

    def _strays(self, entry: Table, name: str, kind: FaultKind | None, path: Path) -> Iterator[Problem]:
        for key, at in list(entry.keys.items())[1:]:
            if key not in RESERVED and not key.startswith("x-"):
                yield self.document.problem(at, (*path, key), self._stray(key, name, kind))

    def _stray(self, key: str, name: str, kind: FaultKind | None) -> str:
        if kind is not None and key in keys_of(kind.settings):
            return f"'{key}' belongs to '{name}'; indent it further than '{name}'"
        if key in self.kinds.faults:
            return f"one fault for each entry; start '{key}' with a dash of its own"
        return f"unknown key{meant(key, RESERVED) or '; beside its kind a fault takes name, at and for'}"

    def _wrong(self, at: Tree, path: Path, message: str) -> None:
        self.problems.append(self.document.problem(at, path, message))


def _not_an_entry(entry: Tree, kinds: Kinds) -> str:
    if isinstance(entry, Scalar) and entry.text in kinds.faults:
        return f"write '{entry.text}:' with a colon, and 'for:' with a duration below it"
    return expected("a fault (a mapping that starts with its kind)", entry)


def _late_kind(entry: Table, first: str, kinds: Kinds) -> str:
    kind = next((key for key in entry.keys if key in kinds.faults), None)
    return f"an entry starts with its kind; move '{kind}' above '{first}'" if kind else "an entry starts with its kind, such as 'latency:'"
