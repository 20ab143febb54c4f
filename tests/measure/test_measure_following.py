"""A measuring child that needs long to begin is not lost; one that falls silent afterwards is."""

import asyncio
import sys
from pathlib import Path

import pytest

from firedrill.core.child import Child
from firedrill.measure.following import Following

CHILD = """
import sys
print('{"kind": "begun"}' if sys.stdin.readline() else "", flush=True)
sys.stdin.read()
"""


async def test_a_child_is_silent_only_after_its_first_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firedrill.measure.following.SILENCE", 0.2)
    monkeypatch.setattr("firedrill.measure.following._LOOK", 0.1)
    lost: asyncio.Queue[str] = asyncio.Queue()
    child = await Child.start("the child", [sys.executable, "-c", CHILD], tmp_path / "child.log")
    following = Following(child, lambda event: None, lost.put_nowait)
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await lost.get()
        await child.send({"begin": True})
        await following.word("begun", 10)
        async with asyncio.timeout(10):
            assert await lost.get() == "the child has been silent for over 0.2 s"
    finally:
        await following.stop(5)
