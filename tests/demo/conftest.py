"""The demo as others see it: a process of its own, on free ports, asked over HTTP."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

REPOSITORY = Path(__file__).parents[2]
TOKEN = "a-token-for-tests"


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo and what it said on its way up."""

    process: asyncio.subprocess.Process
    said: str
    took: float
    """Seconds until it was up: more than it needs to end, however busy the machine is."""

    @property
    def api(self) -> str:
        return re.search(r"API at (\S+),", self.said)[1]

    @property
    def bureau(self) -> str:
        return re.search(r"bureau at (\S+),", self.said)[1]


Start = Callable[..., AbstractAsyncContextManager[Demo]]


@pytest.fixture
def demo(tmp_path: Path) -> Start:
    """Starts a demo on free ports: `async with demo("--ledger", path) as running`; its temporary files go to `tmp_path`."""

    @asynccontextmanager
    async def start(
        *arguments: str, run: tuple[str, ...] = ("-m", "demo"), cwd: Path = REPOSITORY, env: Mapping[str, str] | None = None
    ) -> AsyncIterator[Demo]:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, *run, "--api", "127.0.0.1:0", "--bureau", "127.0.0.1:0", *arguments,
            stdout=asyncio.subprocess.PIPE, cwd=cwd, env=os.environ | {"DEMO_TOKEN": TOKEN, "TMPDIR": str(tmp_path)} | dict(env or {}),
        )  # fmt: skip
        try:
            said = await asyncio.wait_for(process.stdout.readuntil(b"Ctrl-C ends it\n"), 20)
            yield Demo(process, said.decode(), time.monotonic() - began)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    return start


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
