"""A drill route that leads elsewhere than to the sink of this suite: no page would be seen, and the drill would blame the alerting for it.

Knows addresses and paths; refuses to ask anybody. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import yaml

from firedrill.core.model.suite import Door
from firedrill.core.nodes import get, items, text
from firedrill.stack.addresses import split
from firedrill.stack.route import PREFIX

_QUICK = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_SECRET = "<secret>"  # noqa: S105 - what Alertmanager says in the place of a secret
_PORTS = {"http": 80, "https": 443}
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_ANYWHERE = frozenset({"0.0.0.0", "::"})


@dataclass(frozen=True, slots=True)
class Astray:
    """A receiver of the drill route that the sink would not hear, and where it stands in its file, counted from 1."""

    sentence: str
    line: int
    column: int


def astray(source: str, door: Door) -> list[Astray]:
    """Each receiver of the drill route in an alertmanager.yml that leads elsewhere; none for what cannot be read or is blotted out."""
    try:
        document = yaml.compose(source, Loader=_QUICK)
    except yaml.YAMLError:
        return []
    return [found for receiver in items(get(document, "receivers")) for found in _of(receiver, door)]


def _of(receiver: yaml.Node, door: Door) -> Iterator[Astray]:
    name = text(get(receiver, "name"))
    if not name.startswith(PREFIX):
        return
    hooks = items(get(receiver, "webhook_configs"))
    wanted = f"{(door.url or f'http://{door.listen}').rstrip('/')}/receivers/{quote(name.removeprefix(PREFIX), safe='')}"
    if not hooks:
        yield _at(receiver, f"the drill route's receiver {name} has no webhook, and firedrill's sink is at {wanted}")
    for hook in hooks:
        url = get(hook, "url")
        if url is not None and text(url) != _SECRET and not _leads(text(url), wanted, door):
            yield _at(url, f"the drill route's receiver {name} leads to {text(url)}, and firedrill's sink is at {wanted}")


def _at(node: yaml.Node, sentence: str) -> Astray:
    return Astray(f"{sentence}: no page would be seen", node.start_mark.line + 1, node.start_mark.column + 1)


def _leads(url: str, wanted: str, door: Door) -> bool:
    try:
        one, other = urlsplit(url), urlsplit(wanted)
        same = (one.scheme, one.port or _PORTS.get(one.scheme)) == (other.scheme, other.port or _PORTS.get(other.scheme))
    except ValueError:
        return False
    return same and unquote(one.path).rstrip("/") == unquote(other.path).rstrip("/") and _same_host(one.hostname, other.hostname, door)


def _same_host(one: str | None, other: str | None, door: Door) -> bool:
    if door.url is None and split(door.listen)[0].strip("[]") in _ANYWHERE:
        return True
    return one == other or {one, other} <= _HERE
