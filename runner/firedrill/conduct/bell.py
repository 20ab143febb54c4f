"""The fire bell rung: alerts sent to an Alertmanager, who was told of each, what they read, and nothing left ringing.

Its inputs are the base URL of an Alertmanager, what a sink heard, and what the log says if it can be read; so it does not matter whose they
are. Knows how to tell a broken way from a whole one; refuses to know how alerts are chosen.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from firedrill.conduct import external
from firedrill.core import temporary
from firedrill.core.alerting import Alerting, Receiver
from firedrill.core.clock import DrillClock
from firedrill.core.errors import FiredrillError, LeftOver
from firedrill.core.events import Entry, Event, NotificationReceived
from firedrill.core.model.suite import Embedded, External
from firedrill.core.redaction import Redaction
from firedrill.core.units import Duration
from firedrill.core.verdicts import Exit
from firedrill.plan.bell import LABEL, MARK, Bell, Ring, held, tells_nobody
from firedrill.stack.capture import Sinks
from firedrill.stack.solo import Solo
from firedrill.watch.alerts import posting
from firedrill.watch.alerts.complaints import Complaint, complaints, held_by_time
from firedrill.watch.alerts.groups import Groups, Lane
from firedrill.watch.alerts.posting import Held, Posted
from firedrill.watch.pagers.sink import Doors, Sink
from firedrill.watch.server import Unanswered

LOOK = 0.02
SETTLE = 0.1
"""Seconds after the last message in which another integration of a receiver may still fail."""
LEASE = 60.0
"""Seconds past the last look after which an alert of ours ends by itself, should nobody be left to resolve it."""
GONE_WITHIN = 5.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Heard:
    """A journal in memory: what the sink writes."""

    clock: DrillClock
    entries: list[Entry] = field(default_factory=list)

    def __call__(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        self.entries.append(Entry(len(self.entries) + 1, round(self.clock.now(), 6), source, source_at, event))
        return self.entries[-1]

    def of(self, receiver: str, ids: set[str]) -> list[tuple[float, NotificationReceived]]:
        """The messages that told a receiver that one of these alerts fires, and when."""
        told = ((entry.at, entry.event) for entry in self.entries if isinstance(entry.event, NotificationReceived))
        return [(at, event) for at, event in told if event.receiver == receiver and event.status == "firing" and _about(event, ids)]


def _about(event: NotificationReceived, ids: set[str]) -> bool:
    named = {str(alert["labels"].get(LABEL, "")) for alert in event.alerts}
    return bool(named & ids) or any(one in event.text or one in event.title for one in ids)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a bell is rung with.

    `said` gives Alertmanager's log so far, nothing where none can be read; `outlives` when Alertmanager goes on afterwards.
    """

    url: str
    session: aiohttp.ClientSession
    heard: Heard
    said: Callable[[], str]
    receivers: Mapping[str, Receiver]
    outlives: bool = True

    def tells(self, receiver: str) -> bool:
        """Whether the receiver has an integration, so that something can come."""
        return receiver not in self.receivers or not tells_nobody(self.receivers[receiver])


@dataclass(frozen=True, slots=True)
class Told:
    """One receiver: `message` is what its reader sees, or why nothing came; `certain` when that is its own fault."""

    name: str
    delivered: bool
    seconds: float | None
    message: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Rung:
    """What became of a bell, receivers in the file's order."""

    receivers: tuple[Told, ...]
    seconds: float

    @property
    def exit_code(self) -> Exit:
        missed = [told for told in self.receivers if not told.delivered]
        if any(told.certain for told in missed):
            return Exit.FAIL
        return Exit.INCONCLUSIVE if missed or not self.receivers else Exit.PASS

    def as_json(self) -> dict[str, object]:
        keys = ("name", "delivered", "seconds", "message")
        return {"receivers": [{key: getattr(told, key) for key in keys} for told in self.receivers], "seconds": self.seconds}


@asynccontextmanager
async def embedded(root: Path, settings: Embedded, alerting: Alerting) -> AsyncIterator[Bench]:
    """A bench of our own: the sink, and an Alertmanager with the suite's routes; both are gone at the end."""
    clock = DrillClock()
    heard = Heard(clock)
    doors = Doors.drawn()
    sink = await Sink.start(clock, heard, doors=doors)
    hide = Redaction(doors.tokens)
    try:
        with temporary.folder("firedrill-bell-") as folder:
            solo = await Solo.start(root, settings, Sinks(sink.address, sink.mail, doors.receivers), folder)
            try:
                async with aiohttp.ClientSession() as session:
                    sink.groups = Groups(solo.url, solo.log, alerting.route, session, {Lane(*each) for each in solo.silent})
                    known = {receiver.name: receiver for receiver in alerting.receivers}
                    yield Bench(solo.url, session, heard, lambda: hide.text(solo.said()), known, outlives=False)
            finally:
                await solo.stop()
    finally:
        await sink.stop()


