"""The undo of a user's method: its rollbacks, kept as data before the method's first action and played again when a drill was cut short.

Knows Chaos Toolkit's keys; refuses to keep a secret: secrets are kept by the name of where they come from, never by value.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from firedrill.core.errors import LeftOver
from firedrill.core.redaction import Redaction

KIND = "chaos-rollbacks"
WITHIN = 60.0
"""Seconds after which rollbacks that still run are given up."""


def undo_of(
    chaos: Mapping[str, Any], title: str = "an experiment", redaction: Redaction | None = None, file: Path | None = None
) -> dict[str, Any]:
    """The undo of a file's own method, from Chaos Toolkit's keys of the file.

    Where `redaction` took out what the file writes out, the undo says so, with the file and its SHA-256: only there it still is.
    """
    whole = _rollbacks_of(chaos, title)
    kept = {**(redaction or Redaction()).data(whole), "secrets": by_name(whole["secrets"])}
    lacks = kept != json.loads(json.dumps(whole, default=str)) and file is not None
    return {"kind": KIND, "experiment": kept, **({"file": str(file), "sha256": _digest(file)} if lacks and file is not None else {})}


def _rollbacks_of(chaos: Mapping[str, Any], title: str) -> dict[str, Any]:
    return {
        "title": title,
        "description": "The rollbacks of a drill that was cut short.",
        "configuration": dict(chaos.get("configuration") or {}),
        "secrets": dict(chaos.get("secrets") or {}),
        "method": [],
        "rollbacks": [_resolved(each, chaos) for each in chaos.get("rollbacks") or ()],
    }


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _whole(undo: Mapping[str, Any]) -> Mapping[str, Any]:
    """The experiment with what the file alone has; LeftOver when the file is not as it was."""
    if "file" not in undo:
        experiment: Mapping[str, Any] = undo["experiment"]
        return experiment
    file = Path(undo["file"])
    if not file.is_file() or _digest(file) != undo["sha256"]:
        why = f"the secrets that its rollbacks need were written in {file} alone, which is gone or has been changed since"
        raise LeftOver(_instructions(undo["experiment"], why))
    return _rollbacks_of(yaml.safe_load(file.read_text(encoding="utf-8")), undo["experiment"]["title"])


def by_name(secrets: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Secrets that say where they come from (`type: env`, `type: vault`), without those written out in the file."""
    return {group: {name: value for name, value in members.items() if _is_reference(value)} for group, members in secrets.items()}


def perform(undo: Mapping[str, Any], cwd: Path | None = None, within: float = WITHIN) -> str:
    """Play the rollbacks in a child and say so in a sentence; LeftOver says which of them did not succeed and what to do.

    Blocks for as long as they take, at most `within` seconds. `cwd` is the suite's root, from where Chaos Toolkit imports the
    suite's own modules.
    """
    if not undo["experiment"]["rollbacks"]:
        return "the method declares no rollbacks: there was nothing to put back"
    if not (left := _left(undo)):
        return f"the rollbacks of {undo['experiment']['title']!r} had been played already: {_names(undo['experiment'])}"
    whole = _whole(undo)
    experiment = {**whole, "rollbacks": [whole["rollbacks"][number] for number in left]}
    try:
        trouble = "; ".join(_troubles(list(_played(experiment, cwd, within)), within))
    except OSError as error:
        trouble = f"they could not be played: {error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    if trouble:
        raise LeftOver(_instructions(experiment, trouble))
    return f"the rollbacks of {experiment['title']!r} were played: {_names(experiment)}"


def _left(undo: Mapping[str, Any]) -> list[int]:
    """The places of those that were not played yet, as far as `played`, a list of names, tells: none is played twice."""
    played = list(undo.get("played") or ())
    left = []
    for number, each in enumerate(undo["experiment"]["rollbacks"]):
        if (name := each.get("name")) in played:
            played.remove(name)
        else:
            left.append(number)
    return left


def _played(experiment: Mapping[str, Any], cwd: Path | None, within: float) -> Iterator[Mapping[str, Any]]:
    """What the child says, until it ends."""
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "firedrill.faults.chaos.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd=cwd, start_new_session=True,
    )  # fmt: skip
    too_long = threading.Timer(within, os.killpg, (child.pid, signal.SIGKILL))
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        too_long.start()
        try:
            with suppress(BrokenPipeError):  # that it ended says its silence
                child.stdin.write(json.dumps({"experiment": experiment}, default=str).encode() + b"\n")
                child.stdin.flush()
            yield from (json.loads(line) for line in child.stdout if line.startswith(b'{"kind"'))
        finally:
            too_long.cancel()


def _troubles(said: list[Mapping[str, Any]], within: float) -> Iterator[str]:
    for each in said:
        match each["kind"]:
            case "activity.ended" if each["status"] != "succeeded":
                yield f"{each['name']} failed: {each['error']}"
            case "chaos.failed":
                yield each["error"]
    if not any(each["kind"] in {"chaos.ended", "chaos.failed"} for each in said):
        yield f"they did not end, or not within {within:g} s"


def _instructions(experiment: Mapping[str, Any], why: str) -> str:
    return (
        f"what the method of {experiment['title']!r} broke may still be broken: {why}. "
        f"Do by hand what its rollbacks do ({_names(experiment)}), or mend the cause and undo again"
    )


def _names(experiment: Mapping[str, Any]) -> str:
    return ", ".join(str(each.get("name", "?")) for each in experiment["rollbacks"])


def _resolved(activity: Mapping[str, Any], chaos: Mapping[str, Any]) -> Mapping[str, Any]:
    """The activity that a `ref` names, because the undo's own method is empty."""
    hypothesis = (chaos.get("steady-state-hypothesis") or {}).get("probes") or ()
    named = {each.get("name"): each for each in (*hypothesis, *(chaos.get("method") or ()))}
    return named.get(activity["ref"], activity) if "ref" in activity else activity


def _is_reference(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("type") in ("env", "vault")
