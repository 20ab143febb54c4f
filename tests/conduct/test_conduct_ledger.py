"""The ledger of open undos: what is listed while a drill runs, what is left when it is gone, and what refuses the next."""

import json
from pathlib import Path

import pytest

from firedrill.conduct.ledger import Ledger, left_open, open_page, state_directory
from firedrill.conduct.listed import listed
from firedrill.conduct.undo import perform_page, refuse_leftovers
from firedrill.core.clock import DrillClock
from firedrill.core.errors import LeftOver
from firedrill.core.events import SCHEMA, DrillStarted, FaultCleared, FaultIntended
from firedrill.core.journal import NAME, Journal

UNKNOWN = {"kind": "of a later version", "fault": "x"}


def _left_behind(drill: str, undos: dict[str, object]) -> Path:
    """A page as a drill that was killed leaves it."""
    page = state_directory() / "open" / f"{drill}.json"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(json.dumps({"drill": drill, "journal": "gone", "undos": undos}), encoding="utf-8")
    return page


def _journal(folder: Path) -> Journal:
    journal = Journal(folder / NAME, DrillClock())
    journal.append(DrillStarted(SCHEMA, "d", "e", "local", {}, 0.0, {}))
    return journal


def test_a_running_drills_page_is_nobodys_to_undo(tmp_path: Path) -> None:
    ledger = Ledger("one", tmp_path / NAME)
    ledger.intend("latency", {"kind": "nothing"})
    assert list(left_open()) == []
    ledger.close()


def test_a_page_stays_while_something_is_open_and_goes_with_the_last(tmp_path: Path) -> None:
    kept, gone = Ledger("kept", tmp_path / NAME), Ledger("gone", tmp_path / NAME)
    for one in (kept, gone):
        one.intend("latency", {"kind": "nothing"})
    gone.cleared("latency")
    kept.close()
    gone.close()
    assert [(page.drill, dict(page.undos)) for page in left_open()] == [("kept", {"latency": {"kind": "nothing"}})]


def test_a_drill_is_refused_while_an_earlier_one_may_have_left_a_fault() -> None:
    _left_behind("earlier", {"x": UNKNOWN})
    with pytest.raises(LeftOver, match=r"an earlier drill, earlier, may have left x: run `firedrill undo earlier` first"):
        refuse_leftovers()


def test_what_is_provably_gone_is_struck_off_and_refuses_nobody() -> None:
    nobody = {"kind": "proxy", "fault": "x", "api": "http://127.0.0.1:9", "instance": "i", "target": "p", "token_env": None, "pid": None}
    page = _left_behind("earlier", {"x": nobody})
    refuse_leftovers()
    assert not page.exists()


def test_an_undo_that_failed_keeps_its_page_and_says_what_to_do() -> None:
    page = _left_behind("earlier", {"x": UNKNOWN, "y": {"kind": "nothing"}})
    opened = open_page("earlier")
    assert opened is not None
    answer = perform_page(opened)
    assert answer["done"] == {"y": "there was nothing to put back"}
    assert "does not know how to undo 'of a later version'" in answer["failed"]["x"]
    assert page.exists()


def test_a_page_that_cannot_be_read_is_left_over_not_forgotten() -> None:
    page = _left_behind("earlier", {})
    page.write_text("{", encoding="utf-8")
    with pytest.raises(LeftOver, match="look for what earlier broke"):
        refuse_leftovers()


def test_a_journal_tells_what_may_be_left_by_itself(tmp_path: Path) -> None:
    journal = _journal(tmp_path)
    for fault in ("one", "two"):
        journal.append(FaultIntended(fault, {"kind": "nothing"}), durable=True)
    journal.append(FaultCleared("one", "played"))
    journal.close()
    found = listed(tmp_path / NAME)
    assert (dict(found.undos), found.damage) == ({"two": {"kind": "nothing"}}, "")


def test_a_journal_of_a_newer_firedrill_is_refused_with_what_to_do(tmp_path: Path) -> None:
    journal = Journal(tmp_path / NAME, DrillClock())
    journal.append(DrillStarted(SCHEMA + 1, "d", "e", "local", {}, 0.0, {}))
    journal.close()
    with pytest.raises(LeftOver, match=r"was written by a newer firedrill .* undo it with that one"):
        listed(tmp_path / NAME)
