"""Leading a game day: what it keeps, and how it ends when no drill can be begun. Whole days are played in tests/drills."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from firedrill.cli.registry import kinds
from firedrill.conduct.acting import Acts
from firedrill.conduct.drill import Order
from firedrill.conduct.gameday import Hall, Note, Record, Stopped, Turn, find_game_day, lead
from firedrill.conduct.results import Folder
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import NoteWritten
from firedrill.core.gameday import FILE, GameDayKept, RoundKept
from firedrill.core.journal import NAME, Journal, read
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Embedded, Environment, Limits, Stack
from firedrill.core.verdicts import Exit
from firedrill.judge.drill import Facts, JudgedDrill

ROLES = {"incident-commander": "first-on-call", "scribe": "team-lead"}


class Script:
    """A stage on which nobody stands: it remembers what was said, and ends the day at a pause if it is told to."""

    def __init__(self, stops: str = "", notes: str = "") -> None:
        self.said: list[object] = []
        self._stops, self._notes = stops, notes
        self._note: Note | None = None

    async def begin(self, day: GameDayKept, note: Note) -> None:
        self._note = note
        self.said.append(day.title)

    async def briefing(self, text: str) -> None:
        self.said.append(text)

    async def pause(self, text: str) -> bool:
        self.said.append(text)
        if self._notes and self._note is not None:
            self._note("team-lead", self._notes, "")
        if self._stops:
            raise Stopped(self._stops)
        return True

    async def round(self, number: int, of: int, what: str) -> None:
        self.said.append((number, of, what))

    async def debrief(self, data: GameDayKept) -> None:
        self.said.append(data.ended)


def _day() -> GameDayKept:
    rounds = [
        RoundKept(kind="pause", what="Breathe"), RoundKept(kind="experiment", number=1, what="one", briefing="Look."),
        RoundKept(kind="experiment", number=2, what="two"),
    ]  # fmt: skip
    return GameDayKept(
        game_day="day-20261118-083500-4f1e", name="day", title="A day", briefing="Welcome.", environment="local", seed=1, roles=dict(ROLES),
        rounds=rounds, started_at=datetime.now(UTC),
    )  # fmt: skip


def _out_of_hours(root: Path) -> Order:
    """An order that is refused when it is to begin: drills may run here in an hour that is hours away."""
    later = datetime.now(UTC) + timedelta(hours=5)
    limits = Limits(hours=(f"{later:%H}:00-{later:%H}:59",))
    stack = Stack(embedded=Embedded(rules=(), alertmanager="alertmanager.yml", scrape=()))
    plan = Plan(experiment="one", file="", title="One", environment="local", steady=1, hours="later")
    return Order(root, plan, Environment(stack=stack, limits=limits), kinds(), root / "results")


async def _never(folder: Folder, order: Order) -> JudgedDrill:
    raise AssertionError("nothing was drilled")


async def _led(root: Path, stage: Script) -> tuple[Exit, GameDayKept]:
    record = Record(root / "results", _day())
    order = _out_of_hours(root)
    code = await lead(record, [Turn(), Turn(order), Turn(order)], Hall(stage, lambda: nullcontext(None), _never))  # type: ignore[arg-type]
    return code, GameDayKept.model_validate_json((record.folder / FILE).read_bytes())


async def test_a_person_who_ends_the_day_in_a_pause_is_named_and_no_drill_begins(tmp_path: Path) -> None:
    stage = Script(stops="first-on-call")
    code, kept = await _led(tmp_path, stage)
    assert code is Exit.INTERRUPTED
    assert (kept.ended, kept.stopped_by, kept.exit_code) == ("interrupted", "first-on-call", 130)
    assert [one.played for one in kept.rounds] == [True, False, False]
    assert stage.said == ["A day", "Welcome.", "Breathe", "interrupted"]


async def test_a_drill_that_cannot_begin_breaks_the_day_off_with_its_reason(tmp_path: Path) -> None:
    stage = Script()
    code, kept = await _led(tmp_path, stage)
    assert code is Exit.USAGE
    assert kept.ended == "broken off"
    assert kept.detail == kept.rounds[1].reason
    assert kept.detail.startswith("one: environment local is drilled later only")
    assert [one.played for one in kept.rounds] == [True, True, False]
    assert stage.said == ["A day", "Welcome.", "Breathe", (1, 2, "one"), "Look.", "broken off"]


async def test_a_note_between_drills_carries_the_role_of_who_wrote_it(tmp_path: Path) -> None:
    _, kept = await _led(tmp_path, Script(notes="Dashboards are open", stops="team-lead"))
    assert [(one.by, one.role, one.text) for one in kept.notes] == [("team-lead", "scribe", "Dashboards are open")]


async def test_the_record_is_whole_after_every_change_and_leaves_no_other_file(tmp_path: Path) -> None:
    record = Record(tmp_path, _day())
    assert json.loads((record.folder / FILE).read_text(encoding="utf-8"))["ended"] == ""
    record.note("first-on-call", "hello")
    assert [one["text"] for one in json.loads((record.folder / FILE).read_text(encoding="utf-8"))["notes"]] == ["hello"]
    assert [one.name for one in record.folder.iterdir()] == [FILE]


def test_without_a_place_for_its_record_no_day_begins(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file", encoding="utf-8")
    with pytest.raises(FiredrillError, match="a game day needs a place for its record"):
        Record(tmp_path / "results", _day())


def test_a_game_day_is_found_by_path_by_id_and_its_newest_by_name(tmp_path: Path) -> None:
    ids = [f"{name}-{stamp}-4f1e" for name, stamp in (("a", "20261118-083500"), ("a", "20261119-083500"), ("a-b", "20261120-083500"))]
    for one in ids:
        (tmp_path / "gamedays" / one).mkdir(parents=True)
        (tmp_path / "gamedays" / one / FILE).write_text("{}", encoding="utf-8")
    found = [find_game_day(tmp_path, name) for name in ("a", "a-b", ids[0], str(tmp_path / "gamedays" / ids[1]))]
    assert [one and one.name for one in found] == [ids[1], ids[2], ids[0], ids[1]]
    assert find_game_day(tmp_path, "b") is None


def test_a_note_in_a_drill_carries_the_role_that_its_writer_has_in_the_game_day(tmp_path: Path) -> None:
    journal = Journal(tmp_path / NAME, DrillClock())
    plan = Plan(experiment="one", file="", title="One", environment="local", steady=1)
    acts = Acts(Facts(plan=plan), journal.append)
    acts.roles = {who: role for role, who in ROLES.items()}
    acts.note("Slow offers", "team-lead")
    acts.note("Slow offers", "night-shift")
    acts.note("Slow offers", "team-lead", "operations")
    journal.close()
    told = [entry.event.role for entry in read(tmp_path / NAME) if isinstance(entry.event, NoteWritten)]
    assert told == ["scribe", "", "operations"]
