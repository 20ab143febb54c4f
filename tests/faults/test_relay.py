"""A forward in front of any TCP service: what is half closed, large, slow, refused, of the other family or too much."""

import asyncio
import errno
import json
import os
import resource
import socket
import subprocess
import sys
import urllib.request
from contextlib import ExitStack

import pytest

from faults.relaying import Reader, Writer, answering, dialled, echo, forwarded, toxic, until
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way

LARGE = 64 * 1024 * 1024


async def test_a_client_that_has_said_its_last_is_still_answered() -> None:
    async def once_all_is_said(reader: Reader, writer: Writer) -> None:
        writer.write(b"%d" % len(await reader.read()))

    async with forwarded(once_all_is_said) as forward, dialled(forward) as client:
        client.writer.write(b"x" * 1000)
        client.writer.write_eof()
        assert await client.rest() == b"1000"
        await until(lambda: not forward._relays)


async def test_a_target_that_has_said_its_last_still_hears() -> None:
    heard = asyncio.get_running_loop().create_future()

    async def ends_first(reader: Reader, writer: Writer) -> None:
        writer.write_eof()
        heard.set_result(await reader.read())

    async with forwarded(ends_first) as forward, dialled(forward) as client:
        assert await client.rest() == b""
        client.writer.write(b"still here")
        client.writer.write_eof()
        assert await heard == b"still here"


async def test_a_target_that_speaks_first_is_heard() -> None:
    async def greets(reader: Reader, writer: Writer) -> None:
        writer.write(b"220 ready\r\n")
        await reader.read()

    async with forwarded(greets) as forward, dialled(forward) as client:
        assert await asyncio.wait_for(client.reader.readline(), 5) == b"220 ready\r\n"


@pytest.mark.parametrize("poison", [None, toxic("latency", latency=10), toxic("timeout", "not-mine", toxicity=0)])
async def test_what_nobody_takes_is_not_read_without_end(poison: object) -> None:
    async with forwarded(answering(bytes(LARGE))) as forward, dialled(forward) as client:
        if poison is not None:
            forward.add(poison)
        client.writer.transport.pause_reading()
        client.writer.write(b"?")
        held = 0
        while held != (held := forward.traffic("downstream").received) or not held:  # noqa: ASYNC110 - until it stands still
            await asyncio.sleep(0.1)
        assert held < LARGE // 2
        client.writer.transport.resume_reading()
        assert len(await client.rest()) == LARGE


async def test_what_the_target_does_not_take_is_not_read_without_end() -> None:
    go_on = asyncio.Event()

    async def busy(reader: Reader, writer: Writer) -> None:
        await go_on.wait()
        writer.write(b"%d" % len(await reader.read()))

    async with forwarded(busy) as forward, dialled(forward) as client:
        client.writer.write(bytes(LARGE))
        client.writer.write_eof()
        held = 0
        while held != (held := forward.traffic("upstream").received) or not held:  # noqa: ASYNC110 - until it stands still
            await asyncio.sleep(0.1)
        assert held < LARGE // 2
        go_on.set()
        assert await client.rest() == b"%d" % LARGE


async def test_the_other_family_of_addresses_is_served_too() -> None:
    async with forwarded(host="::1") as forward, dialled(forward) as client:
        forward.add(toxic("latency", latency=10, sources=["::1"]))
        assert await client.ask() >= 0.01
        assert forward.to_json()["listen"].startswith("[::1]:")


async def test_an_upstream_that_refuses_resets_and_leaves_nothing_behind() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        forward = Forward(Way("bureau", "127.0.0.1:0", f"127.0.0.1:{nobody.getsockname()[1]}"))
        await forward.settle()
        async with dialled(forward) as client:
            with pytest.raises(ConnectionResetError) as caught:
                await client.rest()
        assert caught.value.errno == errno.ECONNRESET
        await until(lambda: not forward._relays)
        forward.close()


