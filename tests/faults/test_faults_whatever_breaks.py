"""Whatever breaks, at whatever step of whatever kind of fault, nothing is left at the target, whether the engine lives or is gone.

The steps are real ones, on real targets; each is made to raise by what it is wrapped in.
"""

import asyncio
import importlib
import json
import logging
import os
import pkgutil
import resource
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from firedrill.core.kinds import FaultKind
from firedrill.faults import kinds
from firedrill.faults.holding import ledger as ledgers
from firedrill.faults.holding.effects import Aimed, Effect, Place, Rejected
from firedrill.faults.holding.ledger import Ledger, Order
from firedrill.faults.host import processes, ways_back
from firedrill.faults.host.effect import Data, HostEffect
from firedrill.faults.host.places import HostPlace, Running
from firedrill.faults.proxy.dns import DnsPlace, Responder
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.http.place import HttpForward, HttpPlace
from firedrill.faults.proxy.server import serve
from firedrill.faults.proxy.tls import TlsForward, TlsPlace
from firedrill.faults.receivers import ReceiverPlace
from firedrill.watch.pagers.ailing import Ailments
from hosting import kept

KINDS: list[FaultKind] = [
    importlib.import_module(f"{kinds.__name__}.{module.name}").KIND for module in pkgutil.iter_modules(kinds.__path__)
]
ERRORS: list[Callable[[], BaseException]] = [
    lambda: OSError(5, "Input/output error"),
    lambda: PermissionError(1, "Operation not permitted"),
    lambda: KeyError("packets"),
    lambda: ValueError("no number"),
    lambda: TypeError("None"),
    lambda: RuntimeError("broken"),
    lambda: psutil.Error(),
    lambda: psutil.AccessDenied(1),
    lambda: psutil.NoSuchProcess(1),
    lambda: AssertionError(),
    lambda: AttributeError("get"),
    lambda: json.JSONDecodeError("Expecting value", "", 0),
    lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    lambda: Rejected(500, "refused"),
    lambda: TimeoutError(),
    lambda: asyncio.CancelledError(),
]
STEPS = ("aim", "before injecting", "after injecting", "count", "before clearing", "after clearing", "verify")
ENDS = ("ordered", "lease", "holder gone")
AT_FIRST = 2
"""How often a step that clears breaks; counting breaks for ever."""


@dataclass
class Breaks:
    """One step raises."""

    step: str
    error: Callable[[], BaseException]
    done: int = 0

    def at(self, step: str) -> None:
        if step == self.step and (step in {"count", "aim"} or self.done < AT_FIRST):
            self.done += 1
            raise self.error()


@dataclass
class BreakingHostEffect:
    """A real effect of this machine, one step of which raises."""

    real: HostEffect
    breaks: Breaks

    def aim(self, target: Data, wire: Data) -> Data:
        return self.real.aim(target, wire)

    def inject(self, aimed: Data) -> None:
        self.breaks.at("before injecting")
        self.real.inject(aimed)
        self.breaks.at("after injecting")

    def clear(self, aimed: Data) -> str | None:
        self.breaks.at("before clearing")
        said = self.real.clear(aimed)
        self.breaks.at("after clearing")
        return said

    def present(self, aimed: Data) -> bool:
        self.breaks.at("verify")
        return self.real.present(aimed)

    def touched(self, aimed: Data) -> int | None:
        self.breaks.at("count")
        return self.real.touched(aimed)

    def by_hand(self, aimed: Data) -> str:
        return self.real.by_hand(aimed)


@dataclass
class BreakingEffect:
    """A real effect of another holder, one step of which raises."""

    real: Effect
    breaks: Breaks

    @property
    def touched(self) -> int | None:
        self.breaks.at("count")
        return self.real.touched

    async def apply(self) -> None:
        self.breaks.at("before injecting")
        await self.real.apply()
        self.breaks.at("after injecting")

    async def lift(self) -> None:
        self.breaks.at("before clearing")
        await self.real.lift()
        self.breaks.at("after clearing")
        self.breaks.at("verify")


@dataclass
class BreakingPlace:
    """A real place, whose effects break."""

    real: Place
    breaks: Breaks

    def aim(self, fault: str, wire: Mapping[str, Any]) -> Aimed:
        self.breaks.at("aim")
        return self.real.aim(fault, wire)

    def effect(self, fault: str, wire: Mapping[str, Any]) -> Effect:
        real = self.real.effect(fault, wire)
        if isinstance(real, Running):
            return Running(BreakingHostEffect(real.host, self.breaks), real.aimed)
        return BreakingEffect(real, self.breaks)


@dataclass
class Site:
    """A real place, and whether a fault is there, as anybody can see without asking its holder."""

    place: Place
    there: Callable[[], bool]
    more: Mapping[str, Any] = field(default_factory=dict)


