"""Numbers as a row of blocks, for a terminal: one character a number."""

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
MISSING = "·"
"""Where there is no number."""


def blocks(numbers: Sequence[float | None], low: float | None = None, high: float | None = None) -> str:
    """A block a number, as high as it lies between `low` and `high`, which are the least and the greatest when left out."""
    known = [number for number in numbers if number is not None]
    if not known:
        return MISSING * len(numbers)
    bottom, top = min(known) if low is None else low, max(known) if high is None else high
    return "".join(MISSING if number is None else _block(number, bottom, top) for number in numbers)


def _block(number: float, low: float, high: float) -> str:
    share = 0.5 if high <= low else (number - low) / (high - low)
    return BLOCKS[min(len(BLOCKS) - 1, max(0, int(share * len(BLOCKS))))]
