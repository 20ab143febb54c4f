"""`firedrill oncall`: who is on call now or then, and whom a page would reach."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ONCALL = """\
people:
  first-on-call:
    shown: The first on call
  night-shift: {}
  team-lead: {}
schedules:
  primary:
    timezone: Europe/Berlin
    shifts:
      - person: night-shift
        hours: 20:00-08:00
    rotation:
      people: [first-on-call]
      every: 7d
      since: 2026-01-05T08:00:00+01:00
policies:
  payments-oncall:
    levels:
      - notify: primary
      - notify: [team-lead, primary]
        after: 5m
    again: 10m
"""


@pytest.fixture
def suite(root: Path, tmp_path: Path) -> Path:
    """The fast suite with an oncall.yaml of its own."""
    home = tmp_path / "suite"
    shutil.copytree(root / "tests" / "suite", home, ignore=shutil.ignore_patterns("results", "__pycache__"))
    (home / "oncall.yaml").write_text(ONCALL)
    return home


def oncall(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "firedrill.cli", "oncall", *words], cwd=home, capture_output=True, text=True, check=False)


def test_it_says_who_is_on_call_until_when_and_whom_a_page_would_reach(suite: Path) -> None:
    done = oncall(suite, "--at", "2026-01-06T06:59:00Z")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "primary: night-shift until 2026-01-06T08:00:00+01:00, then The first on call",
        "payments-oncall, while nobody acknowledges:",
        "  after 0s: night-shift (primary)",
        "  after 5m: team-lead, night-shift (primary)",
        "  and from the first again 10m after the last",
    ]


def test_it_answers_as_json_for_now(suite: Path) -> None:
    answer = json.loads(oncall(suite, "--json").stdout)
    (schedule,) = answer["schedules"]
    assert schedule["schedule"] == "primary"
    assert {schedule["on_call"], schedule["then"]} == {"first-on-call", "night-shift"}
    (receiver,) = answer["receivers"]
    told = [{"person": schedule["on_call"], "schedule": "primary"}]
    assert receiver == {
        "receiver": "payments-oncall", "again_s": 600, "reopens_within_s": 300,
        "levels": [
            {"level": 1, "after_s": 0, "told": told},
            {"level": 2, "after_s": 300, "told": [{"person": "team-lead", "schedule": ""}, *told]},
        ],
    }  # fmt: skip


def test_nobody_is_said_to_be_nobody(suite: Path) -> None:
    (suite / "oncall.yaml").write_text(ONCALL.replace("20:00-08:00", "20:00-21:00"))
    lines = oncall(suite, "--at", "2026-01-05T06:00:00Z").stdout.splitlines()
    assert lines[0] == "primary: nobody until 2026-01-05T08:00:00+01:00, then The first on call"
    assert lines[2] == "  after 0s: nobody"


def test_what_is_wrong_is_told_with_its_place(suite: Path) -> None:
    (suite / "oncall.yaml").write_text(ONCALL.replace("notify: primary", "notify: primry"))
    done = oncall(suite)
    assert (done.returncode, done.stderr) == (
        2, "oncall.yaml:19:17: policies.payments-oncall.levels[0].notify: unknown person or schedule 'primry'; did you mean 'primary'?\n"
    )  # fmt: skip


def test_a_moment_that_is_none_and_an_environment_without_a_desk_are_refused(suite: Path) -> None:
    done = oncall(suite, "--at", "tomorrow")
    assert done.returncode == 2
    assert "a moment such as 2026-01-05T08:00:00Z is expected, not 'tomorrow'" in done.stderr
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text().replace("    oncall: oncall.yaml\n", ""))
    done = oncall(suite)
    assert done.returncode == 2
    assert "the environment local does not say who is on call: give it 'oncall', such as oncall.yaml" in done.stderr
