"""Limits and guards in files: what is misspelt or cannot be compared is an error at its place."""

import shutil
from pathlib import Path

import pytest

from firedrill.cli.registry import kinds
from firedrill.spec.check import check

SUITE = Path(__file__).parent.parent / "suite"


def said(tmp_path: Path, limits: str = "", guards: str = "", environment: str = "") -> list[str]:
    home = tmp_path / "tests" / "suite"
    shutil.copytree(SUITE, home, ignore=shutil.ignore_patterns("results", "__pycache__"))
    settings, experiment = home / "firedrill.yaml", home / "experiments" / "latency.yaml"
    indented = limits.replace("\n", "\n      ")
    text = settings.read_text().replace("      methods: allow\n", f"      methods: allow\n      {indented}\n{environment}")
    settings.write_text(text)
    experiment.write_text(experiment.read_text() + guards)
    return [f"{each.path}: {each.message}" for each in check([experiment], kinds(), {}).errors]


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (
            "at-most:\n  latency.dellay: 2s",
            "at-most.latency.dellay: unknown setting of a fault 'latency.dellay'; did you mean 'latency.delay'?",
        ),
        ("at-most:\n  latency.delay: 80%", "at-most.latency.delay: '80%' is not a duration such as 500ms, 30s or 1m30s"),
        ("targets: [bureu]", "targets[0]: unknown target 'bureu'; did you mean 'bureau'?"),
        ("hours: 9-17", "hours: hours such as 09:00-17:00 are expected, not '9-17'"),
        ("days: [mon, mondy]", "days[1]: days such as mon-fri or sat are expected, not 'mondy'"),
        ("timezone: Berlin", "timezone: there is no time zone 'Berlin'; write one such as UTC or Europe/Berlin"),
    ],
)
def test_a_limit_that_nothing_could_obey_is_an_error(tmp_path: Path, limits: str, says: str) -> None:
    assert said(tmp_path, limits) == [f"environments.local.limits.{says}"]


@pytest.mark.parametrize(
    ("guard", "says"),
    [
        ("alert: NegotiationApiDwn", "[0].alert: unknown alert 'NegotiationApiDwn'; did you mean 'NegotiationApiDown'?"),
        (
            "slo: offer-journey\n    below: 80%",
            "[0].slo: unknown SLO 'offer-journey'; known: negotiation-availability, negotiation-latency",
        ),
        ("promql: sum(", "[0].promql: is not PromQL: unclosed left parenthesis"),
        ("alert: NegotiationApiDown\n    failing: 3", "[0].failing: 'failing' does not go with 'alert'"),
        ("probe: offer-journey\n    failing: 3\n    windw: 5s", "[0].windw: unknown key; did you mean 'window'?"),
    ],
)
def test_a_guard_that_could_see_nothing_is_an_error(tmp_path: Path, guard: str, says: str) -> None:
    (problem,) = said(tmp_path, guards=f"abort-when:\n  - {guard}\n")
    assert problem.startswith(f"abort-when{says}")


def test_a_guard_of_an_environment_is_checked_where_it_stands(tmp_path: Path) -> None:
    guards = "    abort-when:\n      - probe: offer-jorney\n        failing: 3\n"
    (problem,) = said(tmp_path, environment=guards)
    assert problem == "environments.local.abort-when[0].probe: unknown probe 'offer-jorney'; did you mean 'offer-journey'?"
