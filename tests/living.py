"""A drill that a test leads by hand, entry by entry, and people who act on it and watch it over HTTP."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from firedrill.conduct.drill import Drill
from firedrill.core import events as ev
from firedrill.core.model.oncall import Level, OnCall, Person, Policy
from firedrill.core.model.plan import Plan, PlannedBlind, PlannedExpectation, PlannedFault
from firedrill.core.model.response import Runbook, Step
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.verdicts import Finding
from firedrill.judge.drill import Facts
from firedrill.live.server import LiveServer

TOKEN = "a-token-of-these-tests"
ALERT = "OffersAreSlow"


class Quiet:
    """A view that shows nothing."""

    def began(self, drill: str, plan: Plan) -> None: ...

    def saw(self, entry: ev.Entry, facts: Facts) -> None: ...

    def waiting(self, what: str, until: float | None, facts: Facts, findings: Sequence[Finding]) -> None: ...


def make_plan(blind: bool = False) -> Plan:
    fault = PlannedFault(name="latency-bureau", kind="latency", target="bureau", at=0, lasts=5, settings={}, wire={})
    page = {"page": ALERT, "within": "5s"}
    steps = (Step(step="Ask who is slow", command="true"), Step(step="Answer from cached scores", command="true"))
    return Plan(
        experiment="slow-bureau", file="experiments/slow-bureau.yaml", title="The credit bureau answers late", environment="local",
        steady=2, description="A dependency is slow.", faults=(fault,), tags=("dependency",),
        slos=(Slo(name="offers", title="Offers in time", objective=0.95, indicator=Indicator(source=Source.PROBE, name="offer")),),
        expectations=(PlannedExpectation(kind="page", declared=page, words=f"page {ALERT} within 5s", place="x:1:1"),),
        oncall=OnCall(
            people={"first-on-call": Person(), "second-on-call": Person()},
            policies={"payments-oncall": Policy(levels=(Level(notify=("first-on-call",)),))},
        ),
        runbooks={"offers": Runbook(name="offers", file="runbooks/offers.md", title="Offers are slow", steps=steps)},
        blind=PlannedBlind(seed=7, among=3, window=60, moment=20) if blind else None,
    )  # fmt: skip


def open_page(drill: Drill, page: str = "p1") -> None:
    """Page somebody, as the sink would."""
    told = {
        "labels": {"alertname": ALERT},
        "annotations": {"summary": "Offers are slow", "runbook_url": "https://runbooks.example.org/offers.md"},
    }
    seq = drill.record(ev.NotificationReceived("payments-oncall", "firing", f"key {page}", {}, [told])).seq
    drill.record(ev.PageOpened(page, "payments-oncall", [ALERT], seq))


async def eventually(is_so: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until it is so; TimeoutError when it does not become so."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - what is waited for happens in other tasks, on real sockets
            await asyncio.sleep(0.005)


@dataclass
class Watched:
    """A drill with its page."""

    drill: Drill
    server: LiveServer
    session: aiohttp.ClientSession
    entries: list[ev.Entry] = field(default_factory=list)

    async def act(self, act: str, said: Any = None, **headers: str) -> int:
        """Post it as the page does; the answer's status. A header that is empty is left out."""
        usual = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        sent = {name: value for name, value in usual.items() if value}
        body = said if isinstance(said, bytes) else json.dumps(said if said is not None else {"by": "first-on-call"}).encode()
        async with self.session.post(
            f"{self.server.address}acts/{act}", data=body, headers=sent, skip_auto_headers=["Content-Type"]
        ) as answer:
            return answer.status

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Ask for it with the token, unless `Authorization` says otherwise; status and text."""
        usual = {"Authorization": f"Bearer {TOKEN}"} | headers
        async with self.session.get(f"{self.server.address}{path}", headers={k: v for k, v in usual.items() if v}) as answer:
            return answer.status, await answer.text()

    async def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads((await self.get("state"))[1])
        return answer

    def kinds(self) -> list[str]:
        return [entry.event.kind for entry in self.entries]


@dataclass
class Watcher:
    """Reads a feed as the page does, and goes on after an interruption where it was."""

    session: aiohttp.ClientSession
    address: str
    feed: str = ""
    last: int = 0
    heard: list[tuple[int, str, Any]] = field(default_factory=list)

    async def watch(self, most: int | None = None) -> None:
        """Until the feed ends, or so many messages were read: then the connection is dropped as a lost network drops it."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | ({"Last-Event-ID": str(self.last)} if self.feed else {})
        async with self.session.get(f"{self.address}events?feed={self.feed}", headers=headers) as answer:
            assert answer.status == 200
            message: dict[str, str] = {}
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    message[name] = value
                elif "data" in message:
                    self._take(message)
                    message = {}
                    if most is not None and (most := most - 1) <= 0:
                        return

    def _take(self, message: dict[str, str]) -> None:
        self.last = int(message["id"])
        said = json.loads(message["data"])
        self.feed = said.get("feed", self.feed)
        self.heard.append((self.last, message["event"], said))
