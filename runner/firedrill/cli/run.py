"""`firedrill run`: drills, one after another."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TextIO, cast

import click

from firedrill.cli import activities, deployed, drawing, options
from firedrill.cli.asking import informed, refuse_astray
from firedrill.cli.confirm import confirm
from firedrill.cli.outlets import Patient, console, refuse_deaf, say_last, untold
from firedrill.core.errors import FiredrillError
from firedrill.core.units import Duration
from firedrill.core.verdicts import Exit, loudest

if TYPE_CHECKING:
    from firedrill.cli.ending import Ending
    from firedrill.conduct.drill import Drill, Order
    from firedrill.core.model.suite import Environment


@click.command("run")
@options.paths
@options.environment
@options.strict
@options.as_json
@click.option(
    "--results", type=click.Path(path_type=Path), help="Where drills leave their folders; results/ beside firedrill.yaml when left out."
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="One JUnit file for all drills of this command.")
@click.option("--yes", is_flag=True, help="Do not ask before drilling an environment other than `local`, or one that says `confirm: true`.")
@click.option("--blind", is_flag=True, help="Drill one of them, drawn by chance, at a moment drawn by chance; say what it was at the end.")
@click.option("--seed", type=click.IntRange(min=0), help="With --blind: the same seed draws the same again.")
@click.option(
    "--window",
    type=options.DurationType(),
    help=f"With --blind: it strikes within this time of steady state; {drawing.WINDOW} when left out.",
)
@click.option("--live", is_flag=True, help="Serve a page on which people follow the drill and act; its address is printed.")
@click.option("--joined", nargs=2, type=int, hidden=True, help="Descriptors of the `chaos run` that plays the method, for its control.")
def command(
    paths: tuple[Path, ...],
    environment: str | None,
    strict: bool,
    as_json: bool,
    results: Path | None,
    junit: Path | None,
    yes: bool,
    blind: bool,
    seed: int | None,
    window: Duration | None,
    live: bool,
    joined: tuple[int, int] | None,
) -> None:
    """Drill experiments: every file is validated before anything starts; folders mean every experiment in them.

    Ctrl-C stops the drill, puts everything back and judges what there is. The exit code is the worst drill's.

    With --blind all are validated, and one of them is drilled. Which one, and when it strikes, is not told before the end, when the
    seed is told too: the same files with the same --seed and --window are the same drill again.
    """
    from firedrill.conduct.drill import Order
    from firedrill.stack.embedded import refuse_uncaught

    drawing.refuse_alone(blind, seed, window)
    files, known = options.checked(paths, environment, run=True, strict=strict)
    deployed.refuse(files, environment)
    files = informed(files, environment)
    refuse_astray(files, environment)
    chosen, settings = files.environment(environment)
    if settings.stack.embedded is not None:
        refuse_uncaught(files.root or Path.cwd(), settings.stack.embedded)
    plans = [options.planned(files, known, experiment, environment) for experiment in files.experiments]
    confirm(plans, chosen, settings, yes)
    if joined is None:  # else Chaos Toolkit has looked already
        activities.refuse(files)
    for plan in plans:
        for warning in plan.warnings:
            click.echo(f"{plan.experiment}: warning: {warning}", err=True)
    if blind:
        plans = [drawing.drawn(plans, settings.limits, seed, window)]
    root = files.root or Path.cwd()
    attendants = _attendants(settings) if live else ()
    readers = options.readers(files)
    orders = [Order(root, plan, settings, known, (results or root / "results").absolute(), joined, readers, attendants) for plan in plans]
    raise SystemExit(run(orders, junit, as_json))


def _attendants(settings: "Environment") -> "tuple[Callable[[Drill], AbstractAsyncContextManager[object]], ...]":
    """The live page; Refused when its token is none, before anything starts."""
    from firedrill.live.guard import token_of
    from firedrill.live.server import alone, at

    at(settings.live.listen)
    return (alone(settings.live, token_of(settings.live), say_last),)


def run(orders: Sequence["Order"], junit: Path | None, as_json: bool) -> int:
    """Drill each order and say what became of it; the exit code of all. What was drilled is told even if the rest cannot be."""
    from firedrill.cli.ending import Ending, conclude_folder, say_ending, say_summary
    from firedrill.conduct.signals import signals_after_drills
    from firedrill.judge.surprises import set_off

    endings: list[Ending] = []
    codes: list[Exit] = []
    late = signals_after_drills()
    after: frozenset[str] = frozenset()
    for each in orders:
        order = replace(each, after=after)
        try:
            folder = _drill(order)
            ending = conclude_folder(folder, order.kinds)
        except (FiredrillError, OSError) as error:
            say_last(f"firedrill: {error}")
            codes.append(Exit(error.exit_code if isinstance(error, FiredrillError) else FiredrillError.exit_code))
            break
        endings.append(ending)
        after = set_off(ending.drill.facts, after) if order.environment.stack.external is not None else after
        codes.append(endings[-1].drill.exit_code)
        for trouble in filter(None, (ending.trouble, ending.unwritten)):
            say_last(f"firedrill: {trouble}")
            codes.append(Exit.INCONCLUSIVE)
        _render(folder, order.results)
        if not as_json:
            say_ending(ending)
        if ending.drill.exit_code in {Exit.INTERRUPTED, Exit.LEFT_OVER}:
            break
        if late.by is not None and each is not orders[-1]:
            say_last(f"firedrill: stopped by {late.by}; no further drill is started")
            codes.append(Exit.INTERRUPTED)
            break
    codes += _write_junit(junit, endings)
    if as_json:
        options.echo_json([ending.as_json() for ending in endings])
    elif len(orders) > 1:
        say_summary(endings, len(orders))
    if untold():
        for ending in endings:
            say_last(f"{ending.drill.verdict.word}  {ending.drill.facts.plan.experiment}: {ending.drill.reason}")
    return int(loudest(codes))


def _write_junit(junit: Path | None, endings: Sequence["Ending"]) -> list[Exit]:
    """One that cannot be written is no pass, and changes no other verdict."""
    from firedrill.report import junit as junit_report

    if junit is not None and endings:
        try:
            junit.parent.mkdir(parents=True, exist_ok=True)
            junit.write_bytes(junit_report.render_all([ending.drill for ending in endings]))
        except OSError as error:
            say_last(f"firedrill: {junit} cannot be written: {error.strerror or error}")
            return [Exit.INCONCLUSIVE]
    return []


def _drill(order: "Order") -> Path:
    from firedrill.cli.terminal import view
    from firedrill.conduct.conductor import conduct

    refuse_deaf()
    with view(console(cast(TextIO, Patient(sys.stderr)))) as shown:
        return asyncio.run(conduct(order, shown)).path


def _render(folder: Path, results: Path) -> None:
    """Out of reach of the Ctrl-C that a terminal sends to all who belong to it."""
    from firedrill.cli.ending import drawing

    done = subprocess.run(drawing(folder, results), capture_output=True, text=True, errors="replace", check=False, process_group=0)
    if done.returncode != 0:
        click.echo(f"the report could not be drawn: {done.stderr.strip()}; try `firedrill report {quote(str(folder))}`", err=True)
