"""Prometheus' HTTP API as watching uses it: a few questions, one way to fail.

Knows the answers' shapes (prometheus.io/docs/prometheus/latest/querying/api), as Prometheus, Thanos, Mimir, VictoriaMetrics and vmalert
give them; refuses to know what they mean for a drill. What is not of such a shape is no answer: this is the only place where one is
taken apart, so nobody who asks has to expect anything but Unanswered.
"""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

_FRESH = {"nocache": "1"}
"""Without it VictoriaMetrics answers as of half a minute ago (docs.victoriametrics.com, -search.latencyOffset); Prometheus knows it not."""
MOST = 64 * 1024 * 1024
"""Bytes of an answer: ten thousand alerts take a sixth of it."""
SAID = 120
"""Characters of an answer that is none."""
NEVER = 0.0


class Unanswered(Exception):
    """No answer, or not the one asked for; says why. `status` is that of the answer, where there was one."""

    def __init__(self, why: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.status, self.retry_after = status, retry_after


class Misshapen(Unanswered):
    """An answer, but of another shape than the one asked for."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and its samples in order as (Unix seconds, value)."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Active:
    """An alert that a rule has now; `since` is when its condition became true, in Unix seconds."""

    labels: Mapping[str, str]
    since: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as the server has it; `evaluated` is when it was last, in Unix seconds, `for_` how long it has to hold."""

    name: str
    alerting: bool
    labels: Mapping[str, str]
    health: str
    error: str
    evaluated: float
    alerts: Sequence[Active]
    for_: float = 0.0


@dataclass(frozen=True, slots=True)
class Group:
    """A rule group as the server has it."""

    name: str
    interval: float
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Target:
    """What is scraped: how its last scrape went, and when that was, in Unix seconds."""

    labels: Mapping[str, str]
    health: str
    error: str
    scraped: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: JSON, whatever its status."""

    status: int
    content: Any
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """A Prometheus at `url`, asked through a shared session, which brings the credentials that it wants.

    Its rules may be evaluated elsewhere, at `rules_url`.
    """

    session: aiohttp.ClientSession
    url: str
    timeout: float = 2.0
    rules_url: str = ""

    async def instant(self, query: str, time: float | None = None) -> list[Series]:
        """The series of a vector or of a range selector at `time` (now when left out)."""
        at = {} if time is None else {"time": f"{time:.3f}"}
        return await self._series("query", {"query": query} | at | _FRESH)

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """The series of `query` at every `step` from `start` to `end`."""
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return await self._series("query_range", asked | _FRESH)

    async def rules(self) -> list[Group]:
        """The rule groups with their rules' health, last evaluation and active alerts."""
        data = await self._ask(self.rules_url or self.url, "rules", {})
        with shape("Prometheus' rules"):
            return [_group(one) for one in _list(data["groups"])]

    async def targets(self) -> list[Target]:
        """The targets that are scraped, with each one's health, last scrape and last error."""
        data = await self._ask(self.url, "targets", {"state": "active"})
        with shape("Prometheus' targets"):
            return [_target(one) for one in _list(data["activeTargets"])]

    async def _series(self, path: str, asked: Mapping[str, str]) -> list[Series]:
        data = await self._ask(self.url, path, asked)
        with shape("Prometheus' answer to a query"):
            if data["resultType"] in {"scalar", "string"}:
                return [Series({}, [_point(data["result"])])]
            return [Series(labels(one["metric"]), _points(one)) for one in _list(data["result"])]

    async def names(self, start: float, end: float) -> list[str]:
        """The names of all metrics that it has samples of."""
        return await self._names("label/__name__/values", _span(start, end))

    async def labels(self, metric: str, start: float, end: float) -> list[str]:
        """The names of all labels that a metric's series have."""
        return await self._names("labels", _of(metric) | _span(start, end))

    async def values(self, label: str, metric: str, start: float, end: float) -> list[str]:
        """The values that a label of a metric's series has."""
        return await self._names(f"label/{label}/values", _of(metric) | _span(start, end))

    async def _names(self, path: str, asked: Mapping[str, str]) -> list[str]:
        data = await self._ask(self.url, path, asked)
        with shape("Prometheus' list of names"):
            return [_name(one) for one in _list(data)]

    async def _ask(self, url: str, path: str, parameters: Mapping[str, str]) -> Any:
        answer = await fetch(self.session, f"{url}/api/v1/{path}", self.timeout, parameters)
        content = answer.content
        if isinstance(content, dict) and content.get("status") == "error":
            raise Unanswered(f"Prometheus: {str(content.get('error') or 'an error without a message')[:500]}", answer.status)
        if not isinstance(content, dict) or "data" not in content:
            raise Misshapen(f"not an answer of Prometheus' (status {answer.status}: {said(content)})", answer.status)
        return content["data"]


async def fetch(session: aiohttp.ClientSession, url: str, timeout: float, parameters: Mapping[str, str] | None = None) -> Answer:
    """The JSON at `url`, whatever its status; Unanswered when there is none."""
    try:
        async with session.get(url, params=parameters or {}, timeout=aiohttp.ClientTimeout(total=timeout)) as response:
            body, status = await _body(response), response.status
            after = response.headers.get("Retry-After", "")
    except TimeoutError:
        raise Unanswered(f"no answer within {timeout:g} s") from None
    except aiohttp.ClientConnectorError as error:
        raise Unanswered(os.strerror(error.os_error.errno) if error.os_error.errno else str(error)) from error
    except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError) as error:
        raise Unanswered(str(error) or type(error).__name__) from error
    wait = float(after) if after.isascii() and after.isdigit() and len(after) < 6 else None
    try:
        return Answer(status, json.loads(body), wait)
    except (ValueError, RecursionError):
        words = said(body.decode(errors="replace")) or "nothing"
        raise Misshapen(f"no JSON (status {status}: {words})", status, wait) from None


