"""A fault proxy as a real process, an upstream that echoes, and a client that takes the time."""

import asyncio
import contextlib
import json
import os
import socketserver
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from firedrill.faults.proxy.straight import new_loop

TOKEN = "a-token"
IN_BOTH_LOOPS = {"test_relay", "test_straight", "test_toxics", "test_toxics_timing"}


@dataclass
class ProxyProcess:
    """`python -m firedrill.faults.proxy.child`, ready."""

    process: "subprocess.Popen[bytes]"
    ready: dict[str, Any]

    @property
    def api(self) -> str:
        return str(self.ready["api"])

    @property
    def port(self) -> int:
        return int(self.ready["proxies"][0]["listen"].rpartition(":")[2])


def start_proxy(upstream: int) -> ProxyProcess:
    order = {"proxies": [{"name": "bureau", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream}"}], "api": "127.0.0.1:0"}
    argv = [sys.executable, "-m", "firedrill.faults.proxy.child"]
    env = os.environ | {"FIREDRILL_PROXY_TOKEN": TOKEN}
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    return ProxyProcess(process, json.loads(process.stdout.readline()))


def stop_proxy(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    code = process.wait(10)
    process.stdout.close()
    return code


class Echo(socketserver.BaseRequestHandler):
    """Sends back what it gets."""

    def handle(self) -> None:
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except ConnectionError:
            pass


class Upstream(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128  # fewer, and a burst of clients waits for TCP to try again
    block_on_close = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def shared_proxy(upstream: Upstream) -> Iterator[ProxyProcess]:
    started = start_proxy(upstream.port)
    yield started
    assert stop_proxy(started.process) == 0


@pytest.fixture
def proxy(shared_proxy: ProxyProcess) -> Iterator[ProxyProcess]:
    """A running proxy, without a fault before and after the test. Who ends it takes one of `start`."""
    yield shared_proxy
    request = urllib.request.Request(f"{shared_proxy.api}/reset", method="POST", headers={"Authorization": f"Bearer {TOKEN}"})
    urllib.request.urlopen(request, timeout=5).close()


class Client:
    """A connection through a proxy; `ask` sends a line and says how long its echo took."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, line: bytes = b"hello\n", within: float = 10.0) -> float:
        began = time.monotonic()
        self.writer.write(line)
        answer = await asyncio.wait_for(self.reader.readexactly(len(line)), within)
        assert answer == line
        return time.monotonic() - began


@pytest.fixture
async def connect(proxy: ProxyProcess) -> AsyncIterator[Callable[..., Any]]:
    """Opens clients of the proxy and closes them in the end."""
    opened: list[asyncio.StreamWriter] = []

    async def connected(port: int = proxy.port) -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(writer)
        return Client(reader, writer)

    yield connected
    for writer in opened:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Waits until a condition holds, for five seconds at most."""

    async def holds(condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(5):
            while not await asyncio.to_thread(condition):  # noqa: ASYNC110 - another process has no Event for us
                await asyncio.sleep(0.01)

    return holds


@pytest.fixture
def start(upstream: Upstream) -> Iterator[Callable[..., ProxyProcess]]:
    """Starts further proxies, ended with the test."""
    started: list[ProxyProcess] = []

    def another(port: int = upstream.port) -> ProxyProcess:
        started.append(start_proxy(port))
        return started[-1]

    yield another
    for each in started:
        if each.process.poll() is None:
            stop_proxy(each.process)
        for pipe in (each.process.stdin, each.process.stdout):
            assert pipe is not None
            pipe.close()


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What relays and toxics do, and when, is the same in the loop that the proxy has and in any other."""
    plain: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"plain": asyncio.new_event_loop}
    return plain | {"straight": new_loop} if item.path.stem in IN_BOTH_LOOPS else plain
