"""`firedrill stop`: the kill switch, from another terminal."""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
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

    Without a name, the only one of the suite that stands here or above. Where that is not clear it asks; without a terminal, the drills
    that run are listed and none is stopped. The drill itself ends as one that was interrupted (130).

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
    """The drill of that name, or the only one of this suite. Where that is not clear a person is asked; without one, a usage error."""
    if not there:
        raise click.UsageError("no drill of this user runs here")
    root = _suite_here()
    named = [one for one in there if (one.root == root and root is not None if drill is None else one.drill == drill)]
    if len(named) == 1:
        return named[0]
    listed = "".join(f"\n  {one.drill} (pid {one.pid}{_of(one, root)})" for one in there)
    if drill is not None:
        raise click.UsageError(f"no drill {drill!r} runs here; these do:{listed}")
    why = "several drills of this suite run" if named else "no drill of this suite runs" if root else "no firedrill.yaml is here or above"
    if not sys.stdin.isatty():
        raise click.UsageError(f"{why}; say which drill you mean:{listed}")
    click.echo(f"{why}; these run:{listed}", err=True)
    names = [one.drill for one in there]
    wanted = click.prompt("Which drill", type=click.Choice(names), default=names[0] if len(names) == 1 else None, err=True)
    return next(one for one in there if one.drill == wanted)


def _suite_here() -> Path | None:
    from firedrill.core.errors import Invalid
    from firedrill.spec.suite import find_root

    try:
        return find_root(Path.cwd()).resolve()
    except (Invalid, OSError):
        return None


def _of(one: "Runs", root: Path | None) -> str:
    return f", of {one.root}" if one.root is not None and one.root != root else ""


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
        "cleared": _cleared(one.journal), "left": [] if page is None else [page.trouble] if page.trouble else sorted(page.undos),
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
    rest = f"\n  may be left: {', '.join(left)}; run `firedrill undo {quote(str(stopped['drill']))}`" if left else ""
    return f"{stopped['drill']}: stopped after {stopped['took_s']} s; {what}{rest}"
