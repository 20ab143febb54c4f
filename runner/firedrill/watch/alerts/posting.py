"""Alertmanager's API: what it has, and what one sends who sends alerts.

Knows the shapes of /api/v2 (github.com/prometheus/alertmanager, api/v2/openapi.yaml); refuses to know why anybody asks or sends. What is
of another shape is no answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from firedrill.watch.server import Misshapen, Unanswered, fetch, labels, said, shape, unix

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
    annotations: Mapping[str, str] = field(default_factory=dict)
    suppressed: bool = False
    starts_at: float = 0.0
    updated_at: float = 0.0


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


async def held(session: aiohttp.ClientSession, url: str, matcher: str = "", timeout: float = TIMEOUT) -> list[Held]:
    """The alerts that fire there, all or those that `matcher`, such as `team="x"`, fits; Unanswered."""
    answer = await _list(session, f"{url}/api/v2/alerts", {"filter": matcher} if matcher else {}, timeout)
    with shape("Alertmanager's alerts"):
        return [_held(alert) for alert in answer]


async def groups(session: aiohttp.ClientSession, url: str) -> list[tuple[str, Mapping[str, str]]]:
    """The groups that it has by now: receiver and labels of each."""
    answer = await _list(session, f"{url}/api/v2/alerts/groups", {}, TIMEOUT)
    with shape("Alertmanager's groups"):
        return [(group["receiver"]["name"], labels(group["labels"])) for group in answer]


async def _list(session: aiohttp.ClientSession, url: str, parameters: Mapping[str, str], timeout: float) -> list[Any]:
    answer = await fetch(session, url, timeout, parameters)
    if answer.status >= 400 or not isinstance(answer.content, list):
        raise Misshapen(f"not an answer of Alertmanager's (status {answer.status}: {said(answer.content)})", answer.status)
    return answer.content


def _held(alert: Mapping[str, Any]) -> Held:
    status = alert["status"]
    names = tuple(one["name"] for one in alert.get("receivers") or ())
    starts, updated = alert.get("startsAt"), alert.get("updatedAt")
    return Held(
        labels(alert["labels"]), names, tuple(status["silencedBy"] or ()), tuple(status["inhibitedBy"] or ()), str(alert["fingerprint"]),
        labels(alert.get("annotations")), status.get("state") == "suppressed", unix(starts) if starts else 0.0,
        unix(updated) if updated else 0.0,
    )  # fmt: skip


def _as_json(alert: Posted) -> dict[str, object]:
    times = {"startsAt": _stamp(alert.starts_at), "endsAt": _stamp(alert.ends_at)}
    return {"labels": dict(alert.labels), "annotations": dict(alert.annotations), **times}


def _stamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat()
