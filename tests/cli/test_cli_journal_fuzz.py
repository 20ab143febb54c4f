"""Hundreds of journals, ledger pages and folders that no drill has left, through every command that reads them, as one is called.

No traceback, no wait, nothing run, nothing written outside of the folder, nothing that moves a cursor, and never a pass that the whole
journal would not give. `make fuzz FILES=10000` tries more of them than the tests do.
"""

import asyncio
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import journal_fuzzing as fuzzing
from firedrill.cli.registry import kinds
from firedrill.conduct.ledger import state_directory
from firedrill.live.guard import Token
from firedrill.live.suite import Followed, Gallery
from recordings import JOURNALS, NAMES, ends, folder_of

FILES = int(os.environ.get("FIREDRILL_FUZZ_FILES", "300"))
SEED = int(os.environ.get("FIREDRILL_FUZZ_SEED", "25"))
PROCESSES = 20
"""Of them as processes of their own."""
LONGEST = 2.0
"""Seconds of a processor that any command may take."""
ENDLESS = 30
"""Seconds after which it hangs."""
RUN = {
    "subprocess.Popen",
    "os.fork",
    "os.exec",
    "os.posix_spawn",
    "os.system",
    "os.kill",
    "os.killpg",
    "socket.connect",
    "socket.bind",
    "socket.sendto",
}
WRITTEN = {
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.rename",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "shutil.rmtree",
}
VERDICTS = {"passing": 0, "failing": 1, "placebo": 0, "response": 0, "killed": 4, "blind": 0, "earlier": 0}
CODES = {0, 1, 2, 3, 4, 130}

watched: list[Path] = []
seen: list[str] = []


def _hook(event: str, given: tuple[Any, ...], run: set[str] = RUN, written: set[str] = WRITTEN) -> None:
    """Stays to the interpreter's very end; looks only while a folder is watched."""
    if not watched:
        return
    if event in run:
        seen.append(f"{event} {str(given)[:200]}")
    elif event == "open" and isinstance(given[0], str | bytes | os.PathLike) and _writes(given[1], given[2]):
        _outside(event, given[0])
    elif event in written:
        for path in given[: 2 if event in {"os.rename", "os.link"} else 1]:
            _outside(event, path)


def _writes(mode: object, flags: object) -> bool:
    return (isinstance(mode, str) and bool(set(mode) & set("wax+"))) or (isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR)))


def _outside(event: str, path: object) -> None:
    if isinstance(path, str | bytes | os.PathLike):
        real = os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(os.fsdecode(path)))), os.path.basename(os.fsdecode(path)))
        if not real.startswith(f"{watched[0]}/") and real != "/dev/null":
            seen.append(f"{event} {real}")


sys.addaudithook(_hook)


@contextmanager
def watching(folder: Path) -> Iterator[list[str]]:
    """What is run, reached, or written outside of the folder until the block ends."""
    seen.clear()
    watched.append(folder)
    try:
        yield seen
    finally:
        watched.clear()


