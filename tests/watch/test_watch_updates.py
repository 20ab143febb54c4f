"""When an Alertmanager without a log had an alert: told only where no second sending can be meant."""

import pytest

from firedrill.watch.alerts.lives import snapped
from firedrill.watch.alerts.posting import Held
from firedrill.watch.alerts.updates import Updates

START = 1795426740.0
"""2026-11-23T09:39:00Z"""


def told(starts: float, updated: float) -> list[Held]:
    """What a look showed; seconds after START."""
    return [Held({}, (), (), (), "f", starts_at=START + starts, updated_at=START + updated)]


@pytest.fixture
def updates() -> Updates:
    return Updates(resend=1.0)


def test_the_stamp_of_the_first_look_that_shows_it_is_the_first_receipt(updates: Updates) -> None:
    updates.saw([], START + 9.8)
    updates.saw(told(10.0, 10.004), START + 10.3)
    updates.saw(told(10.0, 11.004), START + 11.3)
    assert updates.first("f", START + 10.0) == pytest.approx(START + 10.004)


def test_a_stamp_that_may_be_a_second_sending_s_tells_nothing(updates: Updates) -> None:
    updates.saw([], START + 9.0)
    updates.saw(told(10.0, 11.004), START + 11.3)
    assert updates.first("f", START + 10.0) is None


def test_a_late_receipt_is_told_when_the_look_just_before_did_not_show_it(updates: Updates) -> None:
    updates.saw([], START + 29.8)
    updates.saw(told(10.0, 30.1), START + 30.3)
    assert updates.first("f", START + 10.0) == pytest.approx(START + 30.1)


def test_what_was_received_before_it_fired_or_is_not_known_tells_nothing(updates: Updates) -> None:
    updates.saw(told(10.0, 10.004), START + 10.3)
    assert updates.first("f", START + 20.0) is None
    assert updates.first("other", START + 10.0) is None


def test_an_alert_that_fires_again_is_received_again(updates: Updates) -> None:
    updates.saw(told(10.0, 10.004), START + 10.3)
    updates.saw([], START + 15.0)
    updates.saw(told(20.0, 20.003), START + 20.5)
    assert updates.first("f", START + 20.0) == pytest.approx(START + 20.003)


def test_stamps_in_whole_seconds_are_put_where_the_evaluations_were() -> None:
    evaluation = 1000.7
    assert snapped([(1000.0, "pending"), (1001.0, "firing")], evaluation, 1.0) == [(1000.7, "pending"), (1001.7, "firing")]
    assert snapped([(1015.0, "firing")], evaluation, 15.0) == [(1015.7, "firing")]
    assert snapped([(998.0, "pending")], evaluation, 1.0) == [(998.7, "pending")]


def test_an_evaluation_some_milliseconds_off_its_step_is_still_its_own() -> None:
    assert snapped([(1002.0, "firing")], 1000.995, 1.0) == [(1001.995, "firing")]


def test_stamps_in_milliseconds_stay_as_they_are() -> None:
    samples = [(1000.0, "pending"), (1000.2, "firing")]
    assert snapped(samples, 1000.0, 0.2) == samples
    assert snapped([(1000.4, "pending")], 999.4, 1.0) == [(1000.4, "pending")]
