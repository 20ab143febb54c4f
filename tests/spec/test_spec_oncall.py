"""oncall.yaml, and what people are told of one that is wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.core.units import Duration
from firedrill.spec.check import Checked

SOUND = """\
people:
  first-on-call: {}
  second-on-call:
    shown: The second on call
    webhook: SECOND_ON_CALL_URL
  night-shift: {}
schedules:
  primary:
    timezone: Europe/Berlin
    shifts:
      - person: night-shift
        hours: 20:00-08:00
        days: mon-fri
    rotation:
      people: [first-on-call, second-on-call]
      every: 7d
      since: 2026-01-05T08:00:00+01:00
policies:
  payments-oncall:
    levels:
      - notify: primary
      - notify: [second-on-call, primary]
        after: 5m
    again: 10m
    reopens-within: 2m
"""
Write = Callable[[str, str], Path]
Said = Callable[..., list[str]]


@pytest.fixture
def broken(suite: Path, write: Write, said: Said) -> Callable[..., list[str]]:
    """What is said of an oncall.yaml with texts replaced."""

    def broken(*changes: tuple[str, str], **settings: object) -> list[str]:
        settled = suite / "firedrill.yaml"
        settled.write_text(settled.read_text() + "    oncall: oncall.yaml\n")
        text = SOUND
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        write("oncall.yaml", text)
        return said(**({"environ": {"SECOND_ON_CALL_URL": "https://chat.example.org/hook"}} | settings))

    return broken


def test_a_sound_file_is_read_for_its_environment(broken: Callable[..., list[str]], checked: Callable[..., Checked]) -> None:
    assert broken() == []
    oncall = checked().oncall["local"]
    assert oncall.policies["payments-oncall"].levels[1].notify == ("second-on-call", "primary")
    assert oncall.policies["payments-oncall"].reopens_within == Duration(120)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("person: night-shift", "person: night-shfit",
         "11:17: schedules.primary.shifts[0].person: unknown person 'night-shfit'; did you mean 'night-shift'?"),
        ("[first-on-call, second-on-call]", "[first-on-call, nobody]",
         "15:31: schedules.primary.rotation.people[1]: unknown person 'nobody'; known: first-on-call, night-shift, second-on-call"),
        ("notify: primary", "notify: primry",
         "21:17: policies.payments-oncall.levels[0].notify: unknown person or schedule 'primry'; did you mean 'primary'?"),
        ("[second-on-call, primary]", "[second-on-cal, primary]",
         "22:18: policies.payments-oncall.levels[1].notify[0]: unknown person or schedule 'second-on-cal'; did you mean 'second-on-call'?"),
        ("after: 5m", "after: 0s", "23:16: policies.payments-oncall.levels[1].after: each level is told later than the one before, "
         "whose 'after' is 0s"),
        ("  payments-oncall:", "  payment-oncall:", "19:3: policies.payment-oncall: unknown receiver 'payment-oncall'; "
         "did you mean 'payments-oncall'?"),
        ("20:00-08:00", "20-8", "12:16: schedules.primary.shifts[0].hours: hours such as 09:00-17:00 are expected, not '20-8'"),
        ("mon-fri", "weekdays", "13:15: schedules.primary.shifts[0].days: days such as mon-fri or sat are expected, not 'weekdays'"),
        ("Europe/Berlin", "Berlin", "9:15: schedules.primary.timezone: there is no time zone 'Berlin'; "
         "write one such as UTC or Europe/Berlin"),
        ("2026-01-05T08:00:00+01:00", "2026-01-05", "17:14: schedules.primary.rotation.since: "
         "a moment such as 2026-01-05T08:00:00Z is expected, not '2026-01-05'"),
        ("every: 7d", "every: 0s", "16:14: schedules.primary.rotation.every: a turn takes longer than nothing"),
        ("again: 10m", "again: 0s", "24:12: policies.payments-oncall.again: telling everybody again at once would never end; "
         "leave it out, or give a time"),
        ("  night-shift: {}", "  night-shift: {}\n  primary: {}", "9:3: schedules.primary: 'primary' is also a person; "
         "a name means one of them"),
        ("reopens-within", "reopens-in", "25:5: policies.payments-oncall.reopens-in: unknown key; did you mean 'reopens-within'?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(broken: Callable[..., list[str]], old: str, new: str, told: str) -> None:
    assert broken((old, new)) == [f"oncall.yaml:{told}"]


def test_a_schedule_that_nobody_ever_has_is_told(broken: Callable[..., list[str]]) -> None:
    start, end = SOUND.index("    shifts:"), SOUND.index("policies:")
    assert broken((SOUND[start:end], "")) == [
        "oncall.yaml:9:5: schedules.primary: nobody is ever on call here; give 'shifts' or 'rotation'"
    ]


def test_a_webhook_that_is_not_set_is_a_warning_and_for_a_drill_an_error(broken: Callable[..., list[str]], said: Said) -> None:
    told = "oncall.yaml:5:14: {}people.second-on-call.webhook: the environment variable SECOND_ON_CALL_URL is not set"
    assert broken(environ={}) == [told.format("warning: ")]
    assert said(environ={}, strict_env=True) == [told.format("")]


def test_a_file_that_is_not_there_is_told_where_it_is_named(suite: Path, write: Write, said: Said) -> None:
    write("on-call.yaml", SOUND)
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text() + "    oncall: oncall.yaml\n")
    (problem,) = said()
    assert problem.endswith("environments.local.oncall: no such file: oncall.yaml; did you mean 'on-call.yaml'?")


def test_a_moment_for_schedules_is_a_moment_and_needs_schedules(
    suite: Path, write: Write, said: Said, broken: Callable[..., list[str]]
) -> None:
    experiment = suite / "experiments" / "slow.yaml"
    sound = experiment.read_text()
    experiment.write_text(f"{sound}on-call-at: 2026-01-05T07:59:58Z\n")
    (problem,) = said()
    assert problem.endswith("on-call-at: the environment 'local' does not say who is on call; give it 'oncall', such as oncall.yaml")
    assert broken() == []
    experiment.write_text(f"{sound}on-call-at: tomorrow\n")
    (problem,) = said(environ={"SECOND_ON_CALL_URL": "x"})
    assert problem.endswith("on-call-at: a moment such as 2026-01-05T08:00:00Z is expected, not 'tomorrow'")


@pytest.mark.parametrize("key", ["people", "schedules", "policies"])
@pytest.mark.parametrize(
    "value", ["x", "[x]", "{a: x}", "{a: [x]}", "{a: {shifts: [x], levels: [x]}}", "{a: {rotation: x, levels: {x: y}}}", "~", "{~: ~}"]
)
def test_whatever_stands_there_is_told_and_never_stumbled_over(suite: Path, write: Write, said: Said, key: str, value: str) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text() + "    oncall: oncall.yaml\n")
    write("oncall.yaml", f"{key}: {value}\n")
    problems = said()
    assert problems
    assert all(each.startswith("oncall.yaml:") for each in problems)
