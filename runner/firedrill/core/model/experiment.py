"""An experiment: one story per file, what is broken, what is measured, and what is expected."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from firedrill.core.model.declared import Count, Declared
from firedrill.core.model.guards import Guard
from firedrill.core.model.response import Respond
from firedrill.core.units import Duration


class Load(Declared):
    """Traffic from a Locust scenario, `scenarios/NAME.py`."""

    scenario: str
    users: Count
    spawn_rate: Count | None = None
    """Users started each second; all within two seconds when left out."""


class Fault(Declared):
    """One fault: its kind with the kind's own settings, when it starts and how long it lasts."""

    kind: str
    settings: Any
    """The kind's own model, already typed."""
    name: str
    """Unique; kind-target when left out."""
    at: Duration = Duration(0)
    """From the end of the steady phase."""
    for_: Duration
    """How long; also the fault's lease, at whose end its holder drops it whatever else happens."""
    file: str = ""
    line: int = 0
    column: int = 0


class Silence(Declared):
    """A silence that the drill makes at Alertmanager before the first fault, and that is gone after it."""

    matchers: tuple[str, ...] = Field(min_length=1)
    """As Alertmanager writes them, such as `team = "platform"`; an alert that all of them match is kept quiet."""
    comment: str
    """Why; people see it at Alertmanager."""


class Expectation(Declared):
    """One expectation: its kind and the kind's own model, already typed, and how the file says it."""

    kind: str
    declared: Any
    words: str
    """In one line, such as `page NegotiationLatencyBudgetBurn to payments-oncall within 45s`."""
    file: str = ""
    line: int = 0
    column: int = 0


class Experiment(Declared):
    """One file of experiments/, resolved to types; Chaos Toolkit's own keys are kept as they were."""

    name: str
    """The file's name without its ending."""
    file: str
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    load: Load | None = None
    steady: Duration = Duration(30)
    faults: tuple[Fault, ...] = ()
    silences: tuple[Silence, ...] = ()
    """Alerts that the drill keeps quiet; only where `limits.silences` allows it."""
    abort_when: tuple[Guard, ...] = ()
    """What breaks the drill off and has everything put back at once."""
    respond: tuple[Respond, ...] = ()
    """Who answers the pages; nobody when left out."""
    on_call_at: str | None = None
    """The moment, such as `2026-01-05T07:59:58Z`, that the schedules of oncall.yaml take the start of play for; the real one when left
    out.
    """
    expect: tuple[Expectation, ...] = ()
    chaos: Mapping[str, Any] = {}
    """Chaos Toolkit's keys: method, rollbacks, steady-state-hypothesis, configuration, secrets, controls, extensions, runtime."""
    chaos_places: Mapping[str, tuple[int, int]] = Field(default={}, exclude=True, repr=False)
    """Line and column of each of these keys, by its path, such as `method[0].provider`."""
