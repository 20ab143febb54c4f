"""Numbers and names as reports print them, alike in every format."""

from collections.abc import Mapping

from firedrill.core.verdicts import Verdict

MARKS: Mapping[Verdict, str] = {Verdict.PASS: "✓", Verdict.PENDING: "…", Verdict.INCONCLUSIVE: "?", Verdict.FAIL: "✗"}


def seconds(value: float | None) -> str:
    """`8.42 s`, `3 ms`, or an em dash for what nobody saw."""
    if value is None:
        return "—"
    return f"{value * 1000:.0f} ms" if abs(value) < 0.1 else f"{value:.2f} s"


def share(value: float | None) -> str:
    """`99.31 %`, or an em dash. Rounded down, so that 99.999 % is never said to be all."""
    return "—" if value is None else f"{int(value * 1e4 + 1e-6) / 100:.2f} %"


def percent(value: float) -> str:
    """An objective as people declare it: `99 %`, `99.95 %`."""
    return f"{value * 100:.10g} %"


def interval(value: float) -> str:
    """A length of time that somebody chose, as short as it goes: `300 ms`, `3 s`."""
    return f"{value:g} s" if value >= 1 else f"{value * 1000:g} ms"


def labels(pairs: Mapping[str, str]) -> str:
    """`{severity="page"}`, as PromQL writes them."""
    return "{" + ", ".join(f'{key}="{value}"' for key, value in sorted(pairs.items())) + "}" if pairs else ""
