"""What is told of a target that is none, word for word and at its place."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from collections.abc import Callable
from pathlib import Path

import pytest

TARGETS = """\
      names:
        dns:
          listen: <bureau>
          answers:
            bureau.test: [127.0.0.1, '::1']
      secured:
        tls:
          listen: <bureau>
          upstream: <api>
          host: bureau.test
      uplink:
        network:
          interface: eth0
          namespace: shop
"""


def add(suite: Path, *changes: tuple[str, str]) -> None:
    text = TARGETS
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = suite / "firedrill.yaml"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_names_certificates_and_interfaces_are_targets_and_the_authoritys_file_has_a_name(
    suite: Path, said: Callable[..., list[str]]
) -> None:
    file = suite / "firedrill.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("demo --api <api>", "demo --api <api> --ca <secured-ca>"), encoding="utf-8")
    assert [each.split(": ", 1)[1] for each in said()][:1] == [
        "environments.local.system.start[0]: <secured-ca> names no address; there are <alertmanager>, <api>, <bureau>, <bureau-proxy>, <probes>, <prometheus> and <sink>"
    ]
    add(suite)
    assert said() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("bureau.test: [127.0.0.1, '::1']", "bureau.test: elsewhere.test"), "names: 'elsewhere.test' is no IP address: a DNS target answers with those"),
        (("      uplink:\n", "      uplink:\n        process:\n          name: x\n"), "uplink: a target is one of 'toxiproxy', 'process', 'machine', 'directory', 'stack', 'receiver', 'dns', 'tls' and 'network'"),
        (("      uplink:\n", "      uplink:\n        listen: <api>\n"), "uplink: a target is a network, or an address with a proxy, not both"),
        (("          host: bureau.test\n", ""), "secured.tls: 'host' is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_one_is_told(suite: Path, said: Callable[..., list[str]], change: tuple[str, str], words: str) -> None:
    add(suite, change)
    (problem,) = said()
    assert problem.endswith(f": environments.local.targets.{words}")


def test_an_address_and_an_authority_cannot_share_a_name(suite: Path, said: Callable[..., list[str]]) -> None:
    file = suite / "firedrill.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("bureau: 127.0.0.1:0", "secured-ca: 127.0.0.1:0\n        bureau: 127.0.0.1:0"))
    add(suite)
    (problem,) = said()
    assert problem.endswith("secured: <secured-ca> is the file of its authority: give the address secured-ca another name")
