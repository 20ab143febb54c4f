"""A drill's door: a Unix socket of its own user's, through which another process says what people do.

One JSON object a line, `{"act": "note", "by": "night-shift", "text": "..."}`, is answered by one: `{"done": true}` or `{"error": "..."}`.
Whoever can open the socket may act: it is its owner's alone.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from firedrill.conduct.acting import Acts
from firedrill.conduct.drill import Drill
from firedrill.conduct.ledger import state_directory
from firedrill.core import untrusted
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.events import Noted

LONGEST = 16 * 1024
"""Bytes of one act."""
PATIENCE = 5.0
"""Seconds for an answer."""

ACTS: Mapping[str, tuple[Mapping[str, type], Callable[[Acts, Mapping[str, Any]], None]]] = {
    "acknowledge": ({"page": str, "by": str}, lambda acts, said: acts.acknowledge(said["page"], said["by"])),
    "resolve": ({"page": str, "by": str}, lambda acts, said: acts.resolve(said["page"], said["by"])),
    "note": ({"text": str, "by": str, "role": str}, lambda acts, said: acts.note(said["text"], said["by"], said["role"][:40])),
    "mitigate": ({"by": str, "text": str}, lambda acts, said: acts.mitigated(said["by"], said["text"])),
    "stop": ({"by": str}, lambda acts, said: acts.stop(said["by"])),
    "runbook-step": (
        {"page": str, "runbook": str, "number": int, "by": str},
        lambda acts, said: acts.step_done(said["page"], said["runbook"], said["number"], said["by"]),
    ),
    "run-step": (
        {"page": str, "runbook": str, "number": int, "by": str},
        lambda acts, said: acts.run_step(said["page"], said["runbook"], said["number"], said["by"]),
    ),
}
"""What can be done, what has to be said with it, and how it is done."""
EMPTY = {"role": "", "text": ""}
"""What need not be said."""


class Misspoken(Refused):
    """Words that are no act."""


def perform(drill: Drill, act: str, said: Any) -> None:
    """Do what somebody asks for; Misspoken or Refused, with nothing written, when it cannot be done."""
    if act not in ACTS:
        raise Misspoken(f"there is no act {act!r}; there are {', '.join(ACTS)}")
    if not isinstance(said, dict):
        raise Misspoken("an act is a JSON object")
    fields, do = ACTS[act]
    words = EMPTY | said
    wrong = [name for name, kind in fields.items() if type(words.get(name)) is not kind]
    if wrong:
        raise Misspoken(f"{act} needs {', '.join(fields)}; {wrong[0]} is missing or of the wrong type")
    if drill.facts.ended is not None:
        raise Refused("the drill has ended")
    do(drill.acts, words)


def path_of(drill: str) -> Path:
    """Where a drill's door is, beside its page of the ledger; a short name, since the kernel knows no long ones."""
    return state_directory() / "open" / f"{hashlib.sha256(drill.encode()).hexdigest()[:16]}.sock"


@contextlib.asynccontextmanager
async def opened(drill: Drill) -> AsyncIterator[None]:
    """Keep the door open; a drill goes on without one where it cannot be made, and says so."""
    path = path_of(drill.folder.drill)
    try:
        door = await asyncio.start_unix_server(_answering(drill), sock=_bound(path), limit=LONGEST)
    except OSError as error:
        drill.record(Noted(f"nobody can act on this drill from another terminal: {error.strerror or error}"))
        yield
        return
    try:
        yield
    finally:
        door.close()
        _gone(path)


def _gone(path: Path) -> None:
    path.unlink(missing_ok=True)


def _answering(drill: Drill) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    writer.write(json.dumps(_answered(drill, await _line(reader))).encode() + b"\n")
                    await writer.drain()
        except Exception as error:  # the event loop would keep it to itself
            drill.tasks.died("the door", error)
        writer.close()

    return answer


async def _line(reader: asyncio.StreamReader) -> bytes:
    """A line, or nothing where it is longer than an act can be."""
    try:
        return await reader.readline()
    except ValueError:
        return b""


def _bound(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        with _near(path) as near:
            os.fchmod(listening.fileno(), 0o600)  # what bind makes has this mode from the beginning (Linux)
            listening.bind(near)
    except OSError:
        listening.close()
        raise
    return listening


def _answered(drill: Drill, line: bytes) -> Mapping[str, Any]:
    try:
        said = untrusted.parse(line)
    except ValueError:
        return {"error": "that is no JSON"}
    act = said.pop("act", "") if isinstance(said, dict) else ""
    try:
        perform(drill, act if isinstance(act, str) else "", said)
    except FiredrillError as error:
        return {"error": str(error)}
    return {"done": True}


def ask(drill: str, act: str, said: Mapping[str, Any]) -> None:
    """Have a drill of this user do something; Refused when it does not, FiredrillError when it does not answer."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door, _near(path_of(drill)) as near:
            door.settimeout(PATIENCE)
            door.connect(near)
            door.sendall(json.dumps({"act": act, **said}).encode() + b"\n")
            answer = json.loads(door.makefile("rb").readline() or b"{}")
    except (OSError, ValueError) as error:
        raise FiredrillError(f"{drill} does not answer: {getattr(error, 'strerror', None) or error}") from error
    if "error" in answer:
        raise Refused(answer["error"])
    if not answer.get("done"):
        raise FiredrillError(f"{drill} did not say whether it was done")


@contextlib.contextmanager
def _near(path: Path) -> Iterator[str]:
    """A short name of the same file: an address of a socket has 107 bytes, and a state directory may lie deeper."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
