"""An Alertmanager alone, with the suite's captured configuration, for what needs neither Prometheus nor load.

Knows how to start one; refuses to know which alerts are sent to it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from firedrill.core.errors import FiredrillError
from firedrill.core.model.suite import Embedded
from firedrill.stack import addresses as named
from firedrill.stack import install, waiting
from firedrill.stack.capture import Sinks
from firedrill.stack.embedded import READY_WITHIN, TRIES, alertmanager_argv, write_files
from firedrill.stack.waiting import Running


@dataclass(frozen=True, slots=True)
class Solo:
    """A running Alertmanager: its base URL and its debug log."""

    url: str
    log: Path
    running: Running
    silent: frozenset[tuple[str, str, int]]
    """Integrations that say nothing when a group is resolved: receiver, kind and number."""

    @classmethod
    async def start(cls, root: Path, settings: Embedded, sinks: Sinks, directory: Path) -> Self:
        """Start it on a free port, with its receivers pointed at `sinks`; all its files go into the folder `directory`.

        FiredrillError in its own words if it does not start.
        """
        program = await asyncio.to_thread(install.program, "alertmanager")
        files = write_files(root, settings, sinks, directory, program.version)
        for left in reversed(range(TRIES)):
            solo = cls(*await _begin(program.path, files.alertmanager, directory), files.silent)
            trouble = await waiting.answers(f"{solo.url}/-/ready", READY_WITHIN, solo.running.died)
            if trouble is None:
                break
            taken = "address already in use" in solo.running.said()
            await solo.stop()
            if not left or not taken:
                raise files.refused(solo.said()) or FiredrillError(trouble)
        return solo

    def said(self) -> str:
        """All that it has logged."""
        return self.running.said()

    async def stop(self) -> None:
        """End it; safe to call again."""
        await self.running.child.stop()


async def _begin(program: Path, config: Path, directory: Path) -> tuple[str, Path, Running]:
    ports: Mapping[str, str] = named.choose({"alertmanager": "127.0.0.1:0"})
    log = directory / "alertmanager.log"
    argv = alertmanager_argv(program, config, directory / "data", ports["alertmanager"])
    return f"http://{ports['alertmanager']}", log, await waiting.start("Alertmanager", argv, log, directory)
