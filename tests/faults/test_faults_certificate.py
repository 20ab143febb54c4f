"""A forward that ends TLS, visited by real clients: good before, refused for the right reason during, good after."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.kinds import certificate
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.tls import TlsForward, TlsPlace

HOST = "bureau.test"
REASONS = {
    "expired": (10, "certificate has expired"),
    "not-yet-valid": (9, "certificate is not yet valid"),
    "other-host": (62, "hostname mismatch"),
    "unknown-issuer": (20, "unable to get local issuer certificate"),
}
"""OpenSSL's number and words (x509_vfy.h) for each problem."""


@pytest.fixture
async def plain() -> AsyncIterator[str]:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello " + "x" * 100_000)

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def forward(plain: str, tmp_path: Path) -> AsyncIterator[TlsForward]:
    opened = TlsForward(Way("bureau-tls", "127.0.0.1:0", plain), HOST, tmp_path / "ca.pem")
    await opened.settle()
    yield opened
    opened.close()
    await asyncio.sleep(0)  # lets aborted transports close their sockets


def wire(problem: str) -> Any:
    return certificate.wire(certificate.Certificate.model_validate({"target": "bureau-tls", "problem": problem}))


class Local(aiohttp.abc.AbstractResolver):
    """Every name is this machine."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        pass


@pytest.fixture
async def visit(forward: TlsForward, tmp_path: Path) -> AsyncIterator[Callable[[], Any]]:
    """A GET by a client that trusts the authority, and keeps its TLS sessions as browsers do, each on a new connection."""
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    connector = aiohttp.TCPConnector(resolver=Local(), force_close=True, ssl=trusting)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def visited() -> int:
            async with session.get(f"https://{HOST}:{forward.listen[1]}/") as response:
                return len(await response.text())

        yield visited


async def curl(forward: TlsForward, ca: Path) -> tuple[int, str]:
    command = [
        "curl", "-sS", "-o", "/dev/null", "--cacert", str(ca), "--resolve", f"{HOST}:{forward.listen[1]}:127.0.0.1",
        f"https://{HOST}:{forward.listen[1]}/",
    ]  # fmt: skip
    ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=10)
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("problem", REASONS)
async def test_a_client_refuses_the_bad_certificate_for_its_reason_and_takes_the_good_one_before_and_after(
    forward: TlsForward, visit: Callable[[], Any], problem: str
) -> None:
    assert await visit() == 100_006
    effect = TlsPlace(forward).effect("a-fault", wire(problem))
    await effect.apply()
    with pytest.raises(aiohttp.ClientConnectorCertificateError) as refused:
        await visit()
    reason = refused.value.certificate_error
    assert isinstance(reason, ssl.SSLCertVerificationError)
    assert (reason.verify_code, reason.verify_message.lower().split(",")[0]) == REASONS[problem]
    assert effect.touched == 1
    await effect.lift()
    await effect.lift()
    assert await visit() == 100_006
    assert effect.touched == 1


async def test_curl_and_openssl_see_it_too(forward: TlsForward, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    assert await curl(forward, ca) == (0, "")
    effect = TlsPlace(forward).effect("a-fault", wire("expired"))
    await effect.apply()
    code, words = await curl(forward, ca)
    assert code == 60  # CURLE_PEER_FAILED_VERIFICATION
    assert "certificate has expired" in words
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{forward.listen[1]}", "-CAfile", str(ca), "-servername", HOST]
    seen = await asyncio.to_thread(subprocess.run, command, input=b"", capture_output=True, timeout=10)
    assert b"Verify return code: 10 (certificate has expired)" in seen.stdout
    assert effect.touched == 2
    await effect.lift()
    assert await curl(forward, ca) == (0, "")


def _handshake(port: int, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSession | None:
    with (
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        context.wrap_socket(plain, server_hostname=HOST, session=session) as secured,
    ):
        secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while secured.recv(65536):
            pass
        return secured.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_that_resumes_a_session_is_given_the_bad_certificate_all_the_same(
    forward: TlsForward, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    context.minimum_version = context.maximum_version = version
    session = await asyncio.to_thread(_handshake, forward.listen[1], context, None)
    assert session is not None
    await TlsPlace(forward).effect("a-fault", wire("expired")).apply()
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        await asyncio.to_thread(_handshake, forward.listen[1], context, session)


async def test_a_connection_that_is_open_goes_on(forward: TlsForward, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    reader, writer = await asyncio.open_connection("127.0.0.1", forward.listen[1], ssl=trusting, server_hostname=HOST)
    effect = TlsPlace(forward).effect("a-fault", wire("expired"))
    await effect.apply()
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    assert (await reader.read()).endswith(b"xxx")
    writer.close()
    await writer.wait_closed()


async def test_nobody_is_turned_away_while_certificates_are_exchanged(forward: TlsForward, visit: Callable[[], Any]) -> None:
    effect, done, outcomes = TlsPlace(forward).effect("a-fault", wire("expired")), asyncio.Event(), set()

    async def visits() -> None:
        while not done.is_set():
            try:
                outcomes.add(await visit())
            except aiohttp.ClientConnectorCertificateError:
                outcomes.add("expired")

    visitors = [asyncio.create_task(visits()) for _ in range(3)]
    for _ in range(50):
        await effect.apply()
        await asyncio.sleep(0.002)
        await effect.lift()
        await asyncio.sleep(0.002)
    done.set()
    await asyncio.wait_for(asyncio.gather(*visitors), 10)
    assert outcomes == {100_006, "expired"}


async def test_toxics_act_within_tls(forward: TlsForward, visit: Callable[[], Any]) -> None:
    slow = TlsPlace(forward).effect("slow", {"type": "latency", "attributes": {"latency": 300}})
    await slow.apply()
    began = asyncio.get_running_loop().time()
    assert await visit() == 100_006
    assert asyncio.get_running_loop().time() - began >= 0.29
    await slow.lift()
    down = TlsPlace(forward).effect("down", {"enabled": False})
    await down.apply()
    with pytest.raises(aiohttp.ClientConnectorError):
        await visit()
    await down.lift()
    assert await visit() == 100_006


async def test_one_certificate_at_a_time_and_only_one_that_is_known(forward: TlsForward) -> None:
    place = TlsPlace(forward)
    await place.effect("a-fault", wire("expired")).apply()
    with pytest.raises(Rejected, match="one at a time"):
        await place.effect("another", wire("other-host")).apply()
    with pytest.raises(Rejected, match="certificate is one of expired, not-yet-valid"):
        place.aim("a-fault", {"certificate": "ugly"})


async def test_an_address_may_be_what_the_certificate_is_for(plain: str, tmp_path: Path) -> None:
    forward = TlsForward(Way("bureau-tls", "127.0.0.1:0", plain), "127.0.0.1", tmp_path / "ip.pem")
    await forward.settle()
    trusting = ssl.create_default_context(cafile=str(tmp_path / "ip.pem"))
    async with aiohttp.ClientSession() as session, session.get(f"https://127.0.0.1:{forward.listen[1]}/", ssl=trusting) as response:
        assert response.status == 200
    forward.close()


def test_no_private_key_is_ever_a_file(tmp_path: Path) -> None:
    TlsForward(Way("bureau-tls", "127.0.0.1:0", "127.0.0.1:1"), HOST, tmp_path / "ca.pem").close()
    assert [file.name for file in tmp_path.iterdir()] == ["ca.pem"]
    assert b"PRIVATE" not in (tmp_path / "ca.pem").read_bytes()