def _free(forward: Forward) -> bool:
    return not forward.toxics and not forward.downs and forward.enabled


@asynccontextmanager
async def _forward(wire: Data, folder: Path) -> AsyncIterator[Site]:
    forward = Forward(Way("bureau", "127.0.0.1:0", "127.0.0.1:1"))
    await forward.settle()
    try:
        yield Site(ForwardPlace(forward), lambda: not _free(forward))
    finally:
        forward.close()


@asynccontextmanager
async def _http(wire: Data, folder: Path) -> AsyncIterator[Site]:
    forward = await HttpForward.begun(Way("bureau", "127.0.0.1:0", "127.0.0.1:1"))
    await forward.settle()
    try:
        yield Site(HttpPlace(forward), lambda: not _free(forward) or bool(forward.behind.faults))
    finally:
        forward.close()


@asynccontextmanager
async def _tls(wire: Data, folder: Path) -> AsyncIterator[Site]:
    forward = TlsForward(Way("bureau", "127.0.0.1:0", "127.0.0.1:1"), "bureau.test", folder / "ca.pem")
    await forward.settle()
    try:
        yield Site(TlsPlace(forward), lambda: not _free(forward) or forward.presented is not forward.good)
    finally:
        forward.close()


@asynccontextmanager
async def _dns(wire: Data, folder: Path) -> AsyncIterator[Site]:
    responder = Responder({}, None)
    yield Site(DnsPlace(responder), lambda: bool(responder.troubles))


@asynccontextmanager
async def _receiver(wire: Data, folder: Path) -> AsyncIterator[Site]:
    ailments = Ailments()
    yield Site(ReceiverPlace("on-call", ailments), lambda: bool(ailments._of.get("on-call")))


