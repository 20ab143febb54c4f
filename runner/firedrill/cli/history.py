"""`firedrill history`: the drills that there were, and how the team's times go."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from firedrill.cli import options
from firedrill.spec.suggest import unknown

if TYPE_CHECKING:
    from firedrill.judge.scores import Earlier


@click.command("history")
@click.argument("experiment", required=False)
@click.option("--environment", "-e", metavar="NAME", help="Only drills of this environment.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@options.as_json
def command(experiment: str | None, environment: str | None, results: Path, as_json: bool) -> None:
    """List the drills of EXPERIMENT, or of all: when, the verdict, and the times to detect, page, acknowledge, mitigate and resolve.

    Below them stands where the time to page goes. Drills are read from their verdict.json; nothing is judged again. One that was
    killed has none: `firedrill judge` judges it, and `firedrill report` writes it.

    \b
    --json answers [{experiment, drills: [{drill, started_at, environment, verdict, ended, times: {page: seconds or null, ...}}...],
      median_s: {page: ...}, best_s: {page: ...}}...]
    """
    from firedrill.report.history import content

    found = {name: _of(results / name, environment) for name in _named(results, experiment)}
    if as_json:
        options.echo_json([content(name, drills) for name, drills in found.items()])
    elif not any(found.values()):
        click.echo(f"there is no drill below {results}/" + (f" in the environment {environment}" if environment else ""))
    else:
        for name, drills in found.items():
            _say(name, drills)


def _named(results: Path, experiment: str | None) -> list[str]:
    known = sorted(path.name for path in results.glob("*") if path.is_dir() and not path.is_symlink())
    if experiment is None:
        return known
    if experiment not in known:
        raise click.UsageError(unknown("experiment with results", experiment, known) if known else f"there is no drill below {results}/")
    return [experiment]


def _of(folder: Path, environment: str | None) -> "list[Earlier]":
    from firedrill.conduct.history import drills, unjudged

    found, unread = drills(folder)
    found = sorted([*found, *unjudged(folder)], key=lambda one: (one.started_at, one.drill))
    for file in unread:
        click.echo(f"{file} cannot be read, and is left out; `firedrill report {quote(str(file.parent))}` writes it again", err=True)
    return [one for one in found if environment in (None, one.environment)]


def _say(name: str, drills: "list[Earlier]") -> None:
    from firedrill.report.history import table, trends

    if drills:
        click.secho(name, bold=True)
        click.echo("".join(f"  {line}\n" for line in (*table(drills), *trends(drills))))
