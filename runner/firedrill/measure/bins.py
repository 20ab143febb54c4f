"""One source's samples, added up by the second of the drill in which they ended.

Knows counts, thresholds and histograms; refuses to know who measured, and what a good share would be. A request that ends on
a second's boundary belongs to the second that begins there. Every sample, good or bad, is in the histogram, and one longer than
a minute is in it as a minute.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from firedrill.core.events import HISTOGRAM

DIGITS, SHORTEST, LONGEST = HISTOGRAM
"""The histogram's significant digits, and its range in microseconds."""
CAUSES = 20
"""Distinct causes kept in a bin; the rest are counted together."""
OTHER_CAUSES = "other causes"


@dataclass(slots=True)
class _Bin:
    histogram: Any
    under: dict[str, int]
    good: int = 0
    bad: int = 0
    first_bad: float | None = None
    errors: dict[str, int] = field(default_factory=dict)


class Binner:
    """Adds up the samples of one source; `zero` is the drill's zero as a reading of CLOCK_MONOTONIC.

    `flush` gives mappings with exactly the fields of core.events.Samples; several of one second add up.
    """

    def __init__(self, of: str, name: str, thresholds: tuple[float, ...], zero: float) -> None:
        self._of, self._name, self._zero = of, name, zero
        self._thresholds = [(threshold, f"{threshold:g}") for threshold in thresholds]
        self._bins: dict[int, _Bin] = {}

    def add(self, ended_monotonic: float, ok: bool, seconds: float, cause: str | None = None) -> None:
        """One sample that ended then and took `seconds`; a bad one has a cause."""
        ended = ended_monotonic - self._zero
        bin_ = self._bin(math.floor(ended))
        bin_.histogram.record_value(min(max(round(seconds * 1e6), SHORTEST), LONGEST))
        if ok:
            self._good(bin_, seconds)
        else:
            self._bad(bin_, ended, cause or "no cause given")

    def flush(self, up_to_second: float | None = None) -> list[dict[str, Any]]:
        """Bins of the seconds that begin before `up_to_second`, oldest first; all of them when it is left out."""
        seconds = sorted(second for second in self._bins if up_to_second is None or second < up_to_second)
        return [self._samples(second, self._bins.pop(second)) for second in seconds]

    def _bin(self, second: int) -> _Bin:
        if second not in self._bins:
            from hdrh.histogram import HdrHistogram

            self._bins[second] = _Bin(HdrHistogram(SHORTEST, LONGEST, DIGITS), {key: 0 for _, key in self._thresholds})
        return self._bins[second]

    def _good(self, bin_: _Bin, seconds: float) -> None:
        bin_.good += 1
        for threshold, key in self._thresholds:
            if seconds < threshold:
                bin_.under[key] += 1

    def _bad(self, bin_: _Bin, ended: float, cause: str) -> None:
        bin_.bad += 1
        bin_.first_bad = ended if bin_.first_bad is None else min(bin_.first_bad, ended)
        key = cause if cause in bin_.errors or len(bin_.errors) < CAUSES else OTHER_CAUSES
        bin_.errors[key] = bin_.errors.get(key, 0) + 1

    def _samples(self, second: int, bin_: _Bin) -> dict[str, Any]:
        return {
            "of": self._of,
            "name": self._name,
            "second": float(second),
            "good": bin_.good,
            "bad": bin_.bad,
            "under": bin_.under,
            "histogram": bin_.histogram.encode().decode("ascii"),
            "first_bad": None if bin_.first_bad is None else round(bin_.first_bad, 6),
            "errors": bin_.errors or None,
        }
