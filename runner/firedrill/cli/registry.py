"""Fills the registry of kinds: the built-in ones, a file each, and a team's own through entry points."""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from firedrill.core.errors import FiredrillError
from firedrill.core.kinds import ExpectationKind, FaultKind, Kinds

FAULTS = "firedrill.faults.kinds"
EXPECTATIONS = "firedrill.judge.expectations"


def kinds() -> Kinds:
    """Every kind that this installation knows, built in or from the entry points `firedrill.faults` and `firedrill.expectations`."""
    points = entry_points()
    return Kinds(
        faults=_by_name((*_built_in(FAULTS), *_loaded(points.select(group="firedrill.faults"))), FaultKind),
        expectations=_by_name((*_built_in(EXPECTATIONS), *_loaded(points.select(group="firedrill.expectations"))), ExpectationKind),
    )


def _built_in(package: str) -> Iterator[Any]:
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        kind = getattr(importlib.import_module(f"{package}.{module.name}"), "KIND", None)
        if kind is not None:
            yield kind


def _loaded(points: EntryPoints) -> Iterator[Any]:
    for point in points:
        yield point.load()


def _by_name(found: tuple[Any, ...], kind: type[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for one in found:
        if not isinstance(one, kind):
            raise FiredrillError(f"{one!r} is registered as a {kind.__name__} and is none")
        if one.name in named:
            raise FiredrillError(f"two kinds are called {one.name!r}")
        named[one.name] = one
    return named
