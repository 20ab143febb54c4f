"""A drill's record, its state and its door are its owner's alone from the beginning."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedrill.conduct import door
from firedrill.conduct.ledger import Ledger, note_undone, state_directory
from firedrill.conduct.results import make_folder


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    before = os.umask(0)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state"
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_directory_its_pages_and_the_door_are_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "state" / "firedrill" / "open").mkdir(parents=True, mode=0o777)
    ledger = Ledger("one", tmp_path / "journal.jsonl")
    ledger.intend("slow", {"kind": "nothing"})
    note_undone("two", {"slow": "by hand"})
    listening = door._bound(door.path_of("one"))
    folders = [state_directory(), *(each for each in state_directory().rglob("*") if each.is_dir())]
    files = [each for each in state_directory().rglob("*") if not each.is_dir()]
    assert len(folders) == 3
    assert {_mode(each) for each in folders} == {0o700}
    assert len(files) >= 3
    assert {_mode(each) for each in files} == {0o600}
    listening.close()
    ledger.close()


def test_a_drills_folder_is_as_the_umask_says_and_its_logs_are_not(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "results", "slow")
    assert (_mode(folder.path), _mode(folder.logs)) == (0o777, 0o700)
    os.umask(0o077)
    shared = make_folder(tmp_path / "results", "slow", readers=0o044)
    assert (_mode(shared.path), _mode(shared.logs)) == (0o755, 0o755)
