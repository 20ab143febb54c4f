"""What firedrill's parts cost, beside what you would use instead, in one run. Run by `make bench`; prints medians.

Loopback only and bounded: some seconds, some thousand requests. The figures are of this machine at this moment: compare, do not quote.
"""

import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from firedrill.core.clock import DrillClock
from firedrill.core.journal import Journal
from firedrill.core.model.suite import Target
from firedrill.faults.proxy.link import ProxyLink
from firedrill.measure.schedule import grid

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 7
REQUESTS = 2000
STARTS, EVERY = 300, 0.01

Row = tuple[str, str, float]


def commands(folder: Path) -> Iterator[Row]:
    """Checking an experiment: ours reads the whole suite, Chaos Toolkit's the one compiled file."""
    compiled = folder / "compiled.yaml"
    ours = [sys.executable, "-m", "firedrill.cli"]
    compiled.write_bytes(
        subprocess.run([*ours, "compile", "experiments/slow-bureau.yaml"], cwd=ROOT, check=True, capture_output=True).stdout
    )
    chaos = [str(Path(sys.executable).with_name("chaos")), "--no-version-check", "validate", str(compiled)]
    yield "check files, ms", "firedrill validate", _median(lambda: _run([*ours, "validate", "experiments"], ROOT))
    yield "check files, ms", "chaos validate", _median(lambda: _run(chaos, folder))


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _median(deed: Callable[[], None]) -> float:
    return statistics.median(_milliseconds(deed) for _ in range(ROUNDS))


def _milliseconds(deed: Callable[[], None]) -> float:
    began = time.perf_counter()
    deed()
    return (time.perf_counter() - began) * 1000


async def proxied(folder: Path) -> list[Row]:
    """A request of a kept-alive connection, straight and through the fault proxy without a fault."""
    with _echo() as echo:
        return await _both(folder, echo)


async def _both(folder: Path, echo: int) -> list[Row]:
    journal = Journal(folder / "journal.jsonl", DrillClock())
    target = {"echo": Target(listen="127.0.0.1:0", upstream=f"127.0.0.1:{echo}")}
    link = await ProxyLink.start_child(target, "bench", journal.clock, journal.append, folder, "a-token")
    try:
        through = int(link.listens["echo"].rsplit(":", 1)[1])
        rows = [(name, await asyncio.to_thread(_ask, port)) for name, port in (("no proxy", echo), ("fault proxy", through))]
    finally:
        await link.stop()
        journal.close()
    return [("one request, ms", name, took) for name, took in rows]


ECHO = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := connection.recv(4096):
        connection.sendall(data)
"""


@contextmanager
def _echo() -> Iterator[int]:
    """A server in a process of its own that sends back what it gets, one connection at a time; its port."""
    with subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()


def _ask(port: int) -> float:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return statistics.median(_milliseconds(lambda: (connection.sendall(b"x" * 200), connection.recv(4096))) for _ in range(REQUESTS))


async def starts() -> list[Row]:
    """How late samples start: on firedrill's grid, and with asyncio.sleep to the same times."""
    began = time.monotonic() + EVERY
    ours = []
    async for intended in grid(began, EVERY):
        ours.append(time.monotonic() - intended)
        if len(ours) == STARTS:
            break
    theirs, began = [], time.monotonic() + EVERY
    for number in range(STARTS):
        await asyncio.sleep(max(0.0, began + number * EVERY - time.monotonic()))
        theirs.append(time.monotonic() - began - number * EVERY)
    both = (("firedrill's grid", ours), ("asyncio.sleep", theirs))
    return [("a sample's start is late by, ms", name, statistics.median(late) * 1000) for name, late in both]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [*commands(Path(folder)), *asyncio.run(proxied(Path(folder))), *asyncio.run(starts())]
    for what, which, value in rows:
        print(f"{what:32} {which:20} {value:8.3f}")


if __name__ == "__main__":
    main()
