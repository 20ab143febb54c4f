"""The arithmetic of group phases; tests/stack/test_group_phases.py holds it against a real Prometheus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedrill.core.alerting import AlertingRule, Place, RecordingRule
from firedrill.core.phase import Lag, Layout, apart, fitting, known_as, lag, lag_between, observed, predicted, slot

INTERVALS = st.sampled_from([0.2, 0.3, 0.7, 1.0, 2.0, 15.0, 30.0, 60.0])


def test_a_phase_is_known_from_the_names_of_the_file_and_the_group() -> None:
    assert predicted("rules.yml", "rec", 60) == pytest.approx(58.088756624)
    assert predicted("rules.yml", "alerts", 60) == pytest.approx(41.188674269)


def test_the_layout_of_a_server_is_told_by_an_evaluation_that_was_seen() -> None:
    for layout in Layout:
        seen = predicted("rules/a.yml", "g" * 300, 30, layout)
        assert fitting("rules/a.yml", "g" * 300, 30, seen + 0.003, 0.005) is layout
    assert predicted("rules/a.yml", "g", 30) != pytest.approx(predicted("rules/a.yml", "g", 30, Layout.PREFIXED), abs=0.01)
    assert fitting("rules/a.yml", "g", 30, predicted("rules/a.yml", "g", 30) + 1, 0.005) is None


def test_a_record_of_another_group_is_read_as_late_as_the_groups_are_apart() -> None:
    assert lag(58.088756624, 60, 41.188674269, 60).always == pytest.approx(43.099917645)


def test_with_unequal_intervals_the_lag_goes_round_between_two_bounds() -> None:
    assert lag(0.1, 0.3, 0.2, 0.5) == Lag(0.0, pytest.approx(0.2))
    assert lag(0.0, 2.0, 0.25, 0.5) == Lag(0.25, pytest.approx(1.75))
    assert lag(0.0, 2.0, 0.25, 0.5).always is None


@given(at=st.floats(1.7e9, 1.9e9), interval=INTERVALS, share=st.floats(0, 0.999))
def test_a_slot_is_the_last_one_and_shows_its_phase(at: float, interval: float, share: float) -> None:
    phase = round(share * interval, 9)
    last = slot(at, phase, interval)
    assert at - interval - 0.002 < last <= at + 1e-6
    assert apart(observed(last, interval), phase, interval) <= 0.001 + 1e-9


@given(record=st.floats(0, 0.999), alert=st.floats(0, 0.999), of_record=INTERVALS, of_alert=INTERVALS)
def test_a_lag_is_shorter_than_the_records_interval(record: float, alert: float, of_record: float, of_alert: float) -> None:
    found = lag(record * of_record, of_record, alert * of_alert, of_alert)
    assert 0 <= found.least <= found.most < of_record
    assert (found.always is None) == (found.least != found.most)


def test_two_files_of_one_name_are_told_apart() -> None:
    assert known_as(["alerts/a.yml", "alerts/b.yml", "more/a.yml"]) == ["rules/a.yml", "rules/b.yml", "rules/3-a.yml"]


def rules(record_line: int, alert_line: int, record_group: str = "g", file: str = "alerts/a.yml") -> tuple[RecordingRule, AlertingRule]:
    record = RecordingRule(record="r", expr="1", group=record_group, interval=30, place=Place(file=file, line=record_line))
    return record, AlertingRule(alert="A", expr="r > 0", group="g", interval=30, place=Place(file="alerts/a.yml", line=alert_line))


def test_in_one_group_a_record_that_stands_first_is_read_at_once_and_one_behind_a_round_later() -> None:
    assert lag_between(*rules(3, 9), {}).always == 0.0
    assert lag_between(*rules(9, 3), {}).always == 30.0


def test_groups_of_one_name_in_two_files_are_two_groups() -> None:
    files = {"alerts/a.yml": "rules/a.yml", "alerts/b.yml": "rules/b.yml"}
    far = (predicted("rules/a.yml", "g", 30) - predicted("rules/b.yml", "g", 30)) % 30
    assert lag_between(*rules(3, 9, file="alerts/b.yml"), files).always == pytest.approx(far, abs=1e-8)
