"""Abort guards: when a drill has to be broken off, because it hurts more than it was meant to.

Knows how a guard is written; refuses to know how its source is looked at.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from firedrill.core.model.declared import Count, Declared, clash
from firedrill.core.units import Duration, Ratio


def _number(value: object) -> object:
    """A number as YAML's raw text has it; `nan` and `inf` are none to compare with."""
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        number = None
    if number is None or not abs(number) < float("inf"):
        raise PydanticCustomError("number", "a number such as 20 or 0.5 is expected, not {value}", {"value": repr(value)})
    return number


Number = Annotated[float, BeforeValidator(_number)]

WINDOW = Duration(5)

SOURCES: Mapping[str, tuple[str, ...]] = {
    "slo": ("burn_rate", "below", "window"),
    "probe": ("failing",),
    "alert": (),
    "promql": ("above",),
}
"""What a guard may look at, and the keys that go with it."""


class Guard(Declared):
    """One reason to abort the drill: `slo`, `probe`, `alert` or `promql`, looked at every second while faults may be active."""

    slo: str | None = None
    """An SLO of the experiment; goes with `burn-rate` or `below`."""
    probe: str | None = None
    """A probe of the experiment; goes with `failing`."""
    alert: str | None = None
    """An alert of the rules that fires."""
    promql: str | None = None
    """A query that gives any series, or with `above` a value above that."""
    burn_rate: Annotated[Number, Field(gt=0)] | None = None
    """Trips at this many times the speed that would spend the error budget exactly at the window's end of the SLO."""
    below: Ratio | None = None
    """Trips when a smaller share of the samples than this was good."""
    window: Duration | None = None
    """Over how long the SLO's samples are counted, in whole seconds; 5s when left out."""
    failing: Annotated[Count, Field(ge=1)] | None = None
    """Trips at this many bad samples in a row."""
    above: Number | None = None
    """Trips when any series has a value above this."""
    for_: Duration = Duration(0)
    """How long it has to hold without a break before it trips."""
    blind: Duration = Duration(10)
    """How long its source may be out of sight: a guard that cannot see does not protect, so it trips then."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) > 1:
            raise clash(given[1], f"a guard looks at one thing; start '{given[1]}' with a dash of its own")
        if not given:
            raise ValueError("a guard looks at 'slo', 'probe', 'alert' or 'promql'")
        for name in (key for keys in SOURCES.values() for key in keys):
            if name not in SOURCES[given[0]] and getattr(self, name) is not None:
                raise clash(_dashed(name), f"'{_dashed(name)}' does not go with '{given[0]}'")
        self._check_threshold(given[0])
        return self

    def _check_threshold(self, source: str) -> None:
        if source == "slo" and (self.burn_rate is None) == (self.below is None):
            raise clash("slo", "say 'burn-rate' or 'below', one of them")
        if self.window is not None and (self.window < 1 or self.window % 1):
            raise clash("window", "samples are counted in whole seconds: write 1s or more")
        if source == "probe" and self.failing is None:
            raise clash("probe", "say 'failing', how many bad samples in a row")

    @property
    def over(self) -> Duration:
        """The window over which samples are counted."""
        return self.window or WINDOW

    @property
    def source(self) -> str:
        """slo, probe, alert or promql."""
        return next(name for name in SOURCES if getattr(self, name) is not None)

    @property
    def words(self) -> str:
        """In one line, such as `slo negotiation-latency burning 20 times too fast over 5s`."""
        return self._condition() + (f" for {self.for_}" if self.for_ else "")

    def _condition(self) -> str:
        match self.source:
            case "slo" if self.below is not None:
                return f"slo {self.slo} below {self.below} over {self.over}"
            case "slo":
                return f"slo {self.slo} burning {self.burn_rate:g} times too fast over {self.over}"
            case "probe":
                return f"probe {self.probe} failing {self.failing} times in a row"
            case "alert":
                return f"alert {self.alert} firing"
        return f"promql {self.promql}" + ("" if self.above is None else f" above {self.above:g}")


def _dashed(name: str) -> str:
    return name.replace("_", "-")
