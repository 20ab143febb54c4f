"""What a journal lists as open. It may be from anywhere and say anything: it is read as data, and nothing of it is done.

Knows which entries tell of undos; refuses to trust any undo to be there, or to be of its kind's shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firedrill.conduct.ledger import PLAYED, SILENCES
from firedrill.core.errors import Invalid, LeftOver
from firedrill.core.events import (
    SCHEMA,
    ActivityEnded,
    DrillStarted,
    Event,
    FaultCleared,
    FaultIntended,
    SilenceIntended,
    SilenceRemoved,
    Unsound,
)
from firedrill.core.recorded import recorded
from firedrill.faults.chaos import rollbacks


@dataclass(frozen=True, slots=True)
class Listed:
    """Undos by fault: faults intended and not cleared, silences intended and not removed. `damage` says what is wrong with the journal."""

    drill: str
    undos: Mapping[str, Any]
    damage: str = ""


def listed(journal: Path) -> Listed:
    """Everything that can be read of it; LeftOver when a newer firedrill wrote it."""
    undos: dict[str, Any] = {}
    damage, entries = list[str](), 0
    try:
        for entry in recorded(journal):
            entries += 1
            if isinstance(entry.event, Unsound):
                damage.append(f"line {entry.event.line}: {entry.event.what}")
            _take(entry.event, undos)
    except OSError as error:
        damage.append(error.strerror or str(error))
    except Invalid as error:
        damage.append(error.problems[0].message)
    if not entries:
        damage.append("it has no entries")
    return Listed(journal.parent.name, undos, damage[0] if damage else "")


def _take(event: Event, undos: dict[str, Any]) -> None:
    match event:
        case DrillStarted(schema=schema) if schema > SCHEMA:
            raise LeftOver(
                f"its journal was written by a newer firedrill (journal version {schema}, this one knows {SCHEMA}): undo it with that one"
            )
        case FaultIntended(fault=fault, undo=undo):
            undos[fault] = undo
        case FaultCleared(fault=fault):
            undos.pop(fault, None)
        case SilenceIntended(undo=undo):
            undos[SILENCES] = undo
        case SilenceRemoved():
            undos.pop(SILENCES, None)
        case ActivityEnded(stage="rollbacks", status="succeeded", name=name):
            # A rollback that was played is not to be played again.
            for fault, undo in undos.items():
                if undo.get("kind") == rollbacks.KIND:
                    before = undo.get(PLAYED)
                    undos[fault] = {**undo, PLAYED: [*(before if isinstance(before, list) else ()), name]}
