"""A game day: one drill after another, with words before them, pauses for people between them, and a record that grows as it goes.

Knows the order of things and who ends them; refuses to know how people are spoken to, which is a stage's business.
"""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from firedrill.conduct.conductor import conduct
from firedrill.conduct.drill import Drill, Order, View
from firedrill.conduct.results import Folder, folders, within
from firedrill.conduct.signals import first_signal
from firedrill.core.errors import FiredrillError
from firedrill.core.foreign import replace as replace_file
from firedrill.core.gameday import FILE, FOLDER, GameDayKept, NoteKept, RoundKept
from firedrill.core.verdicts import Exit, loudest
from firedrill.judge.drill import JudgedDrill
from firedrill.judge.surprises import set_off

T = TypeVar("T")
Note = Callable[[str, str, str], None]
"""Writes down what somebody says between drills: who, the words, and the role they chose, if any."""


class Stage(Protocol):
    """Where people are spoken to and answer: a terminal, or the live page."""

    async def begin(self, day: GameDayKept, note: Note) -> None:
        """The day begins: its title and its roles."""

    async def briefing(self, text: str) -> None:
        """Words before the day, or before a round."""

    async def pause(self, text: str) -> bool:
        """Return once a person says that it goes on, or at once, with False, where nobody can; raises Stopped when one ends the day."""

    async def round(self, number: int, of: int, what: str) -> None:
        """A drill is next: of how many, and its name, or that it is blind."""

    async def debrief(self, data: GameDayKept) -> None:
        """The day is over."""


class Stopped(Exception):
    """A person or a signal, `by`, ends the game day between its drills."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


@dataclass(frozen=True, slots=True)
class Turn:
    """What a round does: the drill that it orders, or nothing in a pause."""

    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Hall:
    """What surrounds a game day: its stage, who follows each drill, and who judges a drill that has ended."""

    stage: Stage
    view: Callable[[], AbstractContextManager[View]]
    conclude: Callable[[Folder, Order], Awaitable[JudgedDrill]]
    attendants: tuple[Callable[[Drill], AbstractAsyncContextManager[object]], ...] = ()
    """Who attends every drill of the day, such as the live page."""


class Record:
    """The day's folder and what is written there, whole after every change."""

    def __init__(self, results: Path, kept: GameDayKept) -> None:
        self.folder, self.kept = results / FOLDER / kept.game_day, kept
        self.after: frozenset[str] = frozenset()
        """Alerts that the day's drills have set off at a stack that goes on running."""
        try:
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise FiredrillError(f"a game day needs a place for its record: {error}") from error
        self.save()

    def save(self) -> None:
        """Write gameday.json in one step; FiredrillError when the disk says no."""
        replace_file(self.folder / FILE, (self.kept.model_dump_json(indent=2) + "\n").encode())

    def note(self, by: str, text: str, role: str = "") -> None:
        """Somebody's words between drills; with the role that they have in the day when none is given."""
        self.kept.notes.append(NoteKept(at=now(), by=by, role=role or self.kept.role_of(by), text=text))
        self.save()


def named(name: str) -> str:
    """A new game day's id."""
    return f"{name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


def now() -> datetime:
    """Wall time, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def find_game_day(results: Path, name: str) -> Path | None:
    """The folder that a person means by `name`: a path, an id, or a file's name for its newest day."""
    days = results / FOLDER
    ids = re.compile(rf"{re.escape(name)}-\d{{8}}-\d{{6}}-[0-9a-f]{{4}}")
    known = folders(days)
    named = [one for one in known if one.name == name]
    newest = sorted((one for one in known if ids.fullmatch(one.name)), reverse=True)
    found = next((one for one in (Path(name), *named, *newest) if _is_file(one / FILE)), None)
    return None if found is None else within(Path(os.path.abspath(found)))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long for a file's
        return False


async def lead(record: Record, turns: Sequence[Turn], hall: Hall) -> Exit:
    """Lead the day from its briefing to its debrief; the exit code is the loudest of all its drills and of its end.

    A drill that a person stops, that leaves something over, or that cannot be begun ends the day; one that fails does not.
    """
    kept, codes = record.kept, list[Exit]()
    try:
        await _heeding(_opened(record, hall.stage))
        for one, turn in zip(kept.rounds, turns, strict=True):
            codes += await _turn(record, one, turn, hall)
            if ends := _ending(one):
                kept.ended, kept.detail = ends
                break
        else:
            kept.ended = "finished"
    except Stopped as stop:
        kept.ended, kept.stopped_by, kept.detail = "interrupted", stop.by, f"stopped by {stop.by} between drills"
        codes.append(Exit.INTERRUPTED)
    kept.ended_at, kept.exit_code = now(), int(loudest(codes))
    record.save()
    await hall.stage.debrief(kept)
    return loudest(codes)


