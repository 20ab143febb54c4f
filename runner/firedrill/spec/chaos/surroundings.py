"""What stands around the activities: configuration, secrets, controls, extensions and the runtime's strategies.

It knows shapes, and which environment variables are asked for; it never looks at a secret's value.
"""

import json
from collections.abc import Callable, Iterator, Mapping

from firedrill.core.errors import Problem, Severity
from firedrill.spec.chaos import activities, controls
from firedrill.spec.chaos.telling import Telling, choice, is_a, is_empty
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree, under
from firedrill.spec.typed import expected

STRATEGIES = ("default", "before-method-only", "after-method-only", "during-method-only", "continuously", "skip")
_TYPES: Mapping[str, Callable[[str], object]] = {
    "str": str, "string": str, "int": int, "integer": int, "float": float, "number": float, "bytes": str, "bool": str, "json": json.loads,
}  # fmt: skip


def problems(tell: Telling, top: Table) -> Iterator[Problem]:
    """What is wrong with all of them."""
    yield from _configuration(tell, top.values.get("configuration"))
    yield from _secrets(tell, top.values.get("secrets"))
    yield from controls.problems(tell, top.values.get("controls"), ("controls",))
    yield from _extensions(tell, top.values.get("extensions"))
    yield from _runtime(tell, top.values.get("runtime"))


def unset(document: Document, environ: Mapping[str, str], severity: Severity) -> Iterator[Problem]:
    """A problem for each environment variable that the configuration or the secrets ask for, and that is not set."""
    for path, entry, needed in _from_env(document.tree):
        key = under(entry, "key")
        if needed and isinstance(key, Scalar) and not key.nothing and key.text not in environ:
            yield document.problem(key, (*path, "key"), f"the environment variable {key.text} is not set", severity)


def _from_env(top: Tree) -> Iterator[tuple[Path, Tree, bool]]:
    """Entries with `type: env`, and whether they have nothing else to fall back on."""
    for name, entry in _entries(under(top, "configuration")):
        if _kind(entry) == "env":
            yield ("configuration", name), entry, under(entry, "default") is None
    for path, entry in _nested(under(top, "secrets"), ("secrets",)):
        if _kind(entry) == "env":
            yield path, entry, True


def _nested(tree: Tree | None, path: Path) -> Iterator[tuple[Path, Tree]]:
    for name, entry in _entries(tree):
        yield (*path, name), entry
        if _kind(entry) not in {"env", "vault"}:
            yield from _nested(entry, (*path, name))


def _entries(tree: Tree | None) -> Iterator[tuple[str, Tree]]:
    yield from tree.values.items() if isinstance(tree, Table) else ()


def _kind(entry: Tree) -> str:
    kind = under(entry, "type")
    return kind.text if isinstance(kind, Scalar) else ""


def _configuration(tell: Telling, tree: Tree | None) -> Iterator[Problem]:
    yield from tell.mapping(tree, ("configuration",))
    for name, entry in _entries(tree):
        at: Path = ("configuration", name)
        if _kind(entry) == "env":
            yield from _env(tell, entry, at, ("type", "key", "default", "env_var_type"))
            yield from _typed(tell, entry, at)
        elif _kind(entry) == "probe":
            yield from tell.required(entry, at, ("provider",))
            provider = under(entry, "provider")
            if provider is not None and not is_empty(provider):
                yield from activities.provider(tell, provider, (*at, "provider"))


def _env(tell: Telling, entry: Tree, at: Path, known: tuple[str, ...]) -> Iterator[Problem]:
    yield from tell.mapping(entry, at, known)
    yield from tell.required(entry, at, ("key",))
    key = under(entry, "key")
    if key is not None and not is_empty(key) and not is_a(key, "str"):
        yield tell.wrong(key, (*at, "key"), expected("the name of an environment variable", key))


def _typed(tell: Telling, entry: Tree, at: Path) -> Iterator[Problem]:
    """A default has to be what `env_var_type` says, as the variable's own text has to."""
    kind, default = under(entry, "env_var_type"), under(entry, "default")
    if kind is None or is_a(kind, "null"):
        return
    if not isinstance(kind, Scalar) or kind.text not in _TYPES:
        yield tell.wrong(kind, (*at, "env_var_type"), choice(kind, ("str", "int", "float", "bytes", "bool", "json")))
    elif isinstance(default, Scalar) and is_a(default, "str"):
        try:
            _TYPES[kind.text](default.text or '""')
        except ValueError:
            yield tell.wrong(default, (*at, "default"), f"'{default.text}' is no {kind.text}")


def _secrets(tell: Telling, tree: Tree | None) -> Iterator[Problem]:
    yield from tell.mapping(tree, ("secrets",))
    for group, members in _entries(tree):
        yield from tell.mapping(members, ("secrets", group))
    for path, entry in _nested(tree, ("secrets",)):
        if _kind(entry) == "env":
            yield from _env(tell, entry, path, ("type", "key"))


def _extensions(tell: Telling, tree: Tree | None) -> Iterator[Problem]:
    if tree is None or is_a(tree, "null"):
        return
    if not isinstance(tree, Items):
        yield tell.wrong(tree, ("extensions",), expected("a list of mappings, each with a name,", tree))
        return
    for number, extension in enumerate(tree.items):
        at: Path = ("extensions", number)
        yield from tell.mapping(extension, at)
        yield from tell.required(extension, at, ("name",))
        name = under(extension, "name")
        if name is not None and not is_empty(name) and not is_a(name, "str"):
            yield tell.wrong(name, (*at, "name"), expected("a name, as a text,", name))


def _runtime(tell: Telling, tree: Tree | None) -> Iterator[Problem]:
    yield from tell.mapping(tree, ("runtime",), ("rollbacks", "hypothesis", "python"))
    yield from tell.mapping(under(tree, "rollbacks"), ("runtime", "rollbacks"), ("strategy",))
    yield from tell.mapping(under(tree, "hypothesis"), ("runtime", "hypothesis"), ("strategy", "frequency"))
    rollbacks, hypothesis = under(tree, "rollbacks", "strategy"), under(tree, "hypothesis", "strategy")
    if isinstance(rollbacks, Scalar) and rollbacks.text != "always":
        message = f"a drill always plays its rollbacks; '{rollbacks.text}' is overridden"
        yield tell.wrong(rollbacks, ("runtime", "rollbacks", "strategy"), message, Severity.WARNING)
    if hypothesis is not None and not (isinstance(hypothesis, Scalar) and hypothesis.text in STRATEGIES):
        yield tell.wrong(hypothesis, ("runtime", "hypothesis", "strategy"), choice(hypothesis, STRATEGIES))
    yield from _frequency(tell, under(tree, "hypothesis", "frequency"))


def _frequency(tell: Telling, tree: Tree | None) -> Iterator[Problem]:
    if tree is None:
        return
    positive = isinstance(tree, Scalar) and is_a(tree, "int", "float") and not tree.text.startswith("-") and not is_empty(tree)
    if not positive:
        yield tell.wrong(tree, ("runtime", "hypothesis", "frequency"), expected("a number of seconds between two looks", tree))
