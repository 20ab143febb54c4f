"""What each toxic does to a connection, as Toxiproxy's source has it, and where this proxy does better."""

import asyncio
import errno
import random
import time

import pytest

from faults.relaying import answering, dialled, echo, forwarded, toxic, until
from firedrill.faults.proxy.stages.slicer import sizes

BODY = bytes(range(256)) * 400


@pytest.mark.parametrize(
    "harmless",
    [
        toxic("noop"),
        toxic("latency", latency=1),
        toxic("bandwidth", rate=100_000),
        toxic("slow_close", delay=1),
        toxic("slicer", average_size=50, size_variation=25),
        toxic("limit_data", bytes=len(BODY) + 1),
    ],
    ids=lambda one: one.type,
)
async def test_what_is_only_delayed_arrives_whole_and_in_order_with_its_end(harmless: object) -> None:
    async with forwarded() as forward:
        forward.add(harmless)
        async with dialled(forward) as client:
            client.writer.write(BODY)
            client.writer.write_eof()
            assert await client.rest() == BODY


HARMLESS = (
    ("latency", {"latency": 3, "jitter": 3}),
    ("bandwidth", {"rate": 20_000}),
    ("slicer", {"average_size": 700, "size_variation": 300, "delay": 200}),
    ("slow_close", {"delay": 5}),
    ("reset_peer", {"timeout": 60_000}),
    ("noop", {}),
)


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_lost_doubled_or_out_of_order_while_toxics_come_change_and_go(seed: int) -> None:
    dice, there = random.Random(seed), set[str]()
    data = dice.randbytes(400_000)
    async with forwarded() as forward, dialled(forward) as client:
        answered = asyncio.create_task(client.rest())
        for start in range(0, len(data), 8000):
            client.writer.write(data[start : start + 8000])
            type_, attributes = dice.choice(HARMLESS)
            stream, toxicity = dice.choice(("upstream", "downstream")), dice.choice((0, 0.5, 1))
            made = toxic(type_, f"{type_}_{stream}", stream=stream, toxicity=toxicity, **attributes)
            if made.name not in there:
                forward.add(made)
                there.add(made.name)
            elif dice.random() < 0.5:
                forward.update(made)
            else:
                forward.remove(made.name)
                there.remove(made.name)
            await asyncio.sleep(dice.choice((0, 0, 0.002)))
        client.writer.write_eof()
        for name in there:
            forward.remove(name)
        assert await answered == data
        for stream in ("upstream", "downstream"):
            assert (forward.traffic(stream).received, forward.traffic(stream).sent) == (len(data), len(data))


async def test_a_latency_that_is_removed_lets_every_chunk_leave_at_once_and_in_order() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        slow = toxic("latency", latency=60_000)
        forward.add(slow)
        for number in range(3):
            client.writer.write(b"%d" % number)
            await until(lambda number=number: slow.touched == number + 1)
        forward.remove(slow.name)
        assert await asyncio.wait_for(client.reader.readexactly(3), 5) == b"012"


async def test_a_latency_that_is_updated_lets_its_first_chunk_leave_and_times_the_others_anew() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        slow = toxic("latency", latency=60_000)
        forward.add(slow)
        for number in range(3):
            client.writer.write(b"%d" % number)
            await until(lambda number=number: slow.touched == number + 1)
        forward.update(toxic("latency", latency=30_000))
        assert await asyncio.wait_for(client.reader.read(10), 5) == b"0"
        forward.update(toxic("latency", latency=0))
        assert await asyncio.wait_for(client.reader.readexactly(2), 5) == b"12"


async def test_latencies_in_a_chain_add_up() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        await client.ask()
        forward.add(toxic("latency", "one", latency=20))
        forward.add(toxic("latency", "two", latency=30))
        assert min([await client.ask() for _ in range(5)]) >= 0.05


async def test_latency_can_act_on_what_is_sent_instead_of_what_is_answered() -> None:
    async with forwarded(answering(b"a", b"b")) as forward, dialled(forward) as client:
        up, down = toxic("latency", "up", stream="upstream", latency=20), toxic("latency", "down", latency=20)
        forward.add(up)
        began = time.monotonic()
        client.writer.write(b"?")
        assert await client.rest() == b"ab"
        assert time.monotonic() - began >= 0.02
        assert (up.touched, down.touched) == (1, 0)


