"""A running stack beside what the plan was made from: what differs is noted, and what makes pages invisible ends the drill.

Knows both sides, the plan's files and the servers' own words; refuses to change either.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from time import time

import aiohttp

from firedrill.conduct.drill import Drill
from firedrill.core import promql
from firedrill.core.alerting import Alerting, AlertingRule
from firedrill.core.errors import FiredrillError
from firedrill.core.events import Noted
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Door, External
from firedrill.core.units import Duration
from firedrill.spec import told
from firedrill.spec.environment import with_routes
from firedrill.stack import route
from firedrill.stack.addresses import split
from firedrill.stack.external import ExternalStack, Told
from firedrill.watch.pagers import opsgenie_api, pagerduty_api
from firedrill.watch.pagers.polling import TIMEOUT, Pager
from firedrill.watch.server import Unanswered

SKEW = 0.05
"""Seconds by which a server's clock may differ from ours unsaid."""


async def reach(drill: Drill, settings: External) -> ExternalStack:
    """Both servers, once they have answered and a page could be seen; FiredrillError says what is in the way."""
    stack, running, sentence = await seen(drill.order.root, settings)
    notes = [f"Prometheus {stack.told.prometheus or 'of unknown version'} and Alertmanager {stack.told.alertmanager} run already"]
    notes += [f"Alertmanager at {stack.alertmanager} {sentence}"] if sentence else []
    for note in (*notes, *differences(stack.told, running, drill.plan)):
        drill.record(Noted(note), "external")
    return stack


async def seen(root: Path, settings: External) -> tuple[ExternalStack, Alerting, str]:
    """The stack, what it runs, and what is not as it should be with its drill route; FiredrillError when no page could be seen."""
    stack = await ExternalStack.reach(root, settings)
    running = with_routes(told.rules(stack.told.groups), told.routes(stack.told.routes, f"alertmanager.yml of {stack.alertmanager}"))
    sentence, unseen = route.trouble(running) if settings.pages.sink is not None else ("", False)
    if unseen:
        raise FiredrillError(f"Alertmanager at {stack.alertmanager} {sentence}")
    return stack, running, sentence


def differences(told: Told, running: Alerting, plan: Plan) -> Iterator[str]:
    """Where the running stack is not what the plan was made from, a sentence each."""
    yield from _clock(told)
    yield from _intervals(told, plan)
    yield from _rules(running, plan)
    yield from _routes(running, plan)


def door(door: Door) -> tuple[tuple[str, int], str | None]:
    """Where the sink listens, and the token that it wants."""
    if door.token is not None and door.token not in os.environ:
        raise FiredrillError(f"the sink wants the token that the environment variable {door.token} holds, and it is not set")
    return split(door.listen), None if door.token is None else os.environ[door.token]


def pager_token(settings: External | None) -> str | None:
    """What a pager that tells the sink by itself brings; None where none does."""
    door = None if settings is None else settings.pages.sink
    if door is None or door.pager is None:
        return None
    if door.pager not in os.environ:
        raise FiredrillError(f"your pager brings the token that the environment variable {door.pager} holds, and it is not set")
    return os.environ[door.pager]


def pager(settings: External) -> Pager | None:
    """The pager to be asked, when pages are seen at its own API; its session is to be closed."""
    if settings.pages.pager is None:
        return None
    name, api = settings.pages.pager
    if api.token not in os.environ:
        raise FiredrillError(f"{name} is asked with what the environment variable {api.token} holds, and it is not set")
    protocol = pagerduty_api if name == "pagerduty" else opsgenie_api
    session = aiohttp.ClientSession(headers=protocol.headers(os.environ[api.token]))
    return Pager(name, (api.url or protocol.URL).rstrip("/"), protocol.threads, protocol.log, session)


async def answers(pager: Pager) -> None:
    """FiredrillError when the pager does not let itself be asked."""
    try:
        await pager.threads(pager.session, pager.url, time(), TIMEOUT)
    except Unanswered as error:
        raise FiredrillError(f"{pager.name} at {pager.url} cannot be asked: {error}") from None


def _clock(told: Told) -> Iterator[str]:
    if abs(told.ahead) > SKEW:
        way = "ahead of" if told.ahead > 0 else "behind"
        yield f"Prometheus' clock is {abs(told.ahead):.3f} s {way} ours: its stamps are off by as much"


def _intervals(told: Told, plan: Plan) -> Iterator[str]:
    if told.scrapes and plan.scrape_interval not in told.scrapes:
        running = " and ".join(str(Duration(one)) for one in sorted(told.scrapes))
        yield f"Prometheus scrapes every {running}, and firedrill.yaml says scrape-interval: {Duration(plan.scrape_interval)}"
    if told.evaluation is not None and told.evaluation != plan.evaluation_interval:
        said = f"firedrill.yaml says evaluation-interval: {Duration(plan.evaluation_interval)}"
        yield f"Prometheus evaluates rules every {Duration(told.evaluation)}, and {said}"


def _rules(running: Alerting, plan: Plan) -> Iterator[str]:
    """Rules of the files that the server does not have, or has otherwise."""
    for rule in plan.alerting.alerts:
        named = [each for each in running.alerts if each.alert == rule.alert]
        if not any(_alike(rule, each) for each in named):
            what = "otherwise than the rule file has it" if named else "not at all"
            yield f"{rule.alert} ({rule.place.file}:{rule.place.line}) runs {what}"


def _alike(one: AlertingRule, other: AlertingRule) -> bool:
    return one.for_ == other.for_ and one.labels == other.labels and _text(one.expr) == _text(other.expr)


def _text(expr: str) -> str:
    """An expression without what its author's spelling adds."""
    try:
        return promql.text(promql.parse(expr))
    except ValueError:
        return expr


def _routes(running: Alerting, plan: Plan) -> Iterator[str]:
    mine, theirs = route.plain(plan.alerting).route, route.plain(running).route
    if mine is not None and theirs is not None and not route.same(mine, theirs):
        yield f"the routes that run are not those of {Path(mine.place.file).as_posix()}"
