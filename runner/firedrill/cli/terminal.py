"""How a drill looks while it runs: a live panel on a terminal, a line per event elsewhere. Both on standard error."""

import errno
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from firedrill.cli.outlets import gone
from firedrill.core.events import Entry
from firedrill.core.model.plan import Plan
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge import veil
from firedrill.judge.drill import Facts
from firedrill.report.telling import tell

MARKS = {Verdict.PASS: ("✓", "green"), Verdict.PENDING: ("…", "cyan"), Verdict.INCONCLUSIVE: ("?", "yellow"), Verdict.FAIL: ("✗", "red")}
REDRAW = 0.25
"""Seconds between redraws at most."""


class Lines:
    """A line per event, for logs and CI."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def began(self, drill: str, plan: Plan) -> None:
        self.console.print(Text(veil.heading(Facts(plan=plan)), style="bold"))

    def saw(self, entry: Entry, facts: Facts) -> None:
        said = tell(entry.event) if veil.shown(entry, facts) else None
        if said and said != self._said:
            self._said = said
            self.console.print(Text(f"{entry.at:8.1f}s  {said}"), soft_wrap=True)

    def waiting(self, what: str, until: float | None, facts: Facts, findings: Sequence[Finding]) -> None:
        """OSError when nobody can be told any more."""
        if why := gone():
            raise OSError(errno.EPIPE, why)


class Panel(Lines):
    """A live panel: what is being waited for and until when, each finding, and the latest events above it."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError, ValueError):  # a terminal that is gone
            self._live.stop()

    def waiting(self, what: str, until: float | None, facts: Facts, findings: Sequence[Finding]) -> None:
        super().waiting(what, until, facts, findings)
        if time.monotonic() - self._drawn >= REDRAW:
            self._drawn = time.monotonic()
            self._live.update(panel(what, until, facts, findings), refresh=True)


def panel(what: str, until: float | None, facts: Facts, findings: Sequence[Finding]) -> RenderableType:
    """One picture of a running drill; of a blind one, what it may show."""
    told = veil.waiting(what, until, facts)
    return Group(_waiting(*told, facts.now), _users(facts), _findings(() if veil.hidden(facts) else findings))


def _waiting(what: str, until: float | None, now: float) -> Text:
    text = Text.assemble((f"{now:8.1f}s  ", "dim"), "waiting for ", (what, "bold"))
    if until is not None:
        text.append(f", until {until:.1f}s at the latest ({max(0.0, until - now):.0f}s left)")
    return text


def _users(facts: Facts) -> Text:
    """What users see in the newest whole second of each source."""
    text = Text("           ")
    for series in facts.series.values():
        newest = max((second for second in series.bins if second + 1.5 < facts.now), default=None)
        if newest is not None and series.of != "slo":
            one = series.bins[newest]
            text.append(f"{series.name} {one.good + one.bad}/s ", "dim")
            text.append(f"{one.bad} bad  " if one.bad else "", "red")
    return text


def _findings(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    for finding in findings:
        mark, colour = MARKS[finding.verdict]
        table.add_row("          ", Text(mark, style=colour), Text(finding.sentence))
    return table


def view(console: Console) -> Lines:
    """The view that suits where standard error goes."""
    return Panel(console) if console.is_terminal else Lines(console)
