"""How times and shares are said in sentences, the same everywhere."""

import math
from collections.abc import Iterable, Mapping, Sequence

from firedrill.core.units import Ratio


def seconds(time: float) -> str:
    """A measured time, to a tenth: `8.4s`."""
    return f"{time:.1f}s"


def share(ratio: float) -> str:
    """A measured share: `98.73%`. Rounded down, so that 99.999% is never said to be all."""
    return f"{math.floor(ratio * 1e4 + 1e-6) / 100:g}%"


def at_most(ratio: float) -> str:
    """An upper bound of a share, rounded up, so that it stays one."""
    return f"{math.ceil(ratio * 1e4 - 1e-6) / 100:g}%"


def promise(objective: float) -> str:
    """An objective with every digit that was promised: `99.95%`."""
    return str(Ratio(objective))


def both(names: Iterable[str]) -> str:
    """Names in a row: `a, b and c`."""
    *most, last = list(names) or ["nothing"]
    return f"{', '.join(most)} and {last}" if most else last


def several(names: Sequence[str], most: int = 5) -> str:
    """The same of many: the first of them, and how many more there are."""
    return both(names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"])


def times(number: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def exact(time: float) -> str:
    """A time to the millisecond, as short as it goes: `0.412s`, `43.1s`, `2s`."""
    return f"{round(time, 3):.3f}".rstrip("0").rstrip(".") + "s"


def pairs(labels: Mapping[str, str]) -> str:
    """`severity=page and team=payments`."""
    return both(f"{name}={value}" for name, value in labels.items())


def quoted(text: str) -> str:
    """A text as somebody wrote it, in quotes."""
    return f'"{text}"'


def clipped(text: str, most: int = 160) -> str:
    """The beginning of a long text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 3]}..."
