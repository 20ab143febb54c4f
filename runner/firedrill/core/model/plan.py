"""A plan: the resolved time line of one drill, pure data, kept whole in the journal's first entry.

Times are seconds. `at` of a fault counts from the end of the steady phase, which only the drill itself knows.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from firedrill.core.alerting import Alerting
from firedrill.core.model.declared import Declared
from firedrill.core.model.experiment import Silence
from firedrill.core.model.guards import Guard
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.probes import Probe
from firedrill.core.model.response import Respond, Runbook
from firedrill.core.model.slos import Slo
from firedrill.core.units import Duration


class PlannedFault(Declared):
    """A fault with its place on the time line. `wire` is what the fault's holder is told; null for a fault that does nothing."""

    name: str
    kind: str
    target: str | None
    at: float
    lasts: float
    settings: Mapping[str, Any]
    wire: Mapping[str, Any] | None
    changes: str = ""
    """What is seen at the target when it took effect."""
    hides: str = ""
    """What of the monitoring cannot be seen while it lasts: `prometheus` or `alertmanager`."""

    @property
    def ends(self) -> float:
        return self.at + self.lasts

    @property
    def words(self) -> str:
        """What it does, in a line: `latency of bureau for 1m (delay 500ms, jitter 50ms)`; settings that change nothing are left out."""
        plain: tuple[Any, ...] = (None, "", [], {}, False, "0s", "100%")
        settings = {name: value for name, value in self.settings.items() if name != "target" and value not in plain}
        told = ", ".join(f"{name} {value}" for name, value in settings.items())
        of = f" of {self.target}" if self.target else ""
        return f"{self.kind}{of} for {Duration(self.lasts)}" + (f" ({told})" if told else "")


class PlannedLoad(Declared):
    """The scenario's file (from the suite's root), how many users, and how fast they come."""

    name: str
    file: str
    users: int
    spawn_rate: float
    host: str | None = None


class PlannedWatchdog(Declared):
    """The alert that always fires, who is told of it, and after how many seconds of silence that pages."""

    alert: str
    receiver: str
    within: float


class PlannedBlind(Declared):
    """What a blind drill drew: by which seed, from how many experiments, and after how many seconds of steady state it strikes.

    `window` is the longest that could have been drawn.
    """

    seed: int
    among: int
    window: float
    moment: float


class PlannedExpectation(Declared):
    """`declared` is the expectation's YAML shape as JSON; its kind's model types it again."""

    kind: str
    declared: Mapping[str, Any]
    words: str
    place: str


class Plan(Declared):
    """One drill, before it happens."""

    experiment: str
    file: str
    title: str
    description: str = ""
    tags: tuple[str, ...] = ()
    environment: str
    slos: tuple[Slo, ...] = ()
    probes: Mapping[str, Probe] = {}
    load: PlannedLoad | None = None
    steady: float
    faults: tuple[PlannedFault, ...] = ()
    silences: tuple[Silence, ...] = ()
    guards: tuple[Guard, ...] = ()
    """What aborts the drill: the environment's own first, then the experiment's."""
    hours: str = ""
    """When drills may run here, in words; nothing when always."""
    respond: tuple[Respond, ...] = ()
    runbooks: Mapping[str, Runbook] = {}
    """Those that its responders and expectations name, by name."""
    oncall: OnCall | None = None
    """Who is on call, where the environment has its desk."""
    on_call_at: str | None = None
    """The moment that its schedules take the start of play for."""
    hooks: tuple[str, ...] = ()
    """Status pages and ticket systems that firedrill's sink plays."""
    mark: str = ""
    """What marks every message of the drill as one."""
    blind: PlannedBlind | None = None
    """Set in a blind drill."""
    stack: str = ""
    """`embedded` or `external`: whose Prometheus and Alertmanager it uses; nothing in journals that do not say so."""
    expectations: tuple[PlannedExpectation, ...] = ()
    alerting: Alerting = Alerting()
    scrape_interval: float = 1.0
    evaluation_interval: float = 1.0
    longest_window: float = 0.0
    """Longest range, in seconds, that a rule under test looks back over."""
    watchdog: PlannedWatchdog | None = None
    """What pages when the monitoring itself dies, where the environment has it."""
    links: tuple[str, ...] = ()
    """Hosts whose links in a message are fetched."""
    chaos: Mapping[str, Any] = {}
    """Chaos Toolkit's own keys of the file, as they were."""
    chaos_places: Mapping[str, tuple[int, int]] = Field(default={}, exclude=True, repr=False)
    """Line and column of each of them by its path, for warnings; a journal does not keep it."""
    warnings: tuple[str, ...] = ()

    @property
    def last_fault_end(self) -> float:
        """Seconds from the end of the steady phase; 0 without faults."""
        return max((fault.ends for fault in self.faults), default=0.0)
