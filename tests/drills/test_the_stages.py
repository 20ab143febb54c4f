"""Detection, stage by stage, on real parts: stages sum to the whole, and each grows with its own setting and no other."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from firedrill.core.phase import predicted, slot

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
    _is_evaluated_when_its_name_says(outcome, cited[one["boundaries"][3]].at)
    _comes_back(one["back"], cited)
    return one["stages"]


def _is_evaluated_when_its_name_says(outcome, recorded) -> None:
    at = recorded + outcome.journal[0].event.wall
    phase = predicted("rules/negotiation.rules.yml", "negotiation", EVALUATION)
    assert slot(at + 0.01, phase, EVALUATION) == pytest.approx(at, abs=0.01)


def _comes_back(back, cited) -> None:
    """The way back sums to the whole as well; SLIs that are good later than the alert is resolved are not on it."""
    assert {stage for stage, took in back["stages"].items() if took is None} <= {"recover"}
    took = [time or 0 for time in back["stages"].values()]
    first, last = (cited[back["boundaries"][end]].at for end in (0, -1))
    assert sum(took) == pytest.approx(back["total_s"], abs=0.05) == pytest.approx(last - first, abs=0.05)
    assert min(took) >= 0


def _explained(outcome):
    """What `firedrill explain` says of the drill's only alert."""
    words = [sys.executable, "-m", "firedrill.cli", "explain", str(outcome.folder), "--json"]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return {one["stage"]: one for one in told["stages"]}


def _two(suite_at, change):
    """Two drills side by side, the second with a change, of a fault long enough for either."""
    suites = [suite_at("one"), suite_at("two")]
    for one in suites:
        one.edit("experiments/latency.yaml", ("    for: 2s", "    for: 8s"), ("within: 2s", "within: 8s"))
    change(*suites)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda one: one.run("latency"), suites))
    return [_detection(outcome) for outcome in outcomes], outcomes[1]


def _unmoved(before, after, but: str) -> None:
    for stage in before:
        if stage not in {but, "window"}:
            assert after[stage] == pytest.approx(before[stage], abs=EVALUATION + 0.05), stage


def test_group_wait_moved_from_one_second_to_four_moves_group_by_three_and_nothing_else(suite_at) -> None:
    def change(one, two) -> None:
        one.edit(ROUTES, ("group_wait: 300ms", "group_wait: 1s"))
        two.edit(ROUTES, ("group_wait: 300ms", "group_wait: 4s"))

    (before, after), _ = _two(suite_at, change)
    assert after["group"] - before["group"] == pytest.approx(3.0, abs=0.3)
    _unmoved(before, after, "group")


def test_for_moved_by_three_seconds_moves_for_by_three_and_nothing_else(suite_at) -> None:
    def change(_, two) -> None:
        two.edit(RULES, ("for: 200ms", "for: 3200ms"))

    (before, after), drill = _two(suite_at, change)
    assert after["for"] - before["for"] == pytest.approx(3.0, abs=EVALUATION + 0.05)
    _unmoved(before, after, "for")
    explained = _explained(drill)
    assert explained["for"]["set_by"] == [{"setting": "for: 3s200ms", "file": RULES, "line": 20}]
    assert (explained["for"]["best_s"], explained["for"]["took_s"]) == (pytest.approx(3.2), pytest.approx(3.2, abs=0.01))
    assert explained["record"]["set_by"][0] == {"setting": "evaluation-interval: 200ms", "file": "firedrill.yaml", "line": 19}
    assert explained["record"]["set_by"][1]["setting"].endswith("into each 200ms, by its name")
