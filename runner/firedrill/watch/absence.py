"""Why a selector matches nothing: a metric that Prometheus has never seen, a label that the metric lacks, or a value that it has not had.

Knows Prometheus' lists of names and values; refuses to say what follows from it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches

from firedrill.core.matching import Matcher
from firedrill.core.sums import Selected
from firedrill.watch.server import Server

BACK = 3600.0
"""Seconds back for which names and values are asked for."""
SHOWN = 8
"""Values of a label that a sentence lists at most."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a selector has no series, if Prometheus tells. `nameless`: it has never seen the metric's name; `unlabelled`: the metric has no
    such label. From both nothing follows; else only no series has such a value, yet."""

    of: Selected
    detail: str
    nameless: bool = False
    unlabelled: bool = False

    @property
    def why(self) -> str:
        """In a sentence, without its full stop."""
        if self.nameless:
            return f"Prometheus has no metric {self.of.metric}" + (f"; {self.detail}" if self.detail else "")
        return self.detail if self.unlabelled else f"{self.of.text} matches no series" + (f": {self.detail}" if self.detail else "")


async def misnamed(server: Server, of: Selected, now: float, back: float = BACK) -> Absence | None:
    """That the metric, or a label which the selector names, is none that Prometheus has seen of late; Unanswered when it does not say."""
    if not of.metric:
        return None
    labels = set(await server.labels(of.metric, now - back, now)) - {"__name__"}
    if not labels and not await server.instant(f'count({{__name__="{of.metric}"}})', now):
        return Absence(of, _nearest(of.metric, await server.names(now - back, now), 0.6), nameless=True)
    lacking = next((one for one in of.matchers if one.label != "__name__" and one.label not in labels), None)
    if lacking is None:
        return None
    near = _nearest(lacking.label, labels, 0.6)
    told = [f"{of.metric} has no label {lacking.label}", *([near] if near else []), f"it has {_some(sorted(labels)) or 'none'}"]
    return Absence(of, "; ".join(told), unlabelled=True)


async def absence(server: Server, of: Selected, now: float) -> Absence:
    """Why it matches nothing."""
    if (wrong := await misnamed(server, of, now)) is not None:
        return wrong
    for matcher in of.matchers:
        values = await server.values(matcher.label, of.metric, now - BACK, now)
        if values and not any(matcher.holds(value) for value in values):
            return Absence(of, _of_values(matcher, values))
    return Absence(of, "no series has all of these labels at once" if len(of.matchers) > 1 else "")


def _of_values(matcher: Matcher, values: Sequence[str]) -> str:
    wanted = matcher.value if matcher.op in {"=", "=~"} else ""
    near = _nearest(wanted, values, 0.3) if wanted else ""
    return f"{matcher.label} has {_some(values)}" + (f"; {near}" if near else "")


def _nearest(word: str, known: Iterable[str], cutoff: float) -> str:
    """`the nearest is x`: the same number written otherwise, or the text that is most alike."""
    found = [one for one in known if _equal(one, word)] or get_close_matches(word, sorted(known), 1, cutoff)
    return f"the nearest is {found[0]}" if found else ""


def _equal(one: str, other: str) -> bool:
    with suppress(ValueError):
        return float(one) == float(other)
    return False


def _some(values: Sequence[str]) -> str:
    shown = [value or '""' for value in values[:SHOWN]]
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return f"{', '.join(shown)}{more}"