async def test_a_client_that_hangs_up_ends_its_connection_to_the_target() -> None:
    ended = asyncio.Event()

    async def listens(reader: Reader, writer: Writer) -> None:
        while await reader.read(100):
            pass
        ended.set()

    async with forwarded(listens) as forward:
        async with dialled(forward) as client:
            client.writer.write(b"hello")
            await until(lambda: forward.traffic("upstream").sent)
        await asyncio.wait_for(ended.wait(), 5)
        await until(lambda: not forward._relays)


async def test_a_thousand_connections_are_carried_at_once() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    async with forwarded() as forward:
        streams = [await asyncio.open_connection(*forward.listen) for _ in range(1000)]
        for number, (_, writer) in enumerate(streams):
            writer.write(b"%04d" % number)
        assert [await reader.readexactly(4) for reader, _ in streams] == [b"%04d" % number for number in range(1000)]
        assert forward.to_json()["open_connections"] == 1000
        for _, writer in streams:
            writer.transport.abort()


async def test_a_forward_is_made_and_ended_while_others_go_on() -> None:
    async with forwarded() as one, dialled(one) as client:
        async with forwarded() as other, dialled(other) as second:
            await second.ask()
        assert await second.rest() == b""
        await client.ask()


# ---- a proxy that nobody uses


async def _down(forward: Forward) -> int | None:
    effect = ForwardPlace(forward).effect("down", {"enabled": False})
    await effect.apply()
    touched = effect.touched
    await effect.lift()
    return touched


async def test_a_proxy_that_goes_down_without_ever_having_carried_a_connection_touched_nothing() -> None:
    async with forwarded() as forward:
        assert await _down(forward) == 0


async def test_a_proxy_that_goes_down_touches_the_connections_that_it_closes() -> None:
    async with forwarded() as forward, dialled(forward), dialled(forward):
        assert await _down(forward) == 2


async def test_a_proxy_that_goes_down_between_two_connections_cannot_tell_whom_it_refused() -> None:
    async with forwarded() as forward:
        async with dialled(forward) as client:
            await client.ask()
        await until(lambda: not forward._relays)
        assert await _down(forward) is None


# ---- file descriptors


def test_a_proxy_out_of_descriptors_says_so_keeps_its_api_and_goes_on_afterwards(tmp_path: object) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stderr, socket.create_server(("127.0.0.1", 0), backlog=300) as upstream:
        order = {"proxies": [{"name": "bureau", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream.getsockname()[1]}"}]}
        started = subprocess.Popen(
            [sys.executable, "-m", "firedrill.faults.proxy.child"], stdin=-1, stdout=-1, stderr=stderr,
            env=os.environ | {"FIREDRILL_PROXY_TOKEN": "t"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200)),
        )  # fmt: skip
        with started, ExitStack() as stack:
            started.stdin.write(json.dumps(order).encode() + b"\n")
            started.stdin.flush()
            ready = json.loads(started.stdout.readline())
            address = ("127.0.0.1", int(ready["proxies"][0]["listen"].rpartition(":")[2]))
            clients = [stack.enter_context(socket.create_connection(address, 10)) for _ in range(100)]
            with pytest.raises(ConnectionResetError):
                clients[-1].recv(1)
            with urllib.request.urlopen(f"{ready['api']}/proxies") as answer:
                carried = json.load(answer)["bureau"]["open_connections"]
            assert carried == (200 - 64) / 2
            started.stdin.close()
            assert started.wait(10) == 0
    assert log.read_text().splitlines() == [
        "all but 64 of the 200 file descriptors are in use: new connections are reset. "
        "Raise the limit (`ulimit -Hn`) before the proxy starts"
    ]


async def test_a_connection_is_carried_without_a_toxic_as_before_once_the_last_one_has_gone() -> None:
    async with forwarded(echo) as forward, dialled(forward) as client:
        await client.ask()
        line = next(iter(forward._relays)).down
        straight = line.source.data_received
        forward.add(toxic("noop"))
        assert line.source.data_received != straight
        forward.remove("noop_downstream")
        assert line.source.data_received == straight
