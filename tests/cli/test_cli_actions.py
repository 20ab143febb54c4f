"""`firedrill actions`: what is listed, who has it, and what a person is told who names nothing that there is."""

import json
from pathlib import Path

import pytest

from firedrill.cli import main
from firedrill.conduct import actions
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.core.verdicts import Exit, Finding, Verdict
from firedrill.judge.actions import identity
from firedrill.judge.drill import Facts, JudgedDrill

QUIET = identity("slow", "local", "quiet")


def ended(drill: str, verdict: Verdict) -> JudgedDrill:
    expected = (PlannedExpectation(kind="quiet", declared={}, words="quiet", place="x.yaml:1:1"),)
    plan = Plan(experiment="slow", file="", title="", environment="local", steady=1, expectations=expected)
    found = [Finding("quiet", verdict, "Somebody was paged.")]
    return JudgedDrill(Facts(plan=plan, drill=drill, ended="finished"), verdict, "", Exit.FAIL, found, (), ())


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One drill of one experiment has left one item."""
    monkeypatch.chdir(tmp_path)
    actions.merge(tmp_path / "results", ended("slow-1", Verdict.FAIL))
    return tmp_path / "results"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[object, str]:
    try:
        main(["actions", *words])
        code: object = 0
    except SystemExit as done:
        code = done.code or 0
    told = capsys.readouterr()
    return code, told.out + told.err


def test_an_item_is_listed_with_its_state_and_what_became_of_it(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys) == (0, f"{QUIET}  slow (local): open (1 drill): quiet\n          Somebody was paged.\n")


def test_owner_and_note_are_given_and_shown(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = said(capsys, "slow", "--owner", QUIET[:4], "team-lead", "--note", QUIET[:4], "OPS-7")
    assert (code, told) == (
        0,
        f"{QUIET}  slow (local): open (1 drill): quiet [team-lead]\n          Somebody was paged.\n          OPS-7\n",
    )
    assert json.loads((results / "slow" / "actions.json").read_text())["actions"][0]["owner"] == "team-lead"


def test_json_has_the_same(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = said(capsys, "--json")
    (item,) = json.loads(told)["actions"]
    assert (item["id"], item["status"], item["seen"]) == (QUIET, "open", [])


def test_a_closed_one_is_not_among_the_open_ones(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    actions.merge(results, ended("slow-2", Verdict.PASS))
    assert said(capsys) == (0, f"{QUIET}  slow (local): closed: quiet\n")
    assert said(capsys, "--open") == (0, "no open action items under results/\n")


def test_an_experiment_or_an_item_that_is_not_there_is_told(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = said(capsys, "slwo")
    assert (code, "no drill of 'slwo' under results/" in told) == (2, True)
    assert said(capsys, "--owner", "zz", "team-lead") == (2, "no action item is called 'zz' under results/\n")
