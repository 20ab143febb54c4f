"""The bureau as a program asks for it that knows its name and wants TLS; for suites with the targets `names` and `bureau-tls`."""

import ssl
from collections.abc import Mapping

import aiohttp
import dns.asyncresolver

EVERY = "100ms"
TIMEOUT = "1s"


async def check(session: aiohttp.ClientSession, addresses: Mapping[str, str]) -> None:
    resolver = dns.asyncresolver.Resolver(configure=False)
    host, port = addresses["names"].split(":")
    resolver.nameservers, resolver.port = [host], int(port)
    (found,) = await resolver.resolve("bureau.test")
    trusting = ssl.create_default_context(cafile=addresses["bureau-tls-ca"])
    url = f"https://{found.to_text()}:{addresses['bureau-tls'].split(':')[1]}/"
    async with session.get(url, ssl=trusting, server_hostname="bureau.test", headers={"Connection": "close"}):
        pass
