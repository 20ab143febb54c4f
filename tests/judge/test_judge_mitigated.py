"""`mitigated:` finding by finding: the fault is on from 14.2 to 34.2, and users are well again before, after, or never."""

from typing import Any

import pytest

from firedrill.core.events import BlindBegan, FaultActive, FaultCleared, FaultCounted, FaultIntended, Samples
from firedrill.core.verdicts import Verdict


def slow(script: Any, seconds: range, **declared: Any) -> Any:
    expected = script.expectation("mitigated", "latency", **({"within": "12s"} | declared))
    return script.tape(expected).without(Samples).plus(*script.bins(seconds))


def test_users_who_are_well_under_the_fault_pass_once_it_is_cleared(script: Any) -> None:
    tape = slow(script, range(15, 24))
    assert tape.finding().sentence == "latency met 95% again 9.8s after the fault, within 12s, and until the fault was cleared."
    assert tape.finding().verdict is Verdict.PASS
    kinds = {entry.seq: type(entry.event) for entry in tape.entries}
    assert {kinds[seq] for seq in tape.finding().evidence} == {FaultActive, FaultCleared, Samples}


def test_while_the_fault_is_on_it_is_pending_until_its_clearing(script: Any) -> None:
    finding = slow(script, range(15, 24)).until(33).finding(33)
    assert (finding.verdict, finding.until) == (Verdict.PENDING, pytest.approx(34.0 + 2.5))
    assert finding.sentence == "latency is to be met again before the fault is cleared, and to stay so."


def test_a_fault_that_was_cleared_first_fails_and_says_so(script: Any) -> None:
    finding = slow(script, range(15, 33)).finding()
    assert finding.sentence == (
        "latency was not met again within 12s after the fault: the fault was cleared 20.0s after it, before users were well again; "
        "at worst 20% of a 5s window's samples were good, 95% are promised."
    )
    assert finding.verdict is Verdict.FAIL


def test_users_who_are_hurt_again_before_the_clearing_were_not_mitigated(script: Any) -> None:
    tape = script.tape(script.expectation("mitigated", "latency")).without(Samples)
    tape = tape.plus(
        *[one for one in script.bins(range(15, 18)) if one[0] < 30], *[one for one in script.bins(range(30, 36)) if one[0] >= 30]
    )
    assert tape.finding().verdict is Verdict.FAIL


def test_too_late_says_by_how_much(script: Any) -> None:
    finding = slow(script, range(15, 28)).finding()
    assert finding.sentence == "latency was met again 13.8s after the fault, 1.8s later than within 12s."
    assert finding.verdict is Verdict.FAIL


def test_once_its_time_is_over_it_fails_while_the_fault_is_on(script: Any) -> None:
    finding = slow(script, range(15, 36)).until(33).finding(33)
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence.startswith("latency was not met again within 12s after the fault: the fault was still on")


def test_an_slo_that_was_met_all_the_while_has_nothing_to_mitigate(script: Any) -> None:
    finding = slow(script, range(0)).finding()
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.sentence == (
        "latency cannot be judged: it was met all the while, so there was nothing to mitigate from the fault until the fault was cleared."
    )


def test_before_the_fault_it_is_pending(script: Any) -> None:
    assert slow(script, range(15, 24)).until(12).finding(12).verdict is Verdict.PENDING


def test_a_blind_spot_of_its_source_is_inconclusive(script: Any) -> None:
    finding = slow(script, range(15, 24)).plus((20.0, BlindBegan("load negotiate", "gone"))).finding()
    assert (finding.verdict, "load negotiate could not be seen" in finding.sentence) == (Verdict.INCONCLUSIVE, True)


def test_a_stretch_without_samples_is_inconclusive(script: Any) -> None:
    tape = slow(script, range(15, 24)).without(lambda event: isinstance(event, Samples) and 20 <= event.second < 28)
    assert "it has no samples from" in tape.finding().sentence
    assert tape.finding().verdict is Verdict.INCONCLUSIVE


def test_a_drill_that_was_broken_off_cannot_tell(script: Any) -> None:
    tape = slow(script, range(15, 36)).until(22).plus((22.5, FaultCleared("latency-bureau", "undo"))).until(26, "interrupted")
    assert (tape.finding().verdict, "(interrupted)" in tape.finding().sentence) == (Verdict.INCONCLUSIVE, True)
    killed = slow(script, range(15, 36)).without(FaultCleared, FaultCounted)
    assert "the drill ended before the fault was cleared" in killed.finding().sentence


def test_no_fault_or_an_unlisted_slo_is_inconclusive(script: Any) -> None:
    tape = slow(script, range(15, 24)).without(FaultIntended, FaultActive, FaultCleared, FaultCounted)
    assert tape.finding().sentence == "latency cannot be judged: no fault was ever active."
    finding = script.tape(script.expectation("mitigated", "latancy")).finding()
    assert finding.sentence == "latancy cannot be judged: the experiment does not list it under slos."
