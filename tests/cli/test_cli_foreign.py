"""Folders of results that somebody else made: commands that read them follow no link out, write through none, and end with a sentence."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recordings import JOURNALS, NAMES, ends, folder_of, unsummed

READERS = ("judge", "report", "explain", "wheel")
VERDICTS = {"passing": 0, "failing": 1, "placebo": 0, "response": 0, "killed": 4, "blind": 0, "earlier": 0}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def results(here: Path) -> Path:
    return here / "results"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file of the user's own, which nobody may touch."""
    (tmp_path / "home").mkdir()
    mine = tmp_path / "home" / ".bashrc"
    mine.write_text("mine\n")
    return mine


def put(number: int, **fields: object) -> Callable[[list[dict[str, Any]]], object]:
    return lambda lines: lines[number].update(fields)


def of_kind(lines: list[dict[str, Any]], kind: str) -> int:
    return next(number for number, line in enumerate(lines) if line["kind"] == kind)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_drills_are_judged_as_they_were(results: Path, name: str) -> None:
    assert ends(["judge", folder_of(results, name)]) == VERDICTS[name]


@pytest.mark.parametrize("name", ["summary.md", "report.html", "verdict.json", "junit.xml", "incident.md"])
@pytest.mark.parametrize("hard", [False, True], ids=["a link", "a second name"])
def test_a_report_is_written_through_no_link(results: Path, outside: Path, name: str, hard: bool) -> None:
    folder = folder_of(results, "passing")
    (os.link if hard else os.symlink)(outside, folder / name)
    assert ends(["report", folder]) == 0
    assert outside.read_text() == "mine\n"
    assert (folder / name).is_file()
    assert not (folder / name).is_symlink()
    assert not list(folder.glob(".*"))