async def test_a_bandwidth_of_nothing_stalls_and_goes_on_when_it_is_removed() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        forward.add(toxic("bandwidth", rate=0))
        client.writer.write(b"hello")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.read(1), 0.15)
        forward.remove("bandwidth_downstream")
        assert await asyncio.wait_for(client.reader.readexactly(5), 5) == b"hello"


async def test_a_narrow_line_slows_the_sender_down_too() -> None:
    big = bytes(8_000_000)
    async with forwarded(answering(big)) as forward, dialled(forward) as client:
        forward.add(toxic("bandwidth", rate=10))
        client.writer.write(b"?")
        await until(lambda: forward.traffic("downstream").sent)
        await asyncio.sleep(0.1)
        assert forward.traffic("downstream").received < 1_000_000
        forward.remove("bandwidth_downstream")
        assert await client.rest() == big


async def test_a_slow_close_delays_the_end_and_not_the_data() -> None:
    async with forwarded(answering(b"all")) as forward, dialled(forward) as client:
        slow = toxic("slow_close", delay=60_000)
        forward.add(slow)
        client.writer.write(b"?")
        assert await asyncio.wait_for(client.reader.readexactly(3), 5) == b"all"
        await until(lambda: slow.touched == 1)
        assert not client.reader.at_eof()
        forward.remove(slow.name)
        assert await client.rest() == b""


async def test_a_timeout_swallows_data_and_without_a_time_never_closes() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        hole = toxic("timeout", timeout=0)
        forward.add(hole)
        client.writer.write(b"hello")
        await until(lambda: hole.touched == 1)
        assert forward.traffic("downstream") == type(forward.traffic("downstream"))(5, 0)
        assert not client.reader.at_eof()


async def test_a_timeout_that_is_removed_closes_the_connections_that_it_took_and_no_others() -> None:
    async with forwarded() as forward, dialled(forward, "127.0.0.2") as taken, dialled(forward) as other:
        forward.add(toxic("timeout", timeout=0, sources=["127.0.0.2"]))
        await other.ask()
        forward.remove("timeout_downstream")
        assert await taken.rest() == b""
        await other.ask()


async def test_a_timeout_counts_from_the_last_data() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        forward.add(toxic("timeout", timeout=100))
        for _ in range(4):
            last = time.monotonic()
            client.writer.write(b"x")
            await asyncio.sleep(0.02)
        assert await client.rest() == b""
        assert time.monotonic() - last >= 0.1


async def test_a_reset_waits_for_data_and_is_a_real_one_on_a_connection_that_was_open_before() -> None:
    async with forwarded() as forward, dialled(forward) as client, dialled(forward) as silent:
        await client.ask()
        reset = toxic("reset_peer", timeout=0)
        forward.add(reset)
        client.writer.write(b"x")
        with pytest.raises(ConnectionResetError) as caught:
            await client.rest()
        assert caught.value.errno == errno.ECONNRESET
        assert reset.touched == 1
        assert not silent.reader.at_eof()


async def test_a_reset_of_what_is_sent_keeps_it_from_the_target() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        forward.add(toxic("reset_peer", stream="upstream"))
        client.writer.write(b"x")
        with pytest.raises(ConnectionResetError):
            await client.rest()
        assert forward.traffic("upstream").sent == 0


@pytest.mark.parametrize("limit", [0, 1, 999, len(BODY)])
async def test_limited_data_arrives_up_to_the_limit_exactly_and_then_the_connection_ends(limit: int) -> None:
    async with forwarded() as forward, dialled(forward) as client:
        cut = toxic("limit_data", bytes=limit)
        forward.add(cut)
        client.writer.write(BODY)
        assert await client.rest() == BODY[:limit]
        assert cut.touched == 1
        await until(lambda: not forward._relays)


async def test_what_limited_data_has_counted_survives_an_update() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        forward.add(toxic("limit_data", bytes=1000))
        await client.ask(bytes(600))
        forward.update(toxic("limit_data", bytes=700))
        client.writer.write(bytes(600))
        assert await client.rest() == bytes(100)


