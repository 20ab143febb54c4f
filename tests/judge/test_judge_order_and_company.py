"""How alerts and pages stand to one another: which came first, what shares a message, what stays, and what is held back."""

from typing import Any

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertPending,
    AlertReleased,
    AlertResolved,
    AlertSuppressed,
    BlindBegan,
    BlindEnded,
    FaultActive,
    FaultCleared,
    NotificationReceived,
    PageOpened,
    PageResolved,
)
from firedrill.core.verdicts import Verdict

OTHER = "BureauDown"
LABELS = {"alertname": OTHER, "severity": "page"}
PAGED = (NotificationReceived, PageOpened, PageResolved)


def judged(tape: Any) -> tuple[Verdict, str]:
    finding = tape.finding()
    return finding.verdict, finding.sentence


def fires(at: float, until: float | None = None) -> list[Any]:
    return [(at, AlertFiring(OTHER, LABELS)), *([(until, AlertResolved(OTHER, LABELS, "firing"))] if until is not None else [])]


def other_pages(script: Any, at: float, receiver: str = "platform") -> list[Any]:
    return [(at, script.notified(receiver=receiver, name=OTHER)), (at, PageOpened("p9", receiver, (OTHER,), 0))]


# ---- after


def test_an_alert_after_its_root_cause_passes_with_the_lag(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, after=OTHER)).plus(*fires(20.0))
    assert tape.plan.expectations[0].words == f"alert {script.alert} after {OTHER}"
    assert judged(tape) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, 2.2s after {OTHER}.")


def test_two_alerts_of_one_evaluation_come_together(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, after=OTHER)).plus(*fires(22.2))
    assert judged(tape) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, together with {OTHER}.")


def test_a_root_cause_that_fires_later_fails_with_the_lead(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, after=OTHER)).plus(*fires(25.0))
    assert judged(tape) == (Verdict.FAIL, f"{script.alert} fired 8.0s after the fault, 2.8s before {OTHER}, which was to come first.")


def test_whether_the_root_cause_came_first_is_known_one_poll_later(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, after=OTHER))
    live = tape.until(22.5).finding(22.5)
    assert (live.verdict, live.until) == (Verdict.PENDING, pytest.approx(24.7))
    assert live.sentence == f"{script.alert} fired 8.0s after the fault; whether {OTHER} came first is about to be known."
    assert tape.until(25).finding(25).sentence == (
        f"{script.alert} fired 8.0s after the fault, but {OTHER} never fired, which was to come first."
    )


def test_a_root_cause_of_before_that_was_over_does_not_count(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, after=OTHER)).plus(*fires(2.0, 3.0))
    assert tape.finding().verdict is Verdict.FAIL


def test_a_root_cause_that_nobody_could_have_seen_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, after=OTHER))
    tape = tape.plus((16.0, BlindBegan("prometheus", "refused")), (18.0, BlindEnded("prometheus")))
    assert judged(tape) == (
        Verdict.INCONCLUSIVE,
        f"{script.alert} cannot be judged: prometheus could not be seen from 16.0s to 18.0s (refused).",
    )


def test_a_page_after_the_page_for_its_root_cause(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, after=OTHER))
    assert judged(tape.plus(*other_pages(script, 21.0))) == (
        Verdict.PASS,
        f"{script.alert} paged payments-oncall 9.1s after the fault, 2.3s after {OTHER}.",
    )
    assert judged(tape.plus(*other_pages(script, 26.0))) == (
        Verdict.FAIL,
        f"{script.alert} paged 9.1s after the fault, 2.7s before {OTHER}, which was to come first.",
    )


# ---- grouped-with


@pytest.fixture
def grouped(script: Any) -> Any:
    return script.tape(script.expectation("page", script.alert, grouped_with=OTHER))


def together(script: Any) -> NotificationReceived:
    alerts = [script.instance(), script.instance(name=OTHER)]
    return NotificationReceived("payments-oncall", "firing", "payments-oncall:{}", {}, alerts)


