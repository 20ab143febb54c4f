"""What a page carries, part by part: labels, annotations, the text that a person reads, and the links in it."""

from typing import Any

import pytest

from firedrill.core.events import LinkChecked, NotificationReceived, PageOpened, PageResolved
from firedrill.core.verdicts import Verdict

PAGED = (NotificationReceived, PageOpened, PageResolved)
RUNBOOK = "https://runbooks.example/slow"


def told(tape: Any, script: Any, **event: Any) -> Any:
    """The same drill with another first message."""
    alerts = event.pop("alerts", [script.instance()])
    note = NotificationReceived("payments-oncall", "firing", "payments-oncall:{}", {}, alerts, **event)
    return tape.without(*PAGED).plus((23.3, note), (23.31, PageOpened("p1", "payments-oncall", (script.alert,), 0)))


def judged(tape: Any) -> tuple[Verdict, str]:
    finding = tape.finding()
    return finding.verdict, finding.sentence


# ---- labels


def test_labels_say_which_page_is_meant(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, labels={"severity": "page"}, within="45s"))
    assert tape.plan.expectations[0].words == f"page {script.alert} with severity=page within 45s"
    assert judged(tape) == (Verdict.PASS, f"{script.alert} paged payments-oncall with severity=page 9.1s after the fault, within 45s.")


def test_a_page_with_other_labels_is_named_with_what_it_carried(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, labels={"severity": "ticket", "team": "payments"}, within="10s"))
    assert tape.until(23.9).finding(23.9).verdict is Verdict.PENDING
    assert judged(tape) == (
        Verdict.FAIL,
        f"{script.alert} did not page anyone with severity=ticket and team=payments within 10s: "
        "it paged payments-oncall with severity=page and no team.",
    )


def test_an_instance_with_other_labels_does_not_speak_for_the_one_that_is_meant(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, labels={"cluster": "a"}, has=["summary"]))
    other = script.instance(summary="") | {"labels": {**script.labels, "cluster": "b"}}
    assert told(tape, script, alerts=[script.instance(), other]).finding().verdict is Verdict.PASS


# ---- annotations


def test_annotations_are_compared_word_for_word(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, annotations={"summary": "Offers are slow", "runbook_url": RUNBOOK}))
    assert tape.plan.expectations[0].words == f'page {script.alert} with summary "Offers are slow" with runbook_url "{RUNBOOK}"'
    assert judged(tape) == (
        Verdict.PASS,
        f"{script.alert} paged payments-oncall 9.1s after the fault, with the expected summary and runbook_url.",
    )


def test_an_annotation_that_says_something_else_is_quoted(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, annotations={"summary": "Offers crawl", "description": "x"}))
    assert judged(tape) == (
        Verdict.FAIL,
        f'{script.alert} paged payments-oncall with the summary "Offers are slow" instead of "Offers crawl" and without description.',
    )


# ---- says


def test_what_a_person_reads_is_title_and_text_however_they_are_broken_into_lines(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, says=["Offers are slow", "12 % of offers"]))
    assert tape.plan.expectations[0].words == f'page {script.alert} saying "Offers are slow" and "12 % of offers"'
    tape = told(tape, script, integration="slack", title="[FIRING] Offers are slow", text="now 12 %\n  of offers")
    assert judged(tape) == (
        Verdict.PASS,
        f'{script.alert} paged payments-oncall 9.1s after the fault, saying "Offers are slow" and "12 % of offers".',
    )


def test_a_text_that_the_message_does_not_say_is_shown_beside_what_it_says(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, says="Offers are slow"))
    assert judged(told(tape, script, integration="email", title="Alert", text="1 alert for group")) == (
        Verdict.FAIL,
        f'{script.alert} paged payments-oncall, but the message does not say "Offers are slow"; it says "Alert 1 alert for group".',
    )


def test_a_webhook_is_read_by_its_summary_and_description(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, says="Offers are slow"))
    assert tape.finding().verdict is Verdict.PASS
    runbook = script.tape(script.expectation("page", script.alert, says="runbooks.example"))
    assert 'it says "Offers are slow"' in runbook.finding().sentence


