"""Prometheus' HTTP API as watching uses it: a few questions, one way to fail.

Knows the answers' shapes (prometheus.io/docs/prometheus/latest/querying/api); refuses to know what they mean for a drill.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

_FRESH = {"nocache": "1"}
"""Without it VictoriaMetrics answers as of half a minute ago (docs.victoriametrics.com, -search.latencyOffset); Prometheus knows it not."""


class Unanswered(Exception):
    """No answer, or not the one asked for; says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and its samples in order as (Unix seconds, value)."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


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
        return _series(await self._ask(self.url, "query", {"query": query} | at | _FRESH))

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """The series of `query` at every `step` from `start` to `end`."""
        asked = {"query": query, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return _series(await self._ask(self.url, "query_range", asked | _FRESH))

    async def rules(self) -> list[Mapping[str, Any]]:
        """The rule groups with their rules' health, last evaluation and active alerts."""
        groups: list[Mapping[str, Any]] = (await self._ask(self.rules_url or self.url, "rules", {}))["groups"]
        return groups

    async def targets(self) -> list[Mapping[str, Any]]:
        """The targets that are scraped, with each one's health, last scrape and last error."""
        targets: list[Mapping[str, Any]] = (await self._ask(self.url, "targets", {"state": "active"}))["activeTargets"]
        return targets

    async def names(self, start: float, end: float) -> list[str]:
        """The names of all metrics that it has samples of."""
        names: list[str] = await self._ask(self.url, "label/__name__/values", _span(start, end))
        return names

    async def labels(self, metric: str, start: float, end: float) -> list[str]:
        """The names of all labels that a metric's series have."""
        labels: list[str] = await self._ask(self.url, "labels", _of(metric) | _span(start, end))
        return labels

    async def values(self, label: str, metric: str, start: float, end: float) -> list[str]:
        """The values that a label of a metric's series has."""
        values: list[str] = await self._ask(self.url, f"label/{label}/values", _of(metric) | _span(start, end))
        return values

    async def _ask(self, url: str, path: str, parameters: Mapping[str, str]) -> Any:
        answer = await ask(self.session, f"{url}/api/v1/{path}", self.timeout, parameters)
        if not isinstance(answer, dict) or "data" not in answer:
            raise Unanswered(f"Prometheus: {answer['error'] if isinstance(answer, dict) and 'error' in answer else 'no answer of its own'}")
        return answer["data"]


async def ask(session: aiohttp.ClientSession, url: str, timeout: float, parameters: Mapping[str, str] | None = None) -> Any:
    """The JSON at `url`, whatever its status; Unanswered when there is none."""
    try:
        async with session.get(url, params=parameters or {}, timeout=aiohttp.ClientTimeout(total=timeout)) as response:
            return await response.json(content_type=None)
    except TimeoutError:
        raise Unanswered(f"no answer within {timeout:g} s") from None
    except aiohttp.ClientConnectorError as error:
        raise Unanswered(os.strerror(error.os_error.errno) if error.os_error.errno else str(error)) from error
    except (aiohttp.ClientError, ValueError, asyncio.IncompleteReadError) as error:
        raise Unanswered(str(error) or type(error).__name__) from error


def _of(metric: str) -> dict[str, str]:
    return {"match[]": f'{{__name__="{metric}"}}'}


def _span(start: float, end: float) -> dict[str, str]:
    return {"start": f"{start:.3f}", "end": f"{end:.3f}"}


def _series(data: Mapping[str, Any]) -> list[Series]:
    if data["resultType"] in {"scalar", "string"}:
        return [Series({}, [_point(data["result"])])]
    return [Series(one["metric"], [_point(each) for each in one.get("values") or [one["value"]]]) for one in data["result"]]


def _point(pair: Sequence[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])


def unix(text: str) -> float:
    """Unix seconds of an RFC 3339 time, nanoseconds and all."""
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    whole = datetime.fromisoformat(head + rest[digits:] if dot else text)
    return whole.timestamp() + (float(f"0.{rest[:digits]}") if digits else 0.0)
