"""The proxy in HTTP mode, without and with faults: what a client sees, byte for byte, and when."""

import asyncio
import math
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from firedrill.faults.holding import calls
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.holding.ledger import Ledger, Order
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.http.place import HttpForward, HttpPlace
from firedrill.faults.proxy.server import serve

GET = b"GET /scores/ada HTTP/1.1\r\nHost: bureau\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

LINGER_NOT = struct.pack("ii", 1, 0)
"""A socket's close is a reset."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Bureau:
    """An upstream that says what the test has it say, on each connection; what it got is kept."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.connections = 0
        self.talk: Talk = self.say(OK)
        self.ended = asyncio.Event()

    def say(self, *answers: bytes, close: bool = False) -> Talk:
        """Answer each request, of a head alone, with the next of these, the last one for ever."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            left = list(answers)
            while True:
                self.got.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(left.pop(0) if len(left) > 1 else left[0])
                if close and len(left) == 1:
                    return

        return talk

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.ended.set()
            writer.close()


class Door:
    """The proxy's address, its ledger of faults, and clients of it."""

    def __init__(self, forward: HttpForward) -> None:
        self.forward, self.ledger = forward, Ledger({"bureau": HttpPlace(forward)})
        self.port = forward.listen[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def put(self, name: str, lease: float = 60, wire: dict[str, Any] | None = None, **http: Any) -> None:
        await self.ledger.put(name, Order("bureau", wire or {"http": http}, lease, None))

    def touched(self, name: str) -> int | None:
        return self.ledger.faults[name].effect.touched


@asynccontextmanager
async def in_front_of(port: int) -> AsyncIterator[Door]:
    forward = await HttpForward.begun(Way("bureau", "127.0.0.1:0", f"127.0.0.1:{port}", "http"))
    await forward.settle()
    door = Door(forward)
    yield door
    await door.ledger.clear_all()
    forward.close()


@pytest.fixture
async def bureau() -> Bureau:
    return Bureau()


@pytest.fixture
async def door(bureau: Bureau) -> AsyncIterator[Door]:
    server = await asyncio.start_server(bureau.serve, "127.0.0.1", 0, limit=2**20)
    async with in_front_of(server.sockets[0].getsockname()[1]) as opened:
        yield opened
    server.close()


Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def connect(door: Door) -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    writers: list[asyncio.StreamWriter] = []

    async def connected() -> Client:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=2**20)
        writers.append(writer)
        return reader, writer

    yield connected
    for writer in writers:
        writer.transport.abort()


@pytest.fixture
async def client(connect: Any) -> Client:
    return await connect()


async def head_of(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)


async def answer_of(client: Client, request: bytes = GET) -> tuple[bytes, bytes]:
    """Head and body, as Content-Length has it."""
    client[1].write(request)
    head = await head_of(client[0])
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    return head, await asyncio.wait_for(client[0].readexactly(length), 5)


async def rest_of(client: Client) -> bytes:
    return await asyncio.wait_for(client[0].read(), 5)


def status_of(head: bytes) -> int:
    return int(head.split(b" ", 2)[1])


# As a proxy


async def test_headers_keep_their_case_order_and_duplicates_and_those_of_a_connection_stay_behind(
    door: Door, bureau: Bureau, client: Client
) -> None:
    bureau.talk = bureau.say(
        b"HTTP/1.1 200 Fine\r\nX-b: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nKeep-Alive: timeout=9\r\nContent-Length: 0\r\n\r\n"
    )
    head, _ = await answer_of(
        client, b"GET /a?b=c HTTP/1.1\r\nHost: their.name\r\nX-Z: 1\r\nx-a: 2\r\nX-Z: 3\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n"
    )
    assert bureau.got == [b"GET /a?b=c HTTP/1.1\r\nHost: their.name\r\nX-Z: 1\r\nx-a: 2\r\nX-Z: 3\r\n\r\n"]
    assert head == b"HTTP/1.1 200 Fine\r\nX-b: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 0\r\n\r\n"


