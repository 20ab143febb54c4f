"""Addresses by name: free ports for those that leave the choice to us, and `<name>` in texts replaced by what was chosen.

Knows ports and text; refuses to know who listens.
"""

import difflib
import re
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom
from typing import Any

from firedrill.core.errors import FiredrillError

PORTS = range(20_000, 32_000)
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_NAME = re.compile(r"<([A-Za-z][\w.-]*)>")
_TRIES = 200


def fill(text: str, addresses: Mapping[str, str]) -> str:
    """`text` with every `<name>` replaced by its address; an unknown name is a FiredrillError that names the nearest."""
    return _NAME.sub(lambda match: _address(match[1], addresses), text)


def filled_in(data: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    """`fill` for every text of a nest of JSON data."""
    return {key: _filled(value, addresses) for key, value in data.items()}


def _filled(value: object, addresses: Mapping[str, str]) -> object:
    match value:
        case str():
            return fill(value, addresses)
        case Mapping():
            return filled_in(value, addresses)
        case list() | tuple():
            return [_filled(each, addresses) for each in value]
    return value


def _address(name: str, addresses: Mapping[str, str]) -> str:
    if name in addresses:
        return addresses[name]
    near = difflib.get_close_matches(name, addresses, n=1)
    known = ", ".join(f"<{one}>" for one in sorted(addresses)) or "none"
    hint = f"did you mean <{near[0]}>?" if near else f"known are {known}"
    raise FiredrillError(f"there is no address <{name}>; {hint}")


def split(address: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[v6]:port`; FiredrillError for anything else."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise FiredrillError(f"{address!r} is not an address such as 127.0.0.1:8080, or 127.0.0.1:0 for a free port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def candidates(ephemeral: range, taken: Collection[int]) -> list[int]:
    """Ports worth trying: not taken, and outside the range from which the kernel gives ports to outgoing connections.

    A port inside that range could be lent to somebody's connection between our choice and the program's bind.
    """
    ours = [port for port in PORTS if port not in taken]
    return [port for port in ours if port not in ephemeral] or ours


def choose(addresses: Mapping[str, str]) -> dict[str, str]:
    """The same names with port 0 replaced by a port that is free now; ports differ from each other and from the fixed ones."""
    ports = {name: split(address) for name, address in addresses.items()}
    taken = {port for _, port in ports.values() if port}
    left = iter(_shuffled(candidates(_ephemeral(), taken)))
    with ExitStack() as held:
        return {name: address if ports[name][1] else _free(held, ports[name][0], left) for name, address in addresses.items()}


def _shuffled(ports: list[int]) -> list[int]:
    return SystemRandom().sample(ports, len(ports))


def _ephemeral() -> range:
    try:
        low, high = map(int, _EPHEMERAL.read_text().split())
    except (OSError, ValueError):
        return range(32_768, 61_000)
    return range(low, high + 1)


def _free(held: ExitStack, host: str, left: Iterator[int]) -> str:
    for _, port in zip(range(_TRIES), left, strict=False):
        if _bind(held, host, port) and _reserve(port):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    raise FiredrillError(f"no free port on {host} was found in {_TRIES} tries between {PORTS.start} and {PORTS.stop - 1}")


def _reserve(port: int) -> bool:
    """Keep a port from other drills until this process ends, also before anything listens on it.

    An abstract Unix socket is a name that one process of a network namespace can have, without a file, and that goes with it.
    """
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0firedrill port {port}")
    except OSError:
        name.close()
        return False
    name.detach()
    return True


def _bind(held: ExitStack, host: str, port: int) -> bool:
    listener = held.enter_context(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except socket.gaierror as error:
        raise FiredrillError(f"{host} is not a host that can be listened on: {error.strerror}") from None
    except OSError as error:
        if error.errno == 99:
            raise FiredrillError(f"{host} is not an address of this machine, so no free port can be chosen on it") from None
        return False
    return True
