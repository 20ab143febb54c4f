"""What a drill starts for itself and stops again, in the order that each needs the other.

Addresses, the sink and the proxies first; then the stack, since Prometheus takes 5 s to find its targets, and meanwhile the
system and who watches; users and probes last.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from firedrill.conduct import external, holders
from firedrill.conduct.drill import Drill, Ended
from firedrill.conduct.holders import OWN_TOKEN, AnyStack
from firedrill.core import temporary
from firedrill.core.errors import FiredrillError
from firedrill.core.events import ClockOffset
from firedrill.core.model.slos import Source
from firedrill.core.model.suite import Environment
from firedrill.faults.holding.link import HolderLink
from firedrill.judge.moments import cleared
from firedrill.judge.sight import hidden_by
from firedrill.measure.load.client import LoadRun
from firedrill.measure.probes.client import Probes
from firedrill.stack.addresses import choose, fill
from firedrill.stack.capture import Sinks
from firedrill.stack.embedded import PORTS, EmbeddedStack
from firedrill.stack.system import System
from firedrill.watch.alerts.alertmanager import AlertmanagerWatch
from firedrill.watch.alerts.back import WayBack
from firedrill.watch.alerts.groups import Groups, Lane
from firedrill.watch.alerts.hindrances import Hindrances
from firedrill.watch.alerts.prometheus import PrometheusWatch
from firedrill.watch.alerts.vanished import Vanished
from firedrill.watch.history import Shortfall, shortfall
from firedrill.watch.indicators import Indicators
from firedrill.watch.links import Links
from firedrill.watch.pagers.polling import PagerWatch
from firedrill.watch.pagers.sink import OPEN, Sink


class Watch(Protocol):
    """What looks at a source until it is stopped, and then once more."""

    async def run(self) -> None: ...

    async def finish(self) -> None: ...


@dataclass(slots=True)
class Gear:
    """Everything that runs beside the engine during a drill."""

    addresses: Mapping[str, str]
    links: Mapping[str, HolderLink]
    """By target."""
    system: System | None
    stack: AnyStack
    prometheus: PrometheusWatch
    probes: Probes | None
    load: LoadRun | None
    token: str
    """Of the drill's own proxy."""
    hidden: Callable[[], bool]
    """Whether a fault keeps Prometheus from being seen now, as it was meant to."""

    def check(self) -> None:
        """End the drill as soon as something that it cannot do without is gone."""
        if died := self.stack.died() or (None if self.hidden() else self.prometheus.lost()):
            raise Ended("stack-lost", died)
        if self.system is not None and (died := self.system.died(self._ended_on_purpose())):
            raise Ended("system-lost", died)
        for link in set(self.links.values()):
            if lost := link.lost():
                raise Ended("system-lost", lost)

    def _ended_on_purpose(self) -> set[int]:
        return {pid for link in self.links.values() for pid in link.ends}

    async def unrecorded(self, drill: Drill) -> Shortfall:
        """What the rules read but Prometheus does not remember for as long as they look back."""
        session, other = self.stack.sessions()
        async with session, other:
            return await shortfall(session, self.stack.prometheus, drill.plan.alerting, time.time(), drill.plan.scrape_interval)

    def for_chaos(self) -> dict[str, str]:
        """The Chaos Toolkit child's environment: where each target's faults are ordered, on whose behalf, and with what token."""
        held = {target: {"api": link.api, "holder": link.holder, "token_env": link.token_env} for target, link in self.links.items()}
        return {"FIREDRILL_PROXIES": json.dumps(held), OWN_TOKEN: self.token}


async def prepare(drill: Drill, closing: AsyncExitStack) -> Gear:
    """Bring everything up; whatever came up is brought down again by `closing`, last one first."""
    environment = drill.order.environment
    sink = await _sink(drill, closing)
    named = _of_stack(environment) | {"probes": "127.0.0.1:0", **environment.system.addresses}
    addresses = choose(named) | ({"sink": sink.address + sink.doors.hooks} if sink else {})
    addresses |= holders.authorities(drill, closing)
    token = secrets.token_urlsafe(24)
    links = await holders.proxies(drill, closing, addresses, token)
    stack = await _stack(drill, closing, addresses, sink)
    links |= await holders.receivers(drill, closing, sink, token)
    links |= await holders.host(drill, closing, addresses, token, stack)
    system = await _system(drill, closing, addresses)
    prometheus = await _watchers(drill, closing, stack, sink)
    probes = await _probes(drill, closing, addresses)
    load = await _load(drill, closing, addresses)
    return Gear(addresses, links, system, stack, prometheus, probes, load, token, lambda: _hidden(drill))


