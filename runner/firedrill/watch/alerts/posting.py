"""Alertmanager's API as one who sends alerts uses it: post, look, resolve.

Knows the shapes of /api/v2 (github.com/prometheus/alertmanager, api/v2/openapi.yaml); refuses to know why an alert is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from firedrill.watch.server import Unanswered, ask

TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Posted:
    """An alert to send; times in Unix seconds. One whose end has come is resolved, one whose end is to come fires until then."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class Held:
    """An alert that Alertmanager has: to whom it would tell it, and what keeps it from that."""

    labels: Mapping[str, str]
    receivers: tuple[str, ...]
    silenced_by: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    fingerprint: str


async def post(session: aiohttp.ClientSession, url: str, alerts: Sequence[Posted]) -> None:
    """Send alerts to the Alertmanager at `url`; Unanswered with its own words when it does not take them."""
    body = [_as_json(alert) for alert in alerts]
    try:
        async with session.post(f"{url}/api/v2/alerts", json=body, timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as response:
            if response.status != 200:
                raise Unanswered(f"status {response.status}: {(await response.text()).strip()}")
    except TimeoutError:
        raise Unanswered(f"no answer within {TIMEOUT:g} s") from None
    except aiohttp.ClientError as error:
        raise Unanswered(str(error) or type(error).__name__) from error


async def held(session: aiohttp.ClientSession, url: str, matcher: str) -> list[Held]:
    """The alerts that fire there and that `matcher`, such as `team="x"`, fits."""
    answer = await _list(session, f"{url}/api/v2/alerts", {"filter": matcher})
    try:
        return [_held(alert) for alert in answer]
    except (KeyError, TypeError) as error:
        raise Unanswered("not an answer of Alertmanager's") from error


async def groups(session: aiohttp.ClientSession, url: str) -> list[tuple[str, Mapping[str, str]]]:
    """The groups that it has by now: receiver and labels of each."""
    answer = await _list(session, f"{url}/api/v2/alerts/groups", {})
    try:
        return [(group["receiver"]["name"], group["labels"]) for group in answer]
    except (KeyError, TypeError) as error:
        raise Unanswered("not an answer of Alertmanager's") from error


async def _list(session: aiohttp.ClientSession, url: str, parameters: Mapping[str, str]) -> list[Any]:
    answer = await ask(session, url, TIMEOUT, parameters)
    if not isinstance(answer, list):
        raise Unanswered(f"not an answer of Alertmanager's: {str(answer)[:200]}")
    return answer


def _held(alert: Mapping[str, Any]) -> Held:
    status = alert["status"]
    names = tuple(one["name"] for one in alert["receivers"])
    return Held(alert["labels"], names, tuple(status["silencedBy"]), tuple(status["inhibitedBy"]), alert["fingerprint"])


def _as_json(alert: Posted) -> dict[str, object]:
    times = {"startsAt": _stamp(alert.starts_at), "endsAt": _stamp(alert.ends_at)}
    return {"labels": dict(alert.labels), "annotations": dict(alert.annotations), **times}


def _stamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat()
