"""Fills the registry of kinds: the built-in ones, a file each, and a team's own through entry points.

A package whose kind is broken is named in a sentence, whatever is wrong with it: other people's code must not end a command in a traceback.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from firedrill.core.errors import Refused
from firedrill.core.kinds import ExpectationKind, FaultKind, Kinds
from firedrill.core.model.declared import Declared

FAULTS = "firedrill.faults.kinds"
EXPECTATIONS = "firedrill.judge.expectations"
GROUPS: Mapping[str, type[FaultKind] | type[ExpectationKind]] = {"firedrill.faults": FaultKind, "firedrill.expectations": ExpectationKind}
"""The entry points by which a package brings kinds of its own."""


@dataclass(frozen=True, slots=True)
class Known:
    """Every kind that can be used, and a sentence for each that a package brings and that cannot."""

    kinds: Kinds
    broken: tuple[str, ...]


def kinds() -> Kinds:
    """Every kind that this installation knows, built in or from the entry points; Refused when a package brings one that is broken."""
    known = all_kinds()
    if known.broken:
        raise Refused("\n".join(known.broken))
    return known.kinds


def all_kinds() -> Known:
    """The same for who goes on without what is broken, and says so."""
    named: dict[str, dict[str, Any]] = {group: {one.name: one for one in _built_in(group)} for group in GROUPS}
    owners = {(group, name): "firedrill itself" for group, found in named.items() for name in found}
    broken: list[str] = []
    for group, point in [(each, point) for each in GROUPS for point in _points(each)]:
        try:
            kind = _loaded(point, GROUPS[group])
            if (owner := owners.get((group, kind.name))) is not None:
                raise _Unfit(f"it brings the kind {kind.name!r}, which {owner} brings too")
        except _Unfit as error:
            broken.append(f"{_package(point)} cannot be used (entry point {point.name!r} of {group}): {error}")
        else:
            named[group][kind.name], owners[group, kind.name] = kind, _package(point)
    return Known(Kinds(faults=named["firedrill.faults"], expectations=named["firedrill.expectations"]), tuple(broken))


class _Unfit(Exception):
    """Why an entry point gives no kind, as the end of a sentence."""


def _built_in(group: str) -> Iterator[Any]:
    package = FAULTS if group == "firedrill.faults" else EXPECTATIONS
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        kind = getattr(importlib.import_module(f"{package}.{module.name}"), "KIND", None)
        if kind is not None:
            yield kind


def _points(group: str) -> list[EntryPoint]:
    """In an order that does not hang on where they were installed."""
    return sorted(entry_points(group=group), key=lambda point: (_package(point), point.name, point.value))


def _package(point: EntryPoint) -> str:
    dist = point.dist
    return f"the package {dist.name} {dist.version}" if dist is not None else f"the package of {point.value}"


def _loaded(point: EntryPoint, wanted: type[FaultKind] | type[ExpectationKind]) -> Any:
    try:
        kind = point.load()
    except (Exception, SystemExit) as error:  # whatever a stranger's module does when it is imported
        raise _Unfit(f"{point.value} cannot be imported: {_words(error)}") from error
    if not isinstance(kind, wanted):
        raise _Unfit(f"{point.value} is no {wanted.__name__} but {_a(type(kind).__name__)}")
    if wrong := _wrong(kind):
        raise _Unfit(f"{point.value} is no whole {wanted.__name__}: {wrong}")
    return _guarded(kind, _package(point)) if isinstance(kind, FaultKind) else kind


def _wrong(kind: FaultKind | ExpectationKind) -> str | None:
    """What keeps a kind from being used, though its type is right: nobody checks what a dataclass is given."""
    shape, shaped = (kind.settings, "settings") if isinstance(kind, FaultKind) else (kind.declared, "declared")
    if unsaid := [name for name in ("name", "summary", "example") if not isinstance(getattr(kind, name), str) or not getattr(kind, name)]:
        return f"its {unsaid[0]} is no text"
    if not (isinstance(shape, type) and issubclass(shape, Declared)):
        return f"its {shaped} is no subclass of firedrill.core.model.declared.Declared"
    if isinstance(kind, FaultKind):
        return None if callable(kind.wire) and callable(kind.lacks) else "its wire or lacks cannot be called"
    if not callable(getattr(shape, "words", None)):
        return f"{shape.__name__} has no method `words`, which says the expectation in a line"
    return None if callable(kind.judge) else "its judge cannot be called"


def _guarded(kind: FaultKind, package: str) -> FaultKind:
    """The same kind, whose own mistakes are a sentence too; a judge's are one already, and cost its finding only."""
    return replace(kind, wire=_said(kind.wire, kind, package), lacks=_said(kind.lacks, kind, package))


def _said(call: Callable[[Any], Any], kind: FaultKind, package: str) -> Callable[[Any], Any]:
    def called(given: Any) -> Any:
        try:
            return call(given)
        except Refused:
            raise
        except Exception as error:
            raise Refused(f"the kind of fault {kind.name!r}, which {package} brings, broke: {_words(error)}") from error

    return called


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _a(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
