"""Hours at which drills may run: the end is excluded, nights go over midnight, days are those of the beginning."""

from datetime import UTC, datetime, timedelta

import pytest

from firedrill.core.hours import allowed, allowed_until, span, weekdays, zone

WEDNESDAY = datetime(2026, 11, 25, tzinfo=UTC)


def at(clock: str, day: int = 0) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return WEDNESDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(("clock", "fits"), [("08:59", False), ("09:00", True), ("16:59", True), ("17:00", False)])
def test_office_hours_begin_with_the_first_minute_and_end_before_the_last(clock: str, fits: bool) -> None:
    assert allowed(at(clock), ["09:00-17:00"], ["mon-fri"]) is fits
    assert not allowed(at(clock, day=3), ["09:00-17:00"], ["mon-fri"])


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = (["22:00-06:00"], ["wed"])
    assert [allowed(at(clock, day), *night) for clock, day in (("23:00", 0), ("05:59", 1), ("06:00", 1), ("05:00", 0))] == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_drill_has_to_end_in_time_too() -> None:
    assert allowed_until(at("16:58"), at("16:59"), ["09:00-17:00"], [])
    assert not allowed_until(at("16:58"), at("17:00"), ["09:00-17:00"], [])


def test_days_may_go_over_the_weeks_end() -> None:
    assert weekdays("fri-mon") == {4, 5, 6, 0}
    assert weekdays("sat") == {5}


@pytest.mark.parametrize(
    ("read", "text"), [(span, "9-17"), (span, "09:00-09:00"), (span, "24:00-25:00"), (weekdays, "mo"), (zone, "Berlin")]
)
def test_what_is_no_time_is_refused_with_what_to_write(read: object, text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|write"):
        read(text)  # type: ignore[operator]
