"""The kind `command`: a program without a shell, under a keeper that ends its whole process group with the step, the drill or us."""

import shlex
import sys
from pathlib import Path

from firedrill.core import private
from firedrill.core.child import Child
from firedrill.core.errors import FiredrillError
from firedrill.respond.steps.world import SAID, Done, World

LAST = 3
"""Lines of its output that are told."""


async def run(command: str, world: World, log: str) -> Done:
    """Run it in the suite's root; what it prints goes to `log`, and its last lines are told."""
    try:
        argv = [world.fill(word) for word in shlex.split(command)]
    except (FiredrillError, ValueError) as error:
        return Done(False, f"it cannot be run: {error}")
    argv = [sys.executable, *argv[1:]] if argv[0] == "python" else argv
    private.folder(world.logs)
    since = length(world.logs / log)
    child = await Child.kept("step", argv, world.logs / log, {"PYTHONUNBUFFERED": "1", **world.tokens}, world.root)
    try:
        await child.process.wait()
    finally:
        await child.stop()
    return _judged(child.process.returncode or 0, last_words(child.log, since))


def _judged(code: int, said: str) -> Done:
    how = f"it was ended by signal {code - 128}" if code > 128 else f"it ended with exit code {code}"
    return Done(code == 0, how + (f": {said}" if said else ""))


def length(log: Path) -> int:
    """Where the next words of a log begin."""
    return log.stat().st_size if log.exists() else 0


def last_words(log: Path, since: int) -> str:
    """The last lines of a log that say something, from `since` on."""
    with log.open("rb") as file:
        begins = max(since, file.seek(0, 2) - SAID)
        file.seek(begins)
        lines = file.read().decode(errors="replace").splitlines()
    # A line that was cut may hold a part of a secret, which nobody would know for one.
    return "\n".join([line for line in lines[1 if begins > since else 0 :] if line.strip()][-LAST:])
