"""`firedrill stack`: the programs that an embedded stack needs."""

import click

from firedrill.cli import options


@click.group("stack")
def command() -> None:
    """Find or install Prometheus and Alertmanager, which drills start for themselves."""


@command.command("install")
def install() -> None:
    """Find the programs on PATH or in the folder FIREDRILL_BIN; install the distribution's packages if they are missing."""
    from firedrill.stack import install as installer

    installer.install(lambda sentence: click.echo(sentence, err=True))


@command.command("status")
@options.as_json
def status(as_json: bool) -> None:
    """Say which programs were found, where, and their versions."""
    from firedrill.stack import install as installer

    found = {name: installer.find(name) for name in installer.MINIMUM}
    if as_json:
        options.echo_json({name: None if one is None else {"path": str(one.path), "version": one.version} for name, one in found.items()})
        return
    for name, one in found.items():
        click.echo(f"{name}: {'not found' if one is None else f'{one.version} at {one.path}'}")
