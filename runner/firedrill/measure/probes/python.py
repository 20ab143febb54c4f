"""The kind `python`: a journey of several steps, `async def check(session, addresses)` in a file of the team's.

Knows how to load such a file by its path; refuses to know what it does. Its folder and the suite's root can be imported from, last of all.
"""

import inspect
import runpy
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from firedrill.measure.causes import CheckFailed, unusable

if TYPE_CHECKING:
    from aiohttp import ClientSession


def python_check(root: Path, file: str, addresses: Mapping[str, str]) -> "Callable[[ClientSession], Awaitable[None]]":
    """What a sample of this probe does; CheckFailed says in one line why the file cannot be used."""
    path = root / file
    sys.path.extend(each for each in (str(path.parent), str(root)) if each not in sys.path)
    try:
        check = runpy.run_path(str(path), run_name=path.stem).get("check")
    except (Exception, SystemExit) as error:
        raise CheckFailed(unusable(error, path, file)) from error
    if not inspect.iscoroutinefunction(check):
        raise CheckFailed(f"{file}: it must define `async def check(session, addresses)`")

    async def sample(session: "ClientSession") -> None:
        await check(session, addresses)

    return sample