def _hidden(drill: Drill) -> bool:
    now = drill.clock.now()
    return hidden_by(drill.facts, "prometheus", now, now) is not None


def _of_stack(environment: Environment) -> dict[str, str]:
    """The embedded stack's addresses, where something names one; else it chooses them itself, and again if somebody takes one.

    Names that the system has for its own addresses are its own.
    """
    texts, own = environment.model_dump_json(), environment.system.addresses
    named = environment.stack.embedded is not None and any(f"<{name}>" in texts and name not in own for name in PORTS)
    return dict(PORTS) if named and not PORTS.keys() & own.keys() else {}


async def _sink(drill: Drill, closing: AsyncExitStack) -> Sink | None:
    """None where pages are seen at the pager instead."""
    settings = drill.order.environment.stack.external
    if settings is not None and settings.pages.sink is None:
        return None
    listen, token = (("127.0.0.1", 0), None) if settings is None or settings.pages.sink is None else external.door(settings.pages.sink)
    embedded = drill.order.environment.stack.embedded
    ailments, watchdog = (embedded.receivers, embedded.watchdog) if embedded is not None else ({}, None)
    policies = drill.plan.oncall.policies if drill.plan.oncall is not None else {}
    reopens = {receiver: float(policy.reopens_within) for receiver, policy in policies.items()}
    theirs = external.pager_token(settings)
    doors = drill.doors if embedded is not None else OPEN
    sink = await Sink.start(
        drill.clock, drill.record, listen, token, ailments, watchdog, drill.plan.hooks, reopens, theirs, drill.tasks, doors
    )  # fmt: skip
    drill.observe("the page threads", sink.threads.observe)
    closing.push_async_callback(sink.stop)
    return sink


async def _system(drill: Drill, closing: AsyncExitStack, addresses: Mapping[str, str]) -> System | None:
    settings = drill.order.environment.system
    if not settings.start and settings.ready is None:
        return None
    system = await System.start(drill.order.root, settings, addresses, drill.folder.logs, drill.tokens)
    closing.push_async_callback(system.stop)
    return system


async def _stack(drill: Drill, closing: AsyncExitStack, addresses: Mapping[str, str], sink: Sink | None) -> AnyStack:
    settings = drill.order.environment.stack
    if settings.external is not None:
        return await external.reach(drill, settings.external)
    assert settings.embedded is not None, "a stack without either is refused when the file is read"
    assert sink is not None, "an embedded stack has its receivers pointed at the sink"
    sinks = Sinks(sink.address, sink.mail, sink.doors.receivers)
    directory = drill.ledger.uses(closing.enter_context(temporary.folder()))
    stack = await EmbeddedStack.start(
        drill.order.root, settings.embedded, addresses, sinks, directory, drill.folder.path, drill.folder.logs,
        {name: addresses[name] for name in _of_stack(drill.order.environment)}, drill.plan.mark,
    )  # fmt: skip
    closing.push_async_callback(stack.stop)
    return stack


async def _watchers(drill: Drill, closing: AsyncExitStack, stack: AnyStack, sink: Sink | None) -> PrometheusWatch:
    plan, clock, record = drill.plan, drill.clock, drill.record
    session, other = [await closing.enter_async_context(one) for one in stack.sessions()]
    prometheus = PrometheusWatch(
        stack.prometheus, plan.alerting, plan.evaluation_interval, plan.scrape_interval, clock, record,
        session=session, fault_active=lambda: _first_active(drill), fault_cleared=lambda: _last_cleared(drill),
        rules_url=stack.rules_url, samples_within=stack.samples_within, tasks=drill.tasks,
    )  # fmt: skip
    alertmanager = AlertmanagerWatch(
        stack.alertmanager, stack.alertmanager_log, clock, record, session=other, resend=stack.resend, alerting=plan.alerting
    )
    hindrances = Hindrances(stack.prometheus, stack.prometheus_log, plan.alerting, clock, record, session=session)
    expected = [one.declared.get(one.kind) for one in plan.expectations]
    read = [rule for rule in plan.alerting.alerts if rule.alert in expected]
    vanished = Vanished(stack.prometheus, read, plan.alerting.records, clock, record, session=session)
    if sink is not None and isinstance(stack, EmbeddedStack):
        sink.groups = Groups(stack.alertmanager, stack.alertmanager_log, plan.alerting.route, other, {Lane(*each) for each in stack.silent})
    indicators = Indicators(
        stack.prometheus, plan.slos, clock, record, session=session, records=plan.alerting.records, scrape=plan.scrape_interval,
        samples_within=stack.samples_within, stale_markers=bool(stack.rules_url),
    )  # fmt: skip
    back = WayBack(stack.alertmanager_log, clock, record)
    drill.observe("the Alertmanager watcher", alertmanager.observe)
    drill.observe("the watcher of resolutions", back.observe)
    await _links(drill, closing)
    _alongside(drill, closing, "the clock's watcher", _offsets(drill))
    watchers: Mapping[str, Watch] = {
        "the Alertmanager watcher": alertmanager,
        "the watcher of resolutions": back,
        "the Prometheus watcher": prometheus,
        "the watcher of targets and records": hindrances,
        "the watcher of series": vanished,
        "the watcher of indicators": indicators,
    }
    for name, watch in watchers.items():
        _alongside(drill, closing, name, watch.run(), watch.finish)
    if sink is not None:
        closing.callback(sink.rest)
    await _pager(drill, closing, stack, other)
    return prometheus


