"""Located trees to declared models, with pydantic's errors in plain sentences at the places they are about.

It knows how models are built. It refuses to know any particular one.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from firedrill.core.errors import Problem
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree, raw, step_into
from firedrill.spec.suggest import listed, meant

M = TypeVar("M", bound=BaseModel)


def typed(model: type[M], tree: Tree, document: Document, path: Path = ()) -> tuple[M | None, list[Problem]]:
    """The model of a value, or every problem that it has; `x-*` keys are dropped where a model stands."""
    value = raw(tree)
    try:
        return model.model_validate(value, by_alias=True, by_name=False), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    if own := [each["loc"] for each in errors if _is_note(each)]:
        return _without(own, value, model, tree, document, path)
    return None, [_problem(each, model, tree, document, path) for each in errors]


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a file may write for this model, in its order."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _is_note(error: ErrorDetails) -> bool:
    return error["type"] == "extra_forbidden" and str(error["loc"][-1]).startswith("x-")


def _without(
    notes: Iterable[Path], value: object, model: type[M], tree: Tree, document: Document, path: Path
) -> tuple[M | None, list[Problem]]:
    for *steps, last in notes:
        holder: Any = value
        for step in steps:
            holder = holder[step]
        holder.pop(last, None)
    try:
        return model.model_validate(value, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, [_problem(each, model, tree, document, path) for each in error.errors(include_url=False)]


def _problem(error: ErrorDetails, model: type[BaseModel], tree: Tree, document: Document, path: Path) -> Problem:
    place, at = _deepest(tree, error["loc"])
    full = (*path, *place)
    match error["type"]:
        case "missing":
            return document.problem(at, full, f"'{error['loc'][-1]}' is missing")
        case "extra_forbidden":
            key = str(error["loc"][-1])
            holder = tree if len(place) < 2 else _deepest(tree, place[:-1])[1]
            assert isinstance(holder, Table)
            return document.problem(holder.keys[key], full, unknown_key(key, _known(model, place[:-1]), holder.keys))
        case "clash":
            return _clash(error, at, document, full)
        case _:
            return document.problem(at, full, _sentence(error, at))


def _clash(error: ErrorDetails, holder: Tree, document: Document, path: Path) -> Problem:
    """Keys of one mapping that cannot stand together; told at the one of them that the model names."""
    key, why = str(error.get("ctx", {})["key"]), str(error.get("ctx", {})["why"])
    assert isinstance(holder, Table)
    return document.problem(holder.keys[key], (*path, key), why)


def unknown_key(key: str, known: Sequence[str], present: Iterable[str] = ()) -> str:
    """`unknown key; did you mean 'delay'?`, or else the keys there are."""
    free = [each for each in known if each not in set(present)]
    guess = meant(key, free) or meant(key, known)
    return f"unknown key{guess}" if guess else f"unknown key; known here: {', '.join(known) or 'none'}"


def _deepest(tree: Tree, loc: Path) -> tuple[Path, Tree]:
    """As far along `loc` as the file goes; pydantic's loc also names union members and missing keys."""
    place: Path = ()
    for step in loc:
        below = step_into(tree, step)
        if below is not None:
            tree, place = below, (*place, step)
    return place, tree


def _known(model: type[BaseModel], place: Path) -> list[str]:
    kind: Any = model
    for step in place:
        kind = _below(kind, step)
    found = _model_in(kind)
    return keys_of(found) if found else []


def _below(kind: Any, step: str | int) -> Any:
    if (model := _model_in(kind)) is not None:
        return next((field.annotation for name, field in model.model_fields.items() if step in (name, field.alias)), None)
    for part in _parts(kind):
        if isinstance(part_origin := get_origin(part), type) and issubclass(part_origin, Mapping | Sequence):
            return [each for each in get_args(part) if each is not ...][-1]
    return None


def _model_in(kind: Any) -> type[BaseModel] | None:
    return next((part for part in _parts(kind) if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _parts(kind: Any) -> list[Any]:
    """The types that an annotation stands for: itself, or the members of a union."""
    if get_origin(kind) is Annotated:
        return _parts(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [part for member in get_args(kind) for part in _parts(member)]
    return [kind]


_EXPECTED = {
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "iterable_type": "a list",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "mapping_type": "a mapping (key: value)",
    "dict_type": "a mapping (key: value)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}


def _sentence(error: ErrorDetails, at: Tree) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _EXPECTED:
        return expected(_EXPECTED[kind], at) + (_quotes(at) if kind == "string_type" else "")
    if kind in ("literal_error", "enum"):
        return _one_of(str(context["expected"]), at)
    if kind == "too_short":
        return f"at least {context['min_length']} is expected here"
    if kind == "value_error":
        return str(context["error"])
    return error["msg"] if kind in ("duration", "ratio", "count", "flag", "number") and not _empty(at) else _plainly(error, at)


def _quotes(at: Tree) -> str:
    sign = "{" if isinstance(at, Table) else "["
    return f"; put quotes round a text that starts with {sign}" if getattr(at.node, "flow_style", False) else ""


def _plainly(error: ErrorDetails, at: Tree) -> str:
    return "nothing stands here; write a value or leave the key out" if _empty(at) else error["msg"][:1].lower() + error["msg"][1:]


def _empty(at: Tree) -> bool:
    return isinstance(at, Scalar) and at.nothing


def expected(what: str, at: Tree) -> str:
    """`a list is expected here, not the text 'x'`."""
    return f"{what} is expected here, not {called(at)}"


def called(at: Tree) -> str:
    """What a person would call the value that stands there."""
    match at:
        case Scalar():
            return "nothing" if at.nothing else f"the text '{at.text}'"
        case Items():
            return "a list"
        case Table():
            return "a mapping"


def _one_of(choices: str, at: Tree) -> str:
    names = choices.replace(" or ", ", ").replace("'", "").split(", ")
    if not isinstance(at, Scalar) or at.nothing:
        return expected(listed(names, "or"), at)
    return f"{listed(names, 'or')} is expected here, not '{at.text}'{meant(at.text, names)}"
