"""The journal: what is written is read back, however the writing ended."""

import json
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError
from firedrill.core.events import KINDS, Entry, FaultActive, Noted, PhaseEntered, Samples, Unknown
from firedrill.core.journal import Journal, is_locked, read

EVENTS = (
    PhaseEntered("play"),
    FaultActive("latency-bureau"),
    Samples("load", "negotiate", 3.0, 48, 2, {"0.3": 40}, "HISTF", 3.25, {"503 – «busy»": 2}),
    Noted("\u2713 a line\nand another, \u201cquoted\u201d \U0001f525"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def written(path: Path) -> list[Entry]:
    journal = Journal(path, DrillClock())
    entries = [journal.append(event, "test", 1.25, durable=number == 1) for number, event in enumerate(EVENTS)]
    journal.close()
    return entries


def test_what_was_written_is_read_back(path: Path, written: list[Entry]) -> None:
    assert list(read(path)) == written
    assert [entry.seq for entry in written] == [1, 2, 3, 4]
    assert [entry.t for entry in written] == sorted(entry.t for entry in written)


def test_a_journal_cut_at_every_byte_is_readable(path: Path, written: list[Entry]) -> None:
    content = path.read_bytes()
    ends = [place for place, byte in enumerate(content) if byte == ord("\n")]
    for cut in range(len(content), -1, -1):
        os.truncate(path, cut)
        whole = sum(end <= cut for end in ends)
        assert list(read(path)) == written[:whole]


def test_a_torn_line_before_the_last_is_an_error_with_its_place(path: Path, written: list[Entry]) -> None:
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:20], lines[2]]) + "\n")
    with pytest.raises(FiredrillError, match=r"journal\.jsonl:2: not a journal entry"):
        list(read(path))


def test_kinds_of_a_newer_version_are_kept_unknown(path: Path) -> None:
    path.write_text(json.dumps({"seq": 1, "t": 0.5, "kind": "mood.measured", "source": "x", "source_at": None, "mood": "good"}) + "\n")
    (entry,) = read(path)
    assert entry.event == Unknown("mood.measured", {"mood": "good"})


def test_fields_of_a_newer_version_are_skipped(path: Path) -> None:
    path.write_text(json.dumps({"seq": 1, "t": 0.5, "kind": "fault.active", "fault": "f", "colour": "red"}) + "\n")
    assert [entry.event for entry in read(path)] == [FaultActive("f")]


def test_an_entry_happened_when_its_source_says(written: list[Entry]) -> None:
    assert written[0].at == 1.25
    assert Entry(1, 2.5, "test", None, PhaseEntered("play")).at == 2.5


def test_a_running_drill_holds_its_journal(path: Path) -> None:
    journal = Journal(path, DrillClock())
    journal.append(PhaseEntered("play"))
    assert is_locked(path)
    assert len(list(read(path))) == 1
    journal.close()
    assert not is_locked(path)


def test_whoever_looks_whether_a_journal_is_held_keeps_no_drill_from_starting(tmp_path: Path) -> None:
    over, paths = threading.Event(), [tmp_path / "0"]

    def look() -> None:
        while not over.is_set():
            with suppress(FileNotFoundError):
                is_locked(paths[-1])

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for one in lookers:
        one.start()
    try:
        for number in range(80):
            paths.append(tmp_path / str(number))
            Journal(paths[-1], DrillClock()).close()
    finally:
        over.set()
        for one in lookers:
            one.join()


def test_a_journal_is_never_written_over(path: Path, written: list[Entry]) -> None:
    with pytest.raises(FileExistsError):
        Journal(path, DrillClock())


def test_observers_see_each_entry_after_it_is_on_the_file(path: Path) -> None:
    journal, seen = Journal(path, DrillClock()), []
    journal.observers.append(lambda entry: seen.append((entry, list(read(path))[-1])))
    journal.append(FaultActive("f"))
    journal.close()
    assert [told == found for told, found in seen] == [True]


def test_every_kind_has_a_name_of_its_own() -> None:
    assert all(name == kind.kind for name, kind in KINDS.items())
    assert {"drill.started", "samples", "fault.intended", "drill.ended"} <= KINDS.keys()
