"""Detection, stage by stage, on real parts: stages sum to the whole, and each grows with its own setting and no other."""

from concurrent.futures import ThreadPoolExecutor

import pytest

RULES = "alerts/negotiation.rules.yml"
ROUTES = "alerts/alertmanager.yml"
EVALUATION = 0.2


def _detection(outcome):
    assert outcome.code == 0, outcome.said
    (one,) = outcome.verdict["detections"]
    assert len(one["boundaries"]) == 9
    assert None not in one["boundaries"]
    cited = {entry.seq: entry for entry in outcome.journal}
    times = [cited[seq].at for seq in one["boundaries"]]
    assert times[-1] - times[0] == pytest.approx(one["total_s"], abs=0.05)
    assert sum(one["stages"].values()) == pytest.approx(one["total_s"], abs=0.05)
    assert min(one["stages"].values()) >= 0
    return one["stages"]


def _two(suite_at, change):
    """Two drills side by side, the second with a change, of a fault long enough for either."""
    suites = [suite_at("one"), suite_at("two")]
    for one in suites:
        one.edit("experiments/latency.yaml", ("    for: 2s", "    for: 8s"), ("within: 2s", "within: 8s"))
    change(*suites)
    with ThreadPoolExecutor(2) as pool:
        return [_detection(outcome) for outcome in pool.map(lambda one: one.run("latency"), suites)]


def _unmoved(before, after, but: str) -> None:
    for stage in before:
        if stage not in {but, "window"}:
            assert after[stage] == pytest.approx(before[stage], abs=EVALUATION + 0.05), stage


def test_group_wait_moved_from_one_second_to_four_moves_group_by_three_and_nothing_else(suite_at) -> None:
    def change(one, two) -> None:
        one.edit(ROUTES, ("group_wait: 300ms", "group_wait: 1s"))
        two.edit(ROUTES, ("group_wait: 300ms", "group_wait: 4s"))

    before, after = _two(suite_at, change)
    assert after["group"] - before["group"] == pytest.approx(3.0, abs=0.3)
    _unmoved(before, after, "group")


def test_for_moved_by_three_seconds_moves_for_by_three_and_nothing_else(suite_at) -> None:
    def change(_, two) -> None:
        two.edit(RULES, ("for: 200ms", "for: 3200ms"))

    before, after = _two(suite_at, change)
    assert after["for"] - before["for"] == pytest.approx(3.0, abs=EVALUATION + 0.05)
    _unmoved(before, after, "for")
