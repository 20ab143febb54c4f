"""`firedrill bell`: the fire-alarm check."""

import asyncio
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firedrill.cli import deployed, options
from firedrill.cli.asking import informed, refuse_astray
from firedrill.cli.confirm import confirm_bell
from firedrill.cli.outlets import console
from firedrill.core.alerting import Alerting
from firedrill.core.model.suite import Environment, External, Stack
from firedrill.core.units import Duration
from firedrill.plan.bell import Bell, bell_for, bell_for_all
from firedrill.plan.words import unknown
from firedrill.stack.route import plain

if TYPE_CHECKING:
    from firedrill.conduct.bell import Rung


@click.command("bell")
@click.argument("alert", required=False)
@click.option("--all", "everything", is_flag=True, help="Every receiver instead of one alert's.")
@options.environment
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="A label that the alert's series would have; may be repeated.")
@click.option("--within", type=options.DurationType(), default="5s", show_default=True, help="How long a message may take.")
@click.option("--yes", is_flag=True, help="Do not ask before ringing an Alertmanager that runs already.")
@options.as_json
def command(
    alert: str | None, everything: bool, environment: str | None, labels: Sequence[str], within: Duration, yes: bool, as_json: bool
) -> None:
    """Send one synthetic alert, marked as a drill, through a real Alertmanager, and prove route, message and delivery.

    \b
    firedrill bell NegotiationApiDown
    firedrill bell --all

    ALERT is a rule of the suite's rule files. With an embedded stack only an Alertmanager and firedrill's sink are started, with the
    suite's own routes. With an external one the people on call are told too, and the sink hears it through the drill route. The alert
    says that it has fired for long, so that no group_wait holds it; it is resolved at the end.

    Exit codes: 0 every receiver was told; 1 one was not, and it is named; 3 nothing could be seen.
    """
    if bool(alert) == everything:
        raise click.UsageError("name one alert, or say --all")
    root, chosen, settings, alerting = _suite(environment)
    bell = _bell(alerting, alert, dict(map(_label, labels)))
    for note in bell.notes:
        click.echo(note, err=True)
    confirm_bell(list(dict.fromkeys(name for ring in bell.rings for name in ring.receivers)), chosen, settings, yes)
    rung = asyncio.run(_rung(root, settings, alerting, bell, within))
    options.echo_json(rung.as_json()) if as_json else _show(bell, rung)
    raise SystemExit(int(rung.exit_code))


def _suite(name: str | None) -> tuple[Path, str, Environment, Alerting]:
    """Root, environment and what its files or its running stack say; Invalid with every problem of the files."""
    files = options.suite_here(name, strict_env=True)
    deployed.refuse(files, name)
    files = informed(files, name)
    refuse_astray(files, name)
    chosen, environment = files.environment(name)
    return files.root or Path.cwd(), chosen, environment, plain(files.alerting[chosen])


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.UsageError(f"{text!r} is not NAME=VALUE, such as team=payments")
    return name, value


def _bell(alerting: Alerting, alert: str | None, labels: dict[str, str]) -> Bell:
    identity = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    if alert is None:
        if labels:
            raise click.UsageError("--label goes with one ALERT; with --all the routes decide")
        return bell_for_all(alerting, identity)
    if alert not in {rule.alert for rule in alerting.alerts}:
        raise click.UsageError(unknown("alert", alert, (rule.alert for rule in alerting.alerts)))
    return bell_for(alerting, alert, identity, labels)


async def _rung(root: Path, environment: Environment, alerting: Alerting, bell: Bell, within: float) -> "Rung":
    from firedrill.conduct.bell import embedded, ring, running
    from firedrill.conduct.signals import first_signal

    stack = environment.stack

    async def all_of_it() -> "Rung":
        say("starting Alertmanager" if stack.embedded else "reaching Alertmanager")
        bench = embedded(root, stack.embedded, alerting) if stack.embedded else running(root, _external(stack), alerting)
        async with bench as ready:
            say(f"ringing {len(bell.rings)} alert{'s' * (len(bell.rings) != 1)}, for {within:g} s at most each round")
            return await ring(bell, ready, within, say)

    def say(sentence: str) -> None:
        click.echo(sentence, err=True)

    task = asyncio.create_task(all_of_it())
    with first_signal() as stop:
        stop.acts_on(task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            raise click.Abort from None


def _external(stack: Stack) -> External:
    assert stack.external is not None, "a stack without either is refused when the file is read"
    return stack.external


def _show(bell: Bell, rung: "Rung") -> None:
    from rich.table import Table
    from rich.text import Text

    from firedrill.conduct.bell import is_marked

    out = console() if sys.stdout.isatty() else console(width=160)
    table = Table(box=None, pad_edge=False, header_style="dim")
    alerts = {name: ring.alert for ring in reversed(bell.rings) for name in ring.receivers}
    for name in ("", "receiver", "by", "told after", "what its reader sees, or why nothing came"):
        table.add_column(name, no_wrap=name in {"receiver", "by"})
    for told in rung.receivers:
        mark, colour = ("✓", "green") if told.delivered else ("✗", "red") if told.certain else ("?", "yellow")
        after = "" if told.seconds is None else f"{told.seconds:.3f}s"
        plain = told.message + ("" if not told.delivered or is_marked(told) else "\n(nothing in it says that it is a drill)")
        table.add_row(Text(mark, style=colour), Text(told.name), alerts.get(told.name, ""), after, Text(plain))
    out.print(table)
    told_ = sum(one.delivered for one in rung.receivers)
    click.echo(f"{told_} of {len(rung.receivers)} receivers told in {rung.seconds:.3f}s, bell {bell.id}")
    for broken in (one for one in rung.receivers if not one.delivered):
        click.echo(f"not told: {broken.name}", err=True)
