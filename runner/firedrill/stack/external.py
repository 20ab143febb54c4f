"""A Prometheus and an Alertmanager that run already: whether both answer, and what they say of themselves.

Asks, and changes nothing; refuses to know what the rules and routes that it is told mean. A server that speaks Prometheus' API
without its status pages, such as VictoriaMetrics, says less, and what it does not say is left open.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any, Self

import aiohttp
import yaml

from firedrill.core.errors import FiredrillError
from firedrill.core.model.suite import External
from firedrill.core.units import Duration
from firedrill.stack.access import Access

CONNECTED_WITHIN = 20.0
PAUSE = 0.2
_DEFAULT = "1m"
"""Prometheus' own default of both intervals and of the resend delay."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the two servers say; None or nothing for what one of them does not tell."""

    prometheus: str
    """Its version."""
    alertmanager: str
    groups: Sequence[Mapping[str, Any]]
    """The rule groups, as `/api/v1/rules` has them."""
    routes: str
    """The running alertmanager.yml, its secrets blotted out."""
    scrapes: frozenset[float] = frozenset()
    """The scrape intervals in use, in seconds."""
    evaluation: float | None = None
    """The evaluation interval of groups that have none of their own."""
    resend: float = 0.0
    """Seconds for which a firing alert is not sent again."""
    ahead: float = 0.0
    """Seconds by which Prometheus' clock is ahead of ours, as far as the time of an answer does not explain it."""