@asynccontextmanager
async def running(root: Path, settings: External, alerting: Alerting) -> AsyncIterator[Bench]:
    """A bench of an Alertmanager that runs already: people are told as ever, and its drill route tells our sink what each of them is."""
    if settings.pages.sink is None:
        raise FiredrillError("the bell is heard at firedrill's sink, and this environment sees pages elsewhere: give it `pages.sink`")
    clock = DrillClock()
    heard = Heard(clock)
    sink = await Sink.start(clock, heard, *external.door(settings.pages.sink))
    try:
        stack, _, _ = await external.seen(root, settings)
        prometheus, session = stack.sessions()
        async with prometheus, session:
            # Each receiver's twin in the drill route tells the sink once, whatever the receiver's own integrations are.
            twins = {one.name: one.model_copy(update={"integrations": ("webhook",)}) for one in alerting.receivers}
            yield Bench(stack.alertmanager, session, heard, str, twins)
    finally:
        await sink.stop()


async def ring(bell: Bell, bench: Bench, within: float, say: Say = lambda _: None) -> Rung:
    """Send every round and wait until each of its receivers is told, `within` seconds at most and what Alertmanager makes it wait.

    FiredrillError when Alertmanager cannot be asked; LeftOver when what was sent cannot be resolved there.
    """
    clock = bench.heard.clock
    began = clock.now()
    told: dict[str, Told] = {}
    for rings in bell.rounds:
        try:
            told |= await _round(rings, set(told), bench, within, say)
        except Unanswered as error:
            raise FiredrillError(f"Alertmanager at {bench.url} could not be rung: {error}") from error
    for missing in bell.unrung:
        told[missing.receiver] = Told(missing.receiver, False, None, missing.why, missing.certain)
    order = {name: number for number, name in enumerate(bench.receivers)}
    return Rung(tuple(sorted(told.values(), key=lambda one: order.get(one.name, len(order)))), round(clock.now() - began, 3))


async def _round(rings: Sequence[Ring], before: set[str], bench: Bench, within: float, say: Say) -> dict[str, Told]:
    """One round, resolved at its end whatever happens. Receivers told in an earlier round need not be told again."""
    wanted = list(dict.fromkeys(name for ring in rings for name in ring.receivers if name not in before and bench.tells(name)))
    patience = within + await _waits(rings, bench, say)
    clock = bench.heard.clock
    posted, now = clock.now(), time.time()
    lease = now + patience + LEASE
    firing = [Posted(ring.labels, ring.annotations, now - ring.age, lease) for ring in rings]
    try:
        await posting.post(bench.session, bench.url, firing)
        missing = await _all_told(wanted, rings, bench, posted + patience)
        seen = await _seen(rings, bench)
        found = {name: _told(name, rings, seen, bench, posted, patience, name in missing) for name in wanted}
        return found | dict(_astray(rings, seen, bench))
    finally:
        await _resolve(rings, bench, lease)


async def _waits(rings: Sequence[Ring], bench: Bench, say: Say) -> float:
    groups = await posting.groups(bench.session, bench.url)
    waits = [held(ring, groups) for ring in rings]
    for ring, wait in zip(rings, waits, strict=True):
        if wait:
            say(f"{ring.alert} joins a group that Alertmanager has told of before: it may wait for group_interval, {Duration(wait)}")
    return max(waits, default=0.0)


async def _all_told(wanted: Sequence[str], rings: Sequence[Ring], bench: Bench, until: float) -> set[str]:
    """The receivers that were not told in time."""
    clock = bench.heard.clock
    while missing := {name for name in wanted if not _whole(name, rings, bench)}:
        if clock.now() >= until:
            return missing
        await asyncio.sleep(LOOK)
    if bench.said():
        await asyncio.sleep(SETTLE)
    return {name for name in wanted if _complaints(name, bench)}


def _whole(name: str, rings: Sequence[Ring], bench: Bench) -> bool:
    """Whether each integration of a receiver has told of one of its alerts."""
    kinds = len(bench.receivers[name].integrations) if name in bench.receivers else 1
    messages = bench.heard.of(name, _ids(name, rings))
    return len(messages) >= max(1, kinds) and not _complaints(name, bench)


def _ids(name: str, rings: Sequence[Ring]) -> set[str]:
    return {ring.id for ring in rings if name in ring.receivers}


def _complaints(name: str, bench: Bench) -> list[Complaint]:
    return [each for each in complaints(bench.said()) if each.receiver == name]