async def test_requests_of_one_connection_share_one_upstream_and_are_answered_in_order(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(*(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number for number in range(3)))
    client[1].write(GET * 3)
    assert [(await answer_of(client, b""))[1] for _ in range(3)] == [b"0", b"1", b"2"]
    assert bureau.connections == 1
    assert len(bureau.got) == 3


async def test_a_chunked_answer_streams_and_its_trailers_come_along(door: Door, bureau: Bureau, client: Client) -> None:
    go_on = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await go_on.wait()
        writer.write(b"3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n")
        await reader.read()

    bureau.talk = talk
    client[1].write(GET)
    await head_of(client[0])
    assert await asyncio.wait_for(client[0].readuntil(b"one\r\n"), 5) == b"3\r\none\r\n"
    go_on.set()
    assert await asyncio.wait_for(client[0].readuntil(b"\r\n\r\n"), 5) == b"3\r\ntwo\r\n0\r\nX-Sum: 6\r\n\r\n"


async def test_a_chunked_request_streams(door: Door, bureau: Bureau, client: Client) -> None:
    one = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"one\r\n")
        one.set()
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(OK)
        await reader.read()

    bureau.talk = talk
    client[1].write(b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
    await asyncio.wait_for(one.wait(), 5)
    assert (await answer_of(client, b"3\r\ntwo\r\n0\r\n\r\n"))[1] == b"hello"


async def test_a_client_that_does_not_read_holds_the_upstream_back(door: Door, bureau: Bureau, client: Client) -> None:
    size = 2**40

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while True:
            writer.write(bytes(2**16))
            await writer.drain()

    bureau.talk = talk
    client[1].write(GET)
    await head_of(client[0])
    (session,) = door.forward.behind.sessions
    assert session.server is not None
    async with asyncio.timeout(20):
        while session.server.transport.is_reading():  # noqa: ASYNC110 - the kernel's buffers fill first, and tell nobody
            await asyncio.sleep(0.01)
    assert session.client.transport.get_write_buffer_size() < 2**20
    await asyncio.wait_for(client[0].readexactly(2**23), 20)


async def test_head_and_204_have_no_body_and_the_connection_goes_on(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n", OK)
    client[1].write(GET.replace(b"GET", b"HEAD"))
    assert b"Content-Length: 999" in await head_of(client[0])
    client[1].write(GET)
    assert status_of(await head_of(client[0])) == 204
    assert (await answer_of(client))[1] == b"hello"


async def test_who_waits_for_100_continue_hears_it_from_the_upstream(door: Door, bureau: Bureau, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"Expect: 100-continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await reader.readexactly(4) == b"body"
        writer.write(OK)
        await reader.read()

    bureau.talk = talk
    client[1].write(b"PUT / HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert status_of(await head_of(client[0])) == 100
    assert (await answer_of(client, b"body"))[1] == b"hello"


async def test_a_refusal_before_the_body_is_told_and_ends_the_connection(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(b"HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
    client[1].write(b"PUT / HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    assert status_of(await head_of(client[0])) == 417


async def test_an_answer_before_the_body_is_whole_ends_with_the_upstreams_connection(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(b"HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n", close=True)
    client[1].write(b"PUT / HTTP/1.1\r\nHost: b\r\nContent-Length: 1000000\r\n\r\nabc")
    assert status_of(await head_of(client[0])) == 413
    assert await rest_of(client) == b""


async def test_an_upgrade_goes_through_and_so_does_what_comes_after(door: Door, bureau: Bureau, client: Client) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"Upgrade: echo\r\n" in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst")
        while data := await reader.read(100):
            writer.write(data)

    bureau.talk = talk
    client[1].write(b"GET / HTTP/1.1\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
    assert b"101" in await head_of(client[0])
    client[1].write(b"second")
    assert await asyncio.wait_for(client[0].readexactly(11), 5) == b"firstsecond"
    client[1].write_eof()
    assert await rest_of(client) == b""


async def test_a_websocket_works() -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with in_front_of(runner.addresses[0][1]) as door, aiohttp.ClientSession() as session, session.ws_connect(door.url) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=5) == "hello"
    await runner.cleanup()


async def test_large_heads_go_through(door: Door, bureau: Bureau, client: Client) -> None:
    large = b"x" * 100_000
    bureau.talk = bureau.say(b"HTTP/1.1 200 OK\r\nX-Large: %s\r\nContent-Length: 0\r\n\r\n" % large)
    head, _ = await answer_of(client, b"GET / HTTP/1.1\r\nHost: b\r\nCookie: %s\r\n\r\n" % large)
    assert large in head
    assert large in bureau.got[0]


@pytest.mark.parametrize(
    "nonsense",
    [b"hello there\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost : b\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
     b"POST / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ids=["no request", "no host", "space before colon", "two lengths", "no chunk"],
)  # fmt: skip
async def test_a_malformed_request_is_answered_400_and_the_connection_closes(door: Door, client: Client, nonsense: bytes) -> None:
    client[1].write(nonsense)
    answer = await rest_of(client)
    assert status_of(answer) == 400
    assert b"Connection: close" in answer


async def test_a_request_with_both_framings_goes_on_with_one(door: Door, bureau: Bureau, client: Client) -> None:
    await answer_of(client, b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert b"Content-Length" not in bureau.got[0]


async def test_a_tunnel_is_refused(door: Door, bureau: Bureau, client: Client) -> None:
    client[1].write(b"CONNECT else:443 HTTP/1.1\r\nHost: else:443\r\n\r\n")
    assert status_of(await rest_of(client)) == 501
    assert not bureau.got


async def test_an_old_client_gets_its_answer_ended_by_the_connection(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    client[1].write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await rest_of(client)
    assert answer.endswith(b"\r\n\r\nhello")
    assert b"chunked" not in answer
    assert b"Host: 127.0.0.1:" in bureau.got[0]


async def test_where_the_upstream_closes_so_does_the_proxy(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"), close=True)
    client[1].write(GET)
    answer = await rest_of(client)
    assert b"Connection: close\r\n" in answer
    assert answer.endswith(b"hello")


async def test_an_idle_connection_closes_when_its_upstream_does(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(OK, close=True)
    assert (await answer_of(client))[1] == b"hello"
    assert await rest_of(client) == b""


async def test_a_client_that_leaves_takes_its_upstream_connection_along(door: Door, bureau: Bureau, client: Client) -> None:
    await answer_of(client)
    client[1].close()
    await asyncio.wait_for(bureau.ended.wait(), 5)


async def test_a_client_that_breaks_its_connection_while_it_waits_takes_the_upstreams_along(
    door: Door, bureau: Bureau, client: Client
) -> None:
    arrived = asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await reader.read()

    bureau.talk = never
    client[1].write(GET)
    await asyncio.wait_for(arrived.wait(), 5)
    client[1].get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    client[1].transport.abort()
    await asyncio.wait_for(bureau.ended.wait(), 5)


async def test_an_upstream_that_refuses_resets_the_client() -> None:
    nobody = Forward(Way("nobody", "127.0.0.1:0", "127.0.0.1:1"))  # reserves a port and does not listen
    async with in_front_of(nobody.listen[1]) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(GET)
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), 5)
        writer.transport.abort()
    nobody.close()


@pytest.mark.parametrize(
    "broken",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
    ids=["length", "chunks"],
)
async def test_a_body_that_breaks_off_upstream_breaks_off_for_the_client(door: Door, bureau: Bureau, client: Client, broken: bytes) -> None:
    bureau.talk = bureau.say(broken, close=True)
    client[1].write(GET)
    assert await rest_of(client) == broken


async def test_a_body_that_only_its_connection_ends_becomes_chunks_and_a_reset_of_it_is_seen(
    door: Door, bureau: Bureau, client: Client, connect: Any
) -> None:
    bureau.talk = bureau.say(b"HTTP/1.1 200 OK\r\n\r\nhello", close=True)
    client[1].write(GET)
    answer = await rest_of(client)
    assert b"Transfer-Encoding: chunked" in answer
    assert answer.endswith(b"5\r\nhello\r\n0\r\n\r\n")

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
        await bureau.ended.wait()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        writer.transport.abort()

    bureau.talk = break_off
    bureau.ended.clear()
    another = await connect()
    another[1].write(GET)
    assert await asyncio.wait_for(another[0].readuntil(b"5\r\nhello\r\n"), 5)
    bureau.ended.set()
    assert await rest_of(another) == b""


async def test_nonsense_from_the_upstream_resets_the_client(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(b"what?\r\n\r\n")
    client[1].write(GET)
    with pytest.raises(ConnectionResetError):
        await rest_of(client)


# With faults


async def test_an_error_status_is_answered_without_the_upstream_and_the_connection_goes_on(
    door: Door, bureau: Bureau, client: Client
) -> None:
    await door.put("errors", type="status", status=503, body="later")
    head, body = await answer_of(client)
    assert (status_of(head), body, bureau.got) == (503, b"later", [])
    post = b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\n\r\nbody"
    assert status_of((await answer_of(client, post))[0]) == 503
    client[1].write(GET.replace(b"GET", b"HEAD"))
    assert b"Content-Length: 5" in await head_of(client[0])
    assert door.touched("errors") == 3
    await door.ledger.delete("errors", "played")
    assert (await answer_of(client))[1] == b"hello"


async def test_who_waits_to_send_a_body_is_told_the_error_at_once(door: Door, client: Client) -> None:
    await door.put("errors", type="status", status=500)
    client[1].write(b"PUT / HTTP/1.1\r\nHost: b\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
    answer = await rest_of(client)
    assert status_of(answer) == 500
    assert b"500 Internal Server Error\n" in answer
    assert b"100 Continue" not in answer


async def test_path_and_method_choose_whom_a_fault_touches(door: Door, client: Client) -> None:
    await door.put("errors", type="status", status=503, path="/scores/*", method="GET")
    asked = {
        b"GET /scores/a": 503,
        b"GET /scores/a/b?x=/": 503,
        b"GET http://bureau/scores/b": 503,
        b"GET /other?/scores/a": 200,
        b"GET /score": 200,
        b"PUT /scores/a": 200,
    }
    seen = {line: status_of((await answer_of(client, line + b" HTTP/1.1\r\nHost: b\r\n\r\n"))[0]) for line in asked}
    assert seen == asked
    assert door.touched("errors") == 3


async def test_a_share_is_kept_within_what_chance_allows_and_is_drawn_alike_each_time(door: Door, client: Client) -> None:
    async def draw(name: str) -> list[int]:
        await door.put(name, type="status", status=503, share=0.3)
        seen = [status_of((await answer_of(client))[0]) for _ in range(400)]
        assert door.touched(name) == seen.count(503)
        await door.ledger.delete(name, "played")
        return seen

    first = await draw("errors")
    assert abs(first.count(503) - 120) <= 4 * math.sqrt(400 * 0.3 * 0.7)
    assert await draw("errors") == first
    assert await draw("others") != first


async def timed(client: Client) -> float:
    began = time.monotonic()
    await answer_of(client)
    return time.monotonic() - began


async def test_a_delay_comes_on_top_of_the_answers_own_time(door: Door, client: Client) -> None:
    await timed(client)
    plain = sorted([await timed(client) for _ in range(5)])[2]
    await door.put("late", type="delay", delay=100)
    late = [await timed(client) for _ in range(5)]
    assert min(late) >= 0.1
    assert min(late) <= 0.105 + plain + 0.005
    assert door.touched("late") == 5


async def test_jitter_stays_within_its_bounds_and_varies(door: Door, connect: Any) -> None:
    await door.put("late", type="delay", delay=60, jitter=50)
    clients = [await connect() for _ in range(20)]
    times = await asyncio.gather(*map(timed, clients))
    assert min(times) >= 0.01
    assert sorted(times)[10] < 0.11 + 0.1
    assert max(times) - min(times) > 0.02


async def test_an_answer_that_is_held_back_goes_on_when_its_fault_is_cleared(door: Door, client: Client, until: Any) -> None:
    await door.put("late", type="delay", delay=60_000)
    answer = asyncio.create_task(answer_of(client))
    await until(lambda: door.touched("late"))
    assert not answer.done()
    await door.ledger.delete("late", "played")
    assert (await asyncio.wait_for(answer, 5))[1] == b"hello"


async def test_a_lease_ends_a_delay(door: Door, client: Client) -> None:
    await door.put("late", lease=0.1, type="delay", delay=60_000)
    assert 0.05 < await timed(client) < 5
    assert not door.ledger.faults


async def test_an_abort_resets_in_place_of_the_answer_to_a_request_that_has_arrived(door: Door, bureau: Bureau, client: Client) -> None:
    await door.put("broken", type="abort")
    client[1].write(GET)
    with pytest.raises(ConnectionResetError):
        await rest_of(client)
    assert len(bureau.got) == 1
    assert door.touched("broken") == 1


FRAMED = [OK, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]


@pytest.mark.parametrize("answer", FRAMED, ids=["length", "chunks"])
async def test_a_cut_body_ends_after_its_bytes_and_a_client_sees_that(door: Door, bureau: Bureau, client: Client, answer: bytes) -> None:
    bureau.talk = bureau.say(answer)
    await door.put("cut", type="truncate", bytes=2)
    client[1].write(GET)
    seen = await rest_of(client)
    assert seen.partition(b"\r\n\r\n")[2] in (b"he", b"2\r\nhe\r\n")
    async with aiohttp.ClientSession() as session, session.get(door.url) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert door.touched("cut") == 2


@pytest.mark.parametrize("size", [5, 6])
@pytest.mark.parametrize("answer", FRAMED, ids=["length", "chunks"])
async def test_a_body_that_is_no_longer_stays_whole(door: Door, bureau: Bureau, answer: bytes, size: int) -> None:
    bureau.talk = bureau.say(answer)
    await door.put("cut", type="truncate", bytes=size)
    async with aiohttp.ClientSession() as session, session.get(door.url) as response:
        assert await response.read() == b"hello"
    assert door.touched("cut") == 0


async def test_a_cut_body_that_only_the_connection_would_end_is_reset(door: Door, bureau: Bureau, client: Client) -> None:
    bureau.talk = bureau.say(FRAMED[1])
    await door.put("cut", type="truncate", bytes=2)
    client[1].write(b"GET / HTTP/1.0\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await rest_of(client)


async def test_a_slow_body_keeps_its_rate_and_its_head_comes_at_once(door: Door, bureau: Bureau, client: Client) -> None:
    body = bytes(range(256)) * 4
    bureau.talk = bureau.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + body)
    await door.put("slow", type="slow-body", rate=4096)
    times = []
    for _ in range(3):
        began = time.monotonic()
        client[1].write(GET)
        await head_of(client[0])
        headed = time.monotonic() - began
        assert await asyncio.wait_for(client[0].readexactly(1024), 5) == body
        times.append((time.monotonic() - began, headed))
    assert 0.25 <= min(times)[0] <= 0.25 * 1.05 + 0.002
    assert min(times)[1] < 0.1
    assert door.touched("slow") == 3


async def test_a_body_that_trickles_comes_whole_when_its_fault_is_cleared(door: Door, bureau: Bureau, client: Client) -> None:
    await door.put("slow", type="slow-body", rate=1)
    client[1].write(GET)
    await head_of(client[0])
    await door.ledger.delete("slow", "played")
    assert await asyncio.wait_for(client[0].readexactly(5), 0.9) == b"hello"


async def test_several_faults_combine_in_their_order(door: Door, bureau: Bureau, client: Client) -> None:
    await door.put("one", type="delay", delay=40)
    await door.put("two", type="delay", delay=60)
    await door.put("errors", type="status", status=503, body="0123456789")
    await door.put("more-errors", type="status", status=500)
    await door.put("cut", type="truncate", bytes=5)
    began = time.monotonic()
    client[1].write(GET)
    answer = await rest_of(client)
    assert time.monotonic() - began >= 0.1
    assert status_of(answer) == 503
    assert answer.endswith(b"\r\n\r\n01234")
    assert {name: door.touched(name) for name in door.ledger.faults} == {"one": 1, "two": 1, "errors": 1, "more-errors": 0, "cut": 1}


async def test_faults_on_connections_can_be_had_too(door: Door, connect: Any, client: Client) -> None:
    await answer_of(client)
    await door.put("late", wire={"type": "latency", "attributes": {"latency": 50, "jitter": 0}})
    assert await timed(client) >= 0.05
    await door.put("down", wire={"enabled": False})
    assert await rest_of(client) == b""
    with pytest.raises(ConnectionRefusedError):
        await connect()
    await door.ledger.delete("down", "played")
    assert await timed(await connect()) >= 0.05


async def test_a_proxy_of_plain_tcp_says_that_it_cannot_and_how_it_could() -> None:
    forward = Forward(Way("bureau", "127.0.0.1:0", "127.0.0.1:1"))
    with pytest.raises(Rejected, match="protocol http"):
        ForwardPlace(forward).aim("errors", {"http": {"type": "abort"}})
    forward.close()


@pytest.mark.parametrize(
    ("body", "words"),
    [({"type": "what"}, "http: "), ({"type": "status", "status": 200}, "http.status.status: "),
     ({"type": "abort", "share": 2}, "http.abort.share: "), ({"type": "abort", "x": 2}, "http.abort.x: "), ("abort", "http: ")],
)  # fmt: skip
async def test_a_wrong_message_is_refused_with_its_place(door: Door, body: Any, words: str) -> None:
    with pytest.raises(Rejected, match=f"bad request body: {words}") as caught:
        HttpPlace(door.forward).aim("a-fault", {"http": body})
    assert caught.value.status == 400


async def test_a_served_proxy_says_that_it_reads_http_and_holds_its_faults(bureau: Bureau) -> None:
    server = await asyncio.start_server(bureau.serve, "127.0.0.1", 0)
    upstream = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    ways = [Way("bureau", "127.0.0.1:0", upstream, "http")]
    serving = asyncio.create_task(serve(ways, "127.0.0.1:0", "a-token", stop, ready.set_result))
    news = await asyncio.wait_for(ready, 5)
    (proxy,) = news["proxies"]
    assert (proxy["protocol"], proxy["upstream"]) == ("http", upstream)
    wire = {"http": {"type": "status", "status": 503}}
    await asyncio.to_thread(calls.put_fault, news["api"], "a-token", "errors", "bureau", wire, 60, None)
    async with aiohttp.ClientSession() as session, session.get(f"http://{proxy['listen']}/") as response:
        assert response.status == 503
    assert (await asyncio.to_thread(calls.get_faults, news["api"]))["faults"][0]["touched"] == 1
    stop.set()
    await serving
    server.close()
