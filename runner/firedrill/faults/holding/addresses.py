"""Addresses as text and as Python's sockets take them."""

import ipaddress
from typing import Any

from firedrill.core.errors import FiredrillError

Address = tuple[str, int]


def address_of(text: str) -> Address:
    """Host and port of `127.0.0.1:80` or `[::1]:80`."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise FiredrillError(f"{text!r} is not an address such as 127.0.0.1:8080")
    return host.strip("[]"), int(port)


def text_of(address: tuple[Any, ...]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(address: Address) -> bool:
    """Whether only this machine reaches it; a name other than localhost is not taken to be so."""
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"
