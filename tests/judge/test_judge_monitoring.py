"""Drills of the monitoring itself: a watchdog's page, and blind spots that a fault was meant to make."""

from types import SimpleNamespace
from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    BlindBegan,
    BlindEnded,
    Covered,
    NotificationReceived,
    PageOpened,
    PageResolved,
)
from firedrill.core.model.plan import PlannedFault, PlannedWatchdog
from firedrill.core.verdicts import Verdict

WATCHDOG = PlannedWatchdog(alert="Watchdog", receiver="deadman", within=3.0)
STORY = (AlertPending, AlertFiring, AlertResolved, NotificationReceived, PageOpened, PageResolved)
FIRING = (3.0, AlertFiring("Watchdog", {"severity": "none"}), 3.0)


def pausing(part: str) -> PlannedFault:
    wire = {"effect": "pause"}
    return PlannedFault(name="latency-bureau", kind="pause", target=part, at=0, lasts=20, settings={}, wire=wire, hides=part)


def heartbeats(script: SimpleNamespace, *times: range) -> list[tuple[float, Any, None]]:
    """A message a second."""
    return [(float(t), script.notified(receiver="deadman", name="Watchdog"), None) for each in times for t in each]


def silent(script: SimpleNamespace, *expectations: Any, part: str = "alertmanager", **plan: Any) -> Any:
    """Nothing comes from 14 s to 35 s; the fault lasts from 14.2 s to 34.2 s, and `part` is not seen meanwhile."""
    tape = script.tape(*expectations, watchdog=WATCHDOG, faults=(pausing(part),), **plan).without(
        *STORY, lambda event: isinstance(event, Covered) and event.what == part
    )
    blind = [(16.0, BlindBegan(part, "no answer within 1 s"), 13.9), (34.9, BlindEnded(part), 34.9)]
    seen = [(13.9, Covered(part, 1.0, 20), 13.9), (45.0, Covered(part, 34.9, 20), 45.0)]
    page = [(17.0, PageOpened("w1", "deadman", ["Watchdog"], -1), None), (35.0, PageResolved("w1", 0), None)]
    return tape.plus(FIRING, *heartbeats(script, range(5, 15), range(35, 44)), *blind, *seen, *page)


def page(script: SimpleNamespace, **declared: Any) -> Any:
    return script.expectation("page", "Watchdog", to="deadman", **declared)


def test_a_watchdogs_page_is_judged_though_the_rest_of_the_way_could_not_be_seen(script: SimpleNamespace) -> None:
    judged = silent(
        script, page(script, within="5s", times=1, stays="until-cleared", resolved="5s"), script.expectation("quiet")
    ).concluded()
    assert [one.verdict for one in judged.findings] == [Verdict.PASS, Verdict.PASS]
    assert judged.findings[0].sentence == (
        "Watchdog paged deadman 2.8s after the fault, within 5s, once, stayed open until the fault was cleared, "
        "and it was resolved 0.8s after the fault was cleared, within 5s."
    )
    assert [(one.alert, one.total_s, one.stages["deliver"]) for one in judged.detections] == [("Watchdog", 2.8, 2.8)]


def test_what_needs_the_sight_that_a_fault_took_says_which_fault_did(script: SimpleNamespace) -> None:
    _, finding = silent(script, page(script), script.expectation("quiet"), part="prometheus").concluded().findings
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert (
        "prometheus could not be seen from 13.9s to 34.9s (no answer within 1 s), as the fault latency-bureau was to have it"
        in finding.sentence
    )


@pytest.mark.parametrize("spot", ["slo latency", "rule NegotiationLatencyBudgetBurn"])
def test_what_prometheus_would_have_told_is_meant_to_be_unseen_with_it(script: SimpleNamespace, spot: str) -> None:
    more = [(20.0, BlindBegan(spot, "it is not evaluated any more"), 16.0), (35.0, BlindEnded(spot), 35.0)]
    judged = silent(script, page(script), part="prometheus").plus(*more).concluded()
    assert [one.verdict for one in judged.findings] == [Verdict.PASS]


def test_a_blind_spot_that_no_fault_was_to_make_is_still_one(script: SimpleNamespace) -> None:
    judged = silent(script, page(script), part="prometheus").plus((25.0, BlindBegan("sink", "refused"), 25.0)).concluded()
    assert [one.verdict for one in judged.findings if "Sink could not be seen from 25.0s on (refused)." in one.sentence] == [
        Verdict.INCONCLUSIVE
    ]


def test_what_does_not_come_back_when_the_fault_is_over_is_a_blind_spot(script: SimpleNamespace) -> None:
    judged = silent(script, page(script)).without(BlindEnded).concluded()
    assert [one.sentence for one in judged.findings if one.verdict is Verdict.INCONCLUSIVE] == [
        "Alertmanager could not be seen from 13.9s on (no answer within 1 s)."
    ]


def test_a_watchdog_that_nobody_expected_is_noise_and_its_alert_is_none(script: SimpleNamespace) -> None:
    (finding,) = silent(script, script.expectation("quiet")).concluded().findings
    assert finding.sentence == "Watchdog paged deadman at 17.0s, which nothing expected."
    calm = script.tape(script.expectation("quiet"), watchdog=WATCHDOG).without(*STORY).plus(FIRING, *heartbeats(script, range(5, 44)))
    assert [one.verdict for one in calm.concluded().findings] == [Verdict.PASS]


def test_a_watchdog_that_did_not_page_says_how_long_it_was_silent(script: SimpleNamespace) -> None:
    calm = script.tape(page(script, within="10s"), watchdog=WATCHDOG).without(*STORY).plus(FIRING, *heartbeats(script, range(5, 44)))
    (finding,) = calm.concluded().findings
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence == (
        "Watchdog did not page deadman within 10s: its messages went on: the longest silence was 1.0s, and it pages after 3.0s."
    )


def test_a_watchdog_that_was_never_armed_is_said_to_be_so(script: SimpleNamespace) -> None:
    deaf = script.tape(page(script, within="10s"), watchdog=WATCHDOG).without(*STORY).plus(FIRING)
    assert deaf.concluded().findings[0].sentence == (
        "Watchdog did not page deadman within 10s: no message for deadman had come before the fault, and the first one arms it."
    )
