"""What is its owner's alone is so from the moment it is there, and the umask of everybody else stays as it is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from firedrill.core import private
from firedrill.core.child import Child
from firedrill.core.clock import DrillClock
from firedrill.core.events import Noted
from firedrill.core.foreign import replace
from firedrill.core.journal import NAME, Journal


@pytest.fixture(params=[0o022, 0o000, 0o077, 0o027])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(("readers", "file", "folder"), [("owner", 0o600, 0o700), ("group", 0o640, 0o750), ("all", 0o644, 0o755)])
async def test_a_journal_logs_and_what_stands_in_their_folders(umask: int, tmp_path: Path, readers: str, file: int, folder: int) -> None:
    logs = private.folder(tmp_path / "logs", private.READERS[readers])
    journal = Journal(tmp_path / NAME, DrillClock(), readers=private.READERS[readers])
    journal.append(Noted("here"))
    journal.close()
    private.write(logs / "engine.log", "trace")
    child = await Child.kept("sh", ["sh", "-c", "umask; echo x > made"], logs / "system.log", cwd=tmp_path)
    await child.process.wait()
    assert (_mode(logs), _mode(tmp_path / NAME), _mode(logs / "engine.log"), _mode(logs / "system.log")) == (folder, file, file, file)
    assert int((logs / "system.log").read_text(), 8) == umask, "what the system makes is its own affair"
    assert _mode(tmp_path / "made") == 0o666 & ~umask
    replace(tmp_path / "report.html", b"x")
    assert _mode(tmp_path / "report.html") == 0o666 & ~umask | private.READERS[readers]


def test_a_state_folder_that_everybody_could_read_is_closed(umask: int, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o755)
    assert _mode(private.of_state(tmp_path / "state")) == 0o700
    assert _mode(private.of_state(tmp_path / "new" / "state")) == 0o700


def test_an_existing_file_is_written_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    (tmp_path / "a").chmod(0o640)
    private.write(tmp_path / "a", "after")
    assert ((tmp_path / "a").read_text(), _mode(tmp_path / "a")) == ("after", 0o640)
