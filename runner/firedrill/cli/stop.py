"""`firedrill stop`: the kill switch, from another terminal."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firedrill.cli import options
from firedrill.core.errors import LeftOver
from firedrill.core.verdicts import Exit

if TYPE_CHECKING:
    from firedrill.conduct.ledger import Runs

WITHIN = 60.0
"""Seconds for a drill to put everything back and take down what it started."""
LOOK = 0.05


@click.command("stop")
@click.argument("drill", required=False)
@options.as_json
def command(drill: str | None, as_json: bool) -> None:
    """Stop DRILL, a drill of this user that runs on this machine, and wait until it has put everything back.

    Without a name, the only one that runs; when there are several they are listed, and none is stopped. The drill itself ends as one
    that was interrupted (130).

    Exit code 0 when it ended with everything put back, 4 when something may be left, 3 when it did not end, 2 when there is none of
    that name, or no way to tell which is meant.
    """
    from firedrill.conduct.ledger import running

    stopped = _stopped(chosen(drill, running()))
    if as_json:
        options.echo_json(stopped)
    else:
        click.echo(_words(stopped))
    if stopped["left"]:
        raise SystemExit(LeftOver.exit_code)
    if not stopped["ended"]:
        raise SystemExit(int(Exit.INCONCLUSIVE))


def chosen(drill: str | None, there: Sequence["Runs"]) -> "Runs":
    """The drill of that name, or the only one; a usage error that lists them when there is no telling."""
    named = [one for one in there if drill is None or one.drill == drill]
    if len(named) == 1:
        return named[0]
    listed = "".join(f"\n  {one.drill} (pid {one.pid})" for one in there)
    if not there:
        raise click.UsageError("no drill of this user runs here")
    raise click.UsageError(f"no drill {drill!r} runs here; these do:{listed}" if drill else f"several drills run; say which:{listed}")


def _stopped(one: "Runs") -> dict[str, object]:
    """Signal it and wait: `cleared` and `left` are faults, by name; `took_s` seconds until its process had ended."""
    from firedrill.conduct.ledger import open_page

    began = time.monotonic()
    _signal(one)
    while not one.over and time.monotonic() - began < WITHIN:
        time.sleep(LOOK)
    page = open_page(one.drill) if one.over else None
    return {
        "drill": one.drill, "pid": one.pid, "ended": one.over, "took_s": round(time.monotonic() - began, 3),
        "cleared": _cleared(one.journal), "left": [] if page is None else sorted(page.undos),
    }  # fmt: skip


def _signal(one: "Runs") -> None:
    """SIGTERM, through a handle on that very process: its number may be a stranger's by now."""
    try:
        handle = os.pidfd_open(one.pid)
    except ProcessLookupError:
        return
    try:
        if not one.over:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _cleared(journal: Path) -> list[str]:
    """Faults that the journal says were cleared after they were active; none when the journal cannot be read any more."""
    from firedrill.core.events import FaultActive, FaultCleared
    from firedrill.core.journal import read

    try:
        events = [entry.event for entry in read(journal)]
    except OSError:
        return []
    active = {event.fault for event in events if isinstance(event, FaultActive)}
    return list(dict.fromkeys(event.fault for event in events if isinstance(event, FaultCleared) and event.fault in active))


def _words(stopped: dict[str, object]) -> str:
    cleared, left = stopped["cleared"], stopped["left"]
    assert isinstance(cleared, list)
    assert isinstance(left, list)
    if not stopped["ended"]:
        return f"{stopped['drill']} was told to stop and has not ended within {WITHIN:g} s; it still puts things back, or hangs"
    what = f"cleared: {', '.join(cleared)}" if cleared else "no fault was active"
    rest = f"\n  may be left: {', '.join(left)}; run `firedrill undo {stopped['drill']}`" if left else ""
    return f"{stopped['drill']}: stopped after {stopped['took_s']} s; {what}{rest}"