async def ask(session: aiohttp.ClientSession, url: str, timeout: float, parameters: Mapping[str, str] | None = None) -> Any:
    """The same without its status."""
    return (await fetch(session, url, timeout, parameters)).content


def _of(metric: str) -> dict[str, str]:
    return {"match[]": f'{{__name__="{metric}"}}'}


def _span(start: float, end: float) -> dict[str, str]:
    return {"start": f"{start:.3f}", "end": f"{end:.3f}"}


async def _body(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > MOST:
            raise Misshapen(f"an answer of more than {MOST // 1024 // 1024} MiB", response.status)
    return b"".join(parts)


@contextmanager
def shape(whose: str) -> Iterator[None]:
    """Take an answer apart: what does not fit is Misshapen, with what was wrong with it."""
    try:
        yield
    except KeyError as error:
        raise Misshapen(f"{whose} could not be understood: {error} is missing") from error
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise Misshapen(f"{whose} could not be understood: {said(str(error))}") from error


def said(content: object) -> str:
    """The beginning of an answer on one line, to stand in a sentence."""
    return " ".join(str(content)[: 4 * SAID].split())[:SAID]


def labels(value: Any) -> Mapping[str, str]:
    """Labels or annotations; none where an answer leaves them out."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise TypeError(f"no labels: {said(value)}")
    return value


def unix(text: str) -> float:
    """Unix seconds of an RFC 3339 time, nanoseconds and all."""
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    whole = datetime.fromisoformat(head + rest[digits:] if dot else text)
    return whole.timestamp() + (float(f"0.{rest[:digits]}") if digits else 0.0)


def _list(value: Any) -> Sequence[Any]:
    """A list; Go writes an empty one as null."""
    if value is not None and not isinstance(value, list):
        raise TypeError(f"no list: {said(value)}")
    return value or ()


def _points(one: Mapping[str, Any]) -> list[tuple[float, float]]:
    return [_point(each) for each in _list(one.get("values")) or [one["value"]]]


def _point(pair: Sequence[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


def _group(one: Mapping[str, Any]) -> Group:
    return Group(str(one.get("name", "")), float(one["interval"]), [_rule(rule) for rule in _list(one["rules"])])


def _rule(one: Mapping[str, Any]) -> Rule:
    alerting = one["type"] == "alerting"
    alerts = [_active(each) for each in _list(one.get("alerts"))] if alerting else []
    health, error = str(one.get("health", "ok")), str(one.get("lastError") or "")
    for_ = float(one.get("duration") or 0.0)
    return Rule(_name(one["name"]), alerting, labels(one.get("labels")), health, error, _time(one.get("lastEvaluation")), alerts, for_)


def _active(one: Mapping[str, Any]) -> Active:
    found = labels(one["labels"])
    if "alertname" not in found:
        raise TypeError(f"an alert without a name: {said(found)}")
    return Active(found, unix(one["activeAt"]))


def _target(one: Mapping[str, Any]) -> Target:
    health = _name(one["health"])
    return Target(labels(one["labels"]), health, str(one.get("lastError") or ""), _time(one.get("lastScrape")))


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"no name: {said(value)}")
    return value


def _time(text: Any) -> float:
    """Of something that may not have been yet."""
    return unix(text) if text else NEVER
