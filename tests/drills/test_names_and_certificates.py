"""A whole drill of a dependency that is reached by name and over TLS: the name goes, then its certificate ends, and both are back."""

PROBE = """
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
"""
EXPERIMENT = """\
title: The bureau has no name, and then a certificate that ended
slos: [negotiation-availability]
probes: [by-name]
load:
  scenario: negotiate
  users: 8
  spawn-rate: 32
steady: 2s
faults:
  - dns-failure:
      target: names
      answer: nxdomain
    for: 1s
  - certificate:
      target: bureau-tls
      problem: expired
    at: 2s
    for: 1s
expect:
  - quiet
"""


def test_a_name_that_is_gone_and_a_certificate_that_ended_are_seen_by_who_asks_and_both_are_put_back(suite) -> None:
    (suite.root / "probes" / "by_name.py").write_text(PROBE, encoding="utf-8")
    (suite.root / "experiments" / "names.yaml").write_text(EXPERIMENT, encoding="utf-8")
    outcome = suite.run("names")
    assert outcome.code == 0, outcome.said
    touched = {entry.event.fault: entry.event.touched for entry in outcome.of_kind("fault.counted")}
    assert touched["dns-failure-names"] >= 3
    assert touched["certificate-bureau-tls"] >= 3
    assert [entry.event.why for entry in outcome.of_kind("fault.cleared")] == ["played", "played"]