@pytest.mark.parametrize("order", [("limit_data", "latency"), ("latency", "limit_data")])
async def test_toxics_act_in_the_order_in_which_they_were_added(order: tuple[str, str]) -> None:
    made = {"latency": toxic("latency", latency=60_000), "limit_data": toxic("limit_data", bytes=3)}
    async with forwarded() as forward, dialled(forward) as client:
        await client.ask()
        for type_ in order:
            forward.add(made[type_])
        client.writer.write(b"abcdef")
        await until(lambda: made["latency"].touched)
        assert made["limit_data"].touched == (1 if order[0] == "limit_data" else 0)
        forward.remove("latency_downstream")
        assert await client.rest() == b"abc"
        assert made["limit_data"].touched == 1


async def test_a_toxicity_is_drawn_once_for_each_connection() -> None:
    async with forwarded() as forward:
        some = toxic("reset_peer", toxicity=0.5)
        forward.add(some)
        ended = [await _is_reset(forward) for _ in range(60)]
        assert 10 < sum(ended) < 50
        assert some.touched == sum(ended)


async def _is_reset(forward: object) -> bool:
    async with dialled(forward) as client:
        try:
            await client.ask()
            await client.ask()
        except (ConnectionResetError, asyncio.IncompleteReadError):
            return True
        return False


async def test_a_toxicity_is_drawn_anew_when_it_is_updated() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        forward.add(toxic("latency", latency=30, toxicity=0))
        assert await client.ask() < 0.03
        forward.update(toxic("latency", latency=30, toxicity=1))
        assert await client.ask() >= 0.03
        forward.update(toxic("latency", latency=60_000, toxicity=0))
        await client.ask()


async def test_the_toxic_before_one_that_is_added_or_removed_is_drawn_anew() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        first = toxic("latency", latency=20, toxicity=1)
        forward.add(first)
        assert await client.ask() >= 0.02
        first.toxicity = 0
        assert await client.ask() >= 0.02
        forward.add(toxic("noop"))
        await client.ask()
        assert first.touched == 2
        first.toxicity = 1
        forward.remove("noop_downstream")
        await client.ask()
        assert first.touched == 3


async def test_what_a_toxic_holds_stays_held_when_another_comes_or_goes() -> None:
    async with forwarded() as forward, dialled(forward) as client:
        slow = toxic("latency", latency=200)
        forward.add(slow)
        began = time.monotonic()
        client.writer.write(b"x")
        await until(lambda: slow.touched)
        forward.add(toxic("noop"))
        forward.remove("noop_downstream")
        assert await asyncio.wait_for(client.reader.readexactly(1), 5) == b"x"
        assert time.monotonic() - began >= 0.2


async def test_only_connections_from_the_chosen_addresses_are_taken() -> None:
    async with forwarded() as forward, dialled(forward, "127.0.0.2") as chosen, dialled(forward) as other:
        forward.add(toxic("latency", latency=20, sources=["127.0.0.2", "10.0.0.0/8", "::1"]))
        assert await chosen.ask() >= 0.02
        await other.ask()
        assert forward.toxics["latency_downstream"].touched == 1


@pytest.mark.parametrize(("average", "variation"), [(64, 0), (64, 16), (1, 0), (0, 0), (10, 10), (1000, 3)])
def test_slices_are_whole_and_none_is_larger_than_average_and_variation(average: int, variation: int) -> None:
    cut = list(sizes(10_000, average, variation))
    assert sum(cut) == 10_000
    assert min(cut) >= 1
    assert max(cut) <= max(1, average + variation)


def test_slices_without_variation_come_from_halving() -> None:
    assert list(sizes(100, 30, 0)) == [25, 25, 25, 25]
    assert list(sizes(101, 30, 0)) == [25, 25, 25, 26]


async def test_a_toxic_that_is_not_there_touches_no_byte_count_and_both_directions_are_counted() -> None:
    async with forwarded(echo) as forward:
        async with dialled(forward) as client:
            await client.ask(bytes(1000))
            open_ = forward.traffic("upstream")
        await until(lambda: not forward._relays)
        down = forward.traffic("downstream")
        assert (open_.received, open_.sent, down.received, down.sent) == (1000, 1000, 1000, 1000)
