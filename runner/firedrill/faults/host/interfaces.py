"""Network interfaces and their namespaces by name, their identity, and commands that run where they are.

Knows Linux's namespaces, capabilities and the `ip` program; refuses to know what is done to an interface.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host.effect import Data

CAPABILITIES = {12: "CAP_NET_ADMIN", 21: "CAP_SYS_ADMIN"}
"""Bits of capabilities(7): to change a network, and to enter a namespace."""

TIMEOUT = 5.0
AT_ONCE = 0.5
"""Seconds for a look that something waits for."""


def chosen(network: Data, *programs: str) -> dict[str, Any]:
    """The interface that a target's `network` describes, `{namespace, id, interface}`; Rejected when it cannot be broken.

    `namespace` is the path of a namespace, or null for our own; `id` its device and inode, so that another of its name is none of
    ours. `programs` are what is needed beside `ip`.
    """
    _able("ip", "nsenter", *programs)
    path = _path(network.get("namespace"))
    found = {"namespace": path, "id": _id(path), "interface": network["interface"]}
    if found["id"] is None:
        raise Rejected(404, f"there is no network namespace {network['namespace']}")
    try:
        (link,) = json.loads(run(found, ["ip", "-j", "addr", "show", "dev", network["interface"]]))
    except (OSError, ValueError) as error:
        raise Rejected(404, f"there is no network interface {network['interface']}{_where(network)}: {error}") from error
    if _may_be_ours(found, link) and not network.get("even-our-own"):
        raise Rejected(
            403, f"{network['interface']} is in firedrill's own network namespace and {_why(link)}: firedrill, or you, may need it;"
            " a target that is meant so says 'even-our-own: true'",
        )  # fmt: skip
    return found


def there(aimed: Data) -> bool:
    """Whether the very namespace is still there; what was done in one that is gone went with it."""
    return bool(_id(aimed["namespace"]) == aimed["id"])


def command(aimed: Data, words: list[str]) -> list[str]:
    """The command that does `words` in the namespace."""
    return words if aimed["namespace"] is None else ["nsenter", f"--net={aimed['namespace']}", *words]


def run(aimed: Data, words: list[str], told: str | None = None) -> str:
    """What a command says that is run in the namespace, with `told` as its input; OSError with its own words when it fails."""
    try:
        ran = subprocess.run(command(aimed, words), input=told, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{words[0]} did not end within {TIMEOUT:g} seconds") from error
    if ran.returncode:
        raise OSError(" ".join((ran.stderr or ran.stdout).split()) or f"{words[0]} ended with exit code {ran.returncode}")
    return ran.stdout


def last_words(aimed: Data, words: list[str]) -> str | None:
    """What a command says that only looks, just before what it looks at is taken away; None when it cannot be had at once."""
    try:
        ran = subprocess.run(command(aimed, words), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=AT_ONCE, check=True)
    except Exception:
        return None
    return ran.stdout


def _able(*programs: str) -> None:
    if lacking := [name for name in programs if shutil.which(name) is None]:
        raise Rejected(501, f"the program {' and '.join(lacking)} is not installed here (Debian: iproute2, util-linux and nftables)")
    if lacking := [name for bit, name in CAPABILITIES.items() if not _effective() >> bit & 1]:
        raise Rejected(
            501, f"the network cannot be broken without {' and '.join(lacking)}: run firedrill as root, or aim at a proxy instead"
        )


def _effective() -> int:
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff:")]
    return int(line.split()[1], 16)


def _path(namespace: str | None) -> str | None:
    return namespace if namespace is None or namespace.startswith("/") else f"/run/netns/{namespace}"


def _id(path: str | None) -> list[int] | None:
    try:
        found = os.stat(path or "/proc/self/ns/net")
    except OSError:
        return None
    return [found.st_dev, found.st_ino]


def _may_be_ours(found: Data, link: Mapping[str, Any]) -> bool:
    return found["id"] == _id(None) and bool(_why(link))


def _why(link: Mapping[str, Any]) -> str:
    if "LOOPBACK" in link["flags"]:
        return "is loopback"
    return "has an address" if link["addr_info"] else ""


def _where(network: Data) -> str:
    return f" in the namespace {network['namespace']}" if network.get("namespace") else ""
