"""Whether what a file's activities and controls name is there, and what controls say of themselves, asked of a child that imports them.

Knows Chaos Toolkit's keys and how long a look may take; imports and runs nothing itself.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

WITHIN = 20.0
"""Seconds for one experiment's modules; one that does not come back from being imported is ended with all it started."""


def missing(chaos: Mapping[str, Any], root: Path, within: float = WITHIN) -> dict[str, str]:
    """What is wrong, by the place of the activity (`method[0].provider`), from Chaos Toolkit's keys of a sound file.

    `root` is the suite's: its own modules are imported from there, as a drill does.
    """
    asked = list(_activities(chaos))
    answers = _answers(asked, root, within) if asked else {}
    late = next((path for path, _ in asked if path not in answers), None)
    wrong = {_named(path): said for path, said in answers.items() if said is not None}
    return wrong | ({_named(late): f"importing it did not end, or not within {within:g} s"} if late else {})


def _named(path: str) -> str:
    return path if path == "controls" else f"{path}.provider"


def _activities(chaos: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for number, probe in enumerate((chaos.get("steady-state-hypothesis") or {}).get("probes") or ()):
        path, tolerance = f"steady-state-hypothesis.probes[{number}]", probe.get("tolerance")
        yield path, probe
        if isinstance(tolerance, Mapping) and tolerance.get("type") == "probe":
            yield f"{path}.tolerance", _asked_with_a_value(tolerance)
    if chaos.get("controls"):
        yield "controls", {"controls": chaos["controls"]}
    for stage in ("method", "rollbacks"):
        yield from ((f"{stage}[{number}]", activity) for number, activity in enumerate(chaos.get(stage) or ()))


def _asked_with_a_value(tolerance: Mapping[str, Any]) -> Mapping[str, Any]:
    """As Chaos Toolkit calls it: with the probe's answer as `value`, which it does not think of when it validates."""
    provider = tolerance["provider"]
    if provider["type"] != "python" or not isinstance(provider.get("arguments"), Mapping):
        return tolerance
    return {**tolerance, "provider": {**provider, "arguments": {**provider["arguments"], "value": None}}}


def _answers(asked: list[tuple[str, Any]], root: Path, within: float) -> dict[str, str | None]:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "firedrill.faults.chaos.importing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd=root, start_new_session=True,
    )  # fmt: skip
    with child:
        try:
            said, _ = child.communicate(json.dumps(asked, default=str).encode(), within)
        except subprocess.TimeoutExpired as late:
            said = late.stdout or b""
        finally:
            with suppress(ProcessLookupError):  # with whatever the modules started
                os.killpg(child.pid, signal.SIGKILL)
    return dict(map(json.loads, said.splitlines()))
