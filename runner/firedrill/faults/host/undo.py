"""Undo of a fault on this machine: from its data alone, by looking, putting back and looking again."""

import time
from collections.abc import Mapping
from typing import Any

from firedrill.core.errors import LeftOver
from firedrill.faults.holding.effects import reason
from firedrill.faults.host.effect import HostEffect
from firedrill.faults.host.known import EFFECTS

TRIES, PAUSE = 20, 0.1


def present(undo: Mapping[str, Any]) -> bool:
    """Whether the fault is, or may be, there."""
    effect = EFFECTS.get(undo["effect"])
    return effect is None or bool(_misshapen(undo)) or _present(effect, undo)


def _misshapen(undo: Mapping[str, Any]) -> str:
    """Why its data cannot be what was aimed at: of a process without a number nobody can say that it is gone."""
    aimed = undo["aimed"]
    if not isinstance(aimed, Mapping):
        return f"what was aimed at is {aimed!r}"
    for each in aimed.get("processes") or ():
        if not isinstance(each, Mapping) or {type(each.get(key)) for key in ("pid", "started")} != {int}:
            return f"a process is {each!r}, without its number and its start"
    return ""


def _present(effect: HostEffect, undo: Mapping[str, Any]) -> bool:
    """What we may not look at may be there."""
    try:
        return effect.present(undo["aimed"])
    except Exception:  # whatever it is that it stumbled over
        return True


def put_back(undo: Mapping[str, Any]) -> bool:
    """Clear what `undo` describes; whether it was there. LeftOver when it is still there after some seconds, with what to do."""
    effect = EFFECTS.get(undo["effect"])
    if effect is None:
        raise LeftOver(f"the fault {undo['fault']} may be left over: this firedrill knows no effect {undo['effect']!r}")
    if wrong := _misshapen(undo):
        raise LeftOver(f"the fault {undo['fault']} of {undo['target']} may be left over: its undo is damaged: {wrong}; look for it by hand")
    was_there, why = _present(effect, undo), "it is still there after it was cleared"
    for _ in range(TRIES):
        try:
            effect.clear(undo["aimed"])
        except Exception as error:  # the next try, and the undo of the next fault, are not to be lost by it
            why = reason(error)
        if not _present(effect, undo):
            return was_there
        time.sleep(PAUSE)
    raise LeftOver(f"the fault {undo['fault']} of {undo['target']} is left over: {why}\n  do by hand: {effect.by_hand(undo['aimed'])}")
