"""Packets that leave by an interface are slowed down, delayed or spoilt by its queueing discipline (tc(8)): tbf or netem.

Knows tc; refuses to know who asked. An interface has one root discipline: one that somebody chose is never replaced, and ours is known
by its handle.
"""

import json
import secrets
import shlex
from collections.abc import Mapping
from typing import Any

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import interfaces
from firedrill.faults.host.effect import Data


class Queue:
    """`{"effect": "queue", "discipline": ["tbf", "rate", ...]}` at a target with `network`."""

    def aim(self, target: Data, wire: Data) -> Data:
        found = interfaces.chosen(target["network"], "tc")
        discipline = list(wire["discipline"])
        self._try(discipline)
        if (other := _root(found)) is not None:
            raise Rejected(
                409, f"{found['interface']} has a queueing discipline that somebody chose, {other['kind']} {other['handle']}"
                " it is not replaced; take it away, or aim at another interface",
            )  # fmt: skip
        # tc itself gives handles from 8001 on to those who name none
        return {"effect": "queue", **found, "handle": f"{0x1000 + secrets.randbelow(0x6000):x}:", "discipline": discipline}

    def _try(self, discipline: list[str]) -> None:
        """Whether this kernel has it, in a namespace that is there for this alone."""
        try:
            interfaces.run({"namespace": None}, ["unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root", *discipline])
        except OSError as error:
            raise Rejected(
                501, f"this kernel does not know the queueing discipline {discipline[0]} (sch_{discipline[0]}): {error}"
            ) from error

    def inject(self, aimed: Data) -> None:
        if not self.present(aimed):
            interfaces.run(aimed, ["tc", "qdisc", "add", *_place(aimed), *aimed["discipline"]])

    def clear(self, aimed: Data) -> None:
        if self.present(aimed):
            interfaces.run(aimed, ["tc", "qdisc", "del", *_place(aimed)])

    def present(self, aimed: Data) -> bool:
        if not interfaces.there(aimed):
            return False
        try:
            found = _root(aimed)
        except OSError:
            return _is_there(aimed)
        return found is not None and found["handle"] == aimed["handle"]

    def touched(self, aimed: Data) -> int | None:
        """Packets that had to wait or did not fit, by a rate; packets delayed; whether packets could be spoilt, none or nobody knows."""
        try:
            found = _root(aimed)
        except OSError:
            return None
        if found is None or found["handle"] != aimed["handle"]:
            return None
        if found["kind"] == "tbf":
            return int(found["overlimits"] + found["drops"])
        return int(found["packets"]) if "delay" in aimed["discipline"] or not found["packets"] else None

    def by_hand(self, aimed: Data) -> str:
        return shlex.join(interfaces.command(aimed, ["tc", "qdisc", "del", *_place(aimed)]))


def _place(aimed: Data) -> list[str]:
    return ["dev", aimed["interface"], "root", "handle", aimed["handle"]]


def _root(found: Data) -> Mapping[str, Any] | None:
    """The interface's root discipline, if it is one that was chosen: the kernel's own has the handle 0."""
    listed = json.loads(interfaces.run(found, ["tc", "-s", "-j", "qdisc", "show", "dev", found["interface"]]) or "[]")
    return next((each for each in listed if each.get("root") and each["handle"] != "0:"), None)


def _is_there(aimed: Data) -> bool:
    """Whether the interface is there, when its queue could not be seen: what was at one that is gone went with it."""
    try:
        interfaces.run(aimed, ["ip", "link", "show", "dev", aimed["interface"]])
    except OSError as error:
        return "does not exist" not in str(error)
    return True


EFFECT = Queue()