async def _links(drill: Drill, closing: AsyncExitStack) -> None:
    """Follow the links of messages, with nothing of ours in the requests: no cookie and no credential."""
    if not drill.plan.links:
        return
    session = await closing.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
    links = Links(drill.plan.links, drill.clock, drill.record, session, drill.tasks)
    drill.observe("the watcher of links", links.observe)
    closing.push_async_callback(links.finish)


async def _pager(drill: Drill, closing: AsyncExitStack, stack: AnyStack, session: aiohttp.ClientSession) -> None:
    """Poll the pager where pages are seen there."""
    settings = drill.order.environment.stack.external
    pager = None if settings is None else external.pager(settings)
    if pager is not None:
        await closing.enter_async_context(pager.session)
        await external.answers(pager)
        watch = PagerWatch(pager, stack.alertmanager, drill.plan.alerting.route, drill.clock, drill.record, session)
        _alongside(drill, closing, f"the polling of {pager.name}", watch.run(), watch.finish)


def _first_active(drill: Drill) -> float | None:
    return min((fault.injected for fault in drill.facts.faults.values() if fault.injected is not None), default=None)


def _last_cleared(drill: Drill) -> float | None:
    moment = cleared(drill.facts)
    return None if moment is None else moment.at


def _alongside(
    drill: Drill, closing: AsyncExitStack, name: str, job: Coroutine[Any, Any, None], finish: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Run `job` until the drill closes, then `finish`; whatever breaks in either ends the drill by that name."""
    task = drill.tasks.start(name, job)

    async def close() -> None:
        await drill.tasks.stop(task)
        try:
            if finish is not None:
                await finish()
        except Exception as error:
            drill.tasks.died(name, error)

    closing.push_async_callback(close)


async def _offsets(drill: Drill) -> None:
    last = drill.clock.offset()
    while True:
        offset = drill.clock.offset()
        drill.record(ClockOffset(round(offset, 6), round(offset - last, 6)))
        last = offset
        await asyncio.sleep(1)


async def _probes(drill: Drill, closing: AsyncExitStack, addresses: Mapping[str, str]) -> Probes | None:
    if not drill.plan.probes:
        return None
    probes = await Probes.start(
        drill.plan.probes, drill.order.root, addresses, _thresholds(drill, Source.PROBE), drill.clock, drill.record,
        drill.folder.logs, addresses["probes"], tasks=drill.tasks,
    )  # fmt: skip
    closing.push_async_callback(probes.stop)
    return probes


async def _load(drill: Drill, closing: AsyncExitStack, addresses: Mapping[str, str]) -> LoadRun | None:
    plan = drill.plan.load
    if plan is None:
        return None
    under = _thresholds(drill, Source.LOAD).get(plan.name, ())
    host = fill(plan.host, addresses) if plan.host else _visited(drill, addresses)
    load = await LoadRun.start(plan, drill.order.root, host, under, drill.clock, drill.record, drill.folder.logs, drill.tasks)
    closing.push_async_callback(load.stop)
    return load


def _visited(drill: Drill, addresses: Mapping[str, str]) -> str:
    ready = drill.order.environment.system.ready
    if ready is None:
        raise FiredrillError("load has nowhere to go: give system.ready, whose host the users visit")
    parts = urlsplit(fill(ready, addresses))
    return f"{parts.scheme}://{parts.netloc}"


def _thresholds(drill: Drill, source: Source) -> dict[str, tuple[float, ...]]:
    wanted: dict[str, set[float]] = {}
    for slo in drill.plan.slos:
        if slo.indicator.source is source and slo.indicator.under is not None:
            wanted.setdefault(slo.indicator.name, set()).add(slo.indicator.under)
    return {name: tuple(sorted(values)) for name, values in wanted.items()}
