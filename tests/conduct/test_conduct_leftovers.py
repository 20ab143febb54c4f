"""What a killed drill leaves beside its faults is removed by the next command; what a living one has stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firedrill.conduct.ledger import Ledger, left_open, pages, running
from firedrill.conduct.leftovers import swept
from firedrill.core import temporary
from firedrill.core.foreign import replace
from firedrill.core.locks import held, is_held, orphaned

ENGINE = """
import signal, socket, sys
from contextlib import ExitStack
from pathlib import Path
from firedrill.conduct.door import path_of
from firedrill.conduct.ledger import Ledger, pages
from firedrill.core import temporary
from firedrill.core.clock import DrillClock
from firedrill.core.journal import Journal
from firedrill.core.locks import held
signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # a shell has what it starts in the background ignore it
home, results = Path(sys.argv[1]), Path(sys.argv[2])
home.mkdir(parents=True)
journal = Journal(home / "journal.jsonl", DrillClock())
ledger = Ledger(home.name, journal.path)
with ExitStack() as stack:
    for _ in range(2):
        folder = ledger.uses(stack.enter_context(temporary.folder()))
        (folder / "data" / "wal").mkdir(parents=True)
        (folder / "data" / "wal" / "000").write_bytes(b"x" * 5000)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(path_of(home.name)))
    half = held(pages() / "half.new")
    part = held(results / f".plotly-7.1.0.min.js.{2**22 + 5}")
    (home.parent / f".latest-{home.name}").symlink_to(home.name)
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "results").mkdir()
    return tmp_path / "results"


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are, for this process and its children."""
    (tmp_path / "temp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path / "temp"


Engine = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def engine(results: Path, temp: Path) -> Iterator[Engine]:
    """Starts a process that holds what an engine holds in the middle of a drill."""
    started = []

    def start(drill: str, tmpdir: Path = temp) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", ENGINE, str(results / "exp" / drill), str(results)]
        environ = os.environ | {"TMPDIR": str(tmpdir)}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT, signal.SIGUSR1])
def test_what_a_killed_drill_leaves_is_removed_and_what_a_living_one_has_stays(
    number: signal.Signals, engine: Engine, results: Path, temp: Path
) -> None:
    process = engine("exp-1")
    there = sorted(temp.glob("firedrill-*"))
    assert (swept(results), sorted(temp.glob("firedrill-*"))) == ([], there)
    process.send_signal(number)
    process.wait(10)
    gone = swept(results)
    assert set(there) < set(gone)
    assert len(gone) == 6
    assert not list(temp.glob("firedrill-*"))
    assert [path.name for path in pages().iterdir()] == ["exp-1.json"]
    assert [path.name for path in results.rglob("*")] == ["exp", "exp-1", "journal.jsonl"]


def test_a_folder_that_was_kept_elsewhere_is_found_by_the_ledgers_page(engine: Engine, results: Path, temp: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    process = engine("exp-1", other)
    process.kill()
    process.wait(10)
    assert len(list(other.iterdir())) == 2
    swept(results)
    assert list(other.iterdir()) == []


def test_what_no_lock_proves_to_be_nobodys_stays(temp: Path, results: Path, tmp_path: Path) -> None:
    (temp / "firedrill-of-an-older-version").mkdir()
    (temp / "firedrill-x" / "data").mkdir(parents=True)
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / temporary.OWNER).touch()
    (temp / "firedrill-link").symlink_to(tmp_path / "precious")
    (temp / "another").mkdir()
    (temp / "another" / temporary.OWNER).touch()
    (results / f".plotly-7.1.0.min.js.{os.getpid()}").touch()  # an older firedrill writes it without a lock
    pages().mkdir(parents=True)
    (pages() / "0123456789abcdef.sock").touch()  # no socket
    if os.geteuid() == 0:
        (temp / "firedrill-theirs").mkdir()
        (temp / "firedrill-theirs" / temporary.OWNER).touch()
        os.chown(temp / "firedrill-theirs", 65534, 65534)
    before = sorted([*tmp_path.rglob("*"), *pages().iterdir()])
    assert swept(results) == []
    assert sorted([*tmp_path.rglob("*"), *pages().iterdir()]) == before


def test_undo_says_what_it_removed(engine: Engine, results: Path, temp: Path, tmp_path: Path) -> None:
    process = engine("exp-1")
    process.kill()
    process.wait(10)
    (one, two) = sorted(temp.glob("firedrill-*"))
    done = subprocess.run(
        [sys.executable, "-m", "firedrill.cli", "undo", "--all"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, *removed = done.stdout.splitlines()
    assert first == "exp-1: nothing left"
    assert {f"removed {one}", f"removed {two}"} == set(removed[:2])
    assert list(pages().iterdir()) == []


def test_a_temporary_folder_whose_owner_lives_is_held_and_goes_with_it(temp: Path) -> None:
    with temporary.folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert is_held(folder / temporary.OWNER)
        assert not temporary.removed(folder)
        (folder / "x").mkdir()
    assert not folder.exists()


def test_a_file_that_was_taken_for_a_dead_owners_before_it_was_locked_is_made_again(tmp_path: Path) -> None:
    with held(tmp_path / "one"):
        assert orphaned(tmp_path / "one") is None
        assert is_held(tmp_path / "one")
    mine = orphaned(tmp_path / "one")
    assert mine is not None
    assert is_held(tmp_path / "one")
    mine.close()
    assert not is_held(tmp_path / "one")


def test_a_page_that_is_written_all_the_time_is_never_lost_nor_taken_for_an_ended_drills(tmp_path: Path) -> None:
    ledger = Ledger("busy", tmp_path / "journal.jsonl")
    writer = os.fork()
    if writer == 0:  # looks on while its parent writes
        lost = 0
        for _ in range(400):
            lost += [one.drill for one in running()] != ["busy"] or left_open() != []
        os._exit(min(lost, 100))
    for number in range(4000):
        ledger.intend(f"fault-{number % 7}", {"kind": "nothing", "why": "x" * (number % 300)})
        ledger.cleared(f"fault-{(number + 3) % 7}")
        if os.waitpid(writer, os.WNOHANG) != (0, 0):
            break
    else:
        raise AssertionError("it looks no more")
    ledger.close()


def test_a_page_is_replaced_and_never_written_in_place(tmp_path: Path) -> None:
    ledger = Ledger("one", tmp_path / "journal.jsonl")
    before = ledger.path.read_bytes()
    with ledger.path.open("rb") as page:
        ledger.intend("fault", {"kind": "nothing"})
        assert page.read() == before  # whoever has it open has it whole
    assert is_held(ledger.path)
    assert [path.name for path in pages().iterdir()] == ["one.json"]
    ledger.cleared("fault")
    ledger.close()
    assert list(pages().iterdir()) == []


STOPPED = """
import os, signal, sys
from pathlib import Path
what, when, place = sys.argv[1:]
def stop(event, given, left=[int(when)]):
    if event == what and (place in str(given) or not place):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
