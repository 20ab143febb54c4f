"""Putting back: what a drill still owes, what earlier drills may have left, and the proof that nothing is.

One undo that fails keeps no other from being tried, and each that succeeds is struck off by itself.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from firedrill.conduct.drill import Drill
from firedrill.conduct.ledger import SILENCES, Open, claimed, left_open, note_undone, undone
from firedrill.conduct.listed import Listed
from firedrill.core.errors import LeftOver
from firedrill.core.events import FaultCleared
from firedrill.core.model.plan import Plan
from firedrill.core.redaction import Redaction
from firedrill.faults import undo as fault_undo
from firedrill.faults.chaos import rollbacks
from firedrill.faults.holding.link import HolderLink
from firedrill.watch.alerts import silences

METHOD = "method"
"""The name under which a user's own method stands in the journal, beside our faults."""
PROXY_WITHIN = 4.0
"""Seconds in which a fault that its proxy could not clear is asked for again."""
AGAIN = 0.25


async def intended(
    plan: Plan, links: Mapping[str, HolderLink], fault: str, root: Path, redaction: Redaction
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
    """All that is needed to put `fault` back without this process, and what exactly its holder is to be told.

    From `root`, the suite's, its own modules are imported.
    """
    if fault == METHOD:
        return rollbacks.undo_of(plan.chaos, plan.title, redaction, root / plan.file) | {"root": str(root)}, None
    planned = next(one for one in plan.faults if one.name == fault)
    if planned.wire is None or planned.target is None:
        return {"kind": "nothing"}, None
    return await links[planned.target].intended(fault, planned.target, planned.wire)


def perform(undo: object, fault: str = "a fault") -> str:
    """Put one thing back and look that it is; returns how, in words. LeftOver says what to do by hand, whatever `undo` is."""
    if not isinstance(undo, Mapping):
        raise LeftOver(f"{fault} may be left over: its undo is {json.dumps(undo, default=str)}, which cannot be read; look for it by hand")
    try:
        match undo.get("kind"):
            case "nothing":
                return "there was nothing to put back"
            case rollbacks.KIND:
                return rollbacks.perform(undo, Path(undo["root"]))
            case silences.UNDO:
                return silences.perform(undo)
            case _:
                return fault_undo.perform(undo).sentence
    except LeftOver:
        raise
    except Exception as error:  # data of any shape ends in a sentence
        said = json.dumps(undo, default=str)
        raise LeftOver(f"{fault} may be left over: {fault_undo.why(error)}; look for it by hand: {said}") from error


async def perform_open(drill: Drill) -> list[str]:
    """Perform all that this drill's own ledger still lists of its faults; what is left over, in sentences."""
    left = await _tried(drill, [fault for fault in drill.ledger.open if fault != SILENCES])  # those outlast the faults
    deadline = drill.clock.now() + PROXY_WITHIN
    # A proxy tries by itself what it could not clear at first. Other undos have their own tries, and a rollback is played once.
    while (again := [fault for fault in left if drill.ledger.open[fault].get("kind") == "proxy"]) and drill.clock.now() < deadline:
        await asyncio.sleep(AGAIN)
        left = {fault: why for fault, why in left.items() if fault not in again} | await _tried(drill, again)
    return [f"{fault}: {why}" for fault, why in left.items()]


async def _tried(drill: Drill, faults: Iterable[str]) -> dict[str, str]:
    left = {}
    for fault in faults:
        try:
            await asyncio.to_thread(perform, drill.ledger.open[fault], fault)
        except LeftOver as error:
            left[fault] = str(error)
        else:
            drill.record(FaultCleared(fault, "undo"))
    return left


def refuse_leftovers() -> None:
    """No drill starts while an earlier one may have left a fault; what is provably gone is struck off. All that is left is named."""
    if left := [why for page in left_open() if (why := _left_by(page))]:
        raise LeftOver("\n".join(left))


def _left_by(page: Open) -> str:
    if page.trouble:
        return page.trouble
    names = [fault for fault, undo in page.undos.items() if _may_be_there(undo)]
    if names:
        return f"an earlier drill, {page.drill}, may have left {', '.join(names)}: run `firedrill undo {quote(page.drill)}` first"
    with claimed(page) as claim:
        if claim is not None:
            for fault in page.undos:
                claim.strike(fault, "it was gone when the next drill started")
    return ""


def _may_be_there(undo: Any) -> bool:
    try:
        match undo:
            case {"kind": "nothing"}:
                return False
            case {"kind": "proxy" | "host"}:
                return fault_undo.present(undo)
            case {"kind": silences.UNDO}:
                return silences.present(undo)
    except Exception:  # what nobody could look for may be there
        return True
    return True


def perform_page(page: Open) -> dict[str, Any]:
    """Perform every undo of an ended drill's page: `done` and `failed`, fault -> how, in words. What is done is struck off at once."""
    if page.trouble:
        return {"drill": page.drill, "done": {}, "failed": {"page": page.trouble}}
    with claimed(page) as claim:
        if claim is None:
            return {"drill": page.drill, "done": {}, "failed": {}, "skipped": "another command is undoing it, or has just done so"}
        return {"drill": page.drill, **_performed(claim.undos, claim.to_perform, claim.strike)}


def perform_listed(journal: Listed) -> dict[str, Any]:
    """The same for what a journal lists that somebody trusts: it is run as the journal says it."""
    return {
        "drill": journal.drill,
        **_performed(journal.undos, journal.undos.__getitem__, lambda fault, how: note_undone(journal.drill, {fault: how})),
    }


def _performed(undos: Mapping[str, Any], of: Callable[[str], Any], struck: Callable[[str, str], None]) -> dict[str, dict[str, str]]:
    done: dict[str, str] = {}
    failed: dict[str, str] = {}
    for fault in sorted(undos, key=lambda one: one == SILENCES):  # silences outlast the faults
        try:
            done[fault] = perform(of(fault), fault)
        except LeftOver as left:
            failed[fault] = str(left)
        else:
            struck(fault, done[fault])
    return {"done": done, "failed": failed}


def only_listed(journal: Listed, page: Open | None) -> Listed:
    """What the journal lists and this user's ledger neither lists nor knows to be undone: nobody but the journal says so."""
    known = {**undone(journal.drill), **(page.undos if page is not None else {})}
    undos = {fault: undo for fault, undo in journal.undos.items() if fault not in known and undo != {"kind": "nothing"}}
    return Listed(journal.drill, undos, journal.damage)
