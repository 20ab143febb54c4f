"""`firedrill catalog`: every kind of fault and expectation."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from firedrill.cli import options
from firedrill.cli.registry import all_kinds
from firedrill.core.kinds import ExpectationKind, FaultKind, Kinds


@click.command("catalog")
@options.as_json
def command(as_json: bool) -> None:
    """List every kind of fault and expectation, with what it does and an example to copy.

    Exit code 2 when an installed package brings a kind that is broken: it is named, and the others are listed.
    """
    registered = all_kinds()
    known = registered.kinds
    if as_json:
        told = {"faults": _as_json(known.faults), "expectations": _as_json(known.expectations)}
        options.echo_json(told | {"broken": list(registered.broken)})
    else:
        _tell(known)
    for sentence in registered.broken:
        click.echo(sentence, err=True)
    if registered.broken:
        sys.exit(2)


def _tell(known: Kinds) -> None:
    for title, family in (("Faults", known.faults), ("Expectations", known.expectations)):
        click.secho(title, bold=True)
        for kind in family.values():
            click.echo(f"\n  {kind.name}: {kind.summary}\n")
            if isinstance(kind, FaultKind):
                click.echo(f"    acts on: {', '.join(kind.acts_on) or 'nothing'}; undo: {kind.undo}\n")
            click.echo("".join(f"    {line}\n" for line in kind.example.strip("\n").splitlines()))


def _as_json(family: Mapping[str, FaultKind] | Mapping[str, ExpectationKind]) -> list[dict[str, Any]]:
    return [_one(kind) for kind in family.values()]


def _one(kind: FaultKind | ExpectationKind) -> dict[str, Any]:
    told = {"name": kind.name, "summary": kind.summary, "example": kind.example}
    return {**told, "acts_on": kind.acts_on, "changes": kind.changes, "undo": kind.undo} if isinstance(kind, FaultKind) else told
