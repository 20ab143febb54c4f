"""Telling outsiders that a drill begins and that it has ended, so that it surprises nobody who has no part in it.

Knows a URL by the name of its environment variable, and what may be said of a blind drill; refuses to repeat the URL, which is a secret.
"""

import asyncio
import math
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from firedrill.conduct.drill import Drill, Ended
from firedrill.core.events import Announced
from firedrill.core.model.plan import Plan
from firedrill.core.units import Duration

TIMEOUT = 5.0
"""Seconds in which whoever is told has to answer."""
MARK = "DRILL"
"""What an announcement says of itself where the environment has no mark."""
PREPARES = 15.0
"""Seconds that a stack, a system and its users usually take to be there."""


async def begins(drill: Drill) -> None:
    """Tell of the start; Ended when nobody could be told and the environment does not want to drill then."""
    announce = drill.order.environment.announce
    if announce is None:
        return
    trouble = await _tell(drill, announce.webhook, "start", _start(drill))
    if trouble and announce.required:
        raise Ended("error", f"the drill could not be announced, so nothing was started: {trouble}")


async def ends(drill: Drill, reason: str, detail: str) -> None:
    """Tell of the end, if anybody may have heard of the start."""
    announce = drill.order.environment.announce
    if announce is not None and any(moment == "start" for moment, *_ in drill.facts.announced):
        await _tell(drill, announce.webhook, "end", _end(drill, reason, detail))


def expected_end(plan: Plan, now: datetime) -> datetime:
    """About when the drill will be over, a whole minute; of a blind one later than it can be, and not more exact than ten minutes."""
    longest = max((float(each) for one in plan.expectations for each in _durations(one.declared)), default=0.0)
    ramp = plan.load.users / plan.load.spawn_rate if plan.load is not None else 0.0
    steady = plan.steady if plan.blind is None else max(plan.steady, plan.blind.window)
    exact = now + timedelta(seconds=PREPARES + ramp + steady + plan.last_fault_end + longest)
    step = 60 if plan.blind is None else 600
    return datetime.fromtimestamp(math.ceil(exact.timestamp() / step) * step, UTC)


def _durations(declared: Mapping[str, Any]) -> Iterator[Duration]:
    """Every length of time that an expectation speaks of."""
    for value in declared.values():
        if isinstance(value, str):
            try:
                yield Duration.parse(value)
            except ValueError:
                continue


def _start(drill: Drill) -> dict[str, Any]:
    until = expected_end(drill.plan, datetime.now(UTC))
    text = f"a drill{_of(drill)} begins in {drill.plan.environment}; pages until about {until:%H:%M} UTC are part of it"
    return _content(drill, "start", text) | {"expected_end": until.isoformat()}


def _end(drill: Drill, reason: str, detail: str) -> dict[str, Any]:
    put_back = reason != "undo-failed" and not drill.ledger.open
    how = "has ended" if reason == "finished" else f"has ended early ({reason})"
    left = "everything was put back" if put_back else f"not everything was put back: {detail}"
    text = f"the drill{_of(drill)} in {drill.plan.environment} {how}; {left}"
    return _content(drill, "end", text) | {"reason": reason, "put_back": put_back}


def _content(drill: Drill, moment: str, text: str) -> dict[str, Any]:
    """Incoming webhooks of chats show `text`; a blind drill does not tell what it is, and its id would."""
    plan, mark = drill.plan, drill.plan.mark or MARK
    known: dict[str, Any] = {"mark": mark, "text": f"{mark}: {text}", "moment": moment, "environment": plan.environment}
    if _hidden(drill):
        return known
    return known | {"drill": drill.folder.drill, "experiment": plan.experiment, "title": plan.title}


def _of(drill: Drill) -> str:
    return "" if _hidden(drill) else f" of {drill.plan.experiment} ({drill.plan.title})"


def _hidden(drill: Drill) -> bool:
    return drill.plan.blind is not None and drill.facts.revealed is None


async def _tell(drill: Drill, variable: str, moment: str, content: dict[str, Any]) -> str:
    """Post it and write down what became of it; why nobody was told, or nothing."""
    status, trouble = None, "the drill was stopped meanwhile"
    try:
        status, trouble = await _post(os.environ.get(variable, ""), content | {"text": drill.redaction.text(content["text"])})
    finally:
        drill.record(Announced(moment, status, trouble))
    return trouble


async def _post(url: str, content: Mapping[str, Any]) -> tuple[int | None, str]:
    """The answer's status, and what is wrong with it in words that do not hold the URL. A redirection is not followed: it is no answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session,
            session.post(url, json=content, allow_redirects=False) as answer,
        ):
            return answer.status, "" if answer.ok and answer.status < 300 else f"the webhook answered {answer.status}"
    except TimeoutError:
        return None, f"the webhook did not answer within {TIMEOUT:g}s"
    except aiohttp.InvalidURL:
        return None, "the webhook's variable holds no URL"
    except aiohttp.ClientConnectorError as error:
        return None, f"the webhook cannot be reached: {_why(error.os_error)}"
    except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
        return None, f"the webhook gave no answer ({type(error).__name__})"


def _why(error: OSError) -> str:
    """In words of ours: the system's own hold the address."""
    if isinstance(error, socket.gaierror):
        return "no host of that name is known"
    return os.strerror(error.errno) if error.errno else type(error).__name__
