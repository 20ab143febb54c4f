"""Lives of alert instances from the samples of their evaluations."""

from hypothesis import given
from hypothesis import strategies as st

from firedrill.watch.alerts.lives import Change, Life, Look, follow


def look(samples, evaluated, active_at=None):
    return Look([(float(at), {"p": "pending", "f": "firing"}[state]) for at, state in samples], 1.0, evaluated, active_at)


def seen(*looks):
    life = Life()
    return [change for each in looks for change in follow(life, each)]


def test_pending_firing_and_resolved_carry_their_evaluations():
    first, later = look([(10, "p"), (11, "p"), (12, "f")], 12.001, 10.0), look([(11, "p"), (12, "f")], 13.002)
    assert seen(first, later) == [Change("pending", 10), Change("firing", 12), Change("resolved", 13, "firing")]


def test_an_alert_without_for_is_pending_and_firing_at_once():
    assert seen(look([(10, "f")], 10.001, 10.0)) == [Change("pending", 10), Change("firing", 10)]


def test_a_flap_between_two_looks_is_not_missed():
    changes = seen(look([(10, "f")], 10.001, 10.0), look([(10, "f"), (13, "f")], 13.001, 13.0))
    assert [(change.became, change.at) for change in changes[2:]] == [("resolved", 11), ("pending", 13), ("firing", 13)]


def test_a_whole_life_between_two_looks_is_seen():
    assert [change.became for change in seen(look([], 9.0), look([(10, "p"), (11, "f")], 14.1))] == ["pending", "firing", "resolved"]


def test_missed_evaluations_are_no_end_when_the_rule_says_that_it_held_on():
    assert len(seen(look([(10, "f")], 10.001, 10.0), look([(10, "f"), (13, "f")], 13.001, 10.0))) == 2


def test_nothing_is_resolved_before_its_rule_was_evaluated_again():
    assert len(seen(look([(10, "f")], 10.001, 10.0), look([(10, "f")], 10.4))) == 2


def test_an_alert_that_a_slow_evaluation_still_has_is_not_resolved():
    assert len(seen(look([(10, "f")], 10.95, 10.0))) == 2


def test_pending_that_ends_says_that_it_was_pending():
    assert seen(look([(10, "p")], 11.0))[-1] == Change("resolved", 11, "pending")


def test_firing_then_pending_is_an_end_and_a_beginning():
    changes = seen(look([(10, "f"), (11, "p")], 11.001, 11.0))
    assert [(change.became, change.at) for change in changes[2:]] == [("resolved", 11), ("pending", 11)]


def test_an_alert_that_was_active_before_we_came_began_when_its_rule_says():
    assert seen(look([(10, "f")], 10.001, 3.5)) == [Change("pending", 3.5), Change("firing", 3.5)]


@given(states=st.lists(st.sampled_from(["", "p", "f"]), max_size=30), cuts=st.sets(st.integers(0, 30)))
def test_however_the_looks_fall_the_changes_are_the_same(states, cuts):
    """A look shows the samples up to its evaluation, those before once more, and whether the alert is active then."""

    def until(end):
        samples = [(n, state) for n, state in enumerate(states[:end], 1) if state]
        began = end
        while began > 1 and states[began - 2]:
            began -= 1
        active = float(began) if end and states[end - 1] else None
        return look(samples, end + 0.001, active)

    every = seen(*(until(end) for end in range(1, len(states) + 1)))
    some = seen(*(until(end) for end in sorted({end for end in cuts if 0 < end < len(states)} | {len(states)})))
    assert some == every


def test_an_alert_that_fired_before_we_came_fired_when_for_was_over():
    seen_late = Look([(100.0, "firing"), (101.0, "firing")], 1.0, 101.0, 20.5, for_=4.0)
    assert list(follow(Life(), seen_late)) == [Change("pending", 20.5), Change("firing", 24.5)]
