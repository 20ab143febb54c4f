"""A fault on this machine that we may not clear: exit code 4, exactly what a person does, and no new drill meanwhile."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from firedrill.conduct.ledger import left_open, state_directory
from firedrill.conduct.listed import listed
from firedrill.conduct.undo import perform_listed, refuse_leftovers
from firedrill.core.clock import DrillClock
from firedrill.core.errors import LeftOver
from firedrill.core.events import FaultIntended
from firedrill.core.journal import NAME, Journal
from firedrill.faults.host import processes
from hosting import holding, kept

AS_NOBODY = """
import json, os, sys
from firedrill.core.errors import LeftOver
from firedrill.faults.undo import perform
os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    perform(json.loads(sys.argv[1]))
except LeftOver as left:
    print(left)
    sys.exit(left.exit_code)
"""


@pytest.fixture
def paused() -> Iterator[psutil.Process]:
    """A process of ours that stands still; in a session of its own, since within one anybody may send SIGCONT (kill(2))."""
    process = psutil.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    process.suspend()
    while process.status() != psutil.STATUS_STOPPED:
        pass
    yield process
    process.kill()
    process.wait()


def undo_of(process: psutil.Process) -> dict[str, object]:
    aimed = {"processes": [dict(processes.identity_of(process.pid))]}
    return {"kind": "host", "fault": "pause-service", "target": "service", "effect": "pause", "aimed": aimed}


def _journal(folder: Path, undo: dict[str, object]) -> Path:
    folder.mkdir()
    journal = Journal(folder / NAME, DrillClock())
    journal.append(FaultIntended("pause-service", undo), durable=True)
    journal.close()
    return folder / NAME


def test_a_journal_alone_is_enough_to_put_a_paused_process_back_and_again(paused: psutil.Process, tmp_path: Path) -> None:
    journal = _journal(tmp_path / "one", undo_of(paused))
    found = listed(journal)
    assert perform_listed(found)["done"] == {"pause-service": "the fault pause-service of service was put back"}
    assert paused.status() != psutil.STATUS_STOPPED
    assert perform_listed(found)["done"] == {"pause-service": "the fault pause-service of service was gone already"}


def test_a_drill_is_refused_while_a_process_stands_still_and_starts_once_it_goes_on(paused: psutil.Process) -> None:
    page = state_directory() / "open" / "earlier.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps({"drill": "earlier", "journal": "gone", "undos": {"pause-service": undo_of(paused)}}))
    with pytest.raises(LeftOver, match="may have left pause-service: run `firedrill undo earlier` first"):
        refuse_leftovers()
    paused.resume()
    while paused.status() == psutil.STATUS_STOPPED:
        pass
    refuse_leftovers()
    assert list(left_open()) == []


def test_a_process_that_is_not_ours_to_wake_is_left_over_with_the_command_to_type(paused: psutil.Process) -> None:
    if os.getuid() != 0:
        pytest.skip("only root has a process that another user may not wake")
    command = [sys.executable, "-c", AS_NOBODY, json.dumps(undo_of(paused))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    assert done.stdout == (
        "the fault pause-service of service is left over: Operation not permitted\n  do by hand: kill -CONT " + f"{paused.pid}\n"
    )
    assert paused.status() == psutil.STATUS_STOPPED


def test_a_holder_whose_engine_is_gone_goes_on_clearing_what_could_not_be_cleared_at_first(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"trial": 1, "error": "PermissionError", "counting": True, "clearing": 1.0}
    (tmp_path / "mishap.json").write_text(json.dumps(told), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(root / "tests" / "trials" / "spoiling"))
    monkeypatch.setenv("FIREDRILL_TRIAL_MISHAP", str(tmp_path / "mishap.json"))
    (tmp_path / "service.pid").touch()
    program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); print('ready', flush=True); time.sleep(600)"
    with (
        kept(sys.executable, "-c", program, str(tmp_path / "service.pid")) as keeper,
        holding({"service": {"process": {"pid-file": str(tmp_path / "service.pid")}}}, tmp_path) as holder,
    ):
        service = psutil.Process(int((tmp_path / "service.pid").read_text()))
        holder.inject("service", effect="pause")
        assert service.status() == psutil.STATUS_STOPPED
        assert holder.process.stdin is not None
        holder.process.stdin.close()
        assert holder.process.wait(10) == 0
        assert service.status() != psutil.STATUS_STOPPED
        assert keeper.stdin is not None
        keeper.stdin.close()
    assert "PermissionError" in (tmp_path / "holder.log").read_text()