import firedrill.core.temporary, firedrill.core.foreign
sys.addaudithook(stop)
"""


def killed(at: str, code: str, cwd: Path, number: int = 1, place: str = "") -> None:
    """Run code in a process that is killed in the moment before it does such a thing for the so-manieth time."""
    process = subprocess.run([sys.executable, "-c", STOPPED + code, at, str(number), place], cwd=cwd, check=False, timeout=30)
    assert process.returncode == -signal.SIGKILL


MAKES = "\nwith firedrill.core.temporary.folder() as made:\n    (made / 'x').mkdir()\n"


@pytest.mark.parametrize(("at", "place"), [("os.mkdir", ""), ("os.rename", ""), ("os.mkdir", "/x")])
def test_a_process_that_is_killed_while_it_makes_a_temporary_folder_leaves_nothing_that_is_not_removed(
    at: str, place: str, temp: Path, tmp_path: Path, results: Path
) -> None:
    killed(at, MAKES, tmp_path, place=place)
    assert list(temp.iterdir())
    assert swept(results)
    assert list(temp.iterdir()) == []


WRITES = "\nfiredrill.core.foreign.replace(Path({!r}), b'new', durable=True)\n"


@pytest.mark.parametrize("name", ["results/exp/exp-1/summary.md", "results/exp/actions.json", "results/gamedays/day-1/gameday.json"])
def test_a_report_of_which_a_killed_process_had_written_half_is_removed_and_the_one_before_stays(
    name: str, results: Path, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    replace(file, b"old")
    killed("os.rename", WRITES.format(str(file)), tmp_path, place=file.name)
    assert len(list(file.parent.iterdir())) == 2
    (half,) = swept(results)
    assert half.parent == file.parent
    assert (list(file.parent.iterdir()), file.read_bytes()) == ([file], b"old")


def test_a_report_that_is_being_written_stays_and_so_does_what_is_none(results: Path, tmp_path: Path) -> None:
    folder = results / "exp" / "exp-1"
    folder.mkdir(parents=True)
    for name in (".summary.md.swp", ".notes.deadbeef", "summary.md.deadbeef", ".summary.md.DEADBEEF", ".profile"):
        (folder / name).touch()
    (folder / ".verdict.json.01234567").mkdir()
    outside = tmp_path / "outside"
    (outside / "exp-2").mkdir(parents=True)
    for place in (outside, outside / "exp-2"):
        (place / ".summary.md.deadbeef").touch()
        (place / ".latest-exp-3").symlink_to("exp-3")
    (results / "away").symlink_to(outside)
    (results / "exp" / "exp-2").symlink_to(outside / "exp-2")
    (folder / ".incident.md.deadbeef").symlink_to(outside / "exp-2" / ".summary.md.deadbeef")
    before = sorted(tmp_path.rglob("*"))
    with held(folder / ".summary.md.deadbeef"):
        assert swept(results) == []
        assert sorted(tmp_path.rglob("*")) == sorted([*before, folder / ".summary.md.deadbeef"])