@contextmanager
def limited() -> Iterator[None]:
    """A command that hangs is told by where it hung."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError(f"still going after {ENDLESS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(ENDLESS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class Trials:
    """Calls commands in a folder, and keeps what was wrong with any of them."""

    def __init__(self, here: Path) -> None:
        self.here = here
        self.broken: list[str] = []
        self.codes, self.slowest = Counter[tuple[str, int]](), 0.0

    def call(self, label: str, *words: object) -> tuple[int, str]:
        """How it ended, and what it said on standard output."""
        out, err = io.StringIO(), io.StringIO()
        streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = io.StringIO("I would look\n"), out, err
        code, told = 99, list[str]()
        begun = time.process_time()
        try:
            with limited(), watching(self.here) as done:
                code = ends(words)
            told += done
        except Exception as error:
            told.append(f"{type(error).__name__}: {error}")
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
        took = time.process_time() - begun
        self.slowest = max(self.slowest, took)
        said = out.getvalue() + err.getvalue()
        told += [f"took {took:.1f} s"] if took > LONGEST else []
        told += [said[said.index("Traceback") :][-700:]] if "Traceback" in said else []
        told += ["a judge of ours broke: " + said[said.index(" broke: ") :][:200]] if " broke: " in said else []
        told += [f"prints {odd!r}" for odd in {one for one in said if not one.isprintable()} - {"\n", "\t"}]
        told += [f"ended with {code}"] if code not in CODES else []
        self.codes[str(words[0]), code] += 1
        self.broken += [f"{label}: {' '.join(map(str, words))[:200]}: {one}" for one in told]
        return code, out.getvalue()

    def page(self, label: str, folder: Path) -> None:
        """The page of `serve`, built to its end."""
        followed = Followed(folder, kinds())

        async def whole() -> None:
            gallery = Gallery(folder.parent.parent, kinds(), Token("a token of nobody's"))
            for key, one in gallery.folders().items():
                json.dumps(gallery.told(key, one))
            async with asyncio.timeout(ENDLESS):
                await followed.follow()

        begun = time.process_time()
        try:
            with watching(self.here) as done:
                asyncio.run(whole())
            self.broken += [f"{label}: serve: {one}" for one in done]
        except Exception as error:
            self.broken.append(f"{label}: serve: {type(error).__name__}: {error}")
        took = time.process_time() - begun
        ended = followed.feed.snapshot()["state"].get("ended")
        if not followed.feed.closed or ended is None or took > LONGEST:
            self.broken.append(f"{label}: serve: the page is {'closed' if followed.feed.closed else 'open'} after {took:.1f} s: {ended}")
        elif ended["how"] == "unreadable" and "Error: " in ended["reason"]:
            self.broken.append(f"{label}: serve: {ended}")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of its own for what a command may write: results, state, and its temporary files."""
    home = (tmp_path / "here").resolve()
    (home / "tmp").mkdir(parents=True)
    monkeypatch.chdir(home)
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(home / "tmp"))
    kinds()
    return home


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A file of the user's own, outside."""
    file = tmp_path / "mine"
    file.write_text("mine\n")
    return file


def others(number: int, folder: Path) -> list[tuple[object, ...]]:
    """What else is called with a folder, in turn: a report takes longest."""
    turns: tuple[list[tuple[object, ...]], ...] = (
        [("explain", folder), ("undo", folder)],
        [("wheel", folder), ("history",)],
        [("report", folder), ("judge", folder)],
        [("wheel", folder, "--json"), ("actions",), ("undo", folder.name)],
        [("explain", folder, "--json"), ("debrief", "day")],
    )
    return turns[number % len(turns)]


def test_no_journal_ends_in_a_traceback_or_runs_anything_or_passes_for_a_whole_one(here: Path, mine: Path) -> None:
    trials, judged, passed = Trials(here), 0, 0
    for number, mutant in enumerate(fuzzing.mutants(FILES, SEED)):
        label = f"{number} ({mutant})"
        folder = folder_of(here / "results", mutant.base)
        (folder / "journal.jsonl").write_bytes(mutant.content)
        _day(here / "results", folder)
        if number % 7 == 0:
            for name in ("summary.md", "report.html", "wheel.md"):
                (folder / name).symlink_to(mine)
        code, out = trials.call(label, "judge", folder, "--json")
        judged += '"verdict":' in out
        passed += code == 0
        if code == 0 and VERDICTS[mutant.base] != 0 and not mutant.undecidable:
            trials.broken.append(f"{label}: a pass")
        for words in others(number, folder):
            trials.call(label, *words)
        if number % 3 == 0:
            trials.page(label, folder)
        shutil.rmtree(here / "results")
    lost = [] if mine.read_text() == "mine\n" else ["somebody's own file was written"]
    print(
        f"\n{FILES} journals, seed {SEED}: {judged} judged, {passed} pass, the slowest command {trials.slowest:.2f} s, "
        f"{len(trials.broken)} broken; {dict(sorted(trials.codes.items()))}"
    )
    assert not lost + trials.broken, "\n".join(trials.broken[:20])
    assert judged >= FILES / 2, "a fuzzer whose files nobody judges tries nothing"


def _day(results: Path, folder: Path) -> None:
    """A game day that had that drill."""
    day = results / "gamedays" / "day"
    day.mkdir(parents=True)
    told = json.loads((JOURNALS / "gameday.json").read_text())
    told["rounds"][0] |= {"drill": folder.name, "folder": f"{folder.parent.name}/{folder.name}"}
    (day / "gameday.json").write_text(json.dumps(told))