async def _opened(record: Record, stage: Stage) -> None:
    await stage.begin(record.kept, record.note)
    if record.kept.briefing:
        await stage.briefing(record.kept.briefing)


async def _turn(record: Record, one: RoundKept, turn: Turn, hall: Hall) -> list[Exit]:
    """One round; the exit codes that it adds."""
    one.started_at, began = now(), time.monotonic()
    record.save()
    try:
        if turn.order is None:
            one.waited = await _heeding(_paused(one, hall.stage))
            return []
        await _heeding(_announced(record.kept, one, hall.stage))
        return [await _drilled(record, one, turn.order, hall)]
    finally:
        one.ended_at, one.took_s = now(), round(time.monotonic() - began, 3)
        record.save()


async def _paused(one: RoundKept, stage: Stage) -> bool:
    if one.briefing:
        await stage.briefing(one.briefing)
    return await stage.pause(one.what)


async def _announced(kept: GameDayKept, one: RoundKept, stage: Stage) -> None:
    assert one.number is not None, "a drill has a number"
    await stage.round(one.number, len(kept.drills), one.what)
    if one.briefing:
        await stage.briefing(one.briefing)


async def _drilled(record: Record, one: RoundKept, order: Order, hall: Hall) -> Exit:
    """The drill of a round, judged; what keeps it from being one is its reason."""
    try:
        with hall.view() as shown:
            attendants = (_with_roles(record.kept), *order.attendants, *hall.attendants)
            folder = await conduct(replace(order, after=record.after, attendants=attendants), shown)
        one.what, one.title = order.plan.experiment, order.plan.title
        one.drill, one.folder = folder.drill, f"{folder.path.parent.name}/{folder.path.name}"
        record.save()
        with first_signal() as stop:  # what a drill left is known before anything ends
            judged = await hall.conclude(folder, order)
    except (FiredrillError, OSError) as error:
        one.reason = str(error)
        one.exit_code = error.exit_code if isinstance(error, FiredrillError) else FiredrillError.exit_code
        return Exit(one.exit_code)
    if order.environment.stack.external is not None:
        record.after = set_off(judged.facts, record.after)
    one.verdict, one.reason, one.exit_code = judged.verdict.word, judged.reason, int(judged.exit_code)
    if judged.exit_code is Exit.INTERRUPTED:
        record.kept.stopped_by = _stopper(judged)
    elif stop.by is not None and judged.exit_code is not Exit.LEFT_OVER:
        raise Stopped(stop.by)
    return judged.exit_code


def _stopper(judged: JudgedDrill) -> str:
    """The person who asked for the stop, or the signal's name."""
    return next((said.by for said in judged.facts.said if said.what == "stop"), judged.facts.detail.removeprefix("stopped by "))


def _ending(one: RoundKept) -> tuple[str, str] | None:
    """How and why the day ends with this round, if it does."""
    match one.exit_code:
        case Exit.INTERRUPTED:
            return "interrupted", one.reason
        case Exit.LEFT_OVER:
            return "broken off", one.reason
        case code if code is not None and not one.verdict:
            return "broken off", one.reason
        case _:
            return None


def _with_roles(kept: GameDayKept) -> Callable[[Drill], AbstractAsyncContextManager[object]]:
    """Whoever writes a note in the drill writes it in their role."""

    @asynccontextmanager
    async def attendant(drill: Drill) -> AsyncIterator[None]:
        drill.acts.roles = {who: role for role, who in kept.roles.items()}
        yield

    return attendant


async def _heeding(job: Coroutine[Any, Any, T]) -> T:
    """What the job gives; Stopped when a signal comes meanwhile."""
    with first_signal() as stop:
        task = asyncio.create_task(job)
        stop.acts_on(task.cancel)
        try:
            given = await task
        except asyncio.CancelledError:
            if stop.by is None:
                raise
            raise Stopped(stop.by) from None
    if stop.by is not None:
        raise Stopped(stop.by)
    return given
