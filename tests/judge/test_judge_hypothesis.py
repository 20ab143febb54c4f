"""The steady-state hypothesis: which probe gave what, and what a look at it is evidence of."""

from typing import Any

import pytest

from firedrill.core.events import HypothesisChecked
from firedrill.core.verdicts import Exit, Verdict
from firedrill.judge.drill import JudgedDrill
from firedrill.report import summary, verdict_json

GAVE = {"probe": "queue is short", "tolerance": "[0, 5]", "value": "17", "error": ""}
FAILED = {"probe": "answers", "tolerance": "200", "value": "", "error": "connection refused."}


@pytest.fixture
def bare(script: Any) -> Any:
    return script.tape(chaos={"steady-state-hypothesis": {"title": "fine", "probes": []}})


def failed(drill: JudgedDrill) -> Any:
    (found,) = [one for one in drill.findings if one.verdict is Verdict.FAIL]
    return found


def test_a_missed_hypothesis_names_the_probe_its_tolerance_and_what_it_gave(bare: Any) -> None:
    drill = bare.plus((36.0, HypothesisChecked("after", False, [GAVE]))).concluded()
    said = "The steady-state hypothesis was not met after the faults: the probe 'queue is short' gave 17, and its tolerance is [0, 5]."
    assert failed(drill).sentence == said
    assert drill.reason == said
    assert said.rstrip(".") in summary.render(drill).decode().replace("\\", "")
    assert verdict_json.content(drill)["findings"][0]["sentence"] == said


def test_a_probe_that_failed_is_named_with_why(bare: Any) -> None:
    found = failed(bare.plus((36.0, HypothesisChecked("after", False, [FAILED]))).concluded())
    assert "the probe 'answers' failed (connection refused); its tolerance is 200." in found.sentence


def test_a_probe_that_missed_often_is_one_part_and_each_probe_has_its_own(bare: Any) -> None:
    looks = [(20.0 + n, HypothesisChecked("during", n not in (1, 2, 4), {1: [GAVE], 2: [FAILED], 4: [GAVE]}.get(n, []))) for n in range(6)]
    found = failed(bare.plus(*looks).concluded())
    assert "the probe 'queue is short' gave 17, and its tolerance is [0, 5], twice in 6 looks; 1 more part failed." in found.sentence
    assert [part.partition("the probe ")[2][:8] for part in found.details] == ["'queue i", "'answers"]


def test_a_hypothesis_that_was_missed_before_the_method_is_the_reason_that_nothing_was_played(bare: Any) -> None:
    drill = bare.plus((13.95, HypothesisChecked("before", False, [GAVE]))).until(14.0, "steady-not-met").concluded()
    assert drill.exit_code is Exit.INCONCLUSIVE
    assert drill.reason.startswith("The steady-state hypothesis was not met before the method, so nothing was played after")
    assert not any("Steady state was not met" in one.sentence or "Nothing was expected" in one.sentence for one in drill.findings)
    assert any("gave 17" in one.sentence for one in drill.findings)


def test_a_hypothesis_that_was_looked_at_before_the_method_only_says_so(script: Any) -> None:
    chaos = {"steady-state-hypothesis": {"title": "fine"}, "runtime": {"hypothesis": {"strategy": "before-method-only"}}}
    drill = script.tape(chaos=chaos).plus((13.95, HypothesisChecked("before", True))).concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert drill.reason == (
        "The steady-state hypothesis was looked at before the method only (its strategy is before-method-only), so nothing tells "
        "whether it held afterwards; nothing else was expected, so nothing was proved."
    )
    expected = script.tape(script.expectation("page", script.alert), chaos=chaos).plus((13.95, HypothesisChecked("before", True)))
    assert expected.concluded().verdict is Verdict.PASS
    assert any("before the method only" in one.sentence for one in expected.concluded().noticed)


def test_a_hypothesis_that_held_while_the_method_was_played_is_evidence(bare: Any) -> None:
    drill = bare.plus(*((20.0 + n, HypothesisChecked("during", True)) for n in range(3))).concluded()
    assert drill.verdict is Verdict.PASS
    assert drill.findings[0].sentence == (
        "The steady-state hypothesis held at each of 3 looks while the method was played; nobody looked after it."
    )


def test_looks_that_all_came_before_the_fault_are_none(bare: Any) -> None:
    drill = bare.plus((14.05, HypothesisChecked("during", True))).concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert "before the faults only" in drill.reason


def test_one_that_was_missed_during_the_method_is_one_failure_and_nothing_else(bare: Any) -> None:
    drill = bare.plus((20.0, HypothesisChecked("during", False, [GAVE]))).concluded()
    assert [one.verdict for one in drill.findings] == [Verdict.FAIL]
    assert drill.exit_code is Exit.FAIL