def test_no_file_beside_a_journal_ends_in_a_traceback_either(here: Path) -> None:
    trials, chance = Trials(here), fuzzing.Chance(SEED)
    folder = folder_of(here / "results", "failing")
    _day(here / "results", folder)
    trials.call("whole", "report", folder)
    files = [here / "results" / "gamedays" / "day" / "gameday.json", folder / "verdict.json", folder.parent / "actions.json"]
    readers: tuple[list[tuple[object, ...]], ...] = (
        [("debrief", "day")],
        [("history",), ("judge", folder)],
        [("actions",), ("judge", folder)],
    )
    sound = {file: file.read_bytes() for file in files}
    for number in range(max(30, FILES // 10)):
        file = files[number % 3]
        text = sound[file]
        if chance.random() < 0.7:
            text = json.dumps(fuzzing.changed(json.loads(text), chance)).encode()
        if chance.random() < 0.4:
            text = fuzzing.torn(text, chance)
        if chance.random() < 0.05:
            text = b"[" * fuzzing.DEEP
        file.write_bytes(text)
        for words in readers[number % 3]:
            trials.call(f"{file.name} {number}", *words)
        file.write_bytes(sound[file])
    print(f"\nfiles beside journals: {dict(sorted(trials.codes.items()))}")
    assert not trials.broken, "\n".join(trials.broken[:20])


def test_no_page_of_the_ledger_ends_in_a_traceback_or_is_lost(here: Path) -> None:
    trials = Trials(here)
    folder = folder_of(here / "results", "killed")
    sound = {
        "drill": folder.name, "journal": str(folder / "journal.jsonl"), "pid": 2**22 - 3, "started": 5, "root": str(here), "temporary": [],
        "undos": {"latency-bureau": {"kind": "nothing"}, "silences": {"kind": "nothing"}},
    }  # fmt: skip
    page = state_directory() / "open" / f"{folder.name}.json"
    page.parent.mkdir(parents=True)
    ended = Counter[bool]()
    for number, text in enumerate(fuzzing.pages(max(40, FILES // 5), SEED, sound)):
        page.write_bytes(text)
        code, _ = trials.call(f"page {number}", "undo", *(["--all"] if number % 2 else [folder.name]))
        try:
            whole = json.loads(text)["undos"] == sound["undos"]
        except (ValueError, TypeError, KeyError):
            whole = False
        ended[whole] += 1
        if not whole and not page.exists() and code == 0 and number % 2:
            undos = json.loads(text)["undos"]
            if undos and any(not isinstance(one, dict) or one.get("kind") != "nothing" for one in undos.values()):
                trials.broken.append(f"page {number}: struck off: {text[:200]!r}")
        for one in page.parent.iterdir():
            one.unlink()
    print(f"\npages: {dict(sorted(trials.codes.items()))}")
    assert not trials.broken, "\n".join(trials.broken[:20])
    assert ended[True]
    assert ended[False]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_changed_is_judged_as_it_was(here: Path, name: str) -> None:
    trials = Trials(here)
    folder = folder_of(here / "results", name)
    assert trials.call(name, "judge", folder)[0] == VERDICTS[name]
    trials.page(name, folder)
    assert not trials.broken


def test_as_processes_they_end_the_same(here: Path) -> None:
    chosen: Callable[[int], str] = lambda number: ("judge", "report", "explain", "wheel", "undo")[number % 5]  # noqa: E731

    def called(number: int, mutant: fuzzing.Mutant) -> "subprocess.CompletedProcess[str]":
        folder = folder_of(here / str(number), mutant.base)
        (folder / "journal.jsonl").write_bytes(mutant.content)
        command = [sys.executable, "-m", "firedrill.cli", chosen(number), str(folder)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)

    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(called, range(PROCESSES), fuzzing.mutants(PROCESSES, SEED + 1)):
            assert done.returncode in CODES, done.stderr
            assert "Traceback" not in done.stderr
            assert not {one for one in done.stdout + done.stderr if not one.isprintable()} - {"\n", "\t"}
