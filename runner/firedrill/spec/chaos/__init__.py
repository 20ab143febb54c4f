"""The rules that Chaos Toolkit itself has for its keys (chaostoolkit-lib 1.44, `ensure_experiment_is_valid`), told with positions.

It knows shapes only: it imports no module that an activity names, looks for no program, and never imports chaoslib.
"""

from collections.abc import Iterator
from itertools import chain

from firedrill.core.errors import Problem, Severity
from firedrill.spec.chaos import activities, controls, surroundings, tolerances
from firedrill.spec.chaos.places import walk
from firedrill.spec.chaos.telling import Telling, is_a
from firedrill.spec.located import Document, Items, Path, Scalar, Table, Tree, scalars, under

KEYS = ("method", "rollbacks", "steady-state-hypothesis", "configuration", "secrets", "controls", "extensions", "runtime")
"""What Chaos Toolkit plays; `title`, `description` and `tags` are shared."""
IGNORED = ("version", "contributions", "dry")
"""What it accepts and does not act on."""

unset = surroundings.unset


def problems(document: Document, top: Table, soft: Severity) -> list[Problem]:
    """What Chaos Toolkit would refuse, as errors; what it would silently ignore, with severity `soft`."""
    return list(_of(Telling(document, soft), top))


def _of(tell: Telling, top: Table) -> Iterator[Problem]:
    names = {*_names(under(top, "method")), *_names(under(top, "steady-state-hypothesis", "probes"))}
    for key in ("method", "rollbacks"):
        if key in top.values:
            yield from activities.listed_ones(tell, top.values[key], (key,), names)
    if "steady-state-hypothesis" in top.values:
        yield from _hypothesis(tell, top.values["steady-state-hypothesis"], names)
    yield from surroundings.problems(tell, top)
    yield from _unwritable(tell, top.only(*KEYS))
    yield from controls.references(tell, top)


def _unwritable(tell: Telling, top: Table) -> Iterator[Problem]:
    """Chaos Toolkit takes bytes, and loses its journal over them at the end."""
    keys = ((path, key) for path, key in walk(top) if isinstance(key, Scalar))
    for path, scalar in dict.fromkeys(chain(keys, scalars(top))):
        if is_a(scalar, "binary"):
            yield tell.wrong(scalar, path, "bytes (!!binary) cannot be written into a journal; write a text")
        elif any("\ud800" <= sign <= "\udfff" for sign in scalar.text):
            yield tell.wrong(scalar, path, "half a character (a lone surrogate) cannot be written into a journal")


def _hypothesis(tell: Telling, tree: Tree, names: set[str]) -> Iterator[Problem]:
    at: Path = ("steady-state-hypothesis",)
    yield from tell.mapping(tree, at, ("title", "description", "probes", "controls"))
    yield from tell.required(tree, at, ("title",))
    yield from controls.problems(tell, under(tree, "controls"), (*at, "controls"))
    probes = under(tree, "probes")
    if probes is None:
        return
    yield from activities.listed_ones(tell, probes, (*at, "probes"), names)
    for number, probe in enumerate(probes.items if isinstance(probes, Items) else ()):
        yield from _tolerated(tell, probe, (*at, "probes", number))


def _tolerated(tell: Telling, probe: Tree, at: Path) -> Iterator[Problem]:
    if not isinstance(probe, Table):
        return
    if "tolerance" not in probe.values:
        yield tell.wrong(probe, at, "'tolerance' is missing; a probe of a hypothesis says what is normal")
        return
    yield from tolerances.problems(tell, probe.values["tolerance"], (*at, "tolerance"))


def _names(those: Tree | None) -> Iterator[str]:
    for activity in those.items if isinstance(those, Items) else ():
        name = under(activity, "name")
        if isinstance(name, Scalar):
            yield name.text
