"""A disk that is full, a folder that is gone, a reader that left: no deed without its undo on the disk, and nothing is torn or lost."""

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from firedrill.conduct.drill import Drill, Ended, Order, Told
from firedrill.conduct.ledger import Ledger, left_open
from firedrill.conduct.results import make_folder
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.events import FaultCleared, Noted
from firedrill.core.journal import NAME, Journal, Unwritten, read
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Embedded, Environment, Stack
from firedrill.report.html import place_library

Full = Callable[[int], Any]
UNDO = {"kind": "host", "fault": "x", "why": "y" * 300}


@contextmanager
def full_at(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Quiet:
    """A view that says nothing."""

    def began(self, drill: str, plan: Plan) -> None: ...

    def saw(self, *_: Any) -> None: ...

    def waiting(self, *_: Any) -> None: ...


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[Drill]:
    plan = Plan(experiment="e", file="e", title="e", environment="local", steady=1.0)
    environment = Environment(stack=Stack(embedded=Embedded(rules=(), alertmanager="a", scrape=())))
    order = Order(tmp_path, plan, environment, Kinds(faults={}, expectations={}), tmp_path / "results")
    made = Drill(order, make_folder(order.results, "e"), Quiet())
    yield made
    made.close()


def check_all(drill: Drill) -> None:
    for check in drill.guards:
        check()


def test_entries_that_found_no_room_are_whole_lines_once_there_is_room_again(tmp_path: Path) -> None:
    journal, seen = Journal(tmp_path / NAME, DrillClock()), list[int]()
    journal.observers.append(lambda entry: seen.append(entry.seq))
    with full_at(230):
        for text in ("a", "b" * 200, "c"):
            journal.append(Noted(text))
        assert journal.trouble == "File too large"
        assert [entry.seq for entry in read(tmp_path / NAME)] == [1]
    assert seen == [1, 2, 3]
    journal.append(Noted("d"))
    assert journal.trouble == ""
    assert [entry.event for entry in read(tmp_path / NAME)] == [Noted(text) for text in ("a", "b" * 200, "c", "d")]
    journal.close()


def test_what_must_be_on_the_disk_is_an_error_when_it_is_not(tmp_path: Path) -> None:
    journal = Journal(tmp_path / NAME, DrillClock())
    (tmp_path / NAME).unlink()
    with pytest.raises(Unwritten, match="cannot be written: it was removed while the drill ran"):
        journal.append(Noted("a"), durable=True)
    journal.close()


def test_a_ledger_without_room_keeps_its_page_whole_and_lists_what_it_listed(tmp_path: Path) -> None:
    ledger = Ledger("one", tmp_path / NAME)
    ledger.intend("first", {"kind": "nothing"})
    whole = json.loads(ledger.path.read_text())
    with full_at(ledger.path.stat().st_size + 100), pytest.raises(OSError, match="File too large"):
        ledger.intend("second", UNDO)
    assert json.loads(ledger.path.read_text()) == whole
    assert list(ledger.open) == ["first"]
    ledger.close()
    assert [list(page.undos) for page in left_open()] == [["first"]]


def test_a_deed_whose_undo_finds_no_room_is_refused_and_ends_the_drill(drill: Drill) -> None:
    with full_at(drill.journal.path.stat().st_size + 250), pytest.raises(Refused, match="its undo could not be written down: "):
        drill.intend("x", UNDO)
    assert drill.ledger.open == {}
    drill.journal.path.unlink()
    with pytest.raises(Refused, match="it was removed"):
        drill.intend("x", {"kind": "nothing"})
    assert drill.ledger.open == {}
    with pytest.raises(Ended, match="cannot be written: it was removed while the drill ran"):
        check_all(drill)


def test_what_is_cleared_is_struck_off_though_the_journal_cannot_say_so(drill: Drill) -> None:
    drill.intend("x", {"kind": "nothing"})
    drill.journal.path.unlink()
    drill.record(FaultCleared("x", "undo"))
    assert drill.ledger.open == {}
    assert drill.facts.faults["x"].cleared is not None


def test_a_view_that_cannot_speak_is_asked_once_and_ends_the_drill_only_at_its_next_look(drill: Drill) -> None:
    left, right = os.pipe()
    os.close(left)

    class Broken(Quiet):
        said = 0

        def saw(self, *_: Any) -> None:
            self.said += 1
            os.write(right, b"x")

    broken = Broken()
    drill.view = Told(broken)
    drill.record(Noted("a"))
    drill.record(Noted("b"))
    os.close(right)
    assert broken.said == 1
    with pytest.raises(Ended, match="nobody can be told of this drill any more: Broken pipe"):
        check_all(drill)


def test_a_chart_library_that_finds_no_room_leaves_no_part_of_itself_and_is_a_sentence(tmp_path: Path) -> None:
    with full_at(100_000), pytest.raises(FiredrillError, match=r"plotly-.*\.js cannot be written: File too large"):
        place_library(tmp_path)
    assert list(tmp_path.iterdir()) == []