class ExternalStack:
    """The pair as a drill uses it: URLs without a slash at the end; `rules_url` is empty where Prometheus evaluates the rules itself."""

    alertmanager_log = prometheus_log = None
    """Its log, the only place that tells when a group was sent off, is not ours to read."""

    def __init__(self, root: Path, settings: External) -> None:
        self.prometheus, self.alertmanager = settings.prometheus.url.rstrip("/"), settings.alertmanager.url.rstrip("/")
        self.rules_url = (settings.rules_url or "").rstrip("/")
        self.samples_within = float(settings.samples_within)
        self.told = Told("", "", (), "")
        self._prometheus = Access("Prometheus", self.prometheus, settings.prometheus, root)
        self._rules = Access("What evaluates rules", self.rules_url or self.prometheus, settings.prometheus, root)
        self._alertmanager = Access("Alertmanager", self.alertmanager, settings.alertmanager, root)

    @classmethod
    async def reach(cls, root: Path, settings: External) -> Self:
        """Both, once they have answered; FiredrillError says which one did not, and why."""
        stack = cls(root, settings)
        prometheus, alertmanager = stack.sessions()
        async with prometheus, alertmanager:
            stack.told = await stack._asked(prometheus, alertmanager)
        return stack

    def sessions(self) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        """One to ask Prometheus, one to ask Alertmanager, each with its credentials."""
        return self._prometheus.session(), self._alertmanager.session()

    @property
    def resend(self) -> float | None:
        """Seconds that lie between two sendings of one alert at least."""
        return self.told.resend

    async def connected(self, within: float = CONNECTED_WITHIN) -> None:
        """Wait until Prometheus knows an Alertmanager, which it does from 5 s after it started; else nothing could page."""
        session, other = self.sessions()
        async with session, other:
            deadline = asyncio.get_running_loop().time() + within
            while not await self._sends_somewhere(session):
                if asyncio.get_running_loop().time() > deadline:
                    raise FiredrillError(f"Prometheus at {self.prometheus} sends its alerts to no Alertmanager, so nothing could page")
                await asyncio.sleep(PAUSE)

    def died(self) -> str | None:
        """Never known from outside: who watches it says that it cannot be seen."""
        return None

    async def stop(self) -> None:
        """Nothing was started."""

    async def _asked(self, prometheus: aiohttp.ClientSession, alertmanager: aiohttp.ClientSession) -> Told:
        ahead = await self._is_a_prometheus(prometheus)
        routes, version = await self._is_an_alertmanager(alertmanager)
        groups = await self._groups(prometheus)
        build, config, flags = await asyncio.gather(*(self._status(prometheus, name) for name in ("buildinfo", "config", "flags")))
        scrapes, evaluation = _intervals(config)
        # What only scrapes says nothing true of how often rules are evaluated elsewhere.
        evaluation = None if self.rules_url else evaluation
        return Told(str(build.get("version", "")), version, groups, routes, scrapes, evaluation, _resend(flags, groups), ahead)

    async def _is_a_prometheus(self, session: aiohttp.ClientSession) -> float:
        """By how much its clock is ahead."""
        asked = time()
        answer = await self._prometheus.get(session, "/api/v1/query?query=time()&nocache=1")
        answered = time()
        try:
            result = answer["data"]["result"]
            now = float(result[1] if answer["data"]["resultType"] == "scalar" else result[0]["value"][1])
        except (KeyError, TypeError, IndexError, ValueError):
            raise FiredrillError(f"{self.prometheus} answers, but not as a Prometheus does: is the path before /api right?") from None
        # VictoriaMetrics answers in whole seconds.
        return now - min(max(now, asked - (1.0 if now.is_integer() else 0.0)), answered)

    async def _is_an_alertmanager(self, session: aiohttp.ClientSession) -> tuple[str, str]:
        answer = await self._alertmanager.get(session, "/api/v2/status")
        try:
            return answer["config"]["original"], answer["versionInfo"]["version"]
        except (KeyError, TypeError):
            raise FiredrillError(f"{self.alertmanager} answers, but not as an Alertmanager does: is the path before /api right?") from None

    async def _groups(self, session: aiohttp.ClientSession) -> Sequence[Mapping[str, Any]]:
        answer = await self._rules.get(session, "/api/v1/rules")
        try:
            groups: Sequence[Mapping[str, Any]] = answer["data"]["groups"]
        except (KeyError, TypeError):
            groups = ()
        if not groups:
            raise FiredrillError(
                f"{self._rules.url} tells no rules at /api/v1/rules: give 'rules-url', the URL of what evaluates them, such as vmalert's"
            )
        return groups

    async def _status(self, session: aiohttp.ClientSession, name: str) -> Mapping[str, Any]:
        answer = await self._prometheus.get(session, f"/api/v1/status/{name}", absent={})
        data = answer.get("data") if isinstance(answer, dict) else None
        return data if isinstance(data, dict) else {}

    async def _sends_somewhere(self, session: aiohttp.ClientSession) -> bool:
        """What evaluates rules elsewhere, or does not say whom it sends to, is believed until an alert does not arrive."""
        answer = await self._prometheus.get(session, "/api/v1/alertmanagers", absent={})
        data = answer.get("data") if isinstance(answer, dict) else None
        return bool(self.rules_url) or not isinstance(data, dict) or bool(data.get("activeAlertmanagers", True))


def _intervals(config: Mapping[str, Any]) -> tuple[frozenset[float], float | None]:
    """What `/api/v1/status/config` says of scraping and evaluation."""
    try:
        document = yaml.safe_load(config["yaml"]) or {}
        general = document.get("global") or {}
        usual = general.get("scrape_interval", _DEFAULT)
        jobs = [_seconds(job.get("scrape_interval", usual)) for job in document.get("scrape_configs") or ()]
        return frozenset(filter(None, jobs)), _seconds(general.get("evaluation_interval", _DEFAULT))
    except (KeyError, AttributeError, TypeError, yaml.YAMLError):
        return frozenset(), None


def _resend(flags: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> float:
    """Prometheus sends an alert again after a delay that a flag sets; vmalert may do so with each evaluation."""
    evaluations = min(_each_interval(groups), default=0.0)
    return max(evaluations, _seconds(flags.get("rules.alert.resend-delay", "")) or 0.0)


def _each_interval(groups: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    return (float(group["interval"]) for group in groups if group.get("interval"))


def _seconds(text: object) -> float | None:
    try:
        return float(Duration.parse(str(text)))
    except ValueError:
        return None
