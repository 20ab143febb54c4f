"""Every HTTP server of firedrill's own: too many connections, slow ones and malformed requests hurt nobody else."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from firedrill.core import serving
from firedrill.core.serving import body_of, json_of, serve


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _read(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await body_of(request))))


async def _json(request: web.Request) -> web.Response:
    return web.json_response(await json_of(request))


async def _broken(request: web.Request) -> web.Response:
    raise RuntimeError("a fault of ours")


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(serving, "ARRIVES_WITHIN", 0.3)
    monkeypatch.setattr(serving, "MOST", 20)
    application = web.Application(client_max_size=1000)
    routes = [web.get("/", _hello), web.post("/read", _read), web.post("/json", _json), web.get("/broken", _broken)]
    application.add_routes(routes)
    runner = await serve(application, "127.0.0.1", 0, shutdown=0.1, patience=0.3)
    yield runner.addresses[0][1]
    await runner.cleanup()


async def _says(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await reader.readline()
    writer.close()
    return answer.strip()


async def test_whoever_asks_is_served_among_hundreds_who_only_sit_there(port: int) -> None:
    idle = []
    for _ in range(200):
        idle.append(await asyncio.open_connection("127.0.0.1", port))
        if len(idle) % 50 == 0:
            assert await _says(port, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") == b"HTTP/1.1 200 OK"
    await asyncio.sleep(0)
    closed = 0
    async with asyncio.timeout(10):
        for reader, writer in idle:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            closed += 1
            writer.close()
    assert closed == 200, "nobody may sit there for ever"


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: h\r\n",
        b"G",
        b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123",
        b"POST /read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
    ],
)
async def test_a_request_that_does_not_arrive_in_time_ends_its_connection(port: int, sent: bytes) -> None:
    assert await _says(port, sent) in {b"", b"HTTP/1.1 408 Request Timeout"}
    assert await _says(port, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") == b"HTTP/1.1 200 OK"


MALFORMED = {
    "no HTTP": b"\x16\x03\x01\x00\xff\r\n\r\n",
    "no version": b"GET / HTTP/9\r\n\r\n",
    "a long line": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: a\r\n" * 5000 + b"\r\n",
    "no length": b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
    "too much": b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + b"a" * 5000,
    "no chunks": b"POST /read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "bad compression": b"POST /read HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
    "no such charset": b"POST /json HTTP/1.1\r\nHost: h\r\nContent-Type: application/json; charset=bogus\r\nContent-Length: 1\r\n\r\n{",
    "deep JSON": b"POST /json HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" + b"[" * 900,
    "digits": b"POST /json HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n" + b"9" * 900,
    "half a letter": b'POST /json HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n"\\ud800"',
    "no UTF-8": b"POST /json HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n\xff\xfe",
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_request_is_answered_as_one_and_told_nobody(port: int, what: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "firedrill.serving"):
        assert (await _says(port, MALFORMED[what])).split()[1][:1] == b"4", what
    assert not [record for record in caplog.records if record.exc_info]
    assert await _says(port, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n") == b"HTTP/1.1 200 OK"


async def test_a_fault_of_our_own_is_told_with_its_traceback(port: int, caplog: pytest.LogCaptureFixture) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/broken") as answer:
        assert answer.status == 500
    assert [record.exc_info is not None for record in caplog.records if record.name == "firedrill.serving"] == [True]


async def test_one_who_is_answered_is_not_sent_away_for_one_who_comes(port: int) -> None:
    begun = asyncio.Event()
    going = asyncio.Event()

    async def long(request: web.Request) -> web.Response:
        begun.set()
        await going.wait()
        return web.Response(text="at last")

    application = web.Application()
    application.add_routes([web.get("/", long)])
    runner = await serve(application, "127.0.0.1", 0, shutdown=0.1)
    try:
        where = runner.addresses[0][1]
        async with aiohttp.ClientSession() as session:
            asked = asyncio.create_task(session.get(f"http://127.0.0.1:{where}/"))
            await begun.wait()
            sitting = [await asyncio.open_connection("127.0.0.1", where) for _ in range(60)]
            going.set()
            async with asyncio.timeout(10), await asked as answer:
                assert await answer.text() == "at last"
        for _, writer in sitting:
            writer.close()
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("turns", range(5))
async def test_what_was_asked_on_a_connection_that_went_for_another_is_not_done(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MOST", 20)
    taken: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await body_of(request))
        return web.Response(text="taken")

    application = web.Application()
    application.add_routes([web.post("/", take)])
    runner = await serve(application, "127.0.0.1", 0, shutdown=0.1)
    try:
        where = runner.addresses[0][:2]
        callers = [socket.create_connection(where) for _ in range(20)]
        callers[0].sendall(_post(0))
        await _turns(200)  # all of them are let in
        others = [socket.create_connection(where) for _ in range(20)]
        await _turns(turns)  # the others are let in before, while or after it is heard what is asked
        for number, caller in enumerate([*callers, *others]):
            caller.sendall(_post(number))
        callers += others
        await _turns(200)
    finally:
        await runner.cleanup()
    answers = [_read_whole(caller) for caller in callers]
    told = [b"%02d" % number for number, answer in enumerate(answers) for _ in range(answer.count(b"HTTP/1.1 200 OK"))]
    assert len(told) >= 20
    assert sorted(taken) == told


async def _turns(number: int) -> None:
    """So many turns of the loop, which serves in the meantime."""
    for _ in range(number):
        await asyncio.sleep(0)


def _post(number: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n%02d" % number


def _read_whole(caller: socket.socket) -> bytes:
    answer = b""
    with caller, contextlib.suppress(ConnectionError):
        caller.settimeout(10)
        while more := caller.recv(1000):
            answer += more
    return answer
