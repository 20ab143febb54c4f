"""A drill of slow-bureau as its journal tells it, written by hand: 98 s in which the right page came, once, and was resolved."""

import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from firedrill.cli.registry import kinds
from firedrill.core import events as ev
from firedrill.core.alerting import Alerting, AlertingRule, Place, Receiver, RecordingRule, Route
from firedrill.core.model.plan import Plan, PlannedExpectation, PlannedFault, PlannedLoad
from firedrill.core.model.probes import Probe
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.units import Duration
from firedrill.judge.drill import JudgedDrill
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude
from firedrill.measure.bins import Binner

ALERT = "NegotiationLatencyBudgetBurn"
LABELS = {"severity": "page", "team": "payments"}
WALL = 1_795_000_000.25
PHASES = {"prepare": 0.002, "ramp": 3.412, "steady": 5.633, "play": 26.301, "recover": 86.514, "end": 95.911}
ACTIVE, CLEARED, ENDED = 26.412, 86.431, 97.204
SLOW, BUSY = 0.55, 40
"""How slow offers are under the fault, in seconds, and how many requests a second all users make together."""

Line = tuple[float, ev.Event, str, float | None]


@dataclass(frozen=True)
class Recording:
    """A drill's entries; `judged` folds and judges them as the command line does."""

    entries: Sequence[ev.Entry]

    @property
    def by_seq(self) -> Mapping[int, ev.Entry]:
        return {entry.seq: entry for entry in self.entries}

    def judged(self) -> JudgedDrill:
        return conclude(fold(self.entries), kinds())


def make_plan(title: str = "The credit bureau answers half a second late", alert: str = ALERT) -> Plan:
    return Plan(
        experiment="slow-bureau", file="experiments/slow-bureau.yaml", title=title, environment="local", tags=("nightly", "dependency"),
        slos=_slos(), probes={"offer-journey": Probe(every=Duration(0.5), timeout=Duration(2), python="probes/offer_journey.py")},
        load=PlannedLoad(name="negotiate", file="scenarios/negotiate.py", users=20, spawn_rate=10), steady=20, longest_window=20,
        faults=(_fault(),), expectations=_expectations(alert), alerting=_alerting(alert),
    )  # fmt: skip


def _slos() -> tuple[Slo, ...]:
    availability = Indicator(source=Source.PROMQL, good='sum(http_requests_total{code!~"5.."})', total="sum(http_requests_total)")
    latency = Indicator(source=Source.PROMQL, good='sum(offers_seconds_bucket{le="0.3"})', total="sum(offers_seconds_count)")
    journey = Indicator(source=Source.PROBE, name="offer-journey", under=0.3)
    return (
        Slo(name="negotiation-availability", objective=0.99, indicator=availability),
        Slo(name="negotiation-latency", objective=0.99, indicator=latency),
        Slo(name="offer-journey", objective=0.9, indicator=journey),
    )


def _fault() -> PlannedFault:
    wire = {"type": "latency", "stream": "downstream", "attributes": {"latency": 500, "jitter": 50}}
    settings = {"target": "bureau", "delay": "500ms", "jitter": "50ms"}
    return PlannedFault(name="latency-bureau", kind="latency", target="bureau", at=0, lasts=60, settings=settings, wire=wire)


def _expectations(alert: str) -> tuple[PlannedExpectation, ...]:
    has = ["summary", "runbook_url"]
    declared: Iterable[tuple[str, dict[str, Any]]] = (
        ("page", {"page": alert, "to": "payments-oncall", "within": "45s", "times": 1, "has": has, "resolved": "1m30s"}),
        ("slo", {"slo": "negotiation-latency", "recovered": "30s"}),
        ("quiet", {}),
    )
    known = kinds().expectations
    return tuple(
        PlannedExpectation(
            kind=kind, declared=keys, words=known[kind].declared.model_validate(keys).words(), place=f"slow-bureau.yaml:{n}:5"
        )
        for n, (kind, keys) in enumerate(declared, 16)
    )


def _alerting(alert: str) -> Alerting:
    place = Place(file="alerts/negotiation.rules.yml", line=24)
    record = RecordingRule(record="offers_slow:ratio20s", expr="1 - offers_fast", group="negotiation", interval=1, place=place)
    notes = {"summary": "Offers are slow", "runbook_url": "https://runbooks.example.org/slow-bureau"}
    rule = AlertingRule(
        alert=alert, expr="offers_slow:ratio20s > 14.4 * 0.01", for_=2, labels=LABELS, annotations=notes,
        group="negotiation", interval=1, place=place,
    )  # fmt: skip
    routes = Route(receiver="payments-oncall", matchers=("severity = page",), group_wait=1, group_interval=2, place=place)
    receivers = (Receiver(name="payments-oncall", integrations=("webhook",), place=place),)
    return Alerting(records=(record,), alerts=(rule,), receivers=receivers, route=routes)


