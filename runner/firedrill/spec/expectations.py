"""`expect:` of an experiment: each entry is a kind's own mapping whose first key is the kind, or a bare word."""

from collections.abc import Collection, Iterator, Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from firedrill.core.errors import Problem
from firedrill.core.kinds import ExpectationKind, Kinds
from firedrill.core.model.experiment import Expectation
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree
from firedrill.spec.suggest import listed, meant, unknown
from firedrill.spec.typed import called, expected, keys_of, typed


def read(document: Document, tree: Tree | None, path: Path, kinds: Kinds) -> tuple[tuple[Expectation, ...], list[Problem]]:
    """Every expectation that could be read, and every problem."""
    if tree is None:
        return (), []
    if not isinstance(tree, Items):
        return (), [document.problem(tree, path, expected("a list", tree))]
    found, problems = [], list[Problem]()
    for number, entry in enumerate(tree.items):
        expectation, wrong = _expectation(document, entry, (*path, number), kinds)
        found += [expectation] if expectation else []
        problems += wrong
    return tuple(found), problems


def in_words(kind: str, declared: BaseModel) -> str:
    """One line: the model's own `words()`, else its settings one after another."""
    own = getattr(declared, "words", None)
    if callable(own):
        return str(own())
    written = {
        field.alias or name: getattr(declared, name)
        for name, field in type(declared).model_fields.items()
        if name in declared.model_fields_set
    }
    first = _value(written.pop(kind, None))
    return ", ".join([f"{kind} {first}".strip(), *(f"{key} {_value(value)}" for key, value in written.items())])


def _value(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple() | list():
            return " and ".join(map(_value, value))
        case Mapping():
            return " ".join(f"{key}={_value(each)}" for key, each in value.items())
        case BaseModel():
            return " ".join(f"{key} {_value(each)}" for key, each in value)
        case _:
            return str(value)


def _expectation(document: Document, entry: Tree, path: Path, kinds: Kinds) -> tuple[Expectation | None, list[Problem]]:
    if isinstance(entry, Items) or called(entry) == "nothing" or (isinstance(entry, Table) and not entry.keys):
        return None, [document.problem(entry, path, expected("an expectation (a mapping that starts with its kind, or 'quiet')", entry))]
    key = entry if isinstance(entry, Scalar) else entry.keys[next(iter(entry.keys))]
    kind = kinds.expectations.get(key.text)
    if kind is None:
        at = path if isinstance(entry, Scalar) else (*path, key.text)
        return None, [document.problem(key, at, unknown("expectation", key.text, kinds.expectations))]
    stray = list(_strays(document, entry, path, kind, kinds))
    declared, problems = _declared(document, _without(entry, [name for name, _ in stray]), path, kind)
    problems = [*(problem for _, problem in stray), *problems]
    if declared is None or stray:
        return None, problems
    mark = key.node.start_mark
    return Expectation(
        kind=kind.name, declared=declared, words=in_words(kind.name, declared),
        file=document.file, line=mark.line + 1, column=mark.column + 1,
    ), problems  # fmt: skip


def _strays(document: Document, entry: Tree, path: Path, kind: ExpectationKind, kinds: Kinds) -> Iterator[tuple[str, Problem]]:
    """Keys that only another kind has: a misspelling is not what happened."""
    own = keys_of(kind.declared)
    for key, at in entry.keys.items() if isinstance(entry, Table) else ():
        others = [name for name, other in kinds.expectations.items() if key in keys_of(other.declared)[1:]]
        if key not in own and key in kinds.expectations:
            yield key, document.problem(at, (*path, key), f"one expectation for each entry; start '{key}' with a dash of its own")
        elif key not in own and others and not meant(key, own):
            yield key, document.problem(at, (*path, key), f"'{key}' belongs to {listed(map(repr, others))}, not to '{kind.name}'")


def _without(entry: Tree, names: Collection[str]) -> Tree:
    return entry.only(*(key for key in entry.keys if key not in names)) if isinstance(entry, Table) and names else entry


def _declared(document: Document, entry: Tree, path: Path, kind: ExpectationKind) -> tuple[BaseModel | None, list[Problem]]:
    field = next((each for name, each in kind.declared.model_fields.items() if (each.alias or name) == kind.name), None)
    bare = isinstance(entry, Scalar) or _is_bare(entry, kind.name)
    if bare and field is not None and field.is_required():
        return None, [document.problem(entry, path, _bare(kind, field))]
    if bare:
        return typed(kind.declared, _rest(entry, kind.name), document, path)
    return typed(kind.declared, entry, document, path)


def _bare(kind: ExpectationKind, field: FieldInfo) -> str:
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
        needed = next(iter(keys_of(field.annotation)))
        return f"'{kind.name}' needs settings: write '- {kind.name}:' and below it '{needed}:' with a value"
    return f"'{kind.name}' needs a value: write '- {kind.name}: NAME'"


def _is_bare(entry: Tree, kind: str) -> bool:
    value = entry.values.get(kind) if isinstance(entry, Table) else None
    return isinstance(value, Scalar) and value.nothing


def _rest(entry: Tree, kind: str) -> Tree:
    """What stands beside a bare kind."""
    return entry.only(*(key for key in entry.keys if key != kind)) if isinstance(entry, Table) else Table(entry.node, {}, {})
