"""Putting back: what a drill still owes, what earlier drills may have left, and the proof that nothing is."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firedrill.conduct.drill import Drill
from firedrill.conduct.ledger import SILENCES, Open, left_open
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


def perform(undo: Mapping[str, Any]) -> str:
    """Put one thing back and look that it is; returns how, in words. LeftOver says what to do by hand."""
    match undo.get("kind"):
        case "nothing":
            return "there was nothing to put back"
        case "chaos-rollbacks":
            return rollbacks.perform(undo, Path(undo["root"]))
        case silences.UNDO:
            return silences.perform(undo)
        case _:
            return fault_undo.perform(undo).sentence


async def perform_open(drill: Drill) -> None:
    """Perform what this drill's own ledger still lists of its faults."""
    for fault, undo in drill.ledger.open.items():
        if fault == SILENCES:
            continue  # they outlast the faults
        await asyncio.to_thread(perform, undo)
        drill.record(FaultCleared(fault, "undo"))


def refuse_leftovers() -> None:
    """No drill starts while an earlier one may have left a fault; what is provably gone is struck off."""
    for page in left_open():
        if any(_may_be_there(undo) for undo in page.undos.values()):
            names = ", ".join(page.undos)
            raise LeftOver(f"an earlier drill, {page.drill}, may have left {names}: run `firedrill undo {page.drill}` first")
        page.strike()


def _may_be_there(undo: Mapping[str, Any]) -> bool:
    match undo.get("kind"):
        case "nothing":
            return False
        case "proxy" | "host":
            return fault_undo.present(undo)
        case silences.UNDO:
            return silences.present(undo)
        case _:
            return True


def perform_page(page: Open) -> dict[str, Any]:
    """Perform every undo of an ended drill and strike it off if all went well: `done` and `failed`, fault -> how, in words."""
    done: dict[str, str] = {}
    failed: dict[str, str] = {}
    for fault, undo in page.undos.items():
        try:
            done[fault] = perform(undo)
        except LeftOver as left:
            failed[fault] = str(left)
    if not failed:
        page.strike()
    return {"drill": page.drill, "done": done, "failed": failed}