def test_a_folder_in_place_of_a_report_is_a_sentence_and_the_others_are_written(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(results, "passing")
    (folder / "summary.md").mkdir()
    assert ends(["report", folder]) == 3
    assert f"{folder}/summary.md cannot be written: Is a directory" in capsys.readouterr().err
    assert {"verdict.json", "junit.xml", "incident.md", "report.html"} <= {one.name for one in folder.iterdir()}


@pytest.mark.parametrize("command", READERS)
def test_a_folder_that_is_a_link_to_elsewhere_is_refused(
    results: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = folder_of(tmp_path / "other", "passing")
    (results / "latency").mkdir(parents=True)
    (results / "latency" / "latest").symlink_to(elsewhere)
    (results / "away").symlink_to(elsewhere.parent)
    for drill in ("latency", results / "latency" / "latest", results / "away" / elsewhere.name):
        assert ends([command, drill]) == 2
        assert f"is a link to {elsewhere.parent}" in capsys.readouterr().err
    assert sorted(one.name for one in elsewhere.iterdir()) == ["journal.jsonl"]


def test_latest_leads_to_the_drill_beside_it(results: Path) -> None:
    folder = folder_of(results, "passing")
    (folder.parent / "latest").symlink_to(folder.name)
    assert [ends(["judge", drill]) for drill in ("latency", folder.name, folder.parent / "latest", os.path.relpath(folder))] == [0] * 4


def test_an_experiment_whose_link_an_archive_has_lost_means_its_newest_drill(results: Path) -> None:
    newest, older = folder_of(results, "passing"), results / "latency" / "latency-20250101-000000-ffff"
    folder_of(results, "failing").rename(older)
    (newest.parent / "zzz").mkdir()
    (newest.parent / "latest").symlink_to("gone")
    assert [ends(["judge", "latency"]), ends(["judge", older.name]), ends(["judge", "zzz"])] == [0, 1, 2]


@pytest.mark.parametrize("command", READERS)
def test_a_journal_that_is_a_link_or_a_pipe_is_a_sentence(
    results: Path, outside: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for make in (lambda path: path.symlink_to(outside), os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")):
        folder = results / f"e{len(list(results.glob('*')))}" / "d"
        folder.mkdir(parents=True)
        make(folder / "journal.jsonl")
        assert ends([command, folder]) == 3
        assert f"{folder}/journal.jsonl cannot be read: it is" in capsys.readouterr().err


def test_a_folder_that_is_not_in_these_results_is_left_alone_but_for_its_reports(here: Path, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "downloads", "failing")
    assert ends(["report", folder]) == 0
    assert [one.name for one in (tmp_path / "downloads").iterdir()] == [folder.parent.name]
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]
    assert 'src="' not in (folder / "report.html").read_text().split("</head>")[0]


def test_a_script_that_somebody_put_in_place_of_ours_is_not_ours(results: Path) -> None:
    folder = folder_of(results, "passing")
    assert ends(["report", folder]) == 0
    (library,) = results.glob("plotly-*.js")
    sound = library.read_bytes()
    library.write_text("alert(1)")
    assert ends(["report", folder]) == 0
    assert library.read_bytes() == sound


def test_a_journal_with_holes_is_never_a_pass_and_its_fail_is_none_either(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("passing", "failing"):
        journal = folder_of(results, name) / "journal.jsonl"
        unsummed(journal, lambda lines: lines.pop(60))
        assert ends(["judge", journal.parent]) == 3
        told = capsys.readouterr().out
        assert "The journal is damaged: line 61: entry 62 where 61 was expected" in told


@pytest.mark.parametrize("schema", [99, 2, 0])
def test_a_journal_of_another_version_is_inconclusive(results: Path, schema: int, capsys: pytest.CaptureFixture[str]) -> None:
    journal = folder_of(results, "passing") / "journal.jsonl"
    unsummed(journal, put(0, schema=schema))
    assert ends(["judge", journal.parent]) == 3
    assert f"the journal has version {schema}, and this firedrill reads version 1 only" in capsys.readouterr().out


@pytest.mark.parametrize("command", READERS)
@pytest.mark.parametrize("fields", [{"schema": None}, {"wall": "x"}, {"wall": float("nan")}, {"plan": []}, {"plan": {"experiment": 5}}])
def test_a_journal_of_no_drill_is_a_sentence_with_its_place(
    results: Path, command: str, fields: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    journal = folder_of(results, "passing") / "journal.jsonl"
    unsummed(journal, put(0, **fields))
    assert ends([command, journal.parent]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{journal}:")
    assert "Traceback" not in told


def test_a_siblings_verdict_that_nobody_can_read_keeps_no_other_from_being_judged(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(results, "passing")
    for number, text in enumerate(("[" * 100_000, '{"drill": 5}', "{}", "\x00", '{"scores": [5]}', "")):
        sibling = folder.parent / f"sibling-{number}"
        sibling.mkdir()
        (sibling / "verdict.json").write_text(text)
    for number, make in enumerate((os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir)):
        sibling = folder.parent / f"odd-{number}"
        sibling.mkdir()
        make(sibling / "verdict.json")
    assert ends(["judge", folder]) == 0
    assert ends(["report", folder]) == 0
    assert ends(["history"]) == 0
    assert capsys.readouterr().err.count("cannot be read, and is left out") == 9


@pytest.mark.parametrize("command", [*READERS, "debrief", "undo", "history", "actions"])
@pytest.mark.parametrize("name", ["a" * 5000, "**", "*", "../..", "\x00", "."])
def test_a_name_that_no_drill_can_have_is_a_usage_error(results: Path, command: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder_of(results, "passing")
    assert ends([command, name]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_no_command_prints_what_moves_a_cursor(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202edrows\r"
    folder = folder_of(results, "response")

    def change(lines: list[dict[str, Any]]) -> None:
        lines[0]["plan"]["title"] = lines[0]["plan"]["description"] = evil
        lines[0]["plan"]["expectations"][0]["words"] = evil
        for line in lines:
            for key in ("text", "title", "why", "how", "detail", "alert", "receiver"):
                line[key] = f"{line[key]}{evil}" if key in line and isinstance(line[key], str) else line.get(key)
                if line[key] is None:
                    del line[key]

    unsummed(folder / "journal.jsonl", change)
    for words in (
        ["judge", folder],
        ["judge", folder, "--json"],
        ["explain", folder],
        ["wheel", folder],
        ["report", folder],
        ["history"],
        ["actions"],
    ):
        ends(words)
    said = capsys.readouterr()
    assert not {letter for letter in said.out + said.err if not letter.isprintable()} - {"\n", "\t"}
    for name in ("summary.md", "incident.md", "junit.xml", "verdict.json"):
        assert not {letter for letter in (folder / name).read_text() if not letter.isprintable()} - {"\n", "\t"}, name


def test_report_adds_the_action_items_of_a_drill_that_was_killed_before_it_was_judged(results: Path) -> None:
    folder = folder_of(results, "failing")
    assert ends(["judge", folder]) == 1
    assert not (folder.parent / "actions.json").exists()
    assert ends(["report", folder]) == 0
    (item,) = json.loads((folder.parent / "actions.json").read_text())["actions"]
    assert item["opened_by"] == folder.name
    (folder.parent / "actions.json").unlink()
    assert ends(["report", folder]) == 0
    assert not (folder.parent / "actions.json").exists(), "a drill that was judged is not counted again"


def test_action_items_are_changed_in_the_file_that_has_them(results: Path, outside: Path) -> None:
    folder = folder_of(results, "failing")
    ends(["report", folder])
    file = folder.parent / "actions.json"
    told = json.loads(file.read_text())
    told["actions"][0]["experiment"] = "../../home"
    file.write_text(json.dumps(told))
    lock = folder.parent / ".actions.json.lock"
    lock.unlink()
    lock.symlink_to(outside)
    assert ends(["actions", "--owner", told["actions"][0]["id"], "me"]) == 3
    lock.unlink()
    assert ends(["actions", "--owner", told["actions"][0]["id"], "me"]) == 0
    assert outside.read_text() == "mine\n"
    assert sorted(one.name for one in outside.parent.iterdir()) == [".bashrc"]
    assert json.loads(file.read_text())["actions"][0]["owner"] == "me"


def test_action_items_that_cannot_be_read_cost_no_report(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder_of(results, "failing")
    os.mkfifo(folder.parent / "actions.json")
    assert ends(["report", folder]) == 0
    said = capsys.readouterr()
    assert said.out == f"{folder}/report.html\n"
    assert "actions.json cannot be read as action items, and is left as it is: it is no file that can be read" in said.err


def test_a_game_day_that_is_a_link_to_elsewhere_is_refused(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = tmp_path / "other" / "gamedays" / "day"
    elsewhere.mkdir(parents=True)
    (elsewhere / "gameday.json").write_text((JOURNALS / "gameday.json").read_text())
    (results / "gamedays").mkdir(parents=True)
    (results / "gamedays" / "day").symlink_to(elsewhere)
    assert ends(["debrief", results / "gamedays" / "day"]) == 2
    assert f"is a link to {elsewhere}" in capsys.readouterr().err
    assert [one.name for one in elsewhere.iterdir()] == ["gameday.json"]


def test_a_game_day_of_somebody_elses_is_told_or_refused_in_a_sentence(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = results / "gamedays" / "day-20260101-000000-abcd"
    folder.mkdir(parents=True)
    round_ = {"kind": "experiment", "number": 1, "what": "latency", "started_at": "2026-01-01T00:00:00Z", "folder": "../../home/x"}
    day = {
        "game_day": "../../evil", "name": "day", "title": "t", "environment": "local", "seed": 1, "rounds": [round_],
        "started_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip

    def told(**changed: object) -> tuple[int, float, str]:
        (folder / "gameday.json").write_text(json.dumps(day | changed))
        before = time.process_time()
        code = ends(["debrief", "day"])
        return code, time.process_time() - before, capsys.readouterr().err

    assert told()[0] == 0
    for where, changed in (
        ("started_at", {"started_at": "0001-01-01T00:00:00+14:00"}),
        ("ended_at", {"ended_at": "9999-12-31T23:59:59-23:00"}),
        ("rounds.0.started_at", {"rounds": [round_ | {"started_at": "0001-01-01T00:00:00+14:00"}]}),
        ("notes.0.at", {"notes": [{"at": "9999-12-31T23:59:59-23:00", "by": "x", "text": "x"}]}),
    ):
        code, _, why = told(**changed)
        assert (code, f"gameday.json cannot be read: {where}: Value error, no year of any game day" in why) == (3, True)
    code, took, _ = told(rounds=[round_ | {"ended_at": "2026-01-01T00:01:00Z"}] * 2000)
    assert code == 0
    assert took < 5
