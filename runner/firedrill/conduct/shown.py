"""What an undo would do, in words and in full, for whoever has to say whether it may: it may come from anybody's journal.

Everything that it says is quoted as JSON, in which no escape sequence, no line end and no letter that turns others around is left.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from firedrill.faults.chaos import rollbacks
from firedrill.watch.alerts import silences


def shown(fault: str, undo: object) -> Iterator[str]:
    """A line for each thing that would be done, then all of the data."""
    told = undo if isinstance(undo, Mapping) else {}
    yield f"{quoted(fault)}, an undo of the kind {quoted(told.get('kind'))}:"
    try:
        yield from (f"  would {line}" for line in _deeds(told))
    except (KeyError, TypeError, AttributeError, ValueError):
        yield "  is malformed: nobody can say what it would do"
    yield f"  all of it: {quoted(undo)}"


def quoted(value: object) -> str:
    """As JSON of plain ASCII."""
    return json.dumps(value, default=str)


def _deeds(undo: Mapping[str, Any]) -> Iterator[str]:
    match undo.get("kind"):
        case rollbacks.KIND:
            yield from _played(undo)
        case "proxy":
            token = f", with the value of your environment variable {quoted(undo['token_env'])}" if undo.get("token_env") else ""
            yield f"clear the fault {quoted(undo['fault'])} at {quoted(undo['api'])}{token}"
        case silences.UNDO:
            yield f"end the silences of {quoted(undo['author'])} at {quoted(undo['url'])}"
        case "host":
            yield f"put back {quoted(undo['effect'])} of {quoted(undo['target'])} on this machine"
            yield from _started(undo["aimed"])
        case _:
            yield "do nothing: this firedrill does not know the kind"


def _started(aimed: Mapping[str, Any]) -> Iterator[str]:
    back = aimed.get("back") or {}
    if back.get("argv"):
        yield f"run the command {quoted(shlex.join(map(str, back['argv'])))} in {quoted(back.get('cwd'))}"
    if aimed.get("api"):
        yield f"send requests to {quoted(aimed['api'])}"
    if aimed.get("namespace") or aimed.get("interface"):
        yield f"change the network interface {quoted(aimed.get('interface'))}, as this user"


def _played(undo: Mapping[str, Any]) -> Iterator[str]:
    if "file" in undo:
        yield f"play the rollbacks of the file {quoted(undo['file'])}, if it is still the one that is meant"
    for activity in undo["experiment"]["rollbacks"]:
        provider, name = activity.get("provider") or {}, quoted(activity.get("name"))
        match provider.get("type"):
            case "process":
                arguments = provider.get("arguments") or ()
                words = [arguments] if isinstance(arguments, str) else _words(arguments)
                yield f"run the command {quoted(' '.join([str(provider.get('path')), *words]))} ({name})"
            case "python":
                call, where = quoted(provider.get("func")), quoted(undo.get("root"))
                yield f"import the module {quoted(provider.get('module'))}, looked for in {where} first, and call {call} ({name})"
            case "http":
                yield f"send {quoted(provider.get('method', 'GET'))} to {quoted(provider.get('url'))} ({name})"
            case kind:
                yield f"play {name}, of the kind {quoted(kind)}"


def _words(arguments: Any) -> list[str]:
    if isinstance(arguments, Mapping):
        return [str(word) for pair in arguments.items() for word in pair if word is not None]
    return [str(word) for word in arguments]
