"""A pager's thread, and what its log says of people, as its API tells of them, whichever pager it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import aiohttp

from firedrill.watch.server import Unanswered, fetch, said


@dataclass(frozen=True, slots=True)
class Thread:
    """One incident or alert. Times in Unix seconds: the latest at which each thing can have happened, as far as the API is exact."""

    id: str
    key: str
    """The group's hash, where the thread came from Alertmanager."""
    title: str
    opened: float
    acknowledged: float | None = None
    by: str = ""
    resolved: float | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of a thread's log; `who` is empty where it was no person. `at` as a thread's times."""

    at: float
    what: Literal["told", "escalated", "again", "acknowledged", "resolved"]
    who: str = ""


async def asked(session: aiohttp.ClientSession, url: str, timeout: float, parameters: Mapping[str, str], whose: str) -> Any:
    """What a pager's API answers; Unanswered with the status and its own words when that is an error."""
    answer = await fetch(session, url, timeout, parameters)
    if answer.status >= 400:
        raise Unanswered(f"{whose} answers {answer.status}: {said(answer.content)}", answer.status, answer.retry_after)
    return answer.content
