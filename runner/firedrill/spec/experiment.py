"""An experiment's file to its model: our keys from the raw text, Chaos Toolkit's own keys as `yaml.safe_load` reads them.

It knows which keys are whose and how strict a file is. The kinds it knows are handed in; other files are not its business.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from firedrill.core.errors import Problem, Severity
from firedrill.core.instants import instant
from firedrill.core.kinds import Kinds
from firedrill.core.model.declared import Declared
from firedrill.core.model.experiment import Expectation, Experiment, Fault, Load, Silence
from firedrill.core.model.guards import Guard
from firedrill.core.units import Duration
from firedrill.spec import chaos, expectations, faults, respond, silences
from firedrill.spec.chaos.places import places
from firedrill.spec.chaos.telling import is_a
from firedrill.spec.limits import readable
from firedrill.spec.located import Document, Items, Scalar, Table, Tree, under, written
from firedrill.spec.located import Path as Where
from firedrill.spec.suggest import meant
from firedrill.spec.typed import expected, typed, unknown_key
from firedrill.spec.yaml import as_safe_load, read_one, within

OURS = ("slos", "probes", "load", "steady", "faults", "silences", "abort-when", "respond", "on-call-at", "expect")
SHARED = ("title", "description", "tags")


class _Shared(Declared):
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()


class _Ours(Declared):
    slos: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    load: Load | None = None
    steady: Duration = Duration(30)
    silences: tuple[Silence, ...] = ()
    abort_when: tuple[Guard, ...] = ()
    on_call_at: str | None = None


@dataclass(slots=True)
class Read:
    """An experiment's file as read: `block` holds our keys and stands at `base`; both stay for questions that only other files answer."""

    experiment: Experiment | None
    document: Document | None
    block: Table | None = None
    base: Where = ()
    problems: list[Problem] = field(default_factory=list)

    def ours(self, *path: str | int) -> Tree | None:
        """What stands at `path` among our keys."""
        return under(self.block, *path)

    def wrong(self, at: Tree, path: Where, message: str, severity: Severity = Severity.ERROR) -> None:
        """One problem more, at a value among our keys."""
        assert self.document is not None
        self.problems.append(self.document.problem(at, (*self.base, *path), message, severity))


def load_experiment(path: Path, kinds: Kinds, root: Path | None = None) -> tuple[Experiment | None, list[Problem]]:
    """The experiment in `path`, and all that is wrong with its file alone; there is none when any problem is an error."""
    read = read_experiment(path, kinds, root)
    return read.experiment, read.problems


def read_experiment(path: Path, kinds: Kinds, root: Path | None = None) -> Read:
    """As `load_experiment`, with the tree; `Experiment.file` counts from `root`."""
    document, problems = read_one(path)
    if document is None:
        return Read(None, None, problems=problems)
    assert isinstance(document.tree, Table)
    top, strict = document.tree, _is_strict(document.tree)
    soft = Severity.ERROR if strict else Severity.WARNING
    read = Read(None, document, problems=_softened(problems, soft, document))
    read.problems += [*_top_level(document, top, strict, soft), *chaos.problems(document, top, soft)]
    _find_block(read, top)
    _fill(read, top, kinds, strict, path, within(root, path) if root else document.file)
    return read


def _is_strict(top: Table) -> bool:
    return "method" not in top.keys or any(key in top.keys for key in OURS)


def _softened(problems: Iterable[Problem], soft: Severity, document: Document) -> list[Problem]:
    """A duplicate key in a plain Chaos Toolkit file is what Chaos Toolkit makes of it; our own block stays strict."""
    found = _own_extension(document.tree)
    mine = written(found[0]) if found else None
    return [
        replace(each, severity=soft) if each.message.startswith("duplicate key") and not (mine and each.path.startswith(mine)) else each
        for each in problems
    ]


def _top_level(document: Document, top: Table, strict: bool, soft: Severity) -> Iterable[Problem]:
    known = (*SHARED, *OURS, *chaos.KEYS) if strict else (*SHARED, *chaos.KEYS)
    for key, at in top.keys.items():
        if key not in (*SHARED, *OURS, *chaos.KEYS, *chaos.IGNORED) and not key.startswith("x-"):
            guess = meant(key, known) or meant(key, OURS)
            yield document.problem(at, (key,), f"unknown key{guess}" if guess else unknown_key(key, known), soft)


def _own_extension(tree: Tree) -> tuple[Where, Table] | None:
    extensions = under(tree, "extensions")
    for number, extension in enumerate(extensions.items if isinstance(extensions, Items) else ()):
        name = under(extension, "name")
        if isinstance(extension, Table) and isinstance(name, Scalar) and name.text == "firedrill":
            return ("extensions", number), extension
    return None