def test_a_message_whose_text_nobody_knows_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, says="Offers are slow"))
    assert judged(told(tape, script, integration="pushover")) == (
        Verdict.INCONCLUSIVE,
        f"{script.alert} cannot be judged: nobody knows what the pushover message to payments-oncall says.",
    )


def test_a_page_whose_message_was_lost_is_inconclusive(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, has=["summary"])).without(NotificationReceived)
    assert judged(tape) == (Verdict.INCONCLUSIVE, f"{script.alert} cannot be judged: the page's message is not in the journal.")


# ---- links


@pytest.fixture
def linked(script: Any) -> Any:
    return script.tape(script.expectation("page", script.alert, links="reachable"), links=("runbooks.example",))


def checked(status: int | None = 200, error: str = "", url: str = RUNBOOK) -> Any:
    return (23.6, LinkChecked(url, 1, status, error))


def test_a_link_that_answers_is_reachable_and_the_answer_is_cited(linked: Any, script: Any) -> None:
    tape = linked.plus(checked())
    assert judged(tape) == (Verdict.PASS, f"{script.alert} paged payments-oncall 9.1s after the fault, its link reachable.")
    kinds = {entry.seq: type(entry.event) for entry in tape.entries}
    assert LinkChecked in {kinds[seq] for seq in tape.finding().evidence}


def test_a_link_that_answers_404_fails_with_its_address(linked: Any, script: Any) -> None:
    finding = linked.plus(checked(404)).until(24).finding(24)
    assert finding.verdict is Verdict.FAIL
    assert finding.sentence == f"{script.alert} paged payments-oncall, but its link {RUNBOOK} answers 404."


def test_a_link_that_cannot_be_reached_fails_with_the_reason(linked: Any, script: Any) -> None:
    assert judged(linked.plus(checked(None, "Connection refused"))) == (
        Verdict.FAIL,
        f"{script.alert} paged payments-oncall, but its link {RUNBOOK} cannot be reached (Connection refused).",
    )


def test_several_links_are_counted_and_each_broken_one_is_named(script: Any) -> None:
    tape = script.tape(script.expectation("page", script.alert, links="reachable"), links=("runbooks.example", "boards.example:8443"))
    tape = told(tape, script, title="See", text="the board (https://boards.example:8443/slow), then act.")
    good = tape.plus(checked(), checked(302, url="https://boards.example:8443/slow"))
    assert good.finding().sentence.endswith("its 2 links reachable.")
    bad = tape.plus(checked(500), checked(404, url="https://boards.example:8443/slow"))
    assert f"its link https://boards.example:8443/slow answers 404 and its link {RUNBOOK} answers 500" in bad.finding().sentence


def test_a_link_is_waited_for_while_it_may_be_fetched_and_inconclusive_when_nobody_did(linked: Any, script: Any) -> None:
    live = linked.until(24).finding(24)
    assert (live.verdict, live.until) == (Verdict.PENDING, pytest.approx(35.8))
    assert judged(linked) == (Verdict.INCONCLUSIVE, f"{script.alert} cannot be judged: nobody fetched its link {RUNBOOK}.")


def test_a_host_that_may_not_be_asked_is_inconclusive_and_the_setting_is_named(script: Any) -> None:
    assert judged(script.tape(script.expectation("page", script.alert, links="reachable"))) == (
        Verdict.INCONCLUSIVE,
        f"{script.alert} cannot be judged: its link {RUNBOOK} may not be fetched; to allow it, "
        "add runbooks.example to 'links' of the environment local in firedrill.yaml.",
    )


def test_a_message_without_links_has_nothing_to_follow(linked: Any, script: Any) -> None:
    assert judged(told(linked, script, alerts=[script.instance(runbook_url="see the wiki")])) == (
        Verdict.FAIL,
        f"{script.alert} paged payments-oncall without any link in its message.",
    )
