"""`firedrill ack`: take a page, from another terminal."""

import click

from firedrill.cli import options


@click.command("ack")
@click.argument("page")
@options.by
@options.drill
def command(page: str, by: str, drill: str | None) -> None:
    """Acknowledge PAGE, such as p1, in a drill of this user that runs on this machine.

    Exit code 0 when it is acknowledged (also by somebody before you), 2 when there is no such page or drill, 3 when the drill does not
    answer.
    """
    options.act(drill, "acknowledge", {"page": page, "by": by})
    click.echo(f"{page} is acknowledged")
