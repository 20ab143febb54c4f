"""A journal that anybody may have written: whatever is wrong with it is said, with its line, and never raised."""

import json
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.errors import Invalid
from firedrill.core.events import (
    KINDS,
    SCHEMA,
    DrillEnded,
    DrillStarted,
    LoadEnded,
    Noted,
    NotificationReceived,
    PhaseEntered,
    Samples,
    Unsound,
)
from firedrill.core.journal import Journal
from firedrill.core.recorded import _shape, recorded

PLAN = {"experiment": "e", "file": "e.yaml", "title": "e", "environment": "local", "steady": 1.0}
ALERT = {"status": "firing", "labels": {"a": "b"}, "annotations": {}, "starts_at": 1.0, "ends_at": None, "fingerprint": "f"}
EVENTS = (
    DrillStarted(SCHEMA, "e-1", "e", "local", PLAN, 1.7e9, {"firedrill": "0.1.0"}),
    PhaseEntered("play"),
    Samples("load", "negotiate", 0.0, 40, 2, {"0.3": 40}, "HISTF", 0.25, {"503": 2}),
    NotificationReceived("r", "firing", "{}", {}, [ALERT]),
    Noted("all is well"),
    LoadEnded("negotiate", 42, 0, 42),
    DrillEnded("finished"),
)
Lines = list[dict[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "journal.jsonl", DrillClock())
    for event in EVENTS:
        journal.append(event)
    journal.close()
    return journal.path


def wrong(path: Path) -> list[tuple[int, str]]:
    return [(entry.event.line, entry.event.what) for entry in recorded(path) if isinstance(entry.event, Unsound)]


def as_of_old(path: Path, change: Callable[[Lines], object]) -> list[tuple[int, str]]:
    """What is wrong with the journal once it is changed, as a firedrill would have written it that knew no sums."""
    lines = [{key: value for key, value in json.loads(line).items() if key != "sum"} for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return wrong(path)


def put(line: int, **fields: object) -> Callable[[Lines], object]:
    return lambda lines: lines[line - 1].update(fields)


def test_nothing_is_wrong_with_what_a_drill_writes_today_or_wrote_before_there_were_sums(path: Path) -> None:
    assert wrong(path) == []
    assert [entry.event for entry in recorded(path)] == list(EVENTS)
    assert as_of_old(path, lambda lines: None) == []


def test_any_changed_byte_of_any_line_is_seen(path: Path) -> None:
    sound = path.read_bytes()
    for place in range(0, len(sound) - 1, 3):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        assert seen(path), sound[place - 20 : place + 20]


def seen(path: Path) -> bool:
    """Whether anything is wrong with it."""
    try:
        return bool(wrong(path))
    except Invalid as error:
        return f"{path}:" in str(error)


@pytest.mark.parametrize("line", range(2, 7))
def test_a_line_that_is_lost_doubled_or_moved_is_seen_also_without_sums(path: Path, line: int) -> None:
    for change in (
        lambda lines: lines.pop(line - 1),
        lambda lines: lines.insert(line, lines[line - 1]),
        lambda lines: lines.insert(1, lines.pop(line - 1)) if line > 2 else lines.insert(3, lines.pop(1)),
    ):
        content = path.read_bytes()
        assert as_of_old(path, change)
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("line", "fields", "what"),
    [
        (2, {"seq": "2"}, "its seq should be a whole number, not a text"),
        (2, {"seq": True}, "its seq should be a whole number, not true or false"),
        (2, {"t": "soon"}, "its t should be a number, not a text"),
        (2, {"t": float("nan")}, "NaN is no number of JSON"),
        (2, {"t": float("inf")}, "Infinity is no number of JSON"),
        (2, {"t": 1e300}, "its t is no number that a drill can have"),
        (2, {"t": -1}, "its t is no moment of a drill"),
        (2, {"source_at": []}, "its source_at should be a number, not a list"),
        (2, {"source_at": -1e18}, "its source_at is no number that a drill can have"),
        (2, {"kind": None}, "its kind should be a text, not null"),
        (2, {"phase": 5}, "its phase should be a text, not a number"),
        (3, {"good": True}, "its good should be a whole number, not true or false"),
        (3, {"good": -1}, "its good should not be negative"),
        (3, {"bad": 2**60}, "its bad is too large a number"),
        (3, {"under": []}, "its under should be a mapping, not a list"),
        (3, {"under": {"0.3": "x"}}, "its under should be a whole number, not a text"),
        (3, {"errors": {"503": None}}, "its errors should be a whole number, not null"),
        (3, {"second": 1e6}, "it has samples of second 1e+06, which was before the drill or still to come"),
        (4, {"alerts": [5]}, "its alerts should hold mappings, not a number"),
        (4, {"alerts": [ALERT | {"labels": []}]}, "its labels should be a mapping, not a list"),
        (4, {"alerts": [{"status": "firing"}]}, "it lacks its labels"),
        (4, {"group_labels": {"a": 1}}, "its group_labels should be a text, not a number"),
        (6, {"counted": 41}, "the load negotiate counted 41 requests, and the journal has samples of 42"),
        (5, {"kind": "mood.measured"}, "this firedrill does not know entries of the kind 'mood.measured'"),
        (1, {"schema": 99}, "the journal has version 99, and this firedrill reads version 1 only"),
        (1, {"schema": 0}, "the journal has version 0, and this firedrill reads version 1 only"),
    ],
)
def test_a_value_of_another_kind_is_told_with_its_line(path: Path, line: int, fields: dict[str, object], what: str) -> None:
    assert [(at, what in told) for at, told in as_of_old(path, put(line, **fields))][:1] == [(line, True)], wrong(path)


@pytest.mark.parametrize(
    "fields", [{"schema": None}, {"schema": "x"}, {"wall": float("nan")}, {"wall": 1e300}, {"wall": -1e18}, {"plan": 5}]
)
def test_a_journal_that_does_not_say_which_drill_it_was_is_none(path: Path, fields: dict[str, object]) -> None:
    with pytest.raises(Invalid, match=rf"{path}:7:1: no journal that can be judged: nothing in it names the drill"):
        as_of_old(path, put(1, **fields))


def test_samples_told_twice_count_once_even_where_somebody_has_numbered_them_anew(path: Path) -> None:
    def doubled(lines: Lines) -> None:
        lines.insert(3, dict(lines[2]))
        for number, line in enumerate(lines, 1):
            line["seq"] = number

    assert ("the samples of load negotiate in second 0 are there twice") in [what for _, what in as_of_old(path, doubled)]


@pytest.mark.parametrize("nested", ["[" * 100_000 + "]" * 100_000, "[" * 500 + "]" * 500, '{"a":' * 300 + "1" + "}" * 300, "1" * 5000])
def test_a_value_that_is_nested_deep_or_endless_is_no_entry(path: Path, nested: str) -> None:
    lines = path.read_text().splitlines()
    lines[4] = '{"seq":5,"t":1,"kind":"hook.received","hook":"h","text":"","data":' + nested + "}"
    path.write_text("\n".join(lines) + "\n")
    assert wrong(path)[0][0] == 5


def test_half_of_a_pair_is_read_as_a_letter_that_nobody_knows(path: Path) -> None:
    assert as_of_old(path, put(5, text="\ud800 and \udfff")) == []
    assert [entry.event for entry in recorded(path)][4] == Noted("\ufffd and \ufffd")


def test_every_kind_of_entry_has_fields_that_can_be_checked() -> None:
    assert all(_shape(name).keys() == {one.name for one in fields(kind)} for name, kind in KINDS.items())


def test_a_line_after_the_end_and_a_second_start_are_seen(path: Path) -> None:
    assert (8, "it comes after the drill's end") in as_of_old(path, lambda lines: lines.append(lines[4] | {"seq": 8, "t": 1e3}))


def test_a_file_with_nothing_but_faults_is_given_up(path: Path) -> None:
    path.write_text("no\n" * 10_000)
    with pytest.raises(Invalid, match="nothing in it names the drill"):
        wrong(path)


def test_a_link_a_pipe_and_a_folder_are_no_journal_and_hold_nobody_up(tmp_path: Path, path: Path) -> None:
    link, pipe, folder = tmp_path / "link", tmp_path / "pipe", tmp_path / "folder"
    link.symlink_to(path)
    os.mkfifo(pipe)
    folder.mkdir()
    for one in (link, pipe, folder, Path("/dev/zero")):
        with pytest.raises(OSError, match=r"link|no file"):
            list(recorded(one))


def test_a_line_without_an_end_is_not_read_to_its_end(path: Path) -> None:
    os.truncate(path, 90_000_000)
    with pytest.raises(Invalid, match="a line is longer than 64 MB"):
        wrong(path)
