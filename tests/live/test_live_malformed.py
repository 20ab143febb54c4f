"""The live page before whoever cannot speak, or only sits there: 4xx, nothing on the terminal, and everybody else is served."""

import asyncio
import logging
import resource
from collections.abc import Iterator

import pytest

from living import TOKEN, Watched

MALFORMED = {
    "a token of no letters": (b"Authorization: Bearer \xff\xfe\r\nContent-Type: application/json\r\n", b"{}", 401),
    "a token of another script": ("Authorization: Bearer tökén\r\nContent-Type: application/json\r\n".encode(), b"{}", 401),
    "deep": (b"", b'{"by": "me", "text": ' + b"[" * 3000 + b"]" * 3000 + b"}", 400),
    "digits": (b"", b'{"by": "me", "text": ' + b"9" * 5000 + b"}", 400),
    "half of a letter": (b"", b'{"by": "me", "text": "\\ud800"}', 400),
    "no UTF-8": (b"", b"\xff\xfe", 400),
    "none": (b"", b"", 400),
    "no object": (b"", b"[1]", 400),
    "a charset of nobody's": (f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json; charset=bogus\r\n".encode(), b"{", 400),
}


async def _status(watched: Watched, line: str, headers: bytes, body: bytes = b"") -> int:
    host, _, port = watched.server.address.removeprefix("http://").rstrip("/").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    own = headers or f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n".encode()
    head = f"{line} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n".encode()
    writer.write(head + own + b"\r\n" + body)
    async with asyncio.timeout(10):
        answered = await reader.readline()
    writer.close()
    return int(answered.split()[1])


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_act_is_refused_and_told_nobody(watched: Watched, what: str, caplog: pytest.LogCaptureFixture) -> None:
    headers, body, status = MALFORMED[what]
    assert await _status(watched, "POST /acts/note", headers, body) == status
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert await _status(watched, "GET /state", b"") == 200


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2400, hard), hard))  # both ends of each connection are in this process
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_fifteen_hundred_who_only_sit_there_neither_fill_the_process_nor_keep_anybody_out(
    watched: Watched, few_descriptors: None, caplog: pytest.LogCaptureFixture
) -> None:
    host, _, port = watched.server.address.removeprefix("http://").rstrip("/").partition(":")
    sitting = []
    for number in range(1500):
        sitting.append(await asyncio.open_connection(host, int(port)))
        if number % 300 == 299:
            assert await _status(watched, "GET /state", b"") == 200
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    for _, writer in sitting:
        writer.close()
