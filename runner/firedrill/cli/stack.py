"""`firedrill stack`: the programs that an embedded stack needs, and the route that an external one needs."""

import re
from collections.abc import Collection

import click

from firedrill.cli import options

_VERSION = re.compile(r"v?\d+\.\d+\.\d+(?:-[\w.]+)?")


@click.group("stack")
def command() -> None:
    """Find or install Prometheus and Alertmanager, which drills start for themselves; print the route that your own Alertmanager needs."""


@command.command("install")
@click.option("--upstream", is_flag=True, help="Fetch the projects' own releases instead of packages; needs no root.")
@click.option("--from", "page", metavar="URL", help="A page laid out like the projects' own, such as a mirror; implies --upstream.")
@click.option(
    "--version",
    "versions",
    multiple=True,
    metavar="PROGRAM=VERSION",
    help="A release, such as prometheus=2.53.1; implies --upstream.",
)
def install(upstream: bool, page: str | None, versions: tuple[str, ...]) -> None:
    """Find the programs; install the distribution's packages if they are missing, or upstream's releases where there are no packages.

    Programs are looked for in the folder FIREDRILL_BIN, in the folder of releases that were fetched, and on PATH. Releases are checked
    against their published sha256sums.txt, tried, and put into FIREDRILL_BIN or else $XDG_DATA_HOME/firedrill/bin.
    """
    from firedrill.stack import install as installer
    from firedrill.stack.releases import PAGE

    if upstream or page or versions or not (installer.has_packages() or not installer.missing()):
        installer.install_upstream(page or PAGE, dict(_version(text, installer.WANTED) for text in versions), _say)
    else:
        installer.install(_say)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _version(text: str, known: Collection[str]) -> tuple[str, str]:
    name, equals, version = text.partition("=")
    if not equals or name not in known or not _VERSION.fullmatch(version):
        raise click.UsageError(f"{text!r} is not PROGRAM=VERSION, such as prometheus=2.53.1; programs are {' and '.join(known)}")
    return name, version


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
