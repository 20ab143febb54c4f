"""`firedrill gameday`: several experiments in one sitting, with briefings, pauses for people, and a debrief."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TextIO, cast

import click

from firedrill.cli import activities, deployed, drawing, options
from firedrill.cli.asking import informed, refuse_astray
from firedrill.cli.confirm import confirm, told
from firedrill.cli.registry import kinds
from firedrill.core.errors import Invalid
from firedrill.core.gameday import GameDayKept, RoundKept
from firedrill.core.kinds import Kinds
from firedrill.core.model.gameday import GameDay, Roles, Round
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Live
from firedrill.core.units import Duration
from firedrill.spec.check import Checked, check
from firedrill.spec.gameday import ReadGameDay, read_game_day

if TYPE_CHECKING:
    from firedrill.conduct.drill import Order, View
    from firedrill.conduct.gameday import Hall, Record, Turn
    from firedrill.conduct.results import Folder
    from firedrill.judge.drill import JudgedDrill

    Conclude = Callable[[Folder, Order], Awaitable[JudgedDrill]]

WINDOW = 60.0
"""Seconds within which a blind round strikes when the file does not say."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A game day whose file and experiments are sound, planned in one environment."""

    read: ReadGameDay
    day: GameDay
    files: Checked
    known: Kinds
    environment: str
    plans: Mapping[str, Plan]
    """By experiment."""