def test_an_alert_that_joins_the_page_is_in_one_message_with_it(grouped: Any, script: Any) -> None:
    assert grouped.plan.expectations[0].words == f"page {script.alert} in one message with {OTHER}"
    assert judged(grouped.plus((28.0, together(script)))) == (
        Verdict.PASS,
        f"{script.alert} paged payments-oncall 9.1s after the fault, in one message with {OTHER}.",
    )


def test_until_the_drill_ends_an_alert_may_still_join_and_nobody_waits_for_it(grouped: Any, script: Any) -> None:
    live = grouped.until(30).finding(30)
    assert (live.verdict, live.until) == (Verdict.PENDING, None)
    assert live.sentence == f"{script.alert} has paged, and {OTHER} may still join it until the drill ends."


def test_an_alert_that_paged_apart_is_named_with_whom(grouped: Any, script: Any) -> None:
    assert judged(grouped.plus(*fires(25.0), *other_pages(script, 26.0))) == (
        Verdict.FAIL,
        f"{script.alert} paged payments-oncall, but in no message with {OTHER}: {OTHER} paged platform in a page of its own.",
    )


def test_an_alert_that_fired_and_paged_nobody_or_never_fired_says_so(grouped: Any) -> None:
    assert grouped.plus(*fires(25.0)).finding().sentence.endswith(f"in no message with {OTHER}: {OTHER} fired, but paged nobody.")
    assert grouped.finding().sentence.endswith(f"in no message with {OTHER}: {OTHER} never fired.")


def test_alerts_of_one_page_that_never_fired_at_once_say_so(grouped: Any, script: Any) -> None:
    alone = NotificationReceived("payments-oncall", "firing", "payments-oncall:{}", {}, [script.instance(name=OTHER)])
    assert (
        grouped.plus((28.0, alone))
        .finding()
        .sentence.endswith(f"{OTHER} was told of in the same page, but never while {script.alert} fired.")
    )


def test_company_that_nobody_could_have_seen_is_inconclusive(grouped: Any) -> None:
    assert grouped.plus((30.0, BlindBegan("sink", "refused"))).finding().verdict is Verdict.INCONCLUSIVE


# ---- stays


def flap(script: Any) -> list[Any]:
    return [(26.0, AlertResolved(script.alert, script.labels, "firing")), (29.0, AlertFiring(script.alert, script.labels))]


def test_an_alert_that_fires_until_the_fault_is_cleared_stays(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="until-cleared"))
    assert tape.plan.expectations[0].words == f"alert {script.alert} staying firing until cleared"
    live = tape.until(25).finding(25)
    assert (live.verdict, live.sentence) == (Verdict.PENDING, f"{script.alert} stays firing so far.")
    assert live.until == pytest.approx(14 + 20 + 2.5, abs=0.1)
    assert judged(tape) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, stayed firing until the fault was cleared.")


def test_a_flapping_alert_fails_at_once_and_then_says_when_it_came_back(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="until-cleared")).plus(*flap(script))
    first = tape.until(27).finding(27)
    assert first.verdict is Verdict.FAIL
    assert first.sentence == (
        f"{script.alert} fired 8.0s after the fault, but did not stay firing: it was resolved 11.8s after the fault, "
        "before the fault was cleared."
    )
    assert "it was resolved 11.8s after the fault and fired again 14.8s after it, before the fault was cleared" in tape.finding().sentence


def test_a_stay_that_is_over_before_the_flap_passes(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="3s")).plus(*flap(script))
    assert judged(tape) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, stayed firing for 3s.")
    longer = script.tape(script.expectation("alert", script.alert, stays="5s")).plus(*flap(script))
    assert longer.finding().sentence.endswith("it was resolved 11.8s after the fault and fired again 14.8s after it, before 5s were over.")


def test_a_stay_longer_than_the_fault_is_over_when_it_is_cleared(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="1m"))
    assert judged(tape) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, stayed firing until the fault was cleared.")


