"""`firedrill stack`: the programs that an embedded stack needs, and the route that an external one needs."""

import click

from firedrill.cli import options


@click.group("stack")
def command() -> None:
    """Find or install Prometheus and Alertmanager, which drills start for themselves; print the route that your own Alertmanager needs."""


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


@command.command("route")
@options.environment
@options.as_json
def route(environment: str | None, as_json: bool) -> None:
    """Print the drill route and its receivers, to paste into the alertmanager.yml of an external stack.

    Every notification of your routes then also goes to firedrill's sink, by a copy of the routing tree; your own routing stays as it is.
    The routes are read from `alertmanager-config`, or else asked for at the running Alertmanager.
    """
    from firedrill.cli.asking import informed
    from firedrill.stack.route import pasted, printed

    files = options.suite_here(environment)
    chosen, settings = files.environment(environment)
    external = settings.stack.external
    if external is None:
        raise click.UsageError(f"the environment {chosen} has an embedded stack, whose receivers a drill points at its sink by itself")
    door = external.pages.sink
    if door is None:
        raise click.UsageError(f"the environment {chosen} sees pages at the pager's API and needs no route; give 'pages.sink' for one")
    files = informed(files, environment) if "routes" in files.alerting[chosen].unread else files
    asked = (files.alerting[chosen], door.url or f"http://{door.listen}", door.token)
    if as_json:
        options.echo_json(pasted(*asked))
        return
    click.echo(printed(*asked), nl=False)
