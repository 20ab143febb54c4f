"""Activities and their providers, as `chaoslib.activity.ensure_activity_is_valid` has them, but for what only importing would tell."""

from collections.abc import Callable, Iterator

from firedrill.core.errors import Problem
from firedrill.spec.chaos import controls
from firedrill.spec.chaos.telling import Telling, choice, is_a, is_empty
from firedrill.spec.located import Items, Path, Scalar, Table, Tree
from firedrill.spec.suggest import meant
from firedrill.spec.typed import expected

KEYS = ("type", "name", "provider", "background", "pauses", "timeout", "controls", "tolerance", "dry", "ref")
PROVIDERS = {
    "python": ("type", "module", "func", "arguments", "secrets"),
    "process": ("type", "path", "arguments", "timeout", "secrets"),
    "http": ("type", "url", "method", "headers", "arguments", "timeout", "verify_tls", "max_retries", "secrets", "auth"),
}
_NEEDS = {"python": ("module", "func"), "process": ("path",), "http": ("url",)}


def listed_ones(tell: Telling, tree: Tree, at: Path, names: set[str]) -> Iterator[Problem]:
    """What is wrong with a list of activities; a `ref` must be one of `names`."""
    if not isinstance(tree, Items):
        yield tell.wrong(tree, at, expected("a list", tree) + ("; write []" if isinstance(tree, Scalar) and tree.nothing else ""))
        return
    for number, activity in enumerate(tree.items):
        yield from one(tell, activity, (*at, number), names)


def one(tell: Telling, tree: Tree, at: Path, names: set[str]) -> Iterator[Problem]:
    """What is wrong with one activity."""
    if not isinstance(tree, Table):
        yield tell.wrong(tree, at, expected("an activity (a mapping with type, name and provider)", tree))
        return
    yield from tell.unknown(tree, at, KEYS)
    reference = tree.values.get("ref")
    if reference is not None and not is_a(reference, "null"):
        yield from _reference(tell, reference, (*at, "ref"), names)
        yield from controls.problems(tell, tree.values.get("controls"), (*at, "controls"))
        return
    yield from tell.required(tree, at, ("type", "name", "provider"))
    kind = tree.values.get("type")
    if kind is not None and not is_empty(kind) and not (isinstance(kind, Scalar) and kind.text in ("probe", "action")):
        yield tell.wrong(kind, (*at, "type"), choice(kind, ("probe", "action")))
    yield from _settings(tell, tree, at)
    if "provider" in tree.values:
        yield from provider(tell, tree.values["provider"], (*at, "provider"))


def _reference(tell: Telling, tree: Tree, at: Path, names: set[str]) -> Iterator[Problem]:
    if not is_a(tree, "str") or not isinstance(tree, Scalar) or not tree.text:
        yield tell.wrong(tree, at, expected("the name of an activity", tree))
    elif tree.text not in names:
        yield tell.wrong(tree, at, f"no activity is named '{tree.text}'{meant(tree.text, names)}")


def _settings(tell: Telling, tree: Table, at: Path) -> Iterator[Problem]:
    background, timeout, pauses = (tree.values.get(key) for key in ("background", "timeout", "pauses"))
    if background is not None and not is_a(background, "bool"):
        yield tell.wrong(background, (*at, "background"), expected("true or false", background))
    if timeout is not None and not is_a(timeout, "int", "float", "null"):
        yield tell.wrong(timeout, (*at, "timeout"), expected("a number of seconds", timeout))
    if not is_a(pauses, "null"):
        yield from tell.mapping(pauses, (*at, "pauses"), ("before", "after"))
    for key, pause in pauses.values.items() if isinstance(pauses, Table) else ():
        yield from _pause(tell, pause, (*at, "pauses", key))
    yield from controls.problems(tell, tree.values.get("controls"), (*at, "controls"))


def _pause(tell: Telling, pause: Tree, at: Path) -> Iterator[Problem]:
    variable = isinstance(pause, Scalar) and pause.text.startswith("${") and pause.text.endswith("}")
    positive = is_a(pause, "int", "float") and isinstance(pause, Scalar) and not pause.text.startswith("-")
    if not (variable or positive or is_a(pause, "null")):
        yield tell.wrong(pause, at, expected("a number of seconds or a variable such as ${pause}", pause))


def provider(tell: Telling, tree: Tree, at: Path) -> Iterator[Problem]:
    """What is wrong with a provider; that its module, function or program exists is looked at by `validate --deep` alone."""
    if not isinstance(tree, Table):
        yield tell.wrong(tree, at, expected("a mapping (key: value)", tree))
        return
    kind = tree.values.get("type")
    if kind is None:
        yield tell.wrong(tree, at, "'type' is missing")
    elif not isinstance(kind, Scalar) or kind.text not in PROVIDERS:
        yield tell.wrong(kind, (*at, "type"), choice(kind, PROVIDERS))
    else:
        yield from tell.unknown(tree, at, PROVIDERS[kind.text])
        yield from tell.required(tree, at, _NEEDS[kind.text])
        yield from _texts(tell, tree, at, _NEEDS[kind.text])
        yield from _OF[kind.text](tell, tree, at)


def _texts(tell: Telling, tree: Table, at: Path, keys: tuple[str, ...]) -> Iterator[Problem]:
    """A number or a mapping here is a traceback of Chaos Toolkit's, now or when it is played."""
    for key in keys:
        value = tree.values.get(key)
        if value is not None and not is_empty(value) and not is_a(value, "str"):
            yield tell.wrong(value, (*at, key), f"{expected('a text', value)}; put quotes round it" if isinstance(value, Scalar) else
                             expected("a text", value))  # fmt: skip


def _python(tell: Telling, tree: Table, at: Path) -> Iterator[Problem]:
    yield from tell.mapping(tree.values.get("arguments"), (*at, "arguments"))


def _process(tell: Telling, tree: Table, at: Path) -> Iterator[Problem]:
    return iter(())


def _http(tell: Telling, tree: Table, at: Path) -> Iterator[Problem]:
    headers = tree.values.get("headers")
    if headers is not None and not is_empty(headers):
        yield from tell.mapping(headers, (*at, "headers"))


_OF: dict[str, Callable[[Telling, Table, Path], Iterator[Problem]]] = {"python": _python, "process": _process, "http": _http}
