"""The compiled experiment: read by people, accepted by Chaos Toolkit."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace as Suite

import pytest

from firedrill.core.model.plan import Plan
from firedrill.plan.compile import compile_plan

GOLDEN = Path(__file__).parent / "golden" / "compiled.json"

THEIRS = {
    "steady-state-hypothesis": {
        "title": "It answers",
        "probes": [{"type": "probe", "name": "answers", "tolerance": 0, "provider": {"type": "process", "path": "true"}}],
    },
    "configuration": {"region": "here"},
    "secrets": {"cloud": {"token": {"type": "env", "key": "HOME"}}},
    "method": [
        {"type": "action", "name": "stop a worker", "provider": {"type": "process", "path": "true"}, "pauses": {"after": 1}},
        {"type": "probe", "name": "count workers", "provider": {"type": "process", "path": "true"}},
    ],
    "rollbacks": [{"type": "action", "name": "start the worker", "provider": {"type": "process", "path": "true"}}],
    "runtime": {"hypothesis": {"strategy": "before-method-only"}, "rollbacks": {"strategy": "default"}},
    "extensions": [{"name": "theirs", "key": 1}, {"name": "firedrill", "slos": ["availability"]}],
}


@pytest.fixture
def plan(suite: Suite) -> Plan:
    faults = (
        suite.fault("latency", "30s", "5s", target="bureau", delay="500ms"),
        suite.fault("down", "10s", target="bureau"),
        suite.fault("nothing", "12s"),
    )
    expect = [suite.expectation("page", page="Burn", to="oncall", within="45s"), suite.expectation("quiet")]
    where = suite.environment(methods="allow")
    planned: Plan = suite.plan(*faults, expect=expect, chaos=THEIRS, where=where, tags=("nightly",), probes=("journey",))
    return planned


def test_a_plan_with_a_method_of_the_users_compiles_as_reviewed(plan: Plan) -> None:
    text = json.dumps(compile_plan(plan), indent=2) + "\n"
    if os.environ.get("UPDATE_GOLDENS"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def validated(compiled: dict[str, object], folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "compiled.json").write_text(json.dumps(compiled))
    chaos = [str(Path(sys.executable).parent / "chaos"), "--no-version-check", "--no-log-file", "validate", "compiled.json"]
    return subprocess.run(chaos, cwd=folder, capture_output=True, text=True, timeout=30)


def test_chaos_toolkit_finds_the_compiled_experiment_valid(plan: Plan, tmp_path: Path) -> None:
    result = validated(compile_plan(plan), tmp_path)
    assert (result.returncode, "Experiment looks valid" in result.stdout + result.stderr) == (0, True), result.stderr


def test_without_a_method_the_actions_follow_one_another_in_time(suite: Suite) -> None:
    faults = (suite.fault("latency", "30s", "5s", target="bureau", delay="1s"), suite.fault("down", "10s", target="bureau"))
    method = compile_plan(suite.plan(*faults))["method"]
    assert [(each["name"], each["provider"]["arguments"]["at"]) for each in method] == [
        ("inject down-bureau", 0.0), ("inject latency-bureau", 5.0), ("clear down-bureau", 10.0), ("clear latency-bureau", 35.0),
    ]  # fmt: skip
    assert not any("background" in each for each in method)


def test_a_placebo_touches_nothing(suite: Suite) -> None:
    compiled = compile_plan(suite.plan(suite.fault("nothing", "40s")))
    inject, clear = (each["provider"]["arguments"] for each in compiled["method"])
    assert (inject["target"], inject["wire"], clear["target"]) == (None, None, None)
    assert compiled["description"] == "A drill by firedrill: nothing after 0s for 40s."


def test_every_fault_is_cleared_again_before_the_users_own_rollbacks(plan: Plan) -> None:
    names = [each["name"] for each in compile_plan(plan)["rollbacks"]]
    assert names == ["clear latency-bureau", "clear down-bureau", "clear nothing", "start the worker"]
