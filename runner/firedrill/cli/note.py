"""`firedrill note`: words for a drill's record, from another terminal."""

import click

from firedrill.cli import options


@click.command("note")
@click.argument("text")
@options.by
@click.option("--role", default="", metavar="ROLE", help="Your role, such as scribe.")
@options.drill
def command(text: str, by: str, role: str, drill: str | None) -> None:
    """Write TEXT into the journal of a drill of this user that runs on this machine; its report shows it.

    Exit code 0 when it is written, 2 when there is no such drill, 3 when the drill does not answer.
    """
    options.act(drill, "note", {"text": text, "by": by, "role": role})
    click.echo("it is written down")
