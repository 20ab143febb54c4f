"""What a drill may have left, looked for at the targets and in /proc, never in the drill's own records."""

import http.client
import resource
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from trials.bystanders import Bystanders

MARK = "FIREDRILL_TRIAL"
"""The environment variable by which /proc tells who came of a trial's drill."""

SLOW = 0.3
"""Seconds for an answer that takes the bureau 5 ms: less than any fault of the trials delays, more than a busy machine does."""


def leftovers(around: Bystanders, trial: str) -> Iterator[str]:
    """Everything that is not as it was before the drill, in sentences."""
    yield from (f"process {pid} of the drill still runs: {words}" for pid, words in marked(trial))
    yield from at_the_targets(around)


def at_the_targets(around: Bystanders) -> Iterator[str]:
    """What is not as it was at the targets."""
    yield from _paused_or_limited(around.demo.pid)
    yield from _files(around.folder / "scratch")
    yield from _ill(around)


def beside(around: Bystanders) -> Iterator[str]:
    """What lies about of drills that have ended: temporary folders, doors, pages, halves of files."""
    places = {around.temporary: "firedrill-*", around.open: "*", around.folder / "results": ".plotly-*"}
    yield from (f"{path} was left" for folder, pattern in places.items() for path in sorted(folder.glob(pattern)))
    yield from (f"{path} was left" for path in sorted((around.folder / "results").glob("*/.latest-*")))


def marked(trial: str) -> Iterator[tuple[int, str]]:
    """Processes that inherited the trial's mark, whoever their parent is now."""
    wanted = f"{MARK}={trial}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended, or is not ours


def _paused_or_limited(pid: int) -> Iterator[str]:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        if state in {"T", "t", "Z"}:
            yield f"the target's process {pid} is in state {state}"
        if resource.prlimit(pid, resource.RLIMIT_NOFILE) != resource.getrlimit(resource.RLIMIT_NOFILE):
            yield f"the target's process {pid} has another limit of descriptors"
    except (FileNotFoundError, ProcessLookupError):
        yield f"the target's process {pid} is gone"


def _files(scratch: Path) -> Iterator[str]:
    yield from (f"the file {file} was left" for file in scratch.rglob("*") if file.is_file())


def _ill(around: Bystanders) -> Iterator[str]:
    """The bureau asked through the proxy that outlives the drills, on a new connection and again on the same one, and directly."""
    with _connection(around.addresses["bureau-proxy"]) as through, _connection(around.addresses["bureau"]) as direct:
        for name in ("first", "second"):
            try:
                yield from _differs(through, direct, name)
            except (OSError, http.client.HTTPException) as error:
                yield f"the bureau does not answer: {type(error).__name__} {error}"
                return


def _differs(through: http.client.HTTPConnection, direct: http.client.HTTPConnection, name: str) -> Iterator[str]:
    began = time.monotonic()
    answer = _asked(through, name)
    if (took := time.monotonic() - began) > SLOW:
        yield f"the bureau takes {took:.3f} s through the proxy"
    if answer != (straight := _asked(direct, name)):
        yield f"the bureau answers {answer} through the proxy, and {straight} without"


def _connection(address: str) -> closing[http.client.HTTPConnection]:
    host, _, port = address.rpartition(":")
    return closing(http.client.HTTPConnection(host, int(port), timeout=2))


def _asked(connection: http.client.HTTPConnection, name: str) -> tuple[int, bytes]:
    connection.request("GET", f"/scores/{name}")
    answer = connection.getresponse()
    return answer.status, answer.read()