def _find_block(read: Read, top: Table) -> None:
    """Our keys stand at the top level or in one extension, never in both."""
    found = _own_extension(top)
    if found is None:
        read.block = top.only(*OURS)
        return
    read.base, extension = found
    read.block = extension.only(*OURS)
    for key, at in extension.keys.items():
        if key not in (*OURS, "name") and not key.startswith("x-"):
            read.wrong(at, (key,), unknown_key(key, OURS, extension.keys))
    for key in OURS:
        if key in top.keys and read.document is not None:
            message = f"firedrill's keys stand in {written(read.base)} too; keep them in one place"
            read.problems.append(read.document.problem(top.keys[key], (key,), message))


def _fill(read: Read, top: Table, kinds: Kinds, strict: bool, path: Path, file: str) -> None:
    assert read.document is not None
    assert read.block is not None
    shared = _shared(read, top, strict)
    ours, problems = typed(
        _Ours, read.block.only(*(key for key in OURS if key not in ("faults", "respond", "expect"))), read.document, read.base
    )
    read.problems += problems
    injected, wrong = faults.read(read.document, read.ours("faults"), (*read.base, "faults"), kinds)
    answered, wrong_there = respond.read(read.document, read.ours("respond"), (*read.base, "respond"))
    read.problems += wrong_there
    expected_, wrong_too = expectations.read(read.document, read.ours("expect"), (*read.base, "expect"), kinds)
    read.problems += [*wrong, *wrong_too]
    _check_repeats(read)
    read.problems += silences.problems(read.document, read.ours("silences"), (*read.base, "silences"))
    read.problems += readable(read.document, (*read.base, "on-call-at"), instant)
    theirs = _theirs(read, top)
    if shared is not None and ours is not None and not any(each.severity is Severity.ERROR for each in read.problems):
        read.experiment = _made(path.stem, file, shared, ours, injected, expected_, theirs).model_copy(
            update={"respond": answered, "chaos_places": places(top.only(*chaos.KEYS, "dry"))}
        )


def _made(
    name: str, file: str, shared: _Shared, ours: _Ours, injected: tuple[Fault, ...], expect: tuple[Expectation, ...], theirs: dict[str, Any]
) -> Experiment:
    return Experiment(
        name=name, file=file, title=shared.title, description=shared.description, tags=shared.tags,
        slos=ours.slos, probes=ours.probes, load=ours.load, steady=ours.steady, faults=injected, silences=ours.silences,
        abort_when=ours.abort_when, on_call_at=ours.on_call_at, expect=expect, chaos=theirs,
    )  # fmt: skip


def _shared(read: Read, top: Table, strict: bool) -> _Shared | None:
    assert read.document is not None
    keys, tags = [key for key in SHARED if key in top.keys], top.values.get("tags")
    if not strict and isinstance(tags, Scalar):
        keys.remove("tags")
        read.problems.append(read.document.problem(tags, ("tags",), expected("a list", tags), Severity.WARNING))
    shared, problems = typed(_Shared, top.only(*keys), read.document)
    read.problems += problems
    title = top.values.get("title")
    if shared is not None and title is not None and not shared.title.strip():
        read.problems.append(read.document.problem(title, ("title",), "nothing stands here; write a value"))
    if not strict:
        read.problems += _as_chaos_toolkit_has_them(read.document, top)
    return shared


def _as_chaos_toolkit_has_them(document: Document, top: Table) -> Iterable[Problem]:
    """A plain file is for `chaos run` too, which takes no experiment without a description."""
    description, tags = top.values.get("description"), top.values.get("tags")
    if description is None:
        yield document.problem(top, (), "'description' is missing; Chaos Toolkit requires one")
    elif isinstance(description, Scalar) and not description.text.strip():
        yield document.problem(description, ("description",), "nothing stands here; Chaos Toolkit requires a description")
    for number, tag in enumerate(tags.items if isinstance(tags, Items) else ()):
        if not is_a(tag, "str") or not isinstance(tag, Scalar) or not tag.text:
            yield document.problem(tag, ("tags", number), f"{expected('a text', tag)}; put quotes round it")


def _check_repeats(read: Read) -> None:
    for key in ("slos", "probes"):
        listing, seen = read.ours(key), set[str]()
        for number, item in enumerate(listing.items if isinstance(listing, Items) else ()):
            if isinstance(item, Scalar) and item.text in seen:
                read.wrong(item, (key, number), f"'{item.text}' stands here twice")
            seen |= {item.text} if isinstance(item, Scalar) else set()


def _theirs(read: Read, top: Table) -> dict[str, Any]:
    assert read.document is not None
    theirs = {}
    for key in (*chaos.KEYS, "dry"):
        if key in top.values:
            theirs[key], problems = as_safe_load(read.document, top.values[key], (key,))
            read.problems += problems
    return theirs
