"""Undo: what is written down before a fault is injected, and how it is put back later, by anyone, as often as they like.

Knows how each kind of undo is described and performed; refuses to know journals. The data never holds a token, only the name of
the environment variable that does.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from firedrill.core.errors import LeftOver
from firedrill.faults.holding import calls
from firedrill.faults.host import undo as host_undo

Undo = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Undone:
    """How it went, verified by looking afterwards, in a word and in a sentence."""

    fault: str
    result: Literal["cleared", "already gone"]
    sentence: str


Performer = Callable[[Undo, Mapping[str, str]], Undone]
"""Performs one kind of undo, given its data and the environment that holds the secrets; raises LeftOver with what to do by hand."""


def undo_of(
    fault_name: str, api: str, instance: str, target: str, token_env: str | None, pid: int | None = None, holder: str | None = None
) -> dict[str, Any]:
    """The undo of a fault held by a fault proxy. With `holder`, a fault of the same name that another drill injected stays."""
    return {
        "kind": "proxy", "fault": fault_name, "api": api, "instance": instance, "target": target,
        "token_env": token_env, "pid": pid, "holder": holder,
    }  # fmt: skip


def perform(undo: Undo, performers: Mapping[str, Performer] | None = None, environ: Mapping[str, str] = os.environ) -> Undone:
    """Put back what `undo` describes; `performers` adds kinds of undo to those known here.

    Blocks for some seconds at most. Idempotent, and safe for a fault that never took hold. LeftOver says what to do by hand.
    """
    kind = str(undo.get("kind"))
    performer = {**PERFORMERS, **(performers or {})}.get(kind)
    if performer is None:
        raise LeftOver(f"{_name(undo)} may be left over: this firedrill does not know how to undo {kind!r}; use the version that wrote it")
    try:
        return performer(undo, environ)
    except LeftOver:
        raise
    except Exception as error:  # data of any shape ends in a sentence
        raise LeftOver(f"{_name(undo)} may be left over: {why(error)}; look for it by hand: {dict(undo)}") from error


def why(error: Exception) -> str:
    """Why data of whatever shape could not be undone, in words."""
    if isinstance(error, KeyError):
        return f"its undo lacks {error}"
    return f"it could not be undone as its undo says ({type(error).__name__}: {error})"


def _name(undo: Undo) -> str:
    return f"the fault {undo['fault']}" if "fault" in undo else "a fault"


def undo_proxy(undo: Undo, environ: Mapping[str, str], token: str = "") -> Undone:
    """Clear a fault at its proxy, if that very process still answers and still has it; `token` when the caller has it in hand."""
    gone = _why_gone(undo)
    if gone is not None:
        return Undone(undo["fault"], "already gone", gone)
    _delete(undo, token or _token(undo, environ))
    if _why_gone(undo) is None:
        raise LeftOver(_by_hand(undo, "it is still there after it was cleared"))
    return Undone(undo["fault"], "cleared", f"the fault {undo['fault']} was cleared at {undo['api']}")


def present(undo: Undo) -> bool:
    """Whether a fault is, or may be, still there; looks and changes nothing."""
    try:
        if undo["kind"] == "host":
            return host_undo.present(undo)
        return _why_gone(undo) is None
    except Exception:  # what nobody could look for may be there
        return True


def _why_gone(undo: Undo) -> str | None:
    """How we know that the fault is not there, or None if it is."""
    try:
        there = calls.get_faults(undo["api"])
    except calls.NobodyThere:
        return f"the proxy of the fault {undo['fault']} at {undo['api']} has ended, and its faults with it"
    except calls.CallFailed as error:
        # Whoever answers with an error of its own may be that very proxy, broken; anything else there is somebody else.
        if (error.status is not None and error.status < 500) or _has_ended(undo.get("pid")):
            return f"{undo['api']} is no longer the proxy of the fault {undo['fault']}: its faults ended with it"
        raise LeftOver(_by_hand(undo, str(error))) from error
    if there.get("instance") != undo["instance"]:
        return f"{undo['api']} is another proxy now: the faults of the earlier one ended with it"
    if not any(_is_ours(undo, fault) for fault in there["faults"]):
        return f"the proxy at {undo['api']} has no fault {undo['fault']}"
    return None


def _has_ended(pid: int | None) -> bool:
    """Whether a process of this machine is known to be gone; a stranger that has its number since counts as there."""
    if pid is None:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def _is_ours(undo: Undo, fault: Mapping[str, Any]) -> bool:
    return fault["name"] == undo["fault"] and undo.get("holder") in {None, fault["holder"]}


def _token(undo: Undo, environ: Mapping[str, str]) -> str:
    variable = undo["token_env"]
    if not variable:
        raise LeftOver(_by_hand(undo, "its token ended with the drill"))
    if not environ.get(variable):
        raise LeftOver(_by_hand(undo, f"the environment variable {variable} is not set"))
    return environ[variable]


def _delete(undo: Undo, token: str) -> None:
    try:
        calls.delete_fault(undo["api"], token, undo["fault"], "undo", undo.get("holder"))
    except calls.NobodyThere:
        pass  # it ended while we were on our way
    except calls.CallFailed as error:
        raise LeftOver(_by_hand(undo, str(error))) from error


def _by_hand(undo: Undo, why: str) -> str:
    variable, pid = undo["token_env"], undo.get("pid")
    clear = f'curl -X DELETE -H "Authorization: Bearer ${variable or "TOKEN"}" {undo["api"]}/faults/{quote(undo["fault"], safe="")}'
    ways = ([f"set {variable} to the proxy's token and try again, or run: {clear}"] if variable else []) + (
        [f"end the proxy, process {pid}, if it is still `firedrill.faults.proxy`: kill -9 {pid}"] if pid is not None else []
    )
    what = f"the fault {undo['fault']} of {undo['target']} may be left over at {undo['api']}: {why}"
    return f"{what}\n  " + "\n  or ".join(ways or [f"clear it with the proxy's token: {clear}"])


def undo_host(undo: Undo, environ: Mapping[str, str]) -> Undone:
    """Put back a fault on this machine, by its data alone."""
    if host_undo.put_back(undo):
        return Undone(undo["fault"], "cleared", f"the fault {undo['fault']} of {undo['target']} was put back")
    return Undone(undo["fault"], "already gone", f"the fault {undo['fault']} of {undo['target']} was gone already")


PERFORMERS: Mapping[str, Performer] = {"proxy": undo_proxy, "host": undo_host}
