"""`firedrill actions`: what drills have left to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firedrill.cli import options

if TYPE_CHECKING:
    from firedrill.judge.drill import Action


@click.command("actions")
@click.argument("experiment", required=False)
@click.option("--open", "only_open", is_flag=True, help="Without those that a later drill has closed.")
@click.option("--owner", nargs=2, metavar="ID WHO", help="Say who does it; an empty WHO is nobody.")
@click.option("--note", nargs=2, metavar="ID TEXT", help="Say what there is to know, such as a ticket.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@options.as_json
def command(
    experiment: str | None, only_open: bool, owner: tuple[str, str] | None, note: tuple[str, str] | None, results: Path, as_json: bool
) -> None:
    """List the action items of EXPERIMENT, or of all experiments: expectations that did not hold.

    A drill opens them, and only a later drill in which the same expectation holds closes them. ID is an item's, or its beginning.
    """
    from firedrill.conduct import actions
    from firedrill.conduct.results import folders
    from firedrill.report.verdict_json import action

    if owner is not None:
        actions.assign(results, owner[0], owner[1], None)
    if note is not None:
        actions.assign(results, note[0], None, note[1])
    if experiment is not None and experiment not in {one.name for one in folders(results)}:
        raise click.UsageError(f"no drill of {experiment!r} under {results}/")
    found = [one for one in actions.everywhere(results, experiment) if not (only_open and one.status == "closed")]
    if as_json:
        options.echo_json({"actions": [action(one) for one in found]})
    else:
        _say(found, f"no {'open ' if only_open else ''}action items under {results}/")


def _say(found: Sequence["Action"], none: str) -> None:
    from firedrill.judge.actions import state, words

    for one in found:
        click.echo(f"{one.id}  {one.experiment} ({one.environment}): {state(one)}: {words(one)}")
        if one.status != "closed":
            click.echo(f"          {one.sentence}")
        if one.note:
            click.echo(f"          {one.note}")
    if not found:
        click.echo(none)
