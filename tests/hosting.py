"""A holder of this machine's faults as a real process, programs for it to break, and what is seen of them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firedrill.core import keeper
from firedrill.faults.holding import calls

TOKEN = "a-token"


@dataclass
class Holder:
    """`python -m firedrill.faults.host.child`, ready."""

    process: "subprocess.Popen[bytes]"
    api: str

    def aim(self, target: str, **wire: Any) -> dict[str, Any]:
        return calls.aim_fault(self.api, TOKEN, "it", target, wire)

    def inject(self, target: str, lease: float = 60, **wire: Any) -> dict[str, Any]:
        """Aim and inject, as a drill does; the undo."""
        return self.inject_aimed(target, self.aim(target, **wire), lease)

    def inject_aimed(self, target: str, aimed: dict[str, Any], lease: float = 60) -> dict[str, Any]:
        calls.put_fault(self.api, TOKEN, "it", target, aimed["wire"], lease, None)
        undo: dict[str, Any] = json.loads(json.dumps(aimed["undo"]))
        return undo

    def clear(self) -> None:
        calls.delete_fault(self.api, TOKEN, "it")

    def touched(self) -> int | None:
        (fault,) = calls.get_faults(self.api)["faults"]
        touched: int | None = fault["touched"]
        return touched

    def die(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def holding(targets: Mapping[str, Any], folder: Path) -> Iterator[Holder]:
    """A holder for `targets` with `folder` as the suite's root."""
    argv, env = [sys.executable, "-m", "firedrill.faults.host.child"], os.environ | {calls.TOKEN: TOKEN}
    with (folder / "holder.log").open("ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=env, cwd=folder)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"targets": targets}).encode() + b"\n")
        process.stdin.flush()
        yield Holder(process, json.loads(process.stdout.readline())["api"])


@contextmanager
def kept(*argv: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program under a keeper, as a drill's system is; its first line has been read."""
    whole = [sys.executable, "-IS", keeper.__file__, *argv]
    with subprocess.Popen(whole, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process


def until(condition: Callable[[], Any], seconds: float = 8) -> Any:
    """What `condition` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)
    return found