def test_a_flap_that_nobody_could_have_seen_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="until-cleared")).plus((30.0, BlindBegan("prometheus", "refused")))
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_an_alert_that_came_after_the_fault_was_cleared_cannot_show_that_it_stays(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="until-cleared"))
    tape = tape.without(AlertPending, AlertFiring).plus((36.0, AlertFiring(script.alert, script.labels)))
    assert judged(tape) == (
        Verdict.INCONCLUSIVE,
        f"{script.alert} cannot be judged: it fired 1.8s after the fault was cleared, too late to show that it stays.",
    )


def test_an_interrupted_stay_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, stays="10s")).without(FaultCleared)
    assert judged(tape.until(26, "interrupted")) == (
        Verdict.INCONCLUSIVE,
        f"{script.alert} cannot be judged: the drill ended after 26.0s (interrupted), before it had stayed long enough.",
    )


def test_a_page_stays_open(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, stays="until-cleared"))
    assert tape.plan.expectations[0].words == f"page {script.alert} staying open until cleared"
    assert judged(tape) == (
        Verdict.PASS,
        f"{script.alert} paged payments-oncall 9.1s after the fault, stayed open until the fault was cleared.",
    )


def test_a_page_that_is_resolved_and_comes_back_under_the_fault_fails(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, stays="until-cleared"))
    again = (30.0, PageOpened("p2", "payments-oncall", (script.alert,), 0))
    tape = tape.plus((27.0, script.notified("resolved")), (27.0, PageResolved("p1", 0)), (30.0, script.notified()), again)
    assert judged(tape) == (
        Verdict.FAIL,
        f"{script.alert} paged payments-oncall 9.1s after the fault, but did not stay open: "
        "it was resolved 12.8s after the fault and paged again 15.8s after it, before the fault was cleared.",
    )


# ---- times of an alert


def test_an_alert_is_counted_until_the_drill_ends(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, times=1))
    live = tape.until(40).finding(40)
    assert (live.verdict, live.until) == (Verdict.PENDING, None)
    assert judged(tape) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, once.")
    assert judged(tape.plus(*flap(script))) == (
        Verdict.FAIL,
        f"{script.alert} fired twice, 8.0s and 14.8s after the fault; expected once.",
    )


def test_an_alert_that_must_not_fire(script: Any) -> None:
    tape = script.tape(script.expectation("alert", OTHER, times=0))
    assert tape.until(40).finding(40).verdict is Verdict.PENDING
    assert judged(tape) == (Verdict.PASS, f"{OTHER} never fired.")
    assert judged(tape.plus(*fires(25.0))) == (Verdict.FAIL, f"{OTHER} fired once, 10.8s after the fault; expected never.")
    assert tape.plus((30.0, BlindBegan("prometheus", "refused"))).finding().verdict is Verdict.INCONCLUSIVE


# ---- inhibited-by, silenced


def suppressed(script: Any, by: str = "inhibition", names: tuple[str, ...] = (OTHER,), why: str = "") -> Any:
    return (23.0, AlertSuppressed(script.alert, {**script.labels, "cluster": "a"}, by, names, why))


@pytest.fixture
def inhibited(script: Any) -> Any:
    return script.tape(script.expectation("alert", script.alert, within="10s", inhibited_by=OTHER)).without(*PAGED)


def test_an_alert_that_is_held_back_by_another_and_pages_nobody(inhibited: Any, script: Any) -> None:
    tape = inhibited.plus(suppressed(script))
    assert tape.plan.expectations[0].words == f"alert {script.alert} within 10s inhibited by {OTHER}"
    live = tape.until(40).finding(40)
    assert (live.verdict, live.until) == (Verdict.PENDING, None)
    assert live.sentence == f"{script.alert} is held back by {OTHER}, and has paged nobody so far."
    assert judged(tape) == (
        Verdict.PASS,
        f"{script.alert} fired 8.0s after the fault, within 10s, was held back by {OTHER}, and paged nobody.",
    )
    kinds = {entry.seq: type(entry.event) for entry in tape.entries}
    assert {AlertSuppressed, AlertFiring, FaultActive} <= {kinds[seq] for seq in tape.finding().evidence}


