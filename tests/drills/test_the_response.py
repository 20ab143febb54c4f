"""The suite's experiments about the response: each holds as it is shipped, and its broken twin fails with the cause named."""

import re

import pytest

from drilling import Suite

EXPERIMENTS = ("acknowledged", "escalated", "mitigated", "reopened", "handed-over")
TWINS = {
    "acknowledged late": (
        "acknowledged",
        "experiments/acknowledged.yaml",
        ("acknowledge: 300ms", "acknowledge: 1500ms"),
        r"first-on-call acknowledged it 1\.[5-9]s after the page opened, .* later than within 900ms",
    ),
    "somebody takes the page that nobody was to take": (
        "escalated",
        "experiments/escalated.yaml",
        ("respond: nobody", "respond:\n  by: first-on-call\n  acknowledge: 300ms"),
        r"was acknowledged by first-on-call 0\.[3-9]s after the page opened, before it was escalated",
    ),
    "a step of the runbook fails": (
        "mitigated",
        "runbooks/slow-bureau.md",
        ("method: PUT\n     url: http://<api>/switches/cached-scores", "method: PUT\n     url: http://<api>/switches/no-such"),
        r"The runbook slow-bureau .*\"Answer from cached scores\".* failed",
    ),
    "a page that comes back is another one": (
        "reopened",
        "oncall.yaml",
        ("        after: 1s\n", "        after: 1s\n    reopens-within: 100ms\n"),
        r"opened a second thread .* instead of reopening the first",
    ),
    "no shift ends": (
        "handed-over",
        "experiments/handed-over.yaml",
        ("07:59:56.500Z", "06:30:00Z"),
        r"payments .*(no hand-over|did not hand over|never handed over)",
    ),
}


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_response_as_it_should_be_holds(suite: Suite, experiment: str) -> None:
    outcome = suite.run(experiment)
    assert outcome.code == 0, outcome.said


@pytest.mark.parametrize(("experiment", "file", "change", "cause"), TWINS.values(), ids=TWINS)
def test_its_broken_twin_fails_and_names_the_cause(suite: Suite, experiment: str, file: str, change: tuple[str, str], cause: str) -> None:
    suite.edit(file, change)
    outcome = suite.run(experiment)
    assert outcome.code == 1, outcome.said
    assert any(re.search(cause, sentence) for sentence in outcome.findings("fail")), outcome.findings("fail")
