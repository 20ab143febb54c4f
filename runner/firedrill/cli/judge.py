"""`firedrill judge`: the verdict over a recorded drill, again."""

from pathlib import Path

import click

from firedrill.cli import options
from firedrill.cli.registry import kinds


@click.command("judge")
@click.argument("drill")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@options.as_json
def command(drill: str, results: Path, as_json: bool) -> None:
    """Judge the journal of DRILL (a folder, a drill's id, or an experiment's name for its latest) with today's judge.

    The exit code is the verdict's. Nothing is written: `firedrill report` writes.
    """
    from firedrill.cli.ending import judged_again, say_ending

    folder = options.drill_folder(results, drill)
    ending = judged_again(folder, kinds())
    if ending.trouble:
        click.echo(f"without action items: {ending.trouble}", err=True)
    if as_json:
        options.echo_json(ending.as_json())
    else:
        say_ending(ending)
    raise SystemExit(int(ending.drill.exit_code))
