"""The API of a holder of faults, asked by whoever cannot speak: each malformed request is its caller's fault, and nothing is left of it."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from firedrill.faults.proxy.server import serve

TOKEN = "a-token"
DEEP = b'{"name": ' + b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"}"
BODIES = {
    "deep": DEEP, "digits": b'{"name": "b", "upstream": "127.0.0.1:1", "lease": ' + b"9" * 5000 + b"}",
    "half": b'{"name": "\\ud800", "upstream": "h:1"}',
    "none": b"{", "no UTF-8": b"\xff\xfe", "a list": b"[]", "a number": b"7",
    "infinite": b'{"name": "b", "upstream": "h:1", "lease": 1e999}',
}  # fmt: skip
ASKED = ("POST /proxies", "POST /populate", "POST /proxies/bureau", "POST /proxies/bureau/toxics", "PUT /faults/f", "POST /faults/f/aim")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve([], "127.0.0.1:0", TOKEN, stop, ready.set_result))
    yield int((await ready)["api"].rpartition(":")[2])
    stop.set()
    await task


async def _asked(port: int, line: str, body: bytes = b"", more: bytes = b"") -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n".encode()
    writer.write(head + (more or f"Authorization: Bearer {TOKEN}\r\n".encode()) + b"\r\n" + body)
    async with asyncio.timeout(10):
        answered = await reader.readline()
    writer.close()
    return int(answered.split()[1])


@pytest.mark.parametrize("what", BODIES)
async def test_a_body_that_cannot_be_read_is_refused(port: int, what: str, caplog: pytest.LogCaptureFixture) -> None:
    assert await _asked(port, "POST /proxies", b'{"name": "bureau", "upstream": "127.0.0.1:1"}') == 201
    for line in ASKED:
        if (line, what) != ("POST /populate", "a list"):  # which populates nothing
            assert 400 <= await _asked(port, line, BODIES[what]) < 500, line
    assert await _asked(port, "GET /metrics") == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    "header",
    [
        b"Authorization: Bearer \xff\xfe\r\n", b"Authorization: Basic \xff\xfe\r\n", b"Authorization: Basic /w==\r\n",
        b"Authorization: \xc3\x28\r\n",
        b"Content-Type: application/json; charset=bogus\r\nAuthorization: Bearer a-token\r\n",
    ],
)  # fmt: skip
async def test_a_header_that_cannot_be_read_is_no_token(port: int, header: bytes, caplog: pytest.LogCaptureFixture) -> None:
    status = await _asked(port, "POST /proxies", b"{", header)
    assert status == (400 if b"charset" in header else 401)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_drill_is_answered_among_a_thousand_who_only_sit_there(port: int) -> None:
    sitting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
    assert await _asked(port, "GET /proxies") == 200
    for _, writer in sitting:
        writer.close()
