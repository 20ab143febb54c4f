"""A process may open no more files and sockets: its soft limit of descriptors is lowered, and put back. Knows prlimit(2) and /proc.

Only the soft limit is touched, so that it can be raised again without privileges.
"""

import os
import resource
from collections.abc import Iterator
from itertools import count, islice

import psutil

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import processes
from firedrill.faults.host.effect import Data


class Descriptors:
    """`{"effect": "descriptors", "leave": 0}` at a target with `process`: so many can still be opened."""

    def aim(self, target: Data, wire: Data) -> Data:
        return {"effect": "descriptors", "processes": [_limited(each, wire["leave"]) for each in processes.chosen(target["process"])]}

    def inject(self, aimed: Data) -> None:
        for each in aimed["processes"]:
            if _limits(each) == each["before"]:
                _set(each, [each["limit"], each["before"][1]])

    def clear(self, aimed: Data) -> None:
        """A limit that the process has set for itself since then stays."""
        processes.each(aimed["processes"], _raise_again)

    def present(self, aimed: Data) -> bool:
        return any(_lowered(each) for each in aimed["processes"])

    def touched(self, aimed: Data) -> int | None:
        """How many of the processes cannot open one more; whose descriptors may not be counted is not known to be one."""
        found = [_is_full(each) for each in aimed["processes"] if _lowered(each)]
        full = sum(each is True for each in found)
        return full or (None if None in found else 0)

    def by_hand(self, aimed: Data) -> str:
        return "\n  and ".join(
            f"prlimit --pid {each['pid']} --nofile={each['before'][0]}:{each['before'][1]}" for each in aimed["processes"]
        )


def _limited(identity: processes.Identity, leave: int) -> Data:
    """The kernel gives the lowest number that is free: below the limit, `leave` of them are."""
    try:
        limit, before = next(islice(_free(identity["pid"]), leave, None)), _limits(identity)
    except PermissionError as error:
        raise Rejected(403, f"the descriptors of process {identity['pid']} may not be looked at: {error.strerror}") from error
    if before is None or before[0] <= limit:
        raise Rejected(409, f"process {identity['pid']} may open no more than {before and before[0]} descriptors already")
    return {**identity, "before": before, "limit": limit}


def _is_full(each: Data) -> bool | None:
    try:
        return next(_free(each["pid"])) >= int(each["limit"])
    except FileNotFoundError:  # it has ended
        return False
    except OSError:
        return None


def _free(pid: int) -> Iterator[int]:
    there = {int(each) for each in os.listdir(f"/proc/{pid}/fd")}
    return filter(lambda number: number not in there, count())


def _limits(identity: processes.Identity) -> list[int] | None:
    """Soft and hard; None when that very process is gone."""
    if processes.state_of(identity) is None:
        return None
    try:
        return list(psutil.Process(identity["pid"]).rlimit(resource.RLIMIT_NOFILE))
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied as error:
        raise PermissionError(0, f"the limit of process {identity['pid']} may not be read") from error


def _raise_again(each: Data) -> None:
    if _lowered(each):
        _set(each, each["before"])


def _lowered(each: Data) -> bool:
    return _limits(each) == [each["limit"], each["before"][1]]


def _set(each: Data, limits: list[int]) -> None:
    try:
        psutil.Process(each["pid"]).rlimit(resource.RLIMIT_NOFILE, (limits[0], limits[1]))
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied as error:
        raise PermissionError(0, f"the limit of process {each['pid']} may not be changed") from error


EFFECT = Descriptors()
