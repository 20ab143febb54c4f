"""Controls, as `chaoslib.control.validate_controls` has them. A module that cannot be imported is no error there, nor here."""

from collections.abc import Iterator

from firedrill.core.errors import Problem, Severity
from firedrill.spec.chaos.telling import Telling, choice, is_a, is_empty
from firedrill.spec.located import Items, Path, Scalar, Table, Tree, under
from firedrill.spec.suggest import meant
from firedrill.spec.typed import expected

_KEYS = ("name", "provider", "scope", "automatic", "ref")
_PROVIDER = ("type", "module", "arguments", "secrets")


def problems(tell: Telling, tree: Tree | None, at: Path) -> Iterator[Problem]:
    """What is wrong with one list of controls."""
    if tree is None:
        return
    if not isinstance(tree, Items):
        yield tell.wrong(tree, at, expected("a list", tree))
        return
    for number, control in enumerate(tree.items):
        yield from _one(tell, control, (*at, number))


def _one(tell: Telling, tree: Tree, at: Path) -> Iterator[Problem]:
    yield from tell.mapping(tree, at, _KEYS)
    yield from tell.required(tree, at, ("name", "provider"))
    scope, provider = under(tree, "scope"), under(tree, "provider")
    if scope is not None and not is_empty(scope) and not (isinstance(scope, Scalar) and scope.text in ("before", "after")):
        yield tell.wrong(scope, (*at, "scope"), choice(scope, ("before", "after")))
    if provider is not None and not is_empty(provider):
        yield from _provider(tell, provider, (*at, "provider"))


def _provider(tell: Telling, tree: Tree, at: Path) -> Iterator[Problem]:
    yield from tell.mapping(tree, at)
    kind = under(tree, "type")
    if isinstance(kind, Scalar) and kind.text == "python":
        assert isinstance(tree, Table)
        yield from tell.unknown(tree, at, _PROVIDER)
        yield from tell.required(tree, at, ("module",))
        module = under(tree, "module")
        if module is not None and not is_empty(module) and not is_a(module, "str"):
            yield tell.wrong(module, (*at, "module"), expected("the name of a Python module", module))
    elif isinstance(tree, Table):
        message = "Chaos Toolkit plays controls of the type python only; this one does nothing"
        yield tell.wrong(kind or tree, (*at, "type") if kind else at, message, Severity.WARNING)


def references(tell: Telling, top: Table) -> Iterator[Problem]:
    """Each `ref` of a control, anywhere, that names no other control of the file."""
    found = list(_all(top))
    names = {name.text for _, control in found if under(control, "ref") is None and isinstance(name := under(control, "name"), Scalar)}
    for path, control in found:
        reference = under(control, "ref")
        if reference is not None and not (isinstance(reference, Scalar) and reference.text in names):
            guess = f"no control is named '{reference.text}'{meant(reference.text, names)}" if isinstance(reference, Scalar) else None
            yield tell.wrong(reference, (*path, "ref"), guess or expected("the name of a control", reference))


def _all(top: Table) -> Iterator[tuple[Path, Tree]]:
    lists: list[Path] = [("controls",), ("steady-state-hypothesis", "controls")]
    owners: list[Path] = [("method",), ("rollbacks",), ("steady-state-hypothesis", "probes")]
    for place in owners:
        activities = under(top, *place)
        lists += [(*place, number, "controls") for number in range(len(activities.items) if isinstance(activities, Items) else 0)]
    for place in lists:
        listed = under(top, *place)
        for number, control in enumerate(listed.items if isinstance(listed, Items) else ()):
            yield (*place, number), control