@asynccontextmanager
async def _toxiproxy(wire: Data, folder: Path) -> AsyncIterator[Site]:
    """Firedrill's own proxy without a token, which speaks the same API."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    with ExitStack() as stack:
        way = Way("redis", "127.0.0.1:0", "127.0.0.1:1")
        task = asyncio.create_task(serve([way], "127.0.0.1:0", "a-token", stop, ready.set_result, lease=None, open_to_all=True))
        started = await ready

        def there() -> bool:
            from firedrill.faults.holding.calls import get_proxies

            (shown,) = get_proxies(started["api"]).values()
            return bool(shown["toxics"]) or not shown["enabled"]

        stack.callback(stop.set)
        yield Site(HostPlace("it", {"toxiproxy": started["api"], "as": "redis"}), there)
    await task


SLEEPER = """
import os, pathlib, time
pathlib.Path(__file__ + ".pid").write_text(str(os.getpid()))
print("ready", flush=True)
time.sleep(1000)
"""


@asynccontextmanager
async def _process(wire: Data, folder: Path) -> AsyncIterator[Site]:
    program = folder / "sleeper.py"
    program.write_text(SLEEPER)
    process = {"pid-file": f"{program}.pid", "start": f"{sys.executable} -S {program}"}
    with kept(sys.executable, "-S", str(program)):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)

        def there() -> bool:
            found = processes.matching(process)
            pids = [each["pid"] for each in found if processes.state_of(each) not in {None, "T"}]
            return not pids or psutil.Process(pids[0]).rlimit(resource.RLIMIT_NOFILE) != before

        yield Site(HostPlace("it", {"process": process}), there)
        for started in list(ways_back._kept.values()):
            assert started.stdin is not None
            started.stdin.close()
            started.wait()
        ways_back._kept.clear()


@asynccontextmanager
async def _stack(wire: Data, folder: Path) -> AsyncIterator[Site]:
    """A part of the embedded stack is named to its holder by its pid."""
    async with _process(wire, folder) as site:
        assert isinstance(site.place, HostPlace)
        pid = processes.matching(site.place.target["process"])[0]["pid"]
        yield Site(HostPlace("it", {"process": {"pid": pid}}), site.there)


def _works() -> bool:
    marks = (path for path in Path("/proc").iterdir() if path.name.isdigit())
    return any(_is_marked(path) and os.getpid() in processes.parents_of(int(path.name)) for path in marks)


def _is_marked(path: Path) -> bool:
    try:
        return processes.MARK.encode() in (path / "environ").read_bytes()
    except OSError:
        return False


@asynccontextmanager
async def _machine(wire: Data, folder: Path) -> AsyncIterator[Site]:
    yield Site(HostPlace("it", {"machine": True}), _works, more={"share": 0.0005} if wire["effect"] == "memory" else {})


@asynccontextmanager
async def _directory(wire: Data, folder: Path) -> AsyncIterator[Site]:
    yield Site(HostPlace("it", {"directory": str(folder)}), _works, more={"size": 1_000_000})


@asynccontextmanager
async def _network(wire: Data, folder: Path) -> AsyncIterator[Site]:
    if os.geteuid() or not all(map(shutil.which, ("ip", "tc", "nft", "nsenter", "unshare"))):
        yield Site(HostPlace("it", {"network": {"interface": "lo"}}), lambda: False)  # which is refused
        return
    name = f"firedrill-any-{os.getpid()}"
    await _run("ip", "netns", "add", name)
    await _run("ip", "-n", name, "link", "set", "lo", "up")
    clean = await _network_of(name)
    here = asyncio.get_running_loop()

    def there() -> bool:
        return asyncio.run_coroutine_threadsafe(_network_of(name), here).result() != clean

    try:
        yield Site(HostPlace("it", {"network": {"namespace": name, "interface": "lo"}}), there)
    finally:
        await _run("ip", "netns", "del", name)


async def _run(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


async def _network_of(name: str) -> str:
    return await _run("ip", "netns", "exec", name, "nft", "list", "ruleset") + await _run("tc", "-n", name, "qdisc", "show")


SITES: Mapping[str, Callable[[Data, Path], AbstractAsyncContextManager[Site]]] = {
    "forward": _forward, "http": _http, "tls": _tls, "dns": _dns, "receiver": _receiver, "toxiproxy": _toxiproxy, "process": _process,
    "stack": _stack, "machine": _machine, "directory": _directory, "network": _network,
}  # fmt: skip


def _wire(kind: FaultKind) -> Data | None:
    (entry,) = yaml.safe_load(kind.example)
    return kind.wire(kind.settings.model_validate(entry[kind.name] or {}))


CASES = [pytest.param(kind, place, id=f"{kind.name}-{place}") for kind in KINDS for place in kind.acts_on]
WHOLE = {
    "latency-forward", "down-forward", "down-http", "http-delay-http", "latency-tls", "certificate-tls", "dns-failure-dns",
    "receiver-error-receiver", "pause-process",
}  # fmt: skip
"""Of each kind of effect one, on which every error is raised at every step; the others have some at each."""


def _trials(kind: str, place: str) -> Iterator[tuple[str, Callable[[], BaseException], str]]:
    errors, ends = islice(cycle(ERRORS), len(kind) + len(place), None), cycle(ENDS)
    times = len(ERRORS) if f"{kind}-{place}" in WHOLE else 2 if place in {"forward", "process"} else 1
    yield from ((step, next(errors), next(ends)) for step in STEPS for _ in range(times))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(ledgers, "AGAIN", 0.005)
    caplog.set_level(logging.CRITICAL)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("kind", "place"), CASES)
async def test_whatever_breaks_nothing_is_left(kind: FaultKind, place: str, tmp_path: Path) -> None:
    wire = _wire(kind)
    assert wire is not None
    async with SITES[place](wire, tmp_path) as site:
        wire, numbers, left = {**wire, **site.more}, count(), []
        assert not await asyncio.to_thread(site.there)
        if not await _can_be_had(site, wire):
            assert not await asyncio.to_thread(site.there)
            return
        for step, error, end in _trials(kind.name, place):
            breaks = Breaks(step, error)
            trouble = await _lived(site, BreakingPlace(site.place, breaks), wire, end, f"it-{next(numbers)}")
            if trouble or not breaks.done:
                left.append(f"{error()!r} at {step!r}, {end}: {trouble or 'it was never raised'}")
        assert left == []


async def _can_be_had(site: Site, wire: Data) -> bool:
    """Whether this machine can have this fault: where it cannot, that is said before anything is done."""
    try:
        await asyncio.to_thread(site.place.aim, "it", wire)
    except Rejected as rejected:
        if rejected.status == 501 or "cannot be set" in rejected.message:
            return False
        raise
    return True


async def _lived(site: Site, place: Place, wire: Data, end: str, name: str) -> str | None:
    """A fault's life, from its order to its end; what is left of it."""
    ledger = Ledger({"it": place})
    ledger.hold("drill")
    try:
        await ledger.put(name, Order("it", wire, 0.002 if end == "lease" else 60.0, "drill"))
    except BaseException:
        pass  # it was refused, which must leave nothing
    else:
        if end != "lease" and not await asyncio.to_thread(site.there):
            return "it never was there"
    try:
        if end == "ordered":
            await ledger.delete(name, "undo")
        elif end == "holder gone":
            await ledger.release("drill")
    except OSError:
        pass  # it is tried again
    try:
        async with asyncio.timeout(10):
            while ledger.faults:  # noqa: ASYNC110 - what is waited for is a timer of the ledger's
                await asyncio.sleep(0.001)
    except TimeoutError:
        return f"{ledger.faults} is still listed"
    return "it is still there" if await asyncio.to_thread(site.there) else None
