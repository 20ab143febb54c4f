"""Links in the text that a person reads: finding them, and whether a suite allows a host to be asked.

Pure: it refuses to fetch anything.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

LOOPBACK = "loopback"
"""What stands in `links:` for every address of this machine alone."""
PATIENCE = 12.0
"""Seconds after a message within which each of its links has been asked, two tries and all."""

_LINK = re.compile(r"https?://[^\s<>\"'`\\^{}|]+")
_TRAILING = ".,;:!?*_~"
_PAIRS = {")": "(", "]": "["}


def find(texts: Iterable[str]) -> tuple[str, ...]:
    """Every http or https link in the texts, each once, in order; punctuation after a link is the sentence's."""
    return tuple(dict.fromkeys(_ended(found) for text in texts for found in _LINK.findall(text)))


def _ended(link: str) -> str:
    """The link without what closes the sentence or the bracket that it stands in."""
    while link and (link[-1] in _TRAILING or (link[-1] in _PAIRS and link.count(link[-1]) > link.count(_PAIRS[link[-1]]))):
        link = link[:-1]
    return link


def host_of(link: str) -> str | None:
    """`host` or `host:port` as the link has it, in lower case; None for what is no address."""
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return parts.hostname if port is None else f"{parts.hostname}:{port}"


def allowed(link: str, hosts: Iterable[str]) -> bool:
    """Whether one of `hosts` (a host at any port, `host:port`, or `loopback`) is the link's."""
    whole = host_of(link)
    if whole is None:
        return False
    name = urlsplit(link).hostname or ""
    wanted = {host.lower() for host in hosts}
    return bool({whole, name} & wanted) or (LOOPBACK in wanted and _is_loopback(name))


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
