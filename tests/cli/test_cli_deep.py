"""`validate --deep`: what activities name is imported elsewhere and never called; without it nothing is imported."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

import shutil
from pathlib import Path

import pytest

from firedrill.cli import main
from firedrill.faults.chaos.deep import missing

FILE = """\
title: Plain
description: A method of one's own
steady-state-hypothesis:
  title: Well
  probes:
    - type: probe
      name: asked
      tolerance: {type: probe, name: t, provider: {type: python, module: team, func: judge, arguments: {}}}
      provider: {type: python, module: team, func: look}
method:
  - type: action
    name: does
    provider: {type: python, module: team, func: break_it, arguments: {hard: true}}
rollbacks:
  - type: action
    name: back
    provider: {type: process, path: "true"}
"""
TEAM = """\
open("imported", "w").close()
def look(): open("called", "w").close()
def judge(value): open("called", "w").close()
def break_it(hard, secrets=None): open("called", "w").close()
"""
AT = "experiments/plain.yaml"


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "suite"
    shutil.copytree(Path(__file__).parent.parent / "suite", root)
    (root / "team.py").write_text(TEAM)
    (root / AT).write_text(FILE)
    monkeypatch.chdir(root)
    return root


def validate(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["validate", AT, *words])
    return int(str(ended.value.code)), capsys.readouterr().out


def test_without_it_nothing_is_imported(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(capsys=capsys) == (0, "")
    assert not (suite / "imported").exists()


def test_with_it_modules_are_imported_and_nothing_is_called(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate("--deep", capsys=capsys) == (0, "")
    assert (suite / "imported").exists()
    assert not (suite / "called").exists()


@pytest.mark.parametrize(
    ("sound", "broken", "message"),
    [
        ("module: team, func: break", "module: taem, func: break", f"{AT}:13:5: method[0].provider: could not find Python module 'taem' in activity 'does'\n"),
        ("break_it, arg", "braek_it, arg", f"{AT}:13:5: method[0].provider: The python module 'team' does not expose a function called 'braek_it' in action 'does'\n"),
        ("{hard: true}", "{}", f"{AT}:13:5: method[0].provider: required argument 'hard' is missing from activity 'break_it'\n"),
        ("func: judge", "func: look", f"{AT}:8:41: steady-state-hypothesis.probes[0].tolerance.provider: argument 'value' is not part of the function signature in activity 'look'\n"),
        ('path: "true"', "path: no-such-program", f"{AT}:17:5: rollbacks[0].provider: path 'no-such-program' cannot be found, in activity 'back'\n"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_at_its_provider(
    sound: str, broken: str, message: str, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sound in FILE
    (suite / AT).write_text(FILE.replace(sound, broken, 1))
    assert validate("--deep", capsys=capsys) == (2, message)


CONTROL = """
from chaoslib.exceptions import InvalidActivity
def validate_control(control): raise InvalidActivity("the control 'strict' wants a region")
"""


def refused(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["run", *words])
    return int(str(ended.value.code)), capsys.readouterr().err


@pytest.mark.parametrize(
    ("sound", "broken", "message"),
    [
        ("module: team, func: break", "module: taem, func: break", f"{AT}:13:5: method[0].provider: could not find Python module 'taem' in activity 'does'"),
        ("{hard: true}", "{}", f"{AT}:13:5: method[0].provider: required argument 'hard' is missing from activity 'break_it'"),
        ('path: "true"', "path: no-such-program", f"{AT}:17:5: rollbacks[0].provider: path 'no-such-program' cannot be found, in activity 'back'"),
        ("method:\n", "controls: [{name: strict, provider: {type: python, module: strict}}]\nmethod:\n", ": controls: the control 'strict' wants a region"),
    ],
)  # fmt: skip
def test_a_run_of_what_chaos_toolkit_would_refuse_is_refused_before_anything_starts(
    sound: str, broken: str, message: str, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite / "strict.py").write_text(CONTROL)
    (suite / AT).write_text(FILE.replace(sound, broken, 1))
    code, said = refused(AT, "--results", "results", capsys=capsys)
    assert (code, message in said) == (2, True), said
    assert not (suite / "results").exists()
    assert not (suite / "called").exists()


def test_what_a_limit_refuses_is_refused_before_any_module_is_imported(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = suite / "firedrill.yaml"
    assert "methods: allow" in settings.read_text()
    settings.write_text(settings.read_text().replace("methods: allow", "methods: refuse"))
    code, said = refused(AT, capsys=capsys)
    assert code == 2, said
    assert not (suite / "imported").exists()


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("import time; time.sleep(60)", "importing it did not end, or not within 2 s"),
        ("import sys; sys.exit(3)", "importing ends ends in SystemExit: 3"),
        ("import os; os._exit(3)", "importing it did not end, or not within 2 s"),
    ],
)
def test_a_module_that_does_not_come_back_is_left(top: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text(top)
    action = {"type": "action", "name": "a", "provider": {"type": "python", "module": "ends", "func": "f"}}
    assert missing({"method": [action]}, tmp_path, 2.0) == {"method[0].provider": said}
