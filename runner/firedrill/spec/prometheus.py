"""How Prometheus and Alertmanager write things in their files: their durations and their snake_case keys."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

# github.com/prometheus/common, model.ParseDuration
_DURATION = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?")
_LONGEST = 9_223_372_036.0
_SECONDS = (31_536_000.0, 604_800.0, 86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if value == "0":
        return 0.0
    if match is None or not value:
        raise PydanticCustomError(
            "duration", "a Prometheus duration such as 30s or 1h30m is expected here, not '{value}'", {"value": value}
        )
    if any(len(count) > 18 for count in match.groups("")) or (seconds := _sum(match)) > _LONGEST:
        raise PydanticCustomError("duration", "Prometheus counts no time of more than 292 years")
    return round(seconds, 3)


def _sum(match: re.Match[str]) -> float:
    return sum(int(count) * unit for count, unit in zip(match.groups(), _SECONDS, strict=True) if count)


Seconds = Annotated[float, BeforeValidator(_seconds)]


class Foreign(BaseModel):
    """A mapping in a file of theirs; unknown keys are errors there too."""

    model_config = ConfigDict(frozen=True, extra="forbid")
