"""Promises, as OpenSLO v1 writes them (github.com/OpenSLO/OpenSLO), and the indicators they are made of."""

from enum import Enum

from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration


class Source(Enum):
    """Where an indicator's numbers come from."""

    PROMQL = "promql"
    PROBE = "probe"
    LOAD = "load"


class Indicator(Declared):
    """An SLI resolved from an SLO document.

    PROMQL: `good` and `total` are queries of cumulative counters, or `value` is a query compared with `op limit` each second.
    PROBE, LOAD: `name` is the probe or scenario; a sample is good when it succeeded and, with `under`, took less than
    that many seconds.
    """

    source: Source
    name: str = ""
    under: float | None = None
    good: str | None = None
    bad: str | None = None
    total: str | None = None
    value: str | None = None
    op: str | None = None
    limit: float | None = None
    counter: bool = True


class Slo(Declared):
    """One objective on one indicator. `objective` is a share, as in 0.99; `window` is the promise's own period."""

    name: str
    title: str = ""
    service: str = ""
    objective: float
    window: Duration = Duration(30 * 86400)
    indicator: Indicator
    file: str = ""
    line: int = 0
