"""Files that Prometheus and Alertmanager take and that could hang or end whoever reads them: a sentence in bounded time, never a crash."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

MANY = 20_000
RULES, ALERTMANAGER, EXPERIMENT = "alerts/negotiation.rules.yml", "alerts/alertmanager.yml", "experiments/placebo.yaml"
Process = subprocess.CompletedProcess[str]


@pytest.fixture
def validate(root: Path, tmp_path: Path) -> Callable[..., Process]:
    """`firedrill validate` of the fast suite with other rules, routes or experiments; it may take five seconds of a processor."""
    home = tmp_path / "suite"
    shutil.copytree(root / "tests" / "suite", home, ignore=shutil.ignore_patterns("results", "__pycache__"))

    def run(file: str, text: str) -> Process:
        (home / file).write_text(text)
        begun = time.monotonic()
        command = [sys.executable, "-m", "firedrill.cli", "validate"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=60, check=False)
        assert time.monotonic() - begun < 20, "this machine may be four times slower than the promise, no more"
        assert "Traceback" not in done.stdout + done.stderr
        return done

    return run


def _nested(opens: str, times: int) -> str:
    return opens * times + "up" + ")" * times


def _with(root: Path, file: str, change: Callable[[str], str]) -> str:
    return change((root / "tests" / "suite" / file).read_text())


@pytest.mark.parametrize(
    "expr",
    [_nested("(", MANY), "+".join(["up"] * MANY), "-" * MANY + "up", _nested("abs(", MANY), _nested("(", 1000)],
    ids=["brackets", "terms", "signs", "calls", "a thousand brackets"],
)
def test_an_expression_of_thousands_of_brackets_or_terms_is_not_analysed_and_no_crash(
    root: Path, validate: Callable[..., Process], expr: str
) -> None:
    rules = yaml.safe_load(_with(root, RULES, str))
    rules["groups"].append({"name": "odd", "rules": [{"alert": "Odd", "expr": expr}]})
    done = validate(RULES, yaml.safe_dump(rules, width=10**6))
    assert done.returncode in {0, 2}
    assert "warning: groups[" in done.stdout
    assert "expr: not analysed: it " in done.stdout


def test_records_that_double_at_each_step_are_read_in_bounded_time(root: Path, validate: Callable[..., Process]) -> None:
    rules = yaml.safe_load(_with(root, RULES, str))
    chain = [{"record": f"a:b{number}", "expr": f"a:b{number - 1} + a:b{number - 1}" if number else "up"} for number in range(200)]
    rules["groups"].append({"name": "odd", "rules": [*chain, {"alert": "Odd", "expr": "a:b199 > 1"}]})
    assert validate(RULES, yaml.safe_dump(rules)).returncode == 0


def test_a_matcher_on_which_python_backtracks_is_read_at_once(root: Path, validate: Callable[..., Process]) -> None:
    config = yaml.safe_load(_with(root, ALERTMANAGER, str))
    config["route"].setdefault("routes", []).append({"receiver": config["route"]["receiver"], "matchers": ['alertname =~ "([A-Za-z]+)+!"']})
    assert validate(ALERTMANAGER, yaml.safe_dump(config)).returncode == 0


@pytest.mark.parametrize("length", ["1" + "0" * 400 + "s", "9" * 5000 + "s", "300y", "107000d"])
def test_a_duration_that_no_clock_counts_is_a_sentence(root: Path, validate: Callable[..., Process], length: str) -> None:
    done = validate(EXPERIMENT, _with(root, EXPERIMENT, lambda text: "\n".join(_steady(text, length))))
    assert done.returncode == 2
    assert "steady: " in done.stdout


def _steady(text: str, length: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.startswith("steady:")]
    return [*lines, f"steady: {length}"]


@pytest.mark.parametrize("length", ["1" + "0" * 400 + "s", "9" * 5000 + "s", "500y"])
def test_a_for_that_prometheus_cannot_count_is_a_sentence(root: Path, validate: Callable[..., Process], length: str) -> None:
    rules = yaml.safe_load(_with(root, RULES, str))
    rules["groups"].append({"name": "odd", "rules": [{"alert": "Odd", "expr": "up == 0", "for": length}]})
    done = validate(RULES, yaml.safe_dump(rules))
    assert done.returncode == 2
    assert "for: Prometheus counts no time of more than 292 years" in done.stdout


def test_the_end_of_time_is_no_moment_to_be_on_call(root: Path) -> None:
    command = [sys.executable, "-m", "firedrill.cli", "oncall", "--at", "9999-12-31T23:59:59Z"]
    done = subprocess.run(command, cwd=root / "tests" / "suite", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_file_of_millions_of_brackets_is_no_crash(validate: Callable[..., Process]) -> None:
    for file in (RULES, ALERTMANAGER):
        assert validate(file, "groups: " + "[" * 2_500_000).returncode == 2


def test_a_window_of_thousands_of_digits_is_a_sentence(root: Path, validate: Callable[..., Process]) -> None:
    slo = "slos/negotiation-latency.yaml"
    document = yaml.safe_load(_with(root, slo, str))
    document["spec"]["timeWindow"] = [{"duration": "9" * 5000 + "d", "isRolling": True}]
    done = validate(slo, yaml.safe_dump(document))
    assert done.returncode == 2
    assert "spec.timeWindow[0].duration: a duration such as 28d, 4w or 1M is expected here" in done.stdout


@pytest.mark.parametrize("file", [RULES, ALERTMANAGER])
def test_a_file_of_five_megabytes_is_not_analysed(root: Path, validate: Callable[..., Process], file: str) -> None:
    done = validate(file, _with(root, file, lambda text: text + "# " + "x" * 5_000_000 + "\n"))
    assert f"{file}:1:1: warning: not analysed: it has more than 400000 characters" in done.stdout
