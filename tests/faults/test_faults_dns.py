"""A DNS server of the drill, asked by real clients: what it answers when it is well, and what each of its faults makes of that."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.kinds import dns_failure, dns_slow
from firedrill.faults.proxy.dns import DnsPlace, DnsServer, Responder

DECLARED = {"listen": "127.0.0.1:0", "answers": {"bureau.test": ["127.0.0.1", "::1"], "Ledger.Test.": ["127.0.0.2"]}}


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    opened = await DnsServer.opened("names", DECLARED)
    yield opened
    opened.close()


async def ask(server: DnsServer, name: str = "bureau.test", rdtype: str = "A", tcp: bool = False, within: float = 5) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype)
    return await (dns.asyncquery.tcp if tcp else dns.asyncquery.udp)(query, "127.0.0.1", within, server.listen[1])


def texts(answer: dns.message.Message) -> list[str]:
    return sorted(record.to_text() for found in answer.answer for record in found)


def failure(**settings: Any) -> Mapping[str, Any]:
    return dns_failure.wire(dns_failure.DnsFailure.model_validate({"target": "names", **settings}))


def slow(**settings: Any) -> Mapping[str, Any]:
    return dns_slow.wire(dns_slow.DnsSlow.model_validate({"target": "names", **settings}))


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
async def test_names_that_it_was_told_have_their_addresses_never_to_be_cached(server: DnsServer, tcp: bool) -> None:
    answer = await ask(server, "BUREAU.test", tcp=tcp)
    assert (texts(answer), answer.rcode(), answer.answer[0].ttl) == (["127.0.0.1"], dns.rcode.NOERROR, 0)
    assert texts(await ask(server, rdtype="AAAA", tcp=tcp)) == ["::1"]
    assert texts(await ask(server, "ledger.test", tcp=tcp)) == ["127.0.0.2"]


async def test_a_name_without_an_address_of_that_family_exists_all_the_same(server: DnsServer) -> None:
    answer = await ask(server, "ledger.test", "AAAA")
    assert (texts(answer), answer.rcode()) == ([], dns.rcode.NOERROR)


async def test_other_names_do_not_exist(server: DnsServer) -> None:
    assert (await ask(server, "elsewhere.test")).rcode() == dns.rcode.NXDOMAIN


async def test_other_names_are_asked_upstream(server: DnsServer) -> None:
    front = await DnsServer.opened(
        "front", {"listen": "127.0.0.1:0", "answers": {"own.test": ["127.0.0.9"]}, "upstream": f"127.0.0.1:{server.listen[1]}"}
    )
    try:
        assert texts(await ask(front, "own.test")) == ["127.0.0.9"]
        assert texts(await ask(front, "bureau.test")) == ["127.0.0.1"]
        assert (await ask(front, "elsewhere.test")).rcode() == dns.rcode.NXDOMAIN
    finally:
        front.close()


async def test_an_upstream_that_says_nothing_is_a_failure() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        answer = await Responder({}, mute.getsockname(), patience=0.05).answer(QUERY)
    assert answer is not None
    assert dns.message.from_wire(answer).rcode() == dns.rcode.SERVFAIL


async def test_more_than_fits_in_a_datagram_is_truncated_and_had_over_tcp() -> None:
    many = [f"127.0.{high}.{low}" for high in range(2) for low in range(50)]
    server = await DnsServer.opened("names", {"listen": "127.0.0.1:0", "answers": {"many.test": many}})
    try:
        short = await ask(server, "many.test")
        assert short.flags & dns.flags.TC
        assert len(short.to_wire()) <= 512
        assert texts(await ask(server, "many.test", tcp=True)) == sorted(many)
    finally:
        server.close()


@pytest.mark.parametrize("answer", ["nxdomain", "servfail", "refused"])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
async def test_a_failure_is_answered_for_its_names_until_it_is_lifted(server: DnsServer, answer: str, tcp: bool) -> None:
    effect = DnsPlace(server.responder).effect("a-fault", failure(answer=answer, names="bureau.*"))
    await effect.apply()
    assert (await ask(server, "Bureau.test", tcp=tcp)).rcode() == dns.rcode.from_text(answer)
    assert texts(await ask(server, "ledger.test", tcp=tcp)) == ["127.0.0.2"]
    assert effect.touched == 1
    await effect.lift()
    await effect.lift()
    assert texts(await ask(server, tcp=tcp)) == ["127.0.0.1"]
    assert effect.touched == 1


async def test_silence_is_no_answer_at_all(server: DnsServer) -> None:
    effect = DnsPlace(server.responder).effect("a-fault", failure(answer="silence"))
    await effect.apply()
    with pytest.raises(dns.exception.Timeout):
        await ask(server, within=0.2)
    assert effect.touched == 1
    await effect.lift()
    assert texts(await ask(server)) == ["127.0.0.1"]


async def test_a_share_of_the_questions_fails(server: DnsServer) -> None:
    effect = DnsPlace(server.responder).effect("a-fault", failure(share="30%"))
    await effect.apply()
    failed = [(await ask(server)).rcode() == dns.rcode.SERVFAIL for _ in range(400)]
    assert 60 < sum(failed) < 180  # 120 expected; five standard deviations are 46
    assert effect.touched == sum(failed)


async def test_a_slow_answer_is_late_and_right_and_others_are_not_late(server: DnsServer) -> None:
    effect = DnsPlace(server.responder).effect("a-fault", slow(delay="300ms", names=["bureau.test"]))
    await effect.apply()
    began = time.monotonic()
    late = asyncio.create_task(ask(server))
    assert texts(await ask(server, "ledger.test")) == ["127.0.0.2"]
    assert not late.done()
    assert texts(await late) == ["127.0.0.1"]
    assert time.monotonic() - began >= 0.29
    assert effect.touched == 1


async def test_a_resolver_sees_what_a_team_would_see(server: DnsServer) -> None:
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.listen[1]
    assert [each.to_text() for each in await resolver.resolve("bureau.test")] == ["127.0.0.1"]
    await DnsPlace(server.responder).effect("a-fault", failure(answer="nxdomain")).apply()
    with pytest.raises(dns.resolver.NXDOMAIN):
        await resolver.resolve("bureau.test")


@pytest.mark.parametrize(
    "wire",
    [{}, {"dns": {}}, {"dns": {"names": "*", "share": 1, "answer": "servfail"}}, {"dns": {"names": ["*"], "share": 1, "answer": "no"}},
     {"dns": {"names": ["*"], "share": 1, "delay": 0}}, {"type": "latency"}],
)  # fmt: skip
async def test_what_is_no_trouble_of_a_dns_server_is_refused(server: DnsServer, wire: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="names, a share, and an answer or a delay"):
        DnsPlace(server.responder).aim("a-fault", wire)


QUERY = dns.message.make_query("bureau.test", "A", use_edns=0, id=4711).to_wire()
_broken = st.builds(
    lambda at, what, cut: (QUERY[:at] + what + QUERY[at + len(what) :])[:cut],
    st.integers(0, len(QUERY)), st.binary(max_size=8), st.integers(0, 60),
)  # fmt: skip


@given(st.one_of(st.binary(max_size=80), _broken))
def test_whatever_it_is_sent_it_answers_well_or_not_at_all(packet: bytes) -> None:
    responder = Responder({"bureau.test": ["127.0.0.1"]}, None)
    answer = asyncio.run(responder.answer(packet))
    if answer is None:
        assert len(packet) < 12 or packet[2] & 0x80  # less than a header, or an answer itself
    else:
        read = dns.message.from_wire(answer)
        assert read.flags & dns.flags.QR
        assert answer[:2] == packet[:2]
        assert len(answer) <= 65535


async def test_noise_on_the_wire_does_not_end_it(server: DnsServer) -> None:
    loop = asyncio.get_running_loop()
    sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", server.listen[1]))
    for noise in (b"", b"\0", b"\0" * 12, b"\xff" * 400, QUERY[:-3], QUERY[:2] + b"\x80" + QUERY[3:]):
        sender.sendto(noise)
    sender.close()
    _, writer = await asyncio.open_connection("127.0.0.1", server.listen[1])
    writer.write(b"\0\x05abc")
    writer.close()
    await writer.wait_closed()
    assert texts(await ask(server)) == ["127.0.0.1"]
    assert texts(await ask(server, tcp=True)) == ["127.0.0.1"]
