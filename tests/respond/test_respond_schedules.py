"""Who is on call when, and when that changes."""

from datetime import datetime

import pytest

from firedrill.core.instants import instant
from firedrill.core.model.oncall import Schedule
from firedrill.respond.schedules import next_hand_over, on_call


def schedule(**declared: object) -> Schedule:
    return Schedule.model_validate(declared)


def at(text: str) -> datetime:
    return instant(text)


NIGHTS = schedule(
    timezone="Europe/Berlin",
    shifts=[{"person": "night-shift", "hours": "20:00-08:00", "days": "mon-fri"}],
    rotation={"people": ["first-on-call", "second-on-call"], "every": "7d", "since": "2026-01-05T08:00:00+01:00"},
)


@pytest.mark.parametrize(
    ("moment", "person"),
    [
        ("2026-01-05T07:59:59+01:00", ""),
        ("2026-01-05T08:00:00+01:00", "first-on-call"),
        ("2026-01-05T20:00:00+01:00", "night-shift"),
        ("2026-01-06T07:59:59+01:00", "night-shift"),
        ("2026-01-10T07:00:00+01:00", "night-shift"),
        ("2026-01-10T21:00:00+01:00", "first-on-call"),
        ("2026-01-12T07:59:59+01:00", "first-on-call"),
        ("2026-01-12T08:00:00+01:00", "second-on-call"),
        ("2026-01-19T08:00:00+01:00", "first-on-call"),
    ],
)
def test_the_first_shift_that_covers_a_moment_has_it_else_whose_turn_it_is(moment: str, person: str) -> None:
    assert on_call(NIGHTS, at(moment)) == person


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    sunday, monday = at("2026-01-11T23:00:00+01:00"), at("2026-01-12T02:00:00+01:00")
    assert on_call(NIGHTS, sunday) == on_call(NIGHTS, monday) == "first-on-call"


@pytest.mark.parametrize(
    ("moment", "change", "person"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T07:00:00Z", ""),
        ("2026-01-05T07:00:00Z", "2026-01-05T19:00:00Z", "night-shift"),
        ("2026-01-05T19:00:00Z", "2026-01-06T07:00:00Z", "first-on-call"),
        ("2026-01-10T12:00:00Z", "2026-01-12T07:00:00Z", "second-on-call"),
    ],
)
def test_the_next_hand_over_is_when_somebody_else_is_on_call(moment: str, change: str, person: str) -> None:
    assert next_hand_over(NIGHTS, at(moment)) == (at(change), person)


def test_turns_of_whole_days_change_at_the_same_time_of_day_in_summer() -> None:
    assert on_call(NIGHTS.model_copy(update={"shifts": ()}), at("2026-03-30T07:59:59+02:00")) == "second-on-call"
    assert on_call(NIGHTS, at("2026-03-30T08:00:00+02:00")) == "first-on-call"
    weekly = NIGHTS.model_copy(update={"shifts": ()})
    assert next_hand_over(weekly, at("2026-03-27T12:00:00Z")) == (at("2026-03-30T06:00:00Z"), "first-on-call")


def test_short_turns_are_as_long_as_they_say() -> None:
    turns = schedule(rotation={"people": ["a", "b", "c"], "every": "90s", "since": "2026-01-05T08:00:00Z"})
    assert [on_call(turns, at(f"2026-01-05T08:0{minute}:00Z")) for minute in range(6)] == ["a", "a", "b", "c", "c", "a"]
    assert next_hand_over(turns, at("2026-01-05T08:01:00.250Z")) == (at("2026-01-05T08:01:30Z"), "b")


def test_one_person_alone_never_hands_over() -> None:
    alone = schedule(rotation={"people": ["first-on-call"], "every": "7d", "since": "2026-01-05T08:00:00Z"})
    assert next_hand_over(alone, at("2026-01-06T00:00:00Z")) is None
    always = schedule(shifts=[{"person": "first-on-call"}])
    assert on_call(always, at("1999-01-01T00:00:00Z")) == "first-on-call"
    assert next_hand_over(always, at("2026-01-06T00:00:00Z")) is None


def test_nobody_has_the_time_between_shifts() -> None:
    office = schedule(shifts=[{"person": "first-on-call", "hours": ["09:00-12:00", "13:00-17:00"], "days": "mon-fri"}])
    assert on_call(office, at("2026-01-05T12:30:00Z")) == ""
    assert next_hand_over(office, at("2026-01-09T16:59:59Z")) == (at("2026-01-09T17:00:00Z"), "")
    assert next_hand_over(office, at("2026-01-09T17:00:00Z")) == (at("2026-01-12T09:00:00Z"), "first-on-call")


def test_a_day_without_hours_hands_over_at_midnight_of_its_own_time_zone() -> None:
    weekend = schedule(timezone="Asia/Tokyo", shifts=[{"person": "a", "days": "sat-sun"}, {"person": "b"}])
    assert next_hand_over(weekend, at("2026-01-09T00:00:00Z")) == (at("2026-01-09T15:00:00Z"), "a")


def test_hours_that_a_clock_put_forward_passes_over_begin_when_it_is() -> None:
    early = schedule(timezone="Europe/Berlin", shifts=[{"person": "a", "hours": "02:30-06:00"}, {"person": "b"}])
    assert next_hand_over(early, at("2026-03-29T00:00:30Z")) == (at("2026-03-29T01:00:00Z"), "a")


@pytest.mark.parametrize("shown", [NIGHTS, schedule(shifts=[{"person": "a", "hours": "22:00-06:00", "days": ["fri", "sun-mon"]}])])
def test_between_two_hand_overs_nobody_changes(shown: Schedule) -> None:
    moment = at("2026-01-07T03:17:00Z")
    for _ in range(12):
        found = next_hand_over(shown, moment)
        assert found is not None
        change, after = found
        step = (change - moment) / 7
        assert {on_call(shown, moment + step * number) for number in range(7)} == {on_call(shown, moment)}
        assert after == on_call(shown, change) != on_call(shown, moment)
        moment = change