async def _seen(rings: Sequence[Ring], bench: Bench) -> dict[str, Held]:
    """What Alertmanager itself says of our alerts, by id."""
    ours = {ring.id for ring in rings}
    found = await posting.held(bench.session, bench.url, f'{LABEL}=~"{"|".join(sorted(ours))}"')
    return {alert.labels[LABEL]: alert for alert in found if alert.labels.get(LABEL) in ours}


def _told(name: str, rings: Sequence[Ring], seen: Mapping[str, Held], bench: Bench, posted: float, patience: float, missing: bool) -> Told:
    messages = bench.heard.of(name, _ids(name, rings))
    if missing or not messages:
        return Told(name, False, None, _why(name, rings, seen, bench, patience))
    at, event = messages[-1] if len(messages) <= len(bench.receivers[name].integrations) else messages[0]
    text = shown(event)
    if not text:
        return Told(name, False, round(at - posted, 3), "a message came, but there is nothing in it to read")
    return Told(name, True, round(at - posted, 3), text)


def shown(event: NotificationReceived) -> str:
    """What a reader sees of a message; of one that is made for machines, what people wrote into it."""
    read = [part for part in (event.title, event.text) if part]
    return "\n".join(dict.fromkeys(read or (text for alert in event.alerts for text in _annotations(alert["annotations"]))))


def _annotations(annotations: Mapping[str, str]) -> list[str]:
    """The summary first, as every template has it."""
    return [text for _, text in sorted(annotations.items(), key=lambda pair: (pair[0] != "summary", pair[0]))]


def is_marked(told: Told) -> bool:
    """Whether the reader of a message can see that it is a drill."""
    return MARK.strip() in told.message or LABEL in told.message


def _why(name: str, rings: Sequence[Ring], seen: Mapping[str, Held], bench: Bench, patience: float) -> str:
    """The first thing that explains why a receiver was not told; Alertmanager's own words where it has some."""
    if broken := _complaints(name, bench):
        return "; ".join(f"{each.integration}: {each.why}" for each in broken)
    mine = [ring for ring in rings if name in ring.receivers]
    return next((words for ring in mine for words in _kept(name, ring, seen.get(ring.id), bench)), f"nothing came within {patience:g} s")


def _kept(name: str, ring: Ring, alert: Held | None, bench: Bench) -> Iterator[str]:
    if alert is None:
        yield f"Alertmanager has no alert {ring.alert}, though it took it"
        return
    if name not in alert.receivers:
        yield f"Alertmanager leads {ring.alert} to {' and '.join(alert.receivers)} instead"
    if alert.silenced_by:
        yield f"{ring.alert} is silenced by {' and '.join(alert.silenced_by)}"
    if alert.inhibited_by:
        yield f"{ring.alert} is inhibited by the alert {' and '.join(alert.inhibited_by)}"
    intervals = [one for route in ring.routes if route.receiver == name for one in (*route.mute, *route.active)]
    if intervals and (held_by_time(bench.said()) or not bench.said()):
        yield f"its route keeps quiet at this time: {' and '.join(dict.fromkeys(intervals))}"


def _astray(rings: Sequence[Ring], seen: Mapping[str, Held], bench: Bench) -> Iterator[tuple[str, Told]]:
    """Receivers to whom Alertmanager leads an alert of ours though the files say otherwise."""
    for ring in rings:
        for name in seen[ring.id].receivers if ring.id in seen else ():
            if name not in ring.receivers and name in bench.receivers:
                meant = " and ".join(ring.receivers)
                yield name, Told(name, False, None, f"Alertmanager leads {ring.alert} here, and by the files it is for {meant} alone")


async def _resolve(rings: Sequence[Ring], bench: Bench, lease: float) -> None:
    """End our alerts at Alertmanager and look that they are gone; one that ends with us keeps nothing."""
    now = time.time()
    ended = [Posted(ring.labels, ring.annotations, now - ring.age, now) for ring in rings]
    try:
        await posting.post(bench.session, bench.url, ended)
        await _gone(rings, bench)
    except Unanswered as error:
        if bench.outlives:
            names = ", ".join(f'{LABEL}="{ring.id}"' for ring in rings)
            raise LeftOver(
                f"alerts of the bell may still fire at {bench.url} ({names}): {error}; Alertmanager ends them by itself at "
                f"{time.strftime('%H:%M:%S', time.gmtime(lease))} UTC, or resolve them by hand"
            ) from error


async def _gone(rings: Sequence[Ring], bench: Bench) -> None:
    clock = bench.heard.clock
    deadline = clock.now() + GONE_WITHIN
    while await _seen(rings, bench):
        if clock.now() >= deadline:
            raise Unanswered("they were resolved, and still fire")
        await asyncio.sleep(LOOK)
