"""The two actions that Chaos Toolkit plays for a fault of ours: `inject` and `clear`.

They know a fault's name, what its holder is told and their own time; they refuse to know what the fault does. In a drill, `inject`
does nothing before the engine has written the fault's undo down. Under plain `chaos run` they work alone, through FIREDRILL_PROXY.
"""

import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from firedrill.faults.chaos import link
from firedrill.faults.holding.calls import delete_fault, put_fault

LOOK = 0.1
"""Seconds between two looks at whether there is still something to wait for."""

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_active: set[str] = set()
_over: set[str] = set()
_failed: set[str] = set()
"""Faults that were not injected, or may be half: nobody waits to clear them."""
_zero: list[float] = []


def begin() -> None:
    """Set the moment from which `at` counts: the method's start, or else the first activity's."""
    if not _zero:
        _zero.append(time.monotonic())


def inject(
    fault: str,
    target: str | None,
    wire: Mapping[str, Any] | None,
    lease: float,
    at: float = 0.0,
    configuration: Mapping[str, Any] | None = None,
) -> Mapping[str, Any] | None:
    """Wait until `at` seconds into the method, then have its holder inject the fault and drop it after `lease` seconds at the latest."""
    _wait_until(at)
    _say_started(f"inject {fault}")
    try:
        return _injected(fault, target, wire, lease, configuration)
    except BaseException:
        _failed.add(fault)
        raise


def _injected(
    fault: str, target: str | None, wire: Mapping[str, Any] | None, lease: float, configuration: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    if wire is not None and link.current is not None:
        wire = link.current.ask(fault) or wire
    with _locks[fault]:
        # A rollback that came first, after an interruption, must not be overtaken.
        if fault in _over or _stopping():
            raise RuntimeError(f"{fault} was not injected: the drill is ending")
        _active.add(fault)
        if wire is not None:
            api, token, holder = _holder(target, configuration)
            return put_fault(api, token, fault, target or fault, wire, lease, holder)
    _mark("fault.active", fault)
    return None


def clear(
    fault: str, target: str | None, at: float | None = None, configuration: Mapping[str, Any] | None = None
) -> Mapping[str, Any] | None:
    """Wait until `at` seconds into the method, or not at all in a rollback, then have the fault dropped; one that is gone is well.

    One that could not be injected is not waited for.
    """
    if at is not None:
        _wait_until(at, unless=lambda: fault in _failed)
    _say_started(f"clear {fault}")
    with _locks[fault]:
        _over.add(fault)
        if target is not None:
            api, token, holder = _holder(target, configuration)
            return delete_fault(api, token, fault, holder=holder)
        was_active = fault in _active
        _active.discard(fault)
    if was_active:
        _mark("fault.cleared", fault, why="played")
    return None


def _wait_until(at: float, unless: Callable[[], bool] = lambda: False) -> None:
    begin()
    while (left := _zero[0] + at - time.monotonic()) > 0 and not unless():
        if link.current is None:
            time.sleep(min(left, LOOK))
        elif link.current.stopping.wait(min(left, LOOK)):
            break
    if _stopping():
        raise RuntimeError("the drill ended before this was due")


def _holder(target: str | None, configuration: Mapping[str, Any] | None) -> tuple[str, str, str | None]:
    """The control URL, the token and the holding connection for a target.

    FIREDRILL_PROXIES is a JSON map of target to `{"api", "holder", "token_env"}`; the last names a variable other than the usual one.
    """
    known = json.loads(os.environ.get("FIREDRILL_PROXIES") or "{}").get(target)
    if known is not None:
        return known["api"], os.environ.get(known.get("token_env") or "FIREDRILL_PROXY_TOKEN", ""), known.get("holder")
    api = (configuration or {}).get("firedrill_proxy") or os.environ.get("FIREDRILL_PROXY", "")
    if not api:
        raise RuntimeError(f"nobody to tell about {target}: set FIREDRILL_PROXY to the control URL that `firedrill proxy` prints")
    return api, os.environ.get("FIREDRILL_PROXY_TOKEN", ""), None


def _stopping() -> bool:
    return link.current is not None and link.current.stopping.is_set()


def _say_started(name: str) -> None:
    if link.current is not None:
        link.current.tell("activity.started", name=name, type="action")


def _mark(kind: str, fault: str, **fields: str) -> None:
    if link.current is not None:
        link.current.tell(kind, fault=fault, **fields)
