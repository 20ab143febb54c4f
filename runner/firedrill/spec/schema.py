"""JSON Schema of what teams write, from the same models that read it, for editors. It knows shapes, not which names exist."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from firedrill.core.kinds import ExpectationKind, FaultKind, Kinds
from firedrill.core.model.experiment import Load, Silence
from firedrill.core.model.gameday import GameDay
from firedrill.core.model.guards import Guard
from firedrill.core.model.oncall import OnCall
from firedrill.core.model.probes import Probe
from firedrill.core.model.response import Respond, Step
from firedrill.core.model.suite import Suite
from firedrill.spec.described import Described

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$", "examples": ["500ms", "30s", "1m30s"]}
_NAMES = {"type": "array", "items": {"type": "string"}}
_ACTIVITIES = {"type": "array", "items": {"type": "object"}}

Schema = dict[str, Any]


def schema(kinds: Kinds) -> Schema:
    """One schema each for `experiment`, `suite` (firedrill.yaml), `probe`, `step` (of a runbook), `oncall` and `game-day`."""
    wholes: dict[str, type[BaseModel]] = {"suite": Suite, "probe": Probe, "step": Step, "oncall": OnCall, "game-day": GameDay}
    return {"experiment": _experiment(kinds)} | {name: _whole(model) for name, model in wholes.items()}


def _whole(model: type[BaseModel]) -> Schema:
    return {"$schema": _DIALECT, **_with_notes(model.model_json_schema(schema_generator=Described))}


def _experiment(kinds: Kinds) -> Schema:
    definitions: Schema = {}
    ours = {
        "slos": _NAMES | {"description": "SLOs of slos/, by name."},
        "probes": _NAMES | {"description": "Probes of probes/, by name."},
        "load": _inlined(Load, definitions),
        "steady": _DURATION | {"description": "How long normal is measured before any fault."},
        "faults": {"type": "array", "items": {"anyOf": [_fault(kind, definitions) for kind in kinds.faults.values()]}},
        "silences": {"type": "array", "items": _inlined(Silence, definitions)},
        "abort-when": {"type": "array", "items": _inlined(Guard, definitions)},
        "respond": _respond(definitions),
        "on-call-at": {
            "type": "string",
            "format": "date-time",
            "description": "The moment that on-call schedules take the start of play for.",
        },
        "expect": {"type": "array", "items": {"anyOf": _expectations(kinds.expectations, definitions)}},
    }
    return {
        "$schema": _DIALECT, "title": "Experiment", "type": "object", "required": ["title"],
        "properties": _shared() | ours | _theirs(), "$defs": definitions, **_NOTES,
    }  # fmt: skip


_NOTES: Schema = {"additionalProperties": False, "patternProperties": {"^x-": {}}}


def _shared() -> Schema:
    return {"title": {"type": "string"}, "description": {"type": "string"}, "tags": _NAMES}


def _theirs() -> Schema:
    return {
        "method": _ACTIVITIES, "rollbacks": _ACTIVITIES, "extensions": _ACTIVITIES, "controls": _ACTIVITIES,
        "steady-state-hypothesis": {"type": ["object", "null"]}, "configuration": {"type": "object"},
        "secrets": {"type": "object"}, "runtime": {"type": "object"},
    }  # fmt: skip


def _fault(kind: FaultKind, definitions: Schema) -> Schema:
    settings = _inlined(kind.settings, definitions)
    if not settings.get("required"):
        settings = {"anyOf": [settings, {"type": "null"}]}
    beside = {"name": {"type": "string"}, "at": _DURATION, "for": _DURATION}
    return {
        "description": kind.summary, "type": "object", "required": [kind.name, "for"],
        "properties": {kind.name: settings} | beside, **_NOTES,
    }  # fmt: skip


def _respond(definitions: Schema) -> Schema:
    one = _inlined(Respond, definitions)
    return {"anyOf": [{"const": "nobody"}, one, {"type": "array", "items": one}], "description": "Who answers the pages."}


def _expectations(kinds: Mapping[str, ExpectationKind], definitions: Schema) -> list[Schema]:
    found: list[Schema] = []
    for kind in kinds.values():
        whole = _inlined(kind.declared, definitions)
        found.append({**whole, "description": kind.summary, "required": sorted({*whole.get("required", ()), kind.name})})
        if kind.name not in whole.get("required", ()):
            found.append({"const": kind.name, "description": kind.summary})
    return found


def _inlined(model: type[BaseModel], definitions: Schema) -> Schema:
    """The model's schema, its own definitions moved to the top."""
    own: Schema = _with_notes(model.model_json_schema(schema_generator=Described))
    definitions |= own.pop("$defs", {})
    return own


def _with_notes(part: Any) -> Any:
    """Wherever unknown keys are errors, `x-*` keys are not."""
    match part:
        case dict():
            notes = _NOTES if part.get("additionalProperties") is False else {}
            return {key: _with_notes(value) for key, value in part.items()} | notes
        case list():
            return [_with_notes(value) for value in part]
        case _:
            return part
