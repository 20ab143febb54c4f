"""Connections whose data asyncio does not read: who is entered, who is taken out, and that the loop outlives what goes wrong."""

import asyncio
import os
import select
import socket
import struct
import time

import pytest

from faults.relaying import Reader, Writer, answering, dialled, echo, forwarded, until
from firedrill.faults.proxy.relay import End
from firedrill.faults.proxy.straight import SIZE, StraightLoop, new_loop, receivers_of


async def test_both_ends_are_read_straight_while_they_are_joined_and_never_after() -> None:
    loop = asyncio.get_running_loop()
    async with forwarded(echo) as forward:
        async with dialled(forward) as client:
            await client.ask()
            ends = {end.descriptor: end for relay in forward._relays for end in (relay.client, relay.server)}
            assert len(ends) == 2
            assert receivers_of(loop) == (ends if isinstance(loop, StraightLoop) else {})
        await until(lambda: not forward._relays)
        assert receivers_of(loop) == {}


async def test_connections_that_come_and_go_in_the_same_descriptors_never_hear_of_each_other() -> None:
    async def one(number: int) -> None:
        async with dialled(forward) as client:
            for turn in range(3):
                await client.ask(b"%d of %d\n" % (turn, number))

    async with forwarded(echo) as forward:
        for first in range(0, 100, 10):
            await asyncio.gather(*(one(number) for number in range(first, first + 10)))


@pytest.mark.parametrize("size", [SIZE - 1, SIZE, SIZE + 1, 8 * SIZE])
async def test_an_answer_of_any_size_arrives_whole_and_with_its_end(size: int) -> None:
    answer = os.urandom(size)
    async with forwarded(answering(answer)) as forward, dialled(forward) as client:
        client.writer.write(b"?")
        assert await client.rest() == answer


async def test_a_reset_right_behind_data_is_passed_on() -> None:
    async def breaks(reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(b"some")
        writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with forwarded(breaks) as forward, dialled(forward) as client:
        client.writer.write(b"?")
        with pytest.raises(ConnectionResetError):
            await client.rest()


async def test_an_error_of_ours_breaks_its_connection_and_no_other() -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    async with forwarded(echo) as forward, dialled(forward) as broken, dialled(forward) as other:
        await broken.ask()
        relay = next(relay for relay in forward._relays if _leads_to(relay.client, broken.writer))
        relay.client.data_received = lambda _: 1 // 0
        broken.writer.write(b"?")
        with pytest.raises(ConnectionResetError) if isinstance(loop, StraightLoop) else pytest.raises(asyncio.IncompleteReadError):
            await broken.reader.readexactly(1)
        assert [type(context["exception"]) for context in told] == [ZeroDivisionError]
        await other.ask()


def _leads_to(end: End, writer: Writer) -> bool:
    return bool(end.transport.get_extra_info("peername") == writer.get_extra_info("sockname"))


async def test_a_busy_connection_keeps_no_timer_waiting() -> None:
    async with forwarded(echo) as forward, dialled(forward) as client:

        async def busy() -> None:
            while True:
                await client.ask()

        task = asyncio.create_task(busy())
        began = time.monotonic()
        await asyncio.sleep(0.1)
        assert 0.1 <= time.monotonic() - began < 2  # starved, it would never end
        task.cancel()


def test_without_epoll_there_is_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll")
    loop = new_loop()
    assert not isinstance(loop, StraightLoop)
    assert receivers_of(loop) == {}
    monkeypatch.undo()
    loop.close()