def record(plan: Plan, without: Sequence[type[ev.Event]] = (), more: Sequence[Line] = ()) -> Recording:
    """The drill's entries in order of time; `without` leaves out kinds of entry, `more` adds some."""
    alert = plan.alerting.alerts[0].alert
    told = [*_frame(plan), *_played(), *_watched(alert), *_paged(alert), *_measured(), *_covered(), *more]
    lines = sorted((line for line in told if not isinstance(line[1], tuple(without))), key=lambda line: line[0])
    return Recording([_entry(seq, line) for seq, line in enumerate(lines, 1)])


def _entry(seq: int, line: Line) -> ev.Entry:
    t, event, source, at = line
    if isinstance(event, ev.PageOpened | ev.PageResolved):  # stands right behind the notification that it is about
        event = replace(event, notification=seq - 1)
    return ev.Entry(seq, t, source, at, event)


def _frame(plan: Plan) -> Iterator[Line]:
    versions = {"firedrill": "0.1.0", "chaostoolkit-lib": "1.44.0", "locust": "2.40.0", "aiohttp": "3.13.0"}
    drill = "slow-bureau-20261118-083640-4f1e"
    content = plan.model_dump(mode="json", by_alias=True)
    yield 0.001, ev.DrillStarted(ev.SCHEMA, drill, plan.experiment, plan.environment, content, WALL, versions), "engine", None
    yield from ((at, ev.PhaseEntered(phase), "engine", None) for phase, at in PHASES.items())
    yield 5.631, ev.LoadReady("negotiate", 20), "load", None
    yield 26.28, ev.SteadyChecked(True, []), "engine", None
    yield 96.4, ev.LoadEnded("negotiate", 3127, 0, 3127), "load", None
    yield ENDED, ev.DrillEnded("finished"), "engine", None


def _played() -> Iterator[Line]:
    yield 26.355, ev.FaultIntended("latency-bureau", {"proxy": "bureau", "fault": "latency-bureau"}), "engine", None
    yield 26.36, ev.ActivityStarted("inject latency-bureau", "action"), "chaos", None
    yield 26.415, ev.FaultActive("latency-bureau"), "proxy", ACTIVE
    yield 26.43, ev.ActivityEnded("inject latency-bureau", "action", "method", "succeeded"), "chaos", None
    yield 86.436, ev.FaultCleared("latency-bureau", "played"), "proxy", CLEARED
    yield 86.437, ev.FaultCounted("latency-bureau", 1184), "proxy", CLEARED


def _watched(alert: str) -> Iterator[Line]:
    yield 31.02, ev.AlertPending(alert, LABELS), "prometheus", 30.609
    yield 32.95, ev.AlertFiring(alert, LABELS), "prometheus", 32.609
    for stage, at in {"window": 29.288, "scrape": 30.047, "record": 30.609, "send": 32.655, "group": 33.661}.items():
        source = "alertmanager" if stage in {"send", "group"} else "prometheus"
        yield 34.2, ev.AlertBoundary(alert, LABELS, stage, "first true"), source, at
    yield 92.02, ev.AlertResolved(alert, LABELS, "firing"), "prometheus", 91.609


def _paged(alert: str) -> Iterator[Line]:
    told = {
        "labels": {"alertname": alert, **LABELS}, "starts_at": 32.609, "fingerprint": "9d1f",
        "annotations": {"summary": "Offers are slow", "runbook_url": "https://runbooks.example.org/slow-bureau"},
    }  # fmt: skip
    key, group = f'{{}}:{{alertname="{alert}"}}', {"alertname": alert}
    for at, status, ends in ((33.684, "firing", None), (93.667, "resolved", 91.609)):
        note = ev.NotificationReceived(
            "payments-oncall",
            status,
            key,
            group,
            [{**told, "status": status, "ends_at": ends}],
            "slack",
            f"{status}: {alert}",
            "Offers are slow\n  see https://runbooks.example.org/slow-bureau",
        )
        yield at, note, "sink", at
    yield 33.684, ev.PageOpened("p1", "payments-oncall", [alert], 0), "sink", 33.684
    yield 93.667, ev.PageResolved("p1", 0), "sink", 93.667


def _covered() -> Iterator[Line]:
    watched = {"prometheus": 2.6, "alertmanager": 2.6, "sink": 2.3, "probe offer-journey": 3.5, "load negotiate": 3.9}
    for what, since in watched.items():
        for at in range(10, 97, 10):
            yield at + 0.4, ev.Covered(what, since, 2 * at), what.split()[0], at + 0.3
        yield 96.9, ev.Covered(what, since, 192), what.split()[0], 96.8


