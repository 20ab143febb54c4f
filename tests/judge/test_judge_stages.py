"""Detection stage by stage."""

from typing import Any

import pytest

from firedrill.core.events import AlertBoundary, AlertFiring, AlertPending, AlertResolved, FaultActive, PageAcknowledged, Samples
from firedrill.judge.boundaries import ordered
from firedrill.judge.drill import STAGES
from firedrill.judge.stages import detections


def only(tape: Any) -> Any:
    (detection,) = detections(tape.facts())
    return detection


def moved(tape: Any, script: Any, stage: str, at: float) -> Any:
    tape = tape.without(lambda event: isinstance(event, AlertBoundary) and event.stage == stage)
    return tape.plus((23.5, AlertBoundary(script.alert, script.labels, stage, "moved"), at))


def test_nine_boundaries_make_eight_stages_that_sum_to_the_whole(script: Any) -> None:
    found = only(script.tape())
    assert found.stages == {
        "window": 4.0, "scrape": 0.8, "record": 1.1, "evaluate": 0.1, "for": 2.0, "send": 0.003, "group": 1.092, "deliver": 0.005,
    }  # fmt: skip
    assert sum(found.stages.values()) == pytest.approx(found.total_s, abs=1e-5) == 9.1
    assert (found.receiver, found.labels, found.notes) == ("payments-oncall", script.labels, ())


def test_each_boundary_cites_its_own_entry(script: Any) -> None:
    tape = script.tape()
    kinds = {entry.seq: entry.event.kind for entry in tape.entries}
    found = only(tape)
    assert len(set(found.boundaries)) == 9
    assert [kinds[seq] for seq in found.boundaries] == [
        "fault.active", *["alert.boundary"] * 3, "alert.pending", "alert.firing", *["alert.boundary"] * 2, "notification.received",
    ]  # fmt: skip


def test_an_unseen_boundary_leaves_its_time_to_the_next_stage_that_is_seen(script: Any) -> None:
    found = only(script.tape().without(lambda event: isinstance(event, AlertBoundary) and event.stage in ("window", "scrape")))
    assert (found.stages["window"], found.stages["scrape"], found.stages["record"]) == (None, None, 5.9)
    assert found.boundaries[1:3] == (None, None)
    assert sum(time or 0 for time in found.stages.values()) == pytest.approx(9.1)


def test_a_page_of_an_alert_that_nobody_saw_fire_has_a_whole_and_no_parts(script: Any) -> None:
    found = only(script.tape().without(AlertPending, AlertFiring, AlertBoundary))
    assert found.total_s == 9.1
    assert {name: time for name, time in found.stages.items() if time is not None} == {"deliver": 9.1}


def test_a_boundary_a_little_out_of_order_is_moved_and_said_so(script: Any) -> None:
    found = only(moved(script.tape(), script, "send", 22.197))
    assert found.stages["send"] == 0
    assert found.notes == ("the end of send was moved by 3.0ms to keep the order",)
    assert sum(found.stages.values()) == pytest.approx(9.1)


def test_a_boundary_far_out_of_order_is_left_out_and_said_so(script: Any) -> None:
    found = only(moved(script.tape(), script, "group", 24.5))
    assert found.stages["group"] is None
    assert found.notes == ("the end of group was told 1.2s out of order and is left out",)


def test_no_stage_is_ever_negative(script: Any) -> None:
    for stage in ("window", "scrape", "record", "send", "group"):
        for at in (0.0, 14.199, 19.5, 22.0, 22.2, 23.301, 40.0):
            times = only(moved(script.tape(), script, stage, at)).stages.values()
            assert all(time is None or time >= 0 for time in times)


def test_pending_and_firing_are_believed_before_what_is_found_afterwards() -> None:
    boundaries = [(0.0, 1), (9.0, 2), (5.0, 3), (5.5, 4), (6.0, 5), (8.0, 6), (8.1, 7), (9.1, 8), (9.2, 9)]
    seen, notes = ordered(boundaries)
    assert [boundary and boundary[1] for boundary in seen] == [1, None, 3, 4, 5, 6, 7, 8, 9]
    assert len(notes) == 1


def test_the_stages_keep_their_order_and_names(script: Any) -> None:
    assert tuple(only(script.tape()).stages) == STAGES


def test_without_an_active_fault_there_is_no_detection(script: Any) -> None:
    assert detections(script.tape().without(FaultActive).facts()) == []


def test_users_are_hurt_when_the_first_slow_second_is_over(script: Any) -> None:
    assert only(script.tape()).hurt_s == pytest.approx(16 - 14.2)


def test_a_failed_sample_tells_when_users_were_hurt_exactly(script: Any) -> None:
    bins = [(at + 1.2, script.second(float(at), bad=int(at > 14))) for at in range(2, 44)]
    assert only(script.tape().without(Samples).plus(*bins)).hurt_s == pytest.approx(15.5 - 14.2)


def test_acknowledgement_reset_and_resolution_are_their_own_numbers(script: Any) -> None:
    found = only(script.tape().plus((28.31, PageAcknowledged("p1", "ann"))))
    assert (found.acknowledge_s, found.resolve_s) == (pytest.approx(5.0), pytest.approx(16.2))
    assert found.reset_s == pytest.approx(38.2 - 36)


def resolved_under_the_fault(script: Any, slow: range) -> Any:
    tape = script.tape().without(AlertResolved, Samples).plus((30.2, AlertResolved(script.alert, script.labels, "firing"), 30.0))
    return tape.plus(*script.bins(slow))


def test_an_alert_resolved_under_the_fault_was_reset_from_when_people_had_made_users_well(script: Any) -> None:
    assert only(resolved_under_the_fault(script, range(15, 24))).reset_s == pytest.approx(30 - 24)


def test_an_alert_resolved_under_the_fault_while_users_are_hurt_has_no_time_to_reset(script: Any) -> None:
    assert only(resolved_under_the_fault(script, range(15, 36))).reset_s is None


def test_what_has_not_happened_yet_is_none(script: Any) -> None:
    found = only(script.tape().until(24))
    assert (found.acknowledge_s, found.reset_s, found.resolve_s) == (None, None, None)
