"""When burn-rate alerts can fire: the closed form, and counters seen at every moment."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from firedrill.core.alerting import AlertingRule, Place, RecordingRule
from firedrill.core.counters import crossing, ending
from firedrill.core.detection import Condition, conditions, earliest_firing, threshold_over_100

PLACE = Place(file="rules.yml", line=1)
RECORDS = [
    RecordingRule(record=f"bad:share{w}", expr=f"sum(rate(bad[{w}])) / sum(rate(all[{w}]))", group="g", interval=1, place=PLACE)
    for w in ("5s", "20s")
]


def alert(expr: str, for_: float = 0.0) -> AlertingRule:
    return AlertingRule(alert="A", expr=expr, for_=for_, group="g", interval=1, place=PLACE)


@pytest.mark.parametrize(
    ("expr", "window", "threshold"),
    [
        ("bad:share20s > 14.4 * 0.01", 20, 0.144),
        ("14.4 * 0.01 < bad:share20s", 20, 0.144),
        ("bad:share20s / 0.01 > 14.4", 20, 0.144),
        ("1 - sum(rate(good[20s])) / sum(rate(all[20s])) > 0.144", 20, 0.144),
        ("1 - (sum by (job) (increase(good[1m])) / sum by (job) (increase(all[1m]))) > (6 * (1 - 0.99))", 60, 0.06),
        ("(sum(rate(all[20s])) - sum(rate(good[20s]))) / sum(rate(all[20s])) > 0.144", 20, 0.144),
        ("sum(rate(good[20s])) / sum(rate(all[20s])) < 0.9", 20, 0.1),
        ("100 * sum(rate(bad[20s])) / sum(rate(all[20s])) > 5", 20, 0.05),
        ("sum(rate(bad[20s])) / ignoring (code) sum(rate(all[20s])) > 0.05", 20, 0.05),
    ],
)
def test_the_ways_to_write_a_burn_rate_are_one_condition(expr, window, threshold):
    assert conditions(alert(expr), RECORDS) == [Condition(window, threshold)]


@pytest.mark.parametrize(
    "expr",
    [
        "up == 0",
        "sum(rate(bad[20s])) > 5",
        "sum(rate(bad[20s])) / sum(rate(all[5s])) > 0.1",
        "histogram_quantile(0.9, rate(d_bucket[5s])) > 1",
        "bad:share20s > bool 0.1 > 0",
        "bad:share20s unless bad:share5s > 0.1",
        "rate(bad[5s] offset 1m) / rate(all[5s]) > 0.1",
        "sum(rate(bad[5s])) / sum(rate(all[5s])) > 0 / 0 * up",
        "bad:share20s > bad:share5s",
        "avg_over_time(bad:share5s[1m]) > 0.1",
        "sum(",
    ],
)
def test_another_shape_is_not_analysable(expr):
    assert conditions(alert(expr), RECORDS) is None
    assert earliest_firing(alert(expr), RECORDS) is None
    assert threshold_over_100(alert(expr), RECORDS) == []


def test_an_alert_fires_no_earlier_than_theta_times_its_slowest_window_and_its_for():
    assert earliest_firing(alert("bad:share20s > 0.144 and bad:share5s > 0.144", 2), RECORDS) == pytest.approx(0.144 * 20 + 2)


def test_of_alternatives_the_soonest_counts():
    both = "(bad:share20s > 0.5 and bad:share5s > 0.5) or (bad:share20s > 0.1 and bad:share5s >= 1)"
    assert earliest_firing(alert(both), RECORDS) == pytest.approx(5)
    assert [c.branch for c in conditions(alert(both), RECORDS)] == [0, 0, 1, 1]


def test_a_threshold_over_100_percent_is_named_and_never_fires():
    impossible = alert("bad:share20s > 14.4 * 0.1 and bad:share5s > 14.4 * 0.1")
    assert threshold_over_100(impossible, RECORDS) == [1.44]
    assert earliest_firing(impossible, RECORDS) is None
    assert threshold_over_100(alert("bad:share20s > 1"), RECORDS) == [1]
    assert threshold_over_100(alert("bad:share20s >= 1"), RECORDS) == []


def scraped(value, first: float, every: float, until: float):
    return [(first + n * every, value(first + n * every)) for n in range(int((until - first) / every))]


@given(
    threshold=st.floats(0.02, 0.6),
    window=st.integers(3, 30),
    error=st.floats(0.1, 0.99),
    background=st.floats(0.0, 0.05),
    phase=st.floats(0.0, 1.0),
    good=st.booleans(),
)
def test_counters_seen_at_every_moment_cross_where_the_closed_form_says(threshold, window, error, background, phase, good):
    """facts: D = theta * L with theta = (T - e0) / (e - e0), whatever the phase of the scrapes."""
    assume(error > threshold + 0.02)
    assume(threshold > background + 0.01)

    def bad(t: float) -> float:
        return 20 * (background * (t + 50) + (error - background) * max(0.0, t))

    everything = scraped(lambda t: 1000 + 20 * t, phase - 50, 1.0, 45)
    failed = scraped(lambda t: (1000 + 20 * t - bad(t)) if good else bad(t), phase - 50, 1.0, 45)
    ratio = f"sum(rate(x[{window}s])) / sum(rate(all[{window}s]))"
    found = crossing(f"{f'1 - {ratio}' if good else ratio} > {threshold:.9f}", {"x": [failed], "all": [everything]}, 0.0, 40.0)
    assert found == pytest.approx((threshold - background) / (error - background) * window, abs=1e-3)


def test_a_step_within_a_scrape_interval_begins_at_the_fault_and_not_at_the_scrape_before():
    bad = [(-1.5, 0.0), (-0.5, 0.0), (0.5, 10.0), (1.5, 30.0)]
    everything = [(t, 100 + 20 * t) for t in (-5.5, -4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5)]
    found = crossing("sum(rate(bad[4s])) / sum(rate(all[4s])) > 0.1", {"bad": [bad], "all": [everything]}, 0.0, 1.5)
    assert found == pytest.approx(0.4, abs=1e-3)


def test_a_series_that_first_appears_after_the_fault_was_0_until_then():
    born = [(0.5, 10.0), (1.5, 30.0)]
    everything = [(t + 0.5, 200 + 20 * t) for t in range(-8, 2)]
    found = crossing("sum(rate(bad[4s])) / sum(rate(all[4s])) > 0.1", {"bad": [born], "all": [everything]}, 0.0, 1.5)
    assert found == pytest.approx(0.4, abs=1e-3)


def test_the_run_that_holds_at_the_end_is_meant_and_not_an_earlier_one():
    gauge = [(0, 0), (1, 10), (2, 0), (3, 0), (4, 10), (5, 10)]
    assert crossing("g > 5", {"g": [gauge]}, 0.0, 4.8) == pytest.approx(3.5, abs=1e-3)


def test_a_window_forgets_what_was_bad_as_it_moves_on():
    """All of it bad until 0, nothing afterwards: a window of 4 s is below a tenth again after nine tenths of it."""
    bad = [(t + 0.5, 1000 + 20 * min(t + 0.5, 0.0)) for t in range(-8, 8)]
    everything = [(t + 0.5, 1000 + 20 * (t + 0.5)) for t in range(-8, 8)]
    found = ending("sum(rate(bad[4s])) / sum(rate(all[4s])) > 0.1", {"bad": [bad], "all": [everything]}, 0.0, 7.0)
    assert found == pytest.approx(3.6, abs=1e-3)


def test_what_still_holds_at_the_end_ended_no_sooner():
    assert ending("g > 5", {"g": [[(0, 10), (5, 10)]]}, 0.0, 4.0) == 4.0


def test_what_does_not_hold_at_the_end_began_no_sooner():
    assert crossing("g > 5", {"g": [[(0, 10), (5, 0)]]}, 0.0, 4.0) == 4.0


def test_what_held_all_the_time_began_at_the_fault():
    assert crossing("g > 5", {"g": [[(-1, 10), (5, 10)]]}, 0.0, 4.0) == 0.0


def test_counter_resets_do_not_lower_an_increase():
    counter = [(t, (10 * t) % 35) for t in range(20)]
    assert crossing("increase(c[5s]) > 25", {"c": [counter]}, 6.0, 12.0) == pytest.approx(6.0, abs=1e-3)


def test_several_series_of_a_selector_are_added_up():
    ramp = [(t, float(t)) for t in range(10)]
    assert crossing("sum(g) > 6", {"g": [ramp, ramp, ramp]}, 0.0, 8.0) == pytest.approx(2.0, abs=1e-3)
    assert crossing("avg(g) > 6", {"g": [ramp, ramp, ramp]}, 0.0, 8.0) == pytest.approx(6.0, abs=1e-3)


@pytest.mark.parametrize(
    ("expr", "at"),
    [
        ("g > 2 and g > 5", 5.0),
        ("g > 2 or g > 5", 2.0),
        ("g > 2 unless g < 4", 4.0),
        ("-g < -3", 3.0),
        ("g offset 2s > 3", 5.0),
        ("6 < 2 * g", 3.0),
        ("(g > bool 4) == 1", 4.0),
        ("10 / (g - g) > 1 and g > 2", 2.0),
        ("nothing > 1 or g >= 7", 7.0),
    ],
)
def test_expressions_are_understood_as_prometheus_does(expr, at):
    ramp = [(t, float(t)) for t in range(10)]
    assert crossing(expr, {"g": [ramp]}, 0.0, 8.5) == pytest.approx(at, abs=1e-3)


@pytest.mark.parametrize("expr", ["absent(g)", "max(g) > 1", "g @ 5 > 1", "g > g2", "g[5s", "g % 2 > 1", "g > on (a) group_left () g2"])
def test_what_is_not_understood_is_not_guessed(expr):
    ramp = [(t, float(t)) for t in range(10)]
    assert crossing(expr, {"g": [ramp, ramp], "g2": [ramp, ramp]}, 0.0, 8.0) is None