def _measured() -> Iterator[Line]:
    chance = random.Random(7)
    yield from _told(_probe(chance), "probe")
    yield from _told(_load(chance), "load")
    for second in range(7, 96):
        asked, slow = (BUSY // 2, 0) if not ACTIVE <= second < CLEARED else (12, 12)
        bad = (second + 0.6) if slow else None
        yield second + 0.7, ev.Samples("slo", "negotiation-latency", second, asked - slow, slow, {}, first_bad=bad), "prometheus", None
        yield second + 0.7, ev.Samples("slo", "negotiation-availability", second, 2 * asked, 0, {}), "prometheus", None


def _told(binner: Binner, source: str) -> Iterator[Line]:
    yield from ((one["second"] + 1.1, ev.Samples(**one), source, None) for one in binner.flush())


def _probe(chance: random.Random) -> Binner:
    """Two journeys a second, three times as slow under the fault; two of them time out."""
    binner = Binner("probe", "offer-journey", (0.3,), 0.0)
    for tick in range(7, 192):
        began, timed_out = tick / 2, tick in (90, 131)
        took = 2.0 if timed_out else chance.lognormvariate(-3.1, 0.25) + (SLOW if ACTIVE <= began < CLEARED else 0)
        binner.add(began + took, not timed_out, took, "no answer within 2s" if timed_out else None)
    return binner


def _load(chance: random.Random) -> Binner:
    """Half of the requests ask for an offer, which waits for the bureau; users wait for their answers, so fewer come then."""
    binner = Binner("load", "negotiate", (), 0.0)
    for second in range(4, 96):
        faulty = ACTIVE <= second < CLEARED
        for number in range(BUSY if not faulty else 24):
            slow = SLOW + chance.uniform(-0.05, 0.05) if faulty and number % 2 else 0.0
            binner.add(second + number / BUSY, True, chance.lognormvariate(-4.0, 0.35) + slow)
    return binner


@pytest.fixture(scope="session")
def recording() -> Recording:
    """The drill that went well."""
    return record(make_plan())


@pytest.fixture(scope="session")
def judged(recording: Recording) -> JudgedDrill:
    return recording.judged()


@pytest.fixture(scope="session")
def unpaged() -> JudgedDrill:
    """The same drill, but nothing ever reached the sink: it fails."""
    return record(make_plan(), [ev.NotificationReceived, ev.PageOpened, ev.PageResolved]).judged()


@pytest.fixture(scope="session")
def unseen() -> JudgedDrill:
    """The same drill, but Prometheus was lost half way: inconclusive."""
    lost: Line = (50.0, ev.BlindBegan("prometheus", "connection refused"), "prometheus", 48.2)
    return record(make_plan(), [ev.AlertResolved, ev.PageResolved], [lost]).judged()


@pytest.fixture(scope="session")
def placebo() -> JudgedDrill:
    """The same time line with a fault that does nothing."""
    plan = make_plan()
    nothing = plan.faults[0].model_copy(update={"kind": "nothing", "target": None, "settings": {}, "wire": None})
    return record(plan.model_copy(update={"faults": (nothing,)}), [ev.FaultCounted]).judged()


def _stormy() -> Iterator[Line]:
    """Five hundred instances of one alert, each telling a page of its own."""
    for number in range(500):
        at, labels = 40 + number / 100, {"shard": str(number)}
        told = {"labels": {"alertname": "Storm", **labels}, "annotations": {}, "status": "firing", "fingerprint": str(number)}
        note = ev.NotificationReceived("payments-oncall", "firing", f"storm {number}", labels, [told])
        yield at, ev.AlertFiring("Storm", labels), "prometheus", at
        yield at + 0.1, note, "sink", at + 0.1
        yield at + 0.1, ev.PageOpened(f"s{number}", "payments-oncall", ["Storm"], -1), "sink", at + 0.1


@pytest.fixture(scope="session")
def storm() -> JudgedDrill:
    """The drill that went well but for a storm of another alert."""
    return record(make_plan(), more=list(_stormy())).judged()


HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="session")
def hostile() -> Recording:
    """Every text that a team or a system can choose tries to run a script."""
    plan = make_plan(f"{HOSTILE} title", f"{HOSTILE}alert")
    blind: Line = (50.0, ev.BlindBegan(f"prometheus {HOSTILE}", HOSTILE), "prometheus", 48.2)
    noted: Line = (51.0, ev.Noted(f"noted {HOSTILE}"), "engine", None)
    return record(plan.model_copy(update={"description": HOSTILE, "warnings": (HOSTILE,)}), more=[blind, noted])


# Not for the whole session: while Playwright's loop runs, no asynchronous test can.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; the tests that look at the page fail without it, since nobody would have looked."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("No Chromium is on PATH, so nobody can look at the report: `apt-get install chromium`.")
    quiet = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="session")
def placed(results: Path) -> Callable[..., Path]:
    """Renders a drill's page where drills are kept, with the chart library two folders up, or inside, or nowhere."""
    from firedrill.report import html

    def place(drill: JudgedDrill, name: str, cited: Mapping[int, ev.Entry] | None = None, library: str = "beside") -> Path:
        folder = results / "slow-bureau" / name
        folder.mkdir(parents=True, exist_ok=True)
        names = {"beside": lambda: html.place_library(results), "inside": lambda: None, "nowhere": lambda: "../../gone.js"}
        (folder / "report.html").write_bytes(html.render(drill, names[library](), cited))
        return folder / "report.html"

    return place


@pytest.fixture(scope="session")
def unseen_window(placed: Callable[..., Path]) -> Path:
    """The page of a detection whose first boundary nobody saw."""
    whole = record(make_plan())
    without = [one for one in whole.entries if not (isinstance(one.event, ev.AlertBoundary) and one.event.stage == "window")]
    return placed(Recording(without).judged(), "unseen-window")