@click.command("gameday")
@options.one_path
@options.environment
@click.option("--plan", "only_plan", is_flag=True, help="Say what would happen, and how long it takes at least; starts nothing.")
@click.option("--no-pauses", is_flag=True, help="Wait for nobody, as where standard input is no terminal.")
@click.option("--seed", type=click.IntRange(min=0), help="What blind rounds are drawn by; drawn itself, and told, when left out.")
@click.option("--live", is_flag=True, help="Serve a page on which people follow the day and act; pauses wait there too.")
@click.option("--yes", is_flag=True, help="Do not ask before drilling an environment other than `local`, or one that says `confirm: true`.")
@click.option(
    "--results",
    type=click.Path(path_type=Path),
    help="Where game days and drills leave their folders; results/ beside firedrill.yaml when left out.",
)
@options.as_json
def command(
    path: Path, environment: str | None, only_plan: bool, no_pauses: bool, seed: int | None, live: bool, yes: bool, results: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Lead a game day: the experiments of FILE, one after another, with words before them and pauses for people.

    FILE is gamedays/NAME.yaml. It and every experiment that it names are validated before anything starts. On a terminal, roles that
    it leaves open are asked for, a pause goes on with Enter, and what you type before Enter is kept as a note. Elsewhere nobody is
    waited for.

    A drill that fails does not end the day. Ctrl-C does, in a drill or in a pause: everything is put back, and the debrief tells what
    there is. It stands in results/gamedays/, and every drill in its usual place. The exit code is the loudest of all.
    """
    sound = _sound(path, environment, run=not only_plan)
    if only_plan:
        _say_plan(sound, as_json)
        return
    chosen, settings = sound.files.environment(environment)
    confirm(list(sound.plans.values()), chosen, settings, yes)
    activities.refuse(sound.files)
    for plan in sound.plans.values():
        for warning in plan.warnings:
            click.echo(f"{plan.experiment}: warning: {warning}", err=True)
    raise SystemExit(_play(sound, not no_pauses, secrets.randbelow(drawing.SEEDS) if seed is None else seed, results, as_json, live))


# ---- what the files say


def _sound(path: Path, environment: str | None, *, run: bool) -> Sound:
    """The game day with its plans; Invalid with every problem of every file, Refused by a limit."""
    read, known = read_game_day(path), kinds()
    files = check(list(read.experiments.values()), known, os.environ, strict_env=run, environment_name=environment)
    if wrong := [*read.problems, *files.errors]:
        raise Invalid(wrong)
    assert read.day is not None, "a file without a problem is a game day"
    for problem in files.problems:
        click.echo(problem, err=True)
    if run:
        deployed.refuse(files, environment)
    if run:
        files = informed(files, environment)
        refuse_astray(files, environment)
    chosen, settings = files.environment(environment)
    if run and settings.stack.embedded is not None:
        from firedrill.stack.embedded import refuse_uncaught

        refuse_uncaught(files.root or Path.cwd(), settings.stack.embedded)
    plans = {one.name: options.planned(files, known, one, environment) for one in files.experiments}
    return Sound(read, read.day, files, known, chosen, plans)


def _say_plan(sound: Sound, as_json: bool) -> None:
    if as_json:
        options.echo_json(_plan_json(sound))
        return
    click.secho(f"game day: {sound.day.title}", bold=True)
    for line in _plan_lines(sound):
        click.echo(line)


def _plan_lines(sound: Sound) -> Iterator[str]:
    yield from (f"  {role.replace('-', ' ')}: {who}" for role, who in sound.day.roles.taken())
    _, settings = sound.files.environment(sound.environment)
    drills, number = sum(one.pause is None for one in sound.day.rounds), 0
    for one in sound.day.rounds:
        if one.pause is not None:
            yield f"pause: {one.pause}"
            continue
        number += 1
        yield f"round {number} of {drills}: {_named(one)} (at least {Duration(_least(sound, one))})"
        for name in one.names:
            yield from (f"  {line}" for line in told(sound.plans[name], settings))
    yield f"{drills} drill{'s' * (drills != 1)} in {sound.environment}, at least {Duration(_whole(sound))} without the pauses"


def _plan_json(sound: Sound) -> dict[str, object]:
    rounds = [
        {"kind": one.kind, "what": one.pause or _named(one), **({} if one.pause else {"at_least_s": _least(sound, one)})}
        for one in sound.day.rounds
    ]
    head = {"name": sound.read.name, "title": sound.day.title, "environment": sound.environment, "roles": dict(sound.day.roles.taken())}
    return {**head, "rounds": rounds, "at_least_s": _whole(sound)}


def _named(one: Round) -> str:
    return f"blind, one of {', '.join(one.blind)}" if one.blind else one.experiment or ""


def _least(sound: Sound, one: Round) -> float:
    """Seconds that a round takes at least: users arrive, normal is measured, and every fault has its time."""
    return min((_seconds(sound.plans[name]) for name in one.names), default=0.0)


def _seconds(plan: Plan) -> float:
    arrive = 0.0 if plan.load is None else plan.load.users / plan.load.spawn_rate
    return float(round(arrive + plan.steady + plan.last_fault_end))


def _whole(sound: Sound) -> float:
    return sum(_least(sound, one) for one in sound.day.rounds)


# ---- the day


def _play(sound: Sound, pauses: bool, seed: int, results: Path | None, as_json: bool, live: bool) -> int:
    from firedrill.cli.stage import waits
    from firedrill.conduct.gameday import Record, Turn

    here = (results or (sound.files.root or Path.cwd()) / "results").absolute()
    waited = pauses and waits()
    roles = _asked(sound.day.roles) if waited else sound.day.roles
    turns = [Turn(_order(sound, one, seed + number, here)) for number, one in enumerate(sound.day.rounds)]
    record = Record(here, _kept(sound, roles, seed))
    _, settings = sound.files.environment(sound.environment)
    code = asyncio.run(_led(record, turns, waited, as_json, (settings.live, pauses) if live else None))
    debrief = _debriefed(record.folder)
    if as_json:
        options.echo_json({**json.loads(record.kept.model_dump_json()), "folder": str(record.folder), "debrief": str(debrief)})
    elif debrief is not None:
        click.echo(f"  debrief: {os.path.relpath(debrief)}")
    return int(code)


def _asked(roles: Roles) -> Roles:
    """Who has the roles that the file leaves open; nobody when a person just presses Enter."""
    had = dict(roles.taken())
    for name, field in Roles.model_fields.items():
        if field.alias not in had:
            who = click.prompt(
                f"Who has the role of {str(field.alias).replace('-', ' ')}? (Enter for nobody)", "", show_default=False, err=True
            )
            roles = roles.model_copy(update={name: " ".join(who.split())})
    return roles


def _order(sound: Sound, one: Round, seed: int, results: Path) -> "Order | None":
    from firedrill.conduct.drill import Order

    if one.pause is not None:
        return None
    _, settings = sound.files.environment(sound.environment)
    plan = _drawn(sound, one, seed)
    if sound.day.responders == "people":
        plan = plan.model_copy(update={"respond": ()})
    return Order(sound.files.root or Path.cwd(), plan, settings, sound.known, results, readers=options.readers(sound.files))


def _drawn(sound: Sound, one: Round, seed: int) -> Plan:
    """The plan of a round; a blind one has it drawn."""
    if not one.blind:
        return sound.plans[one.names[0]]
    _, settings = sound.files.environment(sound.environment)
    return drawing.drawn([sound.plans[name] for name in one.blind], settings.limits, seed, one.window or Duration(WINDOW))


def _kept(sound: Sound, roles: Roles, seed: int) -> GameDayKept:
    from firedrill.conduct.gameday import named, now

    day, numbers = sound.day, iter(range(1, len(sound.day.rounds) + 1))
    rounds = [_round_kept(sound, one, None if one.pause else next(numbers)) for one in day.rounds]
    return GameDayKept(
        game_day=named(sound.read.name), name=sound.read.name, title=day.title, briefing=day.briefing, environment=sound.environment,
        seed=seed, roles=dict(roles.taken()), rounds=rounds, questions=day.debrief.questions, started_at=now(),
    )  # fmt: skip


def _round_kept(sound: Sound, one: Round, number: int | None) -> RoundKept:
    """What is known of a round before its turn; of a blind one, nothing that gives it away."""
    title = sound.plans[one.experiment].title if one.experiment else ""
    window = (one.window or WINDOW) if one.blind else None
    return RoundKept(
        kind=one.kind, number=number, what=one.pause or one.experiment or "", title=title, briefing=one.briefing,
        questions=one.questions, window_s=window,
    )  # fmt: skip


async def _led(record: "Record", turns: Sequence["Turn"], waited: bool, as_json: bool, live: tuple[Live, bool] | None) -> int:
    from firedrill.conduct.gameday import lead

    async def conclude(folder: "Folder", order: "Order") -> "JudgedDrill":
        return await _concluded(folder, order, quiet=as_json)

    async with _hall(waited, live, conclude) as hall:
        return await lead(record, turns, hall)


@asynccontextmanager
async def _hall(
    waited: bool, live: tuple[Live, bool] | None, conclude: "Callable[[Folder, Order], Awaitable[JudgedDrill]]"
) -> AsyncIterator["Hall"]:
    """Where people are spoken to, for as long as the day lasts: the terminal, and the live page where one is asked for."""
    from firedrill.cli.outlets import Patient, console, say_last
    from firedrill.cli.stage import TerminalStage
    from firedrill.conduct.gameday import Hall

    terminal = TerminalStage(console(cast(TextIO, Patient(sys.stderr)), highlight=False), waited)
    if live is None:
        yield Hall(terminal, _view, conclude)
        return
    from firedrill.live.guard import token_of
    from firedrill.live.server import LiveServer, told_at
    from firedrill.live.stage import LiveStage

    page, pauses = live
    token = token_of(page)
    server = await LiveServer.start(page, token)
    say_last(told_at(server, token))
    try:
        yield Hall(LiveStage(server, terminal, waited, pauses), _view, conclude, (server.attend,))
    finally:
        await server.stop()


def _view() -> AbstractContextManager["View"]:
    from firedrill.cli.outlets import Patient, console, refuse_deaf
    from firedrill.cli.terminal import view

    refuse_deaf()
    return view(console(cast(TextIO, Patient(sys.stderr))))


async def _concluded(folder: "Folder", order: "Order", quiet: bool) -> "JudgedDrill":
    """A drill judged and told as `run` does it; its page is drawn in a process of its own."""
    from firedrill.cli.ending import conclude_folder, drawing, say_ending

    ending = await asyncio.to_thread(conclude_folder, folder.path, order.kinds)
    drawn = await asyncio.create_subprocess_exec(
        *drawing(folder.path, order.results), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    _, wrong = await drawn.communicate()
    if drawn.returncode != 0:
        click.echo(f"the report could not be drawn: {wrong.decode().strip()}; try `firedrill report {quote(str(folder.path))}`", err=True)
    for trouble in filter(None, (ending.trouble, ending.unwritten)):
        click.echo(f"firedrill: {trouble}", err=True)
    if not quiet:
        say_ending(ending)
        sys.stdout.flush()
    return ending.drill


def _debriefed(folder: Path) -> Path | None:
    """The debrief's page; without it the day and its exit code stand all the same."""
    from firedrill.cli.debrief import write

    try:
        return write(folder, kinds())
    except Exception as error:
        click.echo(f"the debrief could not be written: {error}; try `firedrill debrief {quote(str(folder))}`", err=True)
        return None
