"""`firedrill report`: the reports of a recorded drill, again."""

from pathlib import Path

import click

from firedrill.cli import options
from firedrill.cli.registry import kinds
from firedrill.core.errors import FiredrillError


@click.command("report")
@click.argument("drill")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@click.option("--inline", is_flag=True, help="Put the chart library into the page, so that it can be sent alone (5 MB).")
def command(drill: str, results: Path, inline: bool) -> None:
    """Render report.html, verdict.json, junit.xml, summary.md and incident.md of DRILL and print the page's path.

    The chart library is kept once, in the results folder; a drill's folder elsewhere gets a page with the library inside.
    """
    from firedrill.cli.ending import conclude_again
    from firedrill.core.events import Unsound
    from firedrill.core.foreign import replace
    from firedrill.core.journal import NAME
    from firedrill.core.recorded import recorded
    from firedrill.report import html

    folder = options.drill_folder(results, drill)
    ending = conclude_again(folder, kinds(), results)
    # What is written beside a folder is written in this suite's own results alone.
    script = None if inline or results.resolve() != folder.parent.parent else html.place_library(folder.parent.parent)
    entries = {entry.seq: entry for entry in recorded(folder / NAME) if not isinstance(entry.event, Unsound)}
    replace(folder / "report.html", html.render(ending.drill, script, entries))
    if ending.trouble:
        click.echo(f"without action items: {ending.trouble}", err=True)
    click.echo(folder / "report.html")
    if ending.unwritten:
        raise FiredrillError(ending.unwritten)
