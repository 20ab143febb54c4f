"""A small DNS server (RFC 1035) on UDP and TCP, and the faults of it. The format is dnspython's.

Knows names, answers and faults; refuses to know leases and holders. What it answers has a TTL of 0, so that a fault is seen by the
next question and its end by the one after it.
"""

import asyncio
import contextlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address
from random import random
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from firedrill.faults.holding.addresses import Address, address_of
from firedrill.faults.holding.effects import Aimed, Effect, Rejected

TTL = 0
PATIENCE = 2.0
"""Seconds for the upstream to answer; resolvers ask again after 5."""
IDLE = 30.0
"""Seconds for a TCP client to say something."""
LARGEST = 65_535
TYPES = {4: dns.rdatatype.A, 6: dns.rdatatype.AAAA}
RCODES = {"nxdomain": dns.rcode.NXDOMAIN, "servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED, "silence": None}


@dataclass(slots=True, eq=False)
class Trouble:
    """What happens to a share of the questions for some names: a delay in seconds, or an answer that helps nobody."""

    names: Sequence[str]
    share: float
    answer: str | None
    delay: float
    touched: int = 0

    def takes(self, name: str) -> bool:
        taken = any(fnmatchcase(name, glob) for glob in self.names) and random() < self.share  # noqa: S311 - decides no secret
        self.touched += taken
        return taken


@dataclass(slots=True, eq=False)
class Responder:
    """Answers questions; `answers` are IP addresses by name, `upstream` knows the others."""

    answers: Mapping[str, Sequence[str]]
    upstream: Address | None
    patience: float = PATIENCE
    troubles: list[Trouble] = field(default_factory=list)

    async def answer(self, question: bytes, largest: int | None = None) -> bytes | None:
        """A whole message for a whole message, of at most `largest` bytes or what the client says it takes; None is silence."""
        try:
            asked = dns.message.from_wire(question)
        except (dns.exception.DNSException, ValueError):
            return _unreadable(question)
        if asked.flags & dns.flags.QR:
            return None  # an answer to nobody: two servers must not answer each other for ever
        answer = await self._answered(asked)
        return None if answer is None else answer.to_wire(max_size=largest or max(asked.payload, 512), prefer_truncation=True)

    async def _answered(self, asked: dns.message.Message) -> dns.message.Message | None:
        if asked.opcode() != dns.opcode.QUERY:
            return _refusal(asked, dns.rcode.NOTIMP)
        if len(asked.question) != 1:
            return _refusal(asked, dns.rcode.FORMERR)
        name = _text(asked)
        for trouble in [each for each in self.troubles if each.takes(name)]:
            if trouble.answer is not None:
                rcode = RCODES[trouble.answer]
                return None if rcode is None else _refusal(asked, rcode)
            await asyncio.sleep(trouble.delay)
        return await self._known(asked, name)

    async def _known(self, asked: dns.message.Message, name: str) -> dns.message.Message:
        if name in self.answers:
            return _with_addresses(asked, self.answers[name])
        if self.upstream is None:
            return _refusal(asked, dns.rcode.NXDOMAIN)
        try:
            answer, _ = await dns.asyncquery.udp_with_fallback(asked, self.upstream[0], self.patience, self.upstream[1])
        except (dns.exception.DNSException, OSError, ValueError, EOFError):
            return _refusal(asked, dns.rcode.SERVFAIL)
        return answer


def _text(asked: dns.message.Message) -> str:
    return asked.question[0].name.to_text(omit_final_dot=True).lower()


def _with_addresses(asked: dns.message.Message, addresses: Sequence[str]) -> dns.message.Message:
    answer, (question,) = dns.message.make_response(asked, recursion_available=True), asked.question
    answer.flags |= dns.flags.AA
    found = [each for each in addresses if question.rdtype in {TYPES[ip_address(each).version], dns.rdatatype.ANY}]
    for each in found if question.rdclass == dns.rdataclass.IN else ():
        rdtype = TYPES[ip_address(each).version]
        answer.answer.append(dns.rrset.from_text(question.name, TTL, dns.rdataclass.IN, rdtype, each))
    return answer


def _refusal(asked: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    answer = dns.message.make_response(asked, recursion_available=True)
    answer.set_rcode(rcode)
    return answer


def _unreadable(question: bytes) -> bytes | None:
    """FORMERR with the header of what cannot be read (RFC 1035, 4.1.1); silence for an answer, or less than a header."""
    if len(question) < 12 or question[2] & 0x80:
        return None
    return question[:2] + struct.pack("!BBHHHH", 0x80 | question[2] & 0x79, int(dns.rcode.FORMERR), 0, 0, 0, 0)


class Datagrams(asyncio.DatagramProtocol):
    """UDP: a question and its answer are a datagram each."""

    transport: asyncio.DatagramTransport

    def __init__(self, responder: Responder) -> None:
        self.responder = responder
        self.tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # what it is for datagrams
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self, data: bytes, addr: tuple[Any, ...]) -> None:
        answer = await self.responder.answer(data)
        if answer is not None:
            self.transport.sendto(answer, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        for task in self.tasks:
            task.cancel()


async def _conversation(responder: Responder, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """TCP: each message is preceded by its length in two bytes; one question after the other, until the client has no more."""
    try:
        while True:
            (length,) = struct.unpack("!H", await _said(reader, 2))
            answer = await responder.answer(await _said(reader, length), LARGEST)
            if answer is not None:
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()
    except (OSError, EOFError, TimeoutError):
        pass
    finally:
        writer.close()


async def _said(reader: asyncio.StreamReader, length: int) -> bytes:
    async with asyncio.timeout(IDLE):
        return await reader.readexactly(length)


@dataclass(slots=True)
class DnsServer:
    """A responder at an address, the same port for UDP and TCP."""

    name: str
    responder: Responder
    listen: Address
    transport: asyncio.DatagramTransport
    server: asyncio.Server

    @classmethod
    async def opened(cls, name: str, declared: Mapping[str, Any]) -> "DnsServer":
        """As a `dns` of firedrill.yaml with its addresses filled in; OSError when it cannot listen there."""
        upstream = declared.get("upstream")
        answers = {each.rstrip(".").lower(): addresses for each, addresses in declared.get("answers", {}).items()}
        responder = Responder(answers, address_of(upstream) if upstream else None)
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(lambda *streams: _conversation(responder, *streams), *address_of(declared["listen"]))
        listen = server.sockets[0].getsockname()[:2]
        try:
            transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(responder), listen)
        except OSError:
            server.close()
            raise
        return cls(name, responder, listen, transport, server)

    def close(self) -> None:
        self.transport.close()
        self.server.close()


@dataclass(frozen=True, slots=True)
class DnsPlace:
    """A DNS server, or what it answers with, as a place for faults."""

    responder: Responder

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        """Nothing is left to resolve, and what the server does ends with it."""
        self.effect(fault, wire)
        return Aimed(wire)

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        return Troubled(self.responder, _trouble(wire.get("dns")))


@dataclass(frozen=True, slots=True)
class Troubled:
    """A trouble of a responder; `touched` counts questions."""

    responder: Responder
    trouble: Trouble

    @property
    def touched(self) -> int:
        return self.trouble.touched

    async def apply(self) -> None:
        self.responder.troubles.append(self.trouble)

    async def lift(self) -> None:
        with contextlib.suppress(ValueError):
            self.responder.troubles.remove(self.trouble)


def _trouble(given: object) -> Trouble:
    match given:
        case {"names": [*names], "share": int() | float() as share, "answer": str() as answer} if answer in RCODES:
            return Trouble(tuple(map(str.lower, map(str, names))), share, answer, 0)
        case {"names": [*names], "share": int() | float() as share, "delay": int() | float() as delay} if delay > 0:
            return Trouble(tuple(map(str.lower, map(str, names))), share, None, delay / 1000)
    raise Rejected(400, "bad request body: dns has names, a share, and an answer or a delay in milliseconds")
