"""What keeps a drill from its faults while all is still normal: targets that it needs, probes that never work, and nothing else."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest

from firedrill.conduct import steady
from firedrill.core.clock import DrillClock
from firedrill.core.events import SCHEMA, DrillStarted, Entry, PhaseEntered, Samples, TargetDown
from firedrill.core.model.plan import Plan, PlannedLoad
from firedrill.core.model.probes import Probe
from firedrill.core.units import Duration
from firedrill.judge.drill import Facts
from firedrill.judge.facts import fold
from firedrill.watch.history import Shortfall

PLAN = Plan(
    experiment="e", file="e.yaml", title="e", environment="local", steady=10, load=PlannedLoad(name="l", file="l.py", users=1, spawn_rate=1)
)  # fmt: skip
PROBING = PLAN.model_copy(update={"probes": {"home": Probe(every=Duration(1))}})
REFUSED = "dial tcp 127.0.0.1:1: connect: connection refused"
SHORT = "SlowBurn looks back 3d on requests_total, of which Prometheus has 26.2s"
OF_PROBES = TargetDown("probes", "127.0.0.1:27237", REFUSED, ())
OF_API = TargetDown("api", "127.0.0.1:8000", REFUSED, ())


@dataclass
class Stack:
    """What Prometheus remembers, and where the exporter of the probes would be."""

    lacks: Shortfall
    addresses: dict[str, str] = field(default_factory=lambda: {"probes": "127.0.0.1:27237"})

    async def unrecorded(self, _: Any) -> Shortfall:
        return self.lacks


@dataclass
class Told:
    """A drill ten seconds on, as far as its gate looks at it."""

    facts: Facts
    clock: DrillClock = field(default_factory=lambda: DrillClock(zero=monotonic() - 10.2))

    @property
    def plan(self) -> Plan:
        return self.facts.plan


def told(plan: Plan, *events: Any) -> Told:
    shape = plan.model_dump(mode="json", by_alias=True)
    story = [DrillStarted(SCHEMA, "e-1", "e", "local", shape, 1.0, {}), PhaseEntered("steady"), *events]
    return Told(fold(Entry(number + 1, 0.0, "engine", None, event) for number, event in enumerate(story)))


async def missing(drill: Told, lacks: Shortfall) -> list[str]:
    return await steady._missing(drill, Stack(lacks), 10.0)  # type: ignore[arg-type]


LACKING = Shortfall(missing=["Prometheus has nothing of requests_total yet"], short=[SHORT])


async def test_the_exporter_of_probes_that_an_experiment_does_not_have_is_no_hindrance() -> None:
    assert await missing(told(PLAN, OF_PROBES), LACKING) == [*LACKING.missing, SHORT]


async def test_that_of_probes_that_it_has_is_one_and_so_is_any_other_target() -> None:
    said = "Prometheus cannot scrape 127.0.0.1:27237 of job probes: " + REFUSED
    assert await missing(told(PROBING, OF_PROBES), LACKING) == [said, SHORT]
    assert await missing(told(PLAN, OF_PROBES, OF_API), LACKING) == [
        f"Prometheus cannot scrape 127.0.0.1:8000 of job api: {REFUSED}",
        SHORT,
    ]


async def test_a_short_history_is_said_though_every_target_is_scraped() -> None:
    assert await missing(told(PLAN), Shortfall(short=[SHORT])) == [SHORT]


@pytest.mark.parametrize(
    ("good", "bad", "said"), [(0, 1, ["probe home failed 10 of 10 times (status 404)"]), (1, 1, []), (1, 0, [])], ids=str
)
async def test_a_probe_that_never_works_is_a_hindrance_and_one_that_sometimes_does_is_none(good: int, bad: int, said: list[str]) -> None:
    seconds = [Samples("probe", "home", float(at), good, bad, {}, errors={"status 404": bad} if bad else {}) for at in range(10)]
    assert await missing(told(PROBING, *seconds), Shortfall()) == said
