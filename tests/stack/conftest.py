"""A sink's URL, a suite's files, and a look at the processes of a stack."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from firedrill.core.model.suite import Embedded

RULES = """\
groups:
  - name: always
    rules:
      - alert: Always
        expr: vector(1)
        for: 6s
"""
ALERTMANAGER = """\
route:
  receiver: on call
  group_wait: 100ms
receivers:
  - name: on call
    webhook_configs:
      - url: http://pager.example/
"""


@dataclass
class Notified:
    """An aiohttp server in the sink's place."""

    address: str = ""
    came: "asyncio.Queue[tuple[str, Any]]" = field(default_factory=asyncio.Queue)

    async def take(self, request: web.Request) -> web.Response:
        self.came.put_nowait((request.raw_path, await request.json()))
        return web.Response()


@pytest.fixture
async def notified() -> AsyncIterator[Notified]:
    sink, app = Notified(), web.Application()
    app.router.add_post("/{path:.*}", sink.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sink.address = f"127.0.0.1:{runner.addresses[0][1]}"
    yield sink
    await runner.cleanup()


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite's root with a rule that always fires."""
    alerts = tmp_path / "suite" / "alerts"
    alerts.mkdir(parents=True)
    (alerts / "x.rules.yml").write_text(RULES)
    (alerts / "alertmanager.yml").write_text(ALERTMANAGER)
    return alerts.parent


@pytest.fixture
def settings() -> Embedded:
    return Embedded.model_validate(
        {
            "rules": ["alerts/x.rules.yml"],
            "alertmanager": "alerts/alertmanager.yml",
            "scrape": [{"job": "api", "targets": ["<api>"]}],
            "scrape-interval": "200ms",
            "evaluation-interval": "200ms",
        }
    )


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[], dict[int, str]]:
    """Running processes whose command line mentions this test's own folder, by id."""
    return lambda: _mentioning(str(tmp_path))


def _mentioning(words: str) -> dict[int, str]:
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if words in line:
            found[int(process.name)] = line
    return found
