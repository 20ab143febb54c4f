"""firedrill.yaml: the environments a suite drills, what a fault may touch there, and the limits.

In these texts `<name>` stands for an address of `system.addresses`, and `<sink>` for firedrill's own receiver.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from firedrill.core.model.declared import Declared, Flag, HttpError
from firedrill.core.units import Duration


class System(Declared):
    """The system under drill, when the drill starts it; leave it out for a system that outlives the drill."""

    addresses: Mapping[str, str] = {}
    """Names for addresses, `host:port`; port 0 is a free port chosen for each drill."""
    start: tuple[str, ...] = ()
    """Commands, split as a shell would split them but run without one; each ends with the drill."""
    ready: str | None = None
    """A URL that answers 200 once the system can be used."""
    within: Duration = Duration(30)
    """How long the system may take to be ready."""


class Scrape(Declared):
    """One scrape job of the embedded Prometheus."""

    job: str
    targets: tuple[str, ...]
    """`<name>` or `host:port`; `<probes>` is what firedrill's own probes export."""
    path: str = "/metrics"


class Ailment(Declared):
    """How a receiver misbehaves, for drills of a pager that is broken."""

    answers: HttpError | None = None
    """The HTTP status with which it refuses every message, 400 to 599."""
    delays: Duration | None = None
    """How long it takes to take a message."""


class Embedded(Declared):
    """A Prometheus and an Alertmanager that each drill starts for itself."""

    rules: tuple[str, ...]
    """Rule files, from the suite's root."""
    alertmanager: str
    """The alertmanager.yml under test, from the suite's root; only where its receivers send to is changed."""
    scrape: tuple[Scrape, ...]
    receivers: Mapping[str, Ailment] = {}
    """Receivers that misbehave, by name; firedrill's sink answers in their place."""
    alertmanager_at: str | None = None
    """Where Prometheus is told to find Alertmanager, `host:port`; where it really is when left out. Another address is out of reach."""
    scrape_interval: Duration = Duration(1)
    evaluation_interval: Duration = Duration(1)


class Stack(Declared):
    """The Prometheus and Alertmanager in use."""

    embedded: Embedded


class Target(Declared):
    """Something a fault may act on: a TCP address with a fault proxy in front of it."""

    upstream: str | None = None
    """Where the proxy forwards to; given when the drill starts the proxy itself."""
    listen: str | None = None
    """Where the proxy listens, so that the system can be pointed at it."""
    proxy: str | None = None
    """The control URL of a `firedrill proxy` that outlives the drill, instead of the two above."""
    token: str | None = None
    """Name of the environment variable that holds that proxy's token."""


class Limits(Declared):
    """The blast radius: what breaks a limit is refused before anything starts."""

    faults: tuple[str, ...] | None = None
    """Kinds of fault allowed; all when left out."""
    longest_fault: Duration = Duration(600)
    methods: Literal["allow", "refuse"] = "refuse"
    """Whether Chaos Toolkit's own actions, which can touch anything, may run."""


class Environment(Declared):
    """One place to drill."""

    system: System = System()
    stack: Stack
    targets: Mapping[str, Target] = {}
    limits: Limits = Limits()
    confirm: Flag = False
    """Ask before drilling here."""


class Suite(Declared):
    """firedrill.yaml as a whole."""

    environments: Mapping[str, Environment] = Field(min_length=1)
    default: str = "local"
    """The environment used when none is named."""
