"""Too many pages, what quiet excuses, and what is shown although nobody asked."""

from typing import Any

import pytest

from firedrill.core.events import AlertFiring, BlindBegan, LinkChecked, Noted, NotificationReceived, PageOpened
from firedrill.core.verdicts import Verdict

OTHER = "LedgerErrors"


def judged(tape: Any) -> tuple[Verdict, str]:
    finding = tape.finding()
    return finding.verdict, finding.sentence


def pages(script: Any, *times: float, receiver: str = "ledger") -> list[Any]:
    told = [(at, script.notified(receiver=receiver, name=OTHER)) for at in times]
    return told + [(at, PageOpened(f"x{at}", receiver, (OTHER,), 0)) for at in times]


def firing(**labels: str) -> Any:
    return (25.0, AlertFiring(OTHER, {"alertname": OTHER, **labels}))


# ---- pages


def test_few_pages_pass_at_the_end_with_their_number(script: Any) -> None:
    tape = script.tape(script.expectation("pages", {"at-most": 2, "to": "payments-oncall"}))
    assert tape.plan.expectations[0].words == "at most 2 pages to payments-oncall"
    live = tape.until(30).finding(30)
    assert (live.verdict, live.until) == (Verdict.PENDING, None)
    assert live.sentence == "1 page for payments-oncall so far; at most 2 may open until the drill ends."
    assert judged(tape) == (Verdict.PASS, "1 page for payments-oncall opened from 4.0s to 44.0s, at most 2 allowed.")


def test_one_page_too_many_fails_at_once_and_all_are_named(script: Any) -> None:
    tape = script.tape(script.expectation("pages", {"at-most": 2})).plus(*pages(script, 24.0, 25.0))
    finding = tape.until(26).finding(26)
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence == (
        f"3 pages opened, and at most 2 may: {script.alert} for payments-oncall at 23.3s, "
        f"{OTHER} for ledger at 24.0s and {OTHER} for ledger at 25.0s."
    )


def test_somebody_elses_pages_do_not_count(script: Any) -> None:
    tape = script.tape(script.expectation("pages", {"at-most": 0, "to": "platform"}))
    assert tape.plan.expectations[0].words == "no page to platform"
    assert judged(tape) == (Verdict.PASS, "no page for platform opened from 4.0s to 44.0s, at most 0 allowed.")


def test_pages_are_not_counted_by_a_blind_sink_or_in_a_drill_cut_short(script: Any) -> None:
    tape = script.tape(script.expectation("pages", {"at-most": 2}))
    assert judged(tape.plus((30.0, BlindBegan("sink", "refused")))) == (
        Verdict.INCONCLUSIVE,
        "the number of pages cannot be judged: sink could not be seen from 30.0s on (refused).",
    )
    assert judged(tape.until(30, "interrupted")) == (
        Verdict.INCONCLUSIVE,
        "the number of pages cannot be judged: the drill ended after 30.0s (interrupted), before its pages were all counted.",
    )
    assert tape.until(5).finding(5).sentence == "pages are counted from the steady phase on."


# ---- quiet


def quiet(script: Any, **exceptions: Any) -> Any:
    named = {name.replace("_", "-"): value for name, value in exceptions.items()}
    return script.tape(script.expectation("quiet", named or None), script.expectation("page", script.alert))


def test_receivers_may_be_excepted_with_the_alerts_that_they_alone_are_told_of(script: Any) -> None:
    tape = quiet(script, except_to="ledger")
    assert tape.plan.expectations[0].words == "quiet except to ledger"
    heard = tape.plus(firing(), *pages(script, 26.0))
    assert heard.until(25.5).finding(25.5).verdict is Verdict.PENDING
    assert heard.finding().verdict is Verdict.PASS
    assert judged(tape.plus(firing())) == (Verdict.FAIL, f"{OTHER} fired at 25.0s, which nothing expected.")
    assert tape.plus(firing(), *pages(script, 26.0), *pages(script, 27.0, receiver="platform")).finding().sentence == (
        f"{OTHER} fired at 25.0s and {OTHER} paged platform at 27.0s, which nothing expected."
    )


def test_labels_may_be_excepted(script: Any) -> None:
    tape = quiet(script, except_labels={"severity": "info"})
    assert tape.plan.expectations[0].words == "quiet except with severity=info"
    assert tape.plus(firing(severity="info")).finding().verdict is Verdict.PASS
    assert tape.plus(firing(severity="page")).finding().verdict is Verdict.FAIL


def test_one_instance_without_the_excepted_labels_is_a_surprise(script: Any) -> None:
    told = [script.instance(name=OTHER) | {"labels": {"alertname": OTHER, "severity": severity}} for severity in ("info", "page")]
    note = NotificationReceived("ledger", "firing", "g", {}, told)
    tape = quiet(script, except_labels={"severity": "info"}).plus((26.0, note), (26.0, PageOpened("p2", "ledger", (OTHER,), 0)))
    assert tape.finding().sentence == f"{OTHER} paged ledger at 26.0s, which nothing expected."


@pytest.mark.parametrize("how", [{"after": OTHER}, {"grouped_with": [OTHER]}])
def test_an_alert_that_an_expectation_speaks_of_is_no_surprise(script: Any, how: Any) -> None:
    tape = script.tape(script.expectation("quiet"), script.expectation("page", script.alert, **how))
    assert tape.plus(firing()).finding().verdict is Verdict.PASS


# ---- what is noticed


def noticed(tape: Any) -> list[str]:
    return [one.sentence for one in tape.concluded().noticed]


def test_what_nobody_expected_is_noticed_and_fails_nothing(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert)).plus(firing(), *pages(script, 26.0))
    drill = tape.concluded()
    assert drill.verdict is Verdict.PASS
    assert [one.sentence for one in drill.noticed] == [
        f"{OTHER} fired at 25.0s, which nothing expected.",
        f"{OTHER} paged ledger at 26.0s, which nothing expected.",
    ]
    kinds = {entry.seq: type(entry.event) for entry in tape.entries}
    assert [kinds[seq] for one in drill.noticed for seq in one.evidence] == [AlertFiring, PageOpened]


def test_what_quiet_speaks_of_is_not_said_twice(script: Any) -> None:
    assert noticed(quiet(script).plus(firing())) == []


def test_an_ordinary_drill_has_nothing_to_notice(script: Any) -> None:
    assert noticed(script.tape(script.expectation("page", script.alert, to="payments-oncall"))) == []


def test_a_page_to_somebody_whom_nothing_names_is_noticed_even_beside_quiet(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, to="payments-oncall"), script.expectation("quiet"))
    tape = tape.plus((24.0, script.notified(receiver="everyone")), (24.0, PageOpened("p7", "everyone", (script.alert,), 0)))
    assert noticed(tape) == [f"{script.alert} paged `everyone` too, at 24.0s, whom nothing expected to be paged."]


def test_a_broken_link_is_noticed_where_no_expectation_asked(script: Any) -> None:
    gone = (24.0, LinkChecked("https://runbooks.example/slow", 1, 404))
    tape = script.tape(script.expectation("page", script.alert)).plus(gone)
    assert noticed(tape) == ["The link https://runbooks.example/slow in a message answers 404."]
    assert noticed(script.tape(script.expectation("page", script.alert, links="reachable")).plus(gone)) == []


def test_stages_that_nobody_looked_for_in_a_storm_are_told_in_the_report(script: Any) -> None:
    left_out = "the stages of 1980 changes of alerts were not looked up, to spare Prometheus in a storm: Storm (1980)"
    assert noticed(quiet(script).plus((30.0, Noted(left_out, "stages")))) == [f"{left_out}."]
