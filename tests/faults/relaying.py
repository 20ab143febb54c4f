"""A forward in this very process, with an upstream behind it and clients in front."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.toxics import Toxic, parse

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Handler = Callable[[Reader, Writer], Awaitable[None]]


def toxic(type_: str, name: str = "", *, stream: str = "downstream", toxicity: float = 1, sources: Any = (), **attributes: int) -> Toxic:
    body = {"type": type_, "stream": stream, "toxicity": toxicity, "attributes": attributes, "from": list(sources)}
    return parse(body, name or None)


async def echo(reader: Reader, writer: Writer) -> None:
    """Sends back what it gets, and ends when that does."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


def answering(*parts: bytes) -> Handler:
    """Sends `parts` when it has got something, and ends."""

    async def answer(reader: Reader, writer: Writer) -> None:
        if await reader.read(65536):
            for part in parts:
                writer.write(part)
            await writer.drain()

    return answer


@asynccontextmanager
async def forwarded(handler: Handler = echo, host: str = "127.0.0.1") -> AsyncIterator[Forward]:
    """A forward whose upstream is served by `handler`."""
    at = f"[{host}]" if ":" in host else host
    served: set[Writer] = set()

    async def serve(reader: Reader, writer: Writer) -> None:
        served.add(writer)
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass  # a toxic broke it
        finally:
            writer.transport.abort() if reader.exception() else writer.close()
            served.discard(writer)

    server = await asyncio.start_server(serve, host, 0, backlog=512)
    forward = Forward(Way("bureau", f"{at}:0", f"{at}:{server.sockets[0].getsockname()[1]}"))
    await forward.settle()
    try:
        yield forward
    finally:
        forward.close()
        server.close()
        for writer in served:
            writer.transport.abort()
        await until(lambda: not served and not forward._relays)


class Client:
    """A connection through a forward, with the times at which it felt something."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, line: bytes = b"hello\n") -> float:
        """Send it and say how many seconds its echo took."""
        began = time.monotonic()
        self.writer.write(line)
        assert await asyncio.wait_for(self.reader.readexactly(len(line)), 10) == line
        return time.monotonic() - began

    async def rest(self) -> bytes:
        """All that comes until the end."""
        return await asyncio.wait_for(self.reader.read(), 10)

    async def pieces(self) -> AsyncIterator[tuple[float, bytes]]:
        """What comes, as it comes, with when."""
        while data := await asyncio.wait_for(self.reader.read(1 << 20), 10):
            yield time.monotonic(), data


@asynccontextmanager
async def dialled(forward: Forward, source: str | None = None) -> AsyncIterator[Client]:
    """A client that the forward has admitted; it comes from the address `source`."""
    before = forward.connections
    reader, writer = await asyncio.open_connection(*forward.listen, local_addr=None if source is None else (source, 0))
    try:
        await until(lambda: forward.connections > before)
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


async def until(condition: Callable[[], Any]) -> None:
    """Wait until it holds, for five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)
