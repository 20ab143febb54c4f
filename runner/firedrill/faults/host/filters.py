"""Packets are dropped or rejected by nftables: a table of its own for each fault, so that clearing takes it away whole.

Knows nft's language (nft(8)); refuses to know who asked. Drops are at the interface itself (the netdev family), where a packet is lost
as on a wire: dropped further up, its sender would be told. Rejections need the routing of the host's own family.
"""

import json
import secrets
import shlex
from collections.abc import Iterator
from ipaddress import ip_network

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import interfaces
from firedrill.faults.host.effect import Data

PARTS = 10_000
"""The finest share that is drawn, as nft draws whole numbers."""


class Filter:
    """At a target with `network`: `{"effect": "filter", "share"}`, or `between`, two addresses, and `how`, drop or reject, in its place."""

    def aim(self, target: Data, wire: Data) -> Data:
        found = interfaces.chosen(target["network"], "nft")
        rejects = wire.get("how") == "reject"
        table = {"family": "inet" if rejects else "netdev", "table": f"firedrill_{secrets.token_hex(4)}"}
        rules = [_lost(wire["share"])] if "share" in wire else _between(*wire["between"])
        aimed = {"effect": "filter", **found, **table}
        aimed["rules"] = "\n".join(_rejecting(aimed, rules) if rejects else _dropping(aimed, rules))
        self._try(aimed)
        return aimed

    def _try(self, aimed: Data) -> None:
        """Whether this kernel takes the rules there; nft only asks it."""
        try:
            interfaces.run(aimed, ["nft", "--check", "-f", "-"], aimed["rules"])
        except OSError as error:
            raise Rejected(501, f"this kernel does not filter packets as asked: {error}") from error

    def inject(self, aimed: Data) -> None:
        if not self._is_seen(aimed):
            interfaces.run(aimed, ["nft", "-f", "-"], aimed["rules"])

    def clear(self, aimed: Data) -> str | None:
        if not interfaces.there(aimed):
            return None
        said = interfaces.last_words(aimed, self._listing(aimed))
        try:
            interfaces.run(aimed, self._undoing(aimed))
        except OSError:
            if self.present(aimed):
                raise
        return said

    def present(self, aimed: Data) -> bool:
        try:
            return self._is_seen(aimed)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return True  # nobody could look, or nft said it in another way

    def _is_seen(self, aimed: Data) -> bool:
        if not interfaces.there(aimed):
            return False
        tables = json.loads(interfaces.run(aimed, ["nft", "-j", "list", "tables", aimed["family"]]))["nftables"]
        return any(each.get("table", {}).get("name") == aimed["table"] for each in tables)

    def touched(self, aimed: Data) -> int | None:
        """Packets dropped or rejected."""
        try:
            return self.listed(aimed, interfaces.run(aimed, self._listing(aimed)))
        except OSError:
            return None

    def listed(self, aimed: Data, said: str) -> int | None:
        rules = json.loads(said)["nftables"]
        counters = [part for each in rules for part in each.get("rule", {}).get("expr", []) if "counter" in part]
        return sum(int(part["counter"]["packets"]) for part in counters)

    def by_hand(self, aimed: Data) -> str:
        return shlex.join(interfaces.command(aimed, self._undoing(aimed)))

    def _listing(self, aimed: Data) -> list[str]:
        return ["nft", "-j", "list", "table", aimed["family"], aimed["table"]]

    def _undoing(self, aimed: Data) -> list[str]:
        return ["nft", "delete", "table", aimed["family"], aimed["table"]]


def _lost(share: float) -> str:
    return f"numgen random mod {PARTS} < {round(share * PARTS)} counter" if share < 1 else "counter"


def _between(one: str, other: str) -> list[str]:
    """The packets of either direction."""
    family = "ip" if ip_network(one, strict=False).version == 4 else "ip6"
    return [f"{family} saddr {source} {family} daddr {destination} counter" for source, destination in ((one, other), (other, one))]


def _dropping(aimed: Data, rules: list[str]) -> Iterator[str]:
    yield f"table netdev {aimed['table']} {{"
    for hook in ("ingress", "egress"):
        yield f'chain {hook} {{ type filter hook {hook} device "{aimed["interface"]}" priority -500;'
        yield from (f"{rule} drop;" for rule in rules)
        yield "}"
    yield "}"


def _rejecting(aimed: Data, rules: list[str]) -> Iterator[str]:
    """TCP with a reset, the rest with ICMP's `admin-prohibited`: whoever is on this machine is told at once."""
    yield f"table inet {aimed['table']} {{"
    for hook, sides in (("input", ("iifname",)), ("output", ("oifname",)), ("forward", ("iifname", "oifname"))):
        yield f"chain {hook} {{ type filter hook {hook} priority -300;"
        for rule in (f'{side} "{aimed["interface"]}" {rule}' for side in sides for rule in rules):
            yield f"meta l4proto tcp {rule} reject with tcp reset;"
            yield f"meta l4proto != tcp {rule} reject with icmpx admin-prohibited;"
        yield "}"
    yield "}"


EFFECT = Filter()
