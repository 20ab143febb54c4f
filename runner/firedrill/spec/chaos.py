"""The rules that Chaos Toolkit itself has for its keys (chaostoolkit-lib 1.44, `ensure_experiment_is_valid`), told with positions.

It knows shapes only: it imports no module that an activity names, looks for no program, and never imports chaoslib.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from firedrill.core.errors import Problem, Severity
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree, under
from firedrill.spec.suggest import listed, meant
from firedrill.spec.typed import expected, unknown_key

KEYS = ("method", "rollbacks", "steady-state-hypothesis", "configuration", "secrets", "controls", "extensions", "runtime")
"""What Chaos Toolkit plays; `title`, `description` and `tags` are shared."""
IGNORED = ("version", "contributions", "dry")
"""What it accepts and does not act on."""

_ACTIVITY = ("type", "name", "provider", "background", "pauses", "timeout", "controls", "tolerance", "dry", "ref")
_PROVIDER = {
    "python": ("type", "module", "func", "arguments", "secrets"),
    "process": ("type", "path", "arguments", "timeout", "secrets"),
    "http": ("type", "url", "method", "headers", "arguments", "timeout", "verify_tls", "max_retries", "secrets", "auth"),
}
_NEEDS = {"python": ("module", "func"), "process": ("path",), "http": ("url",)}
_TOLERANCES = {
    "probe": (*_ACTIVITY,), "regex": ("type", "pattern", "target"), "range": ("type", "range", "target"),
    "jsonpath": ("type", "path", "expect", "count", "target"),
}  # fmt: skip
_TAG = "tag:yaml.org,2002:"


def problems(document: Document, top: Table, soft: Severity) -> list[Problem]:
    """What Chaos Toolkit would refuse, as errors; what it would silently ignore, with severity `soft`."""
    return list(_Rules(document, soft).experiment(top))


def _is(tree: Tree, *tags: str) -> bool:
    return isinstance(tree, Scalar) and tree.node.tag.removeprefix(_TAG) in tags


class _Rules:
    def __init__(self, document: Document, soft: Severity) -> None:
        self.document, self.soft = document, soft

    def experiment(self, top: Table) -> Iterator[Problem]:
        names = set(_names(under(top, "method"))) | set(_names(under(top, "steady-state-hypothesis", "probes")))
        for key in ("method", "rollbacks"):
            if key in top.values:
                yield from self._activities(top.values[key], (key,), names)
        if "steady-state-hypothesis" in top.values:
            yield from self._hypothesis(top.values["steady-state-hypothesis"], names)
        for key in ("configuration", "secrets"):
            yield from self._mapping(top.values.get(key), (key,))
        yield from self._controls(top.values.get("controls"), ("controls",))
        yield from self._extensions(top.values.get("extensions"))
        yield from self._runtime(top.values.get("runtime"))

    def _hypothesis(self, tree: Tree, names: set[str]) -> Iterator[Problem]:
        at: Path = ("steady-state-hypothesis",)
        if isinstance(tree, Scalar) and tree.nothing:
            return
        yield from self._mapping(tree, at, ("title", "description", "probes", "controls"))
        yield from self._required(tree, at, ("title",))
        probes = under(tree, "probes")
        if probes is None:
            return
        yield from self._activities(probes, (*at, "probes"), names)
        for number, probe in enumerate(probes.items if isinstance(probes, Items) else ()):
            yield from self._tolerated(probe, (*at, "probes", number))

    def _tolerated(self, probe: Tree, at: Path) -> Iterator[Problem]:
        if not isinstance(probe, Table):
            return
        if "tolerance" not in probe.values:
            yield self._wrong(probe, at, "'tolerance' is missing; a probe of a hypothesis says what is normal")
            return
        yield from self._tolerance(probe.values["tolerance"], (*at, "tolerance"))

    def _tolerance(self, tree: Tree, at: Path) -> Iterator[Problem]:
        match tree:
            case Table():
                yield from self._tolerance_table(tree, at)
            case Scalar() if _is(tree, "float"):
                yield self._wrong(tree, at, f"Chaos Toolkit takes no fraction here; write a range, such as [0, {tree.text}]")
            case Scalar() if tree.nothing:
                yield self._wrong(
                    tree, at, "Chaos Toolkit takes no null here; write true, false, a whole number, a text, a list or a mapping"
                )

    def _tolerance_table(self, tree: Table, at: Path) -> Iterator[Problem]:
        kind = tree.values.get("type")
        if kind is None:
            yield self._wrong(tree, at, "'type' is missing")
        elif not isinstance(kind, Scalar) or kind.text not in _TOLERANCES:
            yield self._wrong(kind, (*at, "type"), _choice(kind, _TOLERANCES))
        elif kind.text == "probe":
            yield from self._activity(tree, at, None)
        else:
            yield from self._unknown(tree, at, _TOLERANCES[kind.text])
            yield from self._required(tree, at, {"regex": ("pattern",), "range": ("range",), "jsonpath": ("path",)}[kind.text])
            yield from self._limits(tree, at, kind.text)

    def _limits(self, tree: Table, at: Path, kind: str) -> Iterator[Problem]:
        value = tree.values.get({"regex": "pattern", "range": "range"}.get(kind, ""))
        if kind == "range" and value is not None:
            bounds = value.items if isinstance(value, Items) else ()
            if len(bounds) != 2 or not all(_is(each, "int", "float") for each in bounds):
                yield self._wrong(value, (*at, "range"), "a list of two numbers is expected here")
        if kind == "regex" and isinstance(value, Scalar):
            try:
                re.compile(value.text)
            except re.error as error:
                yield self._wrong(value, (*at, "pattern"), f"not a regular expression: {error}")

    def _activities(self, tree: Tree, at: Path, names: set[str]) -> Iterator[Problem]:
        if not isinstance(tree, Items):
            yield self._wrong(tree, at, expected("a list", tree) + ("; write []" if isinstance(tree, Scalar) and tree.nothing else ""))
            return
        for number, activity in enumerate(tree.items):
            yield from self._activity(activity, (*at, number), names)

    def _activity(self, tree: Tree, at: Path, names: set[str] | None) -> Iterator[Problem]:
        if not isinstance(tree, Table):
            yield self._wrong(tree, at, expected("an activity (a mapping with type, name and provider)", tree))
            return
        yield from self._unknown(tree, at, _ACTIVITY)
        if "ref" in tree.values:
            yield from self._reference(tree.values["ref"], (*at, "ref"), names or set())
            return
        yield from self._required(tree, at, ("type", "name", "provider"))
        kind = tree.values.get("type")
        if kind is not None and not (isinstance(kind, Scalar) and kind.text in ("probe", "action")):
            yield self._wrong(kind, (*at, "type"), _choice(kind, ("probe", "action")))
        yield from self._settings(tree, at)
        if "provider" in tree.values:
            yield from self._provider(tree.values["provider"], (*at, "provider"))

    def _reference(self, tree: Tree, at: Path, names: set[str]) -> Iterator[Problem]:
        if not isinstance(tree, Scalar) or tree.nothing or not tree.text:
            yield self._wrong(tree, at, expected("the name of an activity", tree))
        elif tree.text not in names:
            yield self._wrong(tree, at, f"no activity is named '{tree.text}'{meant(tree.text, names)}")

    def _settings(self, tree: Table, at: Path) -> Iterator[Problem]:
        background, timeout = tree.values.get("background"), tree.values.get("timeout")
        if background is not None and not _is(background, "bool"):
            yield self._wrong(background, (*at, "background"), expected("true or false", background))
        if timeout is not None and not _is(timeout, "int", "float", "null"):
            yield self._wrong(timeout, (*at, "timeout"), expected("a number of seconds", timeout))
        pauses = tree.values.get("pauses")
        yield from self._mapping(pauses, (*at, "pauses"), ("before", "after"))
        for key, pause in pauses.values.items() if isinstance(pauses, Table) else ():
            yield from self._pause(pause, (*at, "pauses", key))
        yield from self._controls(tree.values.get("controls"), (*at, "controls"))

    def _pause(self, pause: Tree, at: Path) -> Iterator[Problem]:
        variable = isinstance(pause, Scalar) and pause.text.startswith("${") and pause.text.endswith("}")
        positive = _is(pause, "int", "float") and isinstance(pause, Scalar) and not pause.text.startswith("-")
        if not (variable or positive or _is(pause, "null")):
            yield self._wrong(pause, at, expected("a number of seconds or a variable such as ${pause}", pause))

    def _provider(self, tree: Tree, at: Path) -> Iterator[Problem]:
        if not isinstance(tree, Table):
            yield self._wrong(tree, at, expected("a mapping (key: value)", tree))
            return
        kind = tree.values.get("type")
        if kind is None:
            yield self._wrong(tree, at, "'type' is missing")
        elif not isinstance(kind, Scalar) or kind.text not in _PROVIDER:
            yield self._wrong(kind, (*at, "type"), _choice(kind, _PROVIDER))
        else:
            yield from self._unknown(tree, at, _PROVIDER[kind.text])
            yield from self._required(tree, at, _NEEDS[kind.text])
            if kind.text == "http" and "headers" in tree.values:
                yield from self._mapping(tree.values["headers"], (*at, "headers"))

    def _controls(self, tree: Tree | None, at: Path) -> Iterator[Problem]:
        if tree is None:
            return
        if not isinstance(tree, Items):
            yield self._wrong(tree, at, expected("a list", tree))
            return
        for number, control in enumerate(tree.items):
            if under(control, "ref") is None:
                yield from self._mapping(control, (*at, number), ("name", "provider", "scope", "automatic", "ref"))
                yield from self._required(control, (*at, number), ("name", "provider"))

    def _extensions(self, tree: Tree | None) -> Iterator[Problem]:
        if tree is None:
            return
        if not isinstance(tree, Items):
            yield self._wrong(tree, ("extensions",), expected("a list of mappings, each with a name,", tree))
            return
        for number, extension in enumerate(tree.items):
            yield from self._mapping(extension, ("extensions", number))
            yield from self._required(extension, ("extensions", number), ("name",))

    def _runtime(self, tree: Tree | None) -> Iterator[Problem]:
        yield from self._mapping(tree, ("runtime",), ("rollbacks", "hypothesis", "python"))
        strategy = under(tree, "rollbacks", "strategy")
        if isinstance(strategy, Scalar) and strategy.text != "always":
            message = f"a drill always plays its rollbacks; '{strategy.text}' is overridden"
            yield self._wrong(strategy, ("runtime", "rollbacks", "strategy"), message, Severity.WARNING)

    def _mapping(self, tree: Tree | None, at: Path, known: Sequence[str] | None = None) -> Iterator[Problem]:
        if tree is None:
            return
        if not isinstance(tree, Table):
            yield self._wrong(tree, at, expected("a mapping (key: value)", tree))
        elif known is not None:
            yield from self._unknown(tree, at, known)

    def _unknown(self, tree: Table, at: Path, known: Sequence[str]) -> Iterator[Problem]:
        for key, place in tree.keys.items():
            if key not in known and not key.startswith("x-"):
                yield self._wrong(place, (*at, key), unknown_key(key, known, tree.keys), self.soft)

    def _required(self, tree: Tree, at: Path, keys: Sequence[str]) -> Iterator[Problem]:
        for key in keys if isinstance(tree, Table) else ():
            value = under(tree, key)
            if value is None:
                yield self._wrong(tree, at, f"'{key}' is missing")
            elif isinstance(value, Scalar) and (value.nothing or not value.text.strip()):
                yield self._wrong(value, (*at, key), "nothing stands here; write a value")

    def _wrong(self, at: Tree, path: Path, message: str, severity: Severity = Severity.ERROR) -> Problem:
        return self.document.problem(at, path, message, severity)


def _names(activities: Tree | None) -> Iterator[str]:
    for activity in activities.items if isinstance(activities, Items) else ():
        name = under(activity, "name")
        if isinstance(name, Scalar):
            yield name.text


def _choice(tree: Tree, choices: Mapping[str, object] | Sequence[str]) -> str:
    guess = meant(tree.text, choices) if isinstance(tree, Scalar) else ""
    return expected(listed(choices, "or"), tree) + guess
