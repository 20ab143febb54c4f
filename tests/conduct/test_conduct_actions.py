"""Where action items are kept: whole files only, nobody's write lost, nothing written over that cannot be read."""

import json
import multiprocessing
from pathlib import Path

import pytest

from firedrill.conduct import actions
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.core.verdicts import Exit, Finding, Verdict
from firedrill.judge.drill import Facts, JudgedDrill


def drilled(name: str, *failed: str, experiment: str = "slow") -> JudgedDrill:
    expected = tuple(PlannedExpectation(kind="x", declared={}, words=each, place="x.yaml:1:1") for each in failed)
    plan = Plan(experiment=experiment, file="", title="", environment=name, steady=1, expectations=expected)
    findings = [Finding(each, Verdict.FAIL, f"{each} did not hold.") for each in failed]
    return JudgedDrill(Facts(plan=plan, drill=name, ended="finished"), Verdict.FAIL, "", Exit.FAIL, findings, (), ())


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    written = actions.merge(tmp_path, drilled("d1", "quiet", "page"))
    assert actions.read(tmp_path / "slow" / "actions.json") == written
    assert [one.expectation for one in written] == ["quiet", "page"]


def test_a_drill_that_leaves_nothing_to_do_makes_no_file(tmp_path: Path) -> None:
    assert actions.merge(tmp_path, drilled("d1")) == ()
    assert not (tmp_path / "slow" / "actions.json").exists()


def _merge(results: Path, number: int) -> None:
    actions.merge(results, drilled(f"d{number}", "quiet"))


def test_drills_that_end_at_once_all_stand_in_it(tmp_path: Path) -> None:
    started = [multiprocessing.Process(target=_merge, args=(tmp_path, number)) for number in range(6)]
    for each in started:
        each.start()
    for each in started:
        each.join(30)
    assert {one.environment for one in actions.everywhere(tmp_path)} == {f"d{number}" for number in range(6)}
    assert not list((tmp_path / "slow").glob(".actions.json.[0-9]*"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "line 1, column 2: Expecting property name enclosed in double quotes"),
        ("[]", "it is not of version 1"),
        ('{"version": 2, "actions": []}', "it is not of version 1"),
        ('{"version": 1, "actions": {}}', "its key 'actions' is no list"),
        ('{"version": 1, "actions": [{}]}', "actions[0.id]: Field required"),
    ],
)
def test_a_broken_file_is_told_with_its_place_and_left_as_it_is(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "slow" / "actions.json"
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(FiredrillError) as told:
        actions.merge(tmp_path, drilled("d1", "quiet"))
    assert str(told.value) == (
        f"{file} cannot be read as action items, and is left as it is: {why}; mend it, or move it away to begin anew"
    )
    assert file.read_text() == text


def test_an_owner_and_a_note_are_given_by_the_beginning_of_an_id(tmp_path: Path) -> None:
    first, second = actions.merge(tmp_path, drilled("d1", "quiet", "page"))
    actions.assign(tmp_path, first.id[:5], "team-lead", None)
    told = actions.assign(tmp_path, first.id, None, "see\nticket 7")
    assert (told.owner, told.note) == ("team-lead", "see ticket 7")
    assert actions.read(tmp_path / "slow" / "actions.json") == (told, second)


def test_an_id_that_names_none_or_several_is_refused(tmp_path: Path) -> None:
    actions.merge(tmp_path, drilled("d1", *map(str, range(40))))
    with pytest.raises(Refused, match="no action item is called 'zz'"):
        actions.assign(tmp_path, "zz", "team-lead", None)
    with pytest.raises(Refused, match="several action items are called"):
        actions.assign(tmp_path, _common([one.id for one in actions.everywhere(tmp_path)]), "team-lead", None)
    with pytest.raises(Refused, match="at most 400 characters"):
        actions.assign(tmp_path, actions.everywhere(tmp_path)[0].id, None, "x" * 401)


def _common(ids: list[str]) -> str:
    """A first character that two of them share; with forty there is one."""
    firsts = [each[0] for each in ids]
    return next(each for each in firsts if firsts.count(each) > 1)


def test_those_of_every_experiment_are_listed(tmp_path: Path) -> None:
    actions.merge(tmp_path, drilled("d1", "quiet"))
    actions.merge(tmp_path, drilled("d2", "quiet", experiment="down"))
    assert [one.experiment for one in actions.everywhere(tmp_path)] == ["down", "slow"]
    assert [one.experiment for one in actions.everywhere(tmp_path, "slow")] == ["slow"]
    assert json.loads((tmp_path / "down" / "actions.json").read_text())["version"] == 1
