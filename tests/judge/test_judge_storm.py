"""What a storm costs: concluding 2,000 pages is at most 12 times the work of 200, counted in calls and not in seconds."""

import cProfile
import pstats
from dataclasses import replace
from typing import Any

import pytest

from firedrill.core.events import (
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertResolved,
    AlertSuppressed,
    Covered,
    DrillEnded,
    FaultActive,
    FaultCleared,
    FaultIntended,
    LoadEnded,
    NotificationReceived,
    PageAcknowledged,
    PageOpened,
    PageResolved,
    PersonTold,
    PhaseEntered,
)
from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude


def storm(script: Any, pages: int, names: int, *expectations: Any) -> Any:
    """Ten minutes with two SLOs, in which each of `pages` instances of `names` alerts pages, is answered and is resolved."""
    tape = script.tape(*expectations, oncall=script.oncall)
    times = {"prepare": 0.5, "ramp": 2.0, "steady": 4.0, "play": 14.0, "recover": 551.0, "end": 600.0}
    story = [(at, PhaseEntered(name), None) for name, at in times.items()]
    story += [(14.1, FaultIntended("latency-bureau", {}), None), (14.2, FaultActive("latency-bureau"), None)]
    story += [(550.0, FaultCleared("latency-bureau", "played"), None), (601.0, LoadEnded("negotiate", 29900, 0, 29900), None)]
    story += [(t + 1.2, script.second(float(t), fast=10 if 15 <= t < 550 else 50), None) for t in range(2, 600)]
    story += [(t + 0.1, Covered(what, 1.0, t), None) for what in ("prometheus", "alertmanager", "sink") for t in range(2, 602, 5)]
    story += [line for number in range(pages) for line in _paged(number, 20 + number * 500 / pages, f"A{number % names}")]
    return replace(tape, story=[*story, (602.0, DrillEnded("finished"), None)])


def _paged(number: int, at: float, name: str) -> list[Any]:
    labels = {"alertname": name, "instance": str(number), "severity": "page"}
    told = {"status": "firing", "labels": {**labels, "cluster": "a"}, "annotations": {"summary": "x"}, "fingerprint": str(number)}

    def message(status: str) -> NotificationReceived:
        return NotificationReceived("payments-oncall", status, f"g{number}", {"instance": str(number)}, [{**told, "status": status}])

    over, page = 560 + number / 1000, f"p{number}"
    return [
        (at, AlertPending(name, labels), None), (at + 1, AlertFiring(name, labels), None), (at + 2, message("firing"), None),
        (at + 2.001, PageOpened(page, "payments-oncall", (name,), 0), None),
        (at + 2.5, AlertBoundary(name, labels, "send", "log"), at + 1.1), (at + 2.6, AlertBoundary(name, labels, "group", "log"), at + 1.9),
        (at + 3, PersonTold(page, "first-on-call", 1, "opened"), None), (at + 4, PageAcknowledged(page, "first-on-call"), None),
        (at + 5, AlertSuppressed("Held", {"instance": str(number)}, "inhibition", (str(number),), f"{name} fires"), None),
        (at + 5, AlertFiring("Held", {"alertname": "Held", "instance": str(number)}), None),
        (over, AlertResolved(name, labels, "firing"), None), (over + 1, message("resolved"), None),
        (over + 1.001, PageResolved(page, 0), None),
    ]  # fmt: skip


def work(tape: Any, kinds: Any) -> int:
    """Calls that folding and concluding take."""
    entries = tape.entries
    profile = cProfile.Profile()
    profile.enable()
    drill = conclude(fold(entries), kinds)
    profile.disable()
    assert len(drill.detections) == len(drill.facts.pages)
    assert not any("broke" in one.sentence for one in drill.findings)
    calls: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]
    return calls


@pytest.mark.parametrize("apart", [False, True], ids=["one alert", "an alert a page"])
def test_ten_times_the_pages_are_at_most_twelve_times_the_work(apart: bool, script: Any) -> None:
    expected = (
        script.expectation("page", "A0", to="payments-oncall", within="45s", resolved="90s", acknowledged="20s"),
        script.expectation("alert", "Held", inhibited_by="A0"),
        script.expectation("slo", "latency", recovered="30s"),
        script.expectation("escalated", "A0", to=["second-on-call"], within="20s"),
        script.expectation("quiet", {"except-to": "slack"}),
    )
    few, many = (work(storm(script, pages, pages if apart else 1, *expected), script.kinds) for pages in (200, 2000))
    assert many <= 12 * few


def test_an_expectation_is_read_once_however_often_it_is_judged(script: Any) -> None:
    facts = script.tape(script.expectation("page", script.alert)).facts()
    conclude(facts, script.kinds)
    ((_, _, declared),) = facts.typed.values()
    conclude(facts, script.kinds)
    assert [one[2] for one in facts.typed.values()] == [declared]