@pytest.mark.parametrize("told", [{"names": ("f9",), "why": f"inhibited by {OTHER}"}, {"names": ("f9",), "why": OTHER}])
def test_the_source_is_known_by_name_or_by_the_sentence_that_says_why(inhibited: Any, script: Any, told: Any) -> None:
    assert inhibited.plus(suppressed(script, **told)).finding().verdict is Verdict.PASS


def test_the_source_is_known_by_its_fingerprint(inhibited: Any, script: Any) -> None:
    tape = inhibited.plus(*other_pages(script, 21.0), suppressed(script, names=("f1",)))
    assert tape.finding().verdict is Verdict.PASS


def test_a_longer_name_is_not_the_source(inhibited: Any, script: Any) -> None:
    assert inhibited.plus(suppressed(script, names=(), why=f"{OTHER}Too fires")).finding().verdict is Verdict.FAIL


def test_an_alert_that_is_held_back_by_something_else_names_it(inhibited: Any, script: Any) -> None:
    silenced = inhibited.plus(suppressed(script, "silence", ("s1",), "maintenance"))
    assert judged(silenced) == (Verdict.FAIL, f"{script.alert} was held back by the silence s1 (maintenance), not by {OTHER}.")
    for names, why in ((("LedgerDown",), ""), (("3f9ac1",), "LedgerDown")):
        sentence = inhibited.plus(suppressed(script, names=names, why=why)).finding().sentence
        assert sentence == f"{script.alert} was held back by the inhibition by LedgerDown, not by {OTHER}."


def test_an_alert_that_pages_although_it_was_to_be_held_back_fails_at_once(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, inhibited_by=OTHER))
    finding = tape.until(24).finding(24)
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence == f"{script.alert} paged payments-oncall 9.1s after the fault; {OTHER} was to hold it back."


def test_no_page_alone_does_not_show_what_held_it_back(inhibited: Any, script: Any) -> None:
    assert inhibited.until(30).finding(30).sentence == f"{script.alert} fires, and {OTHER} is to hold it back."
    assert judged(inhibited) == (
        Verdict.INCONCLUSIVE,
        f"{script.alert} cannot be judged: it fired and paged nobody, but nothing shows that {OTHER} held it back.",
    )


def test_an_alert_that_never_fired_was_not_held_back(inhibited: Any, script: Any) -> None:
    tape = inhibited.without(AlertPending, AlertFiring, AlertResolved)
    assert judged(tape) == (Verdict.FAIL, f"{script.alert} did not fire within 10s: the alert never became pending.")


def test_being_held_back_is_inconclusive_when_a_page_could_not_have_been_seen(inhibited: Any, script: Any) -> None:
    tape = inhibited.plus(suppressed(script), (30.0, BlindBegan("sink", "refused")))
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_one_instance_that_nothing_holds_back_is_not_held_back(inhibited: Any, script: Any) -> None:
    loose = AlertFiring(script.alert, {**script.labels, "cluster": "b"})
    assert inhibited.plus(suppressed(script), (22.3, loose)).finding().verdict is Verdict.INCONCLUSIVE


def test_a_silenced_alert_pages_nobody(script: Any) -> None:
    tape = script.tape(script.expectation("alert", script.alert, silenced="true")).without(*PAGED)
    held = tape.plus(suppressed(script, "silence", ("s1",)), (40.0, AlertReleased(script.alert, script.labels, "silence")))
    assert tape.plan.expectations[0].words == f"alert {script.alert} silenced"
    assert judged(held) == (Verdict.PASS, f"{script.alert} fired 8.0s after the fault, was held back by a silence, and paged nobody.")
    assert "not by a silence" in tape.plus(suppressed(script)).finding().sentence
