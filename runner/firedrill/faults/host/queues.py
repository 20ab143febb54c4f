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
        if (other := _root(interfaces.run(found, _listing(found)))) is not None:
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
        if not self._is_seen(aimed):
            interfaces.run(aimed, ["tc", "qdisc", "add", *_place(aimed), *aimed["discipline"]])

    def clear(self, aimed: Data) -> str | None:
        """Another's discipline has another handle, and stays."""
        if not interfaces.there(aimed):
            return None
        said = interfaces.last_words(aimed, _listing(aimed))
        try:
            interfaces.run(aimed, ["tc", "qdisc", "del", *_place(aimed)])
        except OSError:
            if self.present(aimed):
                raise
        return said

    def present(self, aimed: Data) -> bool:
        try:
            return self._is_seen(aimed)
        except OSError:
            return _is_there(aimed)
        except (ValueError, KeyError, TypeError, AttributeError):  # tc said it in another way
            return True

    def _is_seen(self, aimed: Data) -> bool:
        return interfaces.there(aimed) and _ours(aimed, interfaces.run(aimed, _listing(aimed))) is not None

    def touched(self, aimed: Data) -> int | None:
        """Packets that had to wait or did not fit, by a rate; packets delayed; whether packets could be spoilt, none or nobody knows."""
        try:
            return self.listed(aimed, interfaces.run(aimed, _listing(aimed)))
        except OSError:
            return None

    def listed(self, aimed: Data, said: str) -> int | None:
        found = _ours(aimed, said)
        if found is None:
            return None
        if found["kind"] == "tbf":
            return int(found["overlimits"] + found["drops"])
        return int(found["packets"]) if "delay" in aimed["discipline"] or not found["packets"] else None

    def by_hand(self, aimed: Data) -> str:
        return shlex.join(interfaces.command(aimed, ["tc", "qdisc", "del", *_place(aimed)]))


def _listing(found: Data) -> list[str]:
    return ["tc", "-s", "-j", "qdisc", "show", "dev", found["interface"]]


def _place(aimed: Data) -> list[str]:
    return ["dev", aimed["interface"], "root", "handle", aimed["handle"]]


def _root(said: str) -> Mapping[str, Any] | None:
    """The interface's root discipline, if it is one that was chosen: the kernel's own has the handle 0."""
    return next((each for each in json.loads(said or "[]") if each.get("root") and each["handle"] != "0:"), None)


def _ours(aimed: Data, said: str) -> Mapping[str, Any] | None:
    found = _root(said)
    return found if found is not None and found["handle"] == aimed["handle"] else None


def _is_there(aimed: Data) -> bool:
    """Whether the interface is there, when its queue could not be seen: what was at one that is gone went with it."""
    try:
        interfaces.run(aimed, ["ip", "link", "show", "dev", aimed["interface"]])
    except OSError as error:
        return "does not exist" not in str(error)
    return True


EFFECT = Queue()
