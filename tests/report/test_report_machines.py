"""verdict.json, junit.xml and summary.md: what machines, CI and a merge request read."""

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from firedrill.core import events as ev
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import STAGES, JudgedDrill, Notice
from firedrill.report import html, junit, summary, verdict_json

HEAD = ("drill", "experiment", "environment", "verdict", "reason", "exit_code", "started_at", "duration_s", "ended")
REST = (
    "findings",
    "noticed",
    "slos",
    "detections",
    "pages",
    "response",
    "faults",
    "phases",
    "series",
    "blind",
    "scores",
    "drawn",
    "actions",
)


def test_verdict_json_is_what_the_design_says(judged: JudgedDrill) -> None:
    content = json.loads(verdict_json.render(judged))
    assert list(content) == [*HEAD, *REST]
    told = {key: content[key] for key in HEAD}
    assert told == {
        "drill": "slow-bureau-20261118-083640-4f1e", "experiment": "slow-bureau", "environment": "local", "verdict": "pass",
        "reason": "All 3 expectations held.", "exit_code": 0, "started_at": "2026-11-18T11:06:40.250+00:00", "duration_s": 97.204,
        "ended": "finished",
    }  # fmt: skip


def test_verdict_json_cites_an_entry_for_every_finding(judged: JudgedDrill, recording: Any) -> None:
    findings = verdict_json.content(judged)["findings"]
    assert [list(finding) for finding in findings] == [["expectation", "verdict", "sentence", "evidence", "details"]] * 3
    assert all(finding["evidence"] and set(finding["evidence"]) <= set(recording.by_seq) for finding in findings)


def test_verdict_json_gives_each_slo_over_each_phase(judged: JudgedDrill) -> None:
    slos = verdict_json.content(judged)["slos"]
    assert [(slo["name"], slo["phase"]) for slo in slos][3:6] == [("negotiation-latency", phase) for phase in ("steady", "play", "recover")]
    assert slos[4] == {
        "name": "negotiation-latency", "objective": 0.99, "phase": "play", "samples": 708, "good": 0, "sli": 0.0,
        "interval": [0.0, 0.004222], "budget_spent": 100.0,
    }  # fmt: skip


def test_verdict_json_splits_the_detection_into_eight_stages_with_nine_boundaries(judged: JudgedDrill, recording: Any) -> None:
    (detection,) = verdict_json.content(judged)["detections"]
    assert list(detection["stages"]) == list(STAGES)
    assert sum(detection["stages"].values()) == pytest.approx(detection["total_s"])
    assert detection["total_s"] == 7.272
    kinds = [recording.by_seq[seq].event.kind for seq in detection["boundaries"]]
    found = ["alert.boundary"] * 3
    assert kinds == ["fault.active", *found, "alert.pending", "alert.firing", "alert.boundary", "alert.boundary", "notification.received"]


def test_verdict_json_tells_faults_pages_phases_and_series(judged: JudgedDrill) -> None:
    content = verdict_json.content(judged)
    assert content["faults"] == [{
        "name": "latency-bureau", "kind": "latency", "target": "bureau", "injected_s": 26.412, "cleared_s": 86.431, "effective": True,
        "touched": 1184, "why_cleared": "played",
    }]  # fmt: skip
    assert [(page["receiver"], page["opened_s"], page["resolved_s"], len(page["notifications"])) for page in content["pages"]] == [
        ("payments-oncall", 33.684, 93.667, 2)
    ]
    text = "Offers are slow\n  see https://runbooks.example.org/slow-bureau"
    assert content["pages"][0]["messages"] == [
        {"at_s": at, "integration": "slack", "status": status, "title": f"{status}: NegotiationLatencyBudgetBurn", "text": text}
        for at, status in ((33.684, "firing"), (93.667, "resolved"))
    ]
    assert [phase["name"] for phase in content["phases"]] == ["prepare", "ramp", "steady", "play", "recover", "end"]
    assert {(one["of"], one["name"]) for one in content["series"]} == {
        ("probe", "offer-journey"), ("load", "negotiate"), ("slo", "negotiation-latency"), ("slo", "negotiation-availability"),
    }  # fmt: skip


def test_verdict_json_says_what_could_not_be_seen(unseen: JudgedDrill) -> None:
    content = verdict_json.content(unseen)
    assert [(one["what"], one["why"], one["began_s"], one["ended_s"]) for one in content["blind"]] == [
        ("prometheus", "connection refused", 48.2, None)
    ]
    assert (content["verdict"], content["exit_code"]) == ("inconclusive", 3)


def _cases(drill: JudgedDrill) -> list[list[str]]:
    return [[child.tag for child in case] for case in ET.fromstring(junit.render(drill)).iter("testcase")]


def test_junit_has_a_case_for_each_expectation(judged: JudgedDrill) -> None:
    root = ET.fromstring(junit.render(judged))
    assert root.attrib == {"tests": "3", "failures": "0", "errors": "0"}
    (suite,) = root
    assert (suite.get("name"), suite.get("time"), suite.get("timestamp")) == ("slow-bureau", "97.204", "2026-11-18T11:06:40+00:00")
    assert [case.get("name") for case in suite] == [finding.expectation for finding in judged.findings]
    assert _cases(judged) == [["system-out"]] * 3


def test_junit_calls_a_fail_a_failure(unpaged: JudgedDrill) -> None:
    root = ET.fromstring(junit.render(unpaged))
    assert root.attrib == {"tests": "3", "failures": "1", "errors": "0"}
    failure = next(root.iter("failure"))
    assert failure.get("message") == unpaged.findings[0].sentence
    assert failure.text is not None
    assert failure.text.startswith("journal entries: ")


def test_junit_calls_inconclusive_an_error_and_never_green(unseen: JudgedDrill) -> None:
    root = ET.fromstring(junit.render(unseen))
    assert root.get("errors") == str(len(unseen.findings))
    assert _cases(unseen) == [["error"]] * len(unseen.findings)


def test_junit_adds_up_several_drills_in_their_order(judged: JudgedDrill, unpaged: JudgedDrill, unseen: JudgedDrill) -> None:
    root = ET.fromstring(junit.render_all([unseen, judged, unpaged]))
    assert root.attrib == {"tests": "10", "failures": "1", "errors": "4"}
    assert [suite.get("errors") for suite in root] == ["4", "0", "0"]


def test_junit_can_be_read_whatever_a_program_said_last(judged: JudgedDrill) -> None:
    odd = Finding("the drill ends by itself", Verdict.INCONCLUSIVE, "\x1b[31mlost\x00 <b>&\ud800</b>")
    drill = JudgedDrill(judged.facts, Verdict.INCONCLUSIVE, "", judged.exit_code, [odd], [], [])
    (error,) = ET.fromstring(junit.render(drill)).iter("error")
    assert error.get("message") == "\ufffd[31mlost\ufffd <b>&\ufffd</b>"


def test_junit_counts_a_drill_without_findings_as_its_verdict(judged: JudgedDrill) -> None:
    drill = JudgedDrill(judged.facts, Verdict.INCONCLUSIVE, "Nothing was judged.", judged.exit_code, [], [], [])
    assert ET.fromstring(junit.render(drill)).attrib == {"tests": "1", "failures": "0", "errors": "1"}


def test_what_is_noticed_is_in_every_report_and_changes_no_verdict(judged: JudgedDrill, recording: Any) -> None:
    notice = Notice("<Ledger> fired at 25.0s, which nothing expected.", [recording.entries[3].seq])
    drill = replace(judged, noticed=[notice])
    content = verdict_json.content(drill)
    assert (content["verdict"], content["noticed"]) == ("pass", [{"sentence": notice.sentence, "evidence": list(notice.evidence)}])
    root = ET.fromstring(junit.render(drill))
    assert root.attrib == {"tests": "3", "failures": "0", "errors": "0"}
    assert [told.text for told in root.findall("testsuite/system-out")] == [notice.sentence]
    assert "- ! &lt;Ledger> fired at 25.0s, which nothing expected." in summary.render(drill).decode().splitlines()
    page = html.render(drill, "beside.js", recording.by_seq).decode()
    assert '<li class="noticed">' in page
    assert "&lt;Ledger&gt; fired at 25.0s, which nothing expected." in page
    assert f"#{notice.evidence[0]} at " in page.partition('<li class="noticed">')[2]


SUMMARY = """\
# ✓ pass: The credit bureau answers half a second late

All 3 expectations held.

- ✓ NegotiationLatencyBudgetBurn paged payments-oncall 7.3s after the fault, within 45s, once, with summary and runbook_url, and it was \
resolved 7.2s after the fault was cleared, within 1m30s.
- ✓ negotiation-latency met 99% again 0.6s after the fault was cleared, within 30s, and to the end.
- ✓ nothing else fired or paged from 5.6s to 95.9s: 192 looks at Prometheus, the sink always open.

**NegotiationLatencyBudgetBurn** reached payments-oncall 7.27 s after the fault:

| window | scrape | record | evaluate | for | send | group | deliver |
|---|---|---|---|---|---|---|---|
| 2.88 s | 0.76 s | 0.56 s | 0 ms | 2.00 s | 46 ms | 1.01 s | 23 ms |

| SLO | phase | objective | SLI | 95 % bounds | samples |
|---|---|---|---|---|---|
| negotiation-availability | steady | 99 % | 100.00 % | 99.60 % to 100.00 % | 760 |
| negotiation-availability | play | 99 % | 100.00 % | 99.78 % to 100.00 % | 1416 |
| negotiation-availability | recover | 99 % | 100.00 % | 99.06 % to 100.00 % | 320 |
| negotiation-latency | steady | 99 % | 100.00 % | 99.21 % to 100.00 % | 380 |
| negotiation-latency | play | 99 % | 0.00 % | 0.00 % to 0.42 % | 708 |
| negotiation-latency | recover | 99 % | 100.00 % | 98.14 % to 100.00 % | 160 |
| offer-journey | steady | 90 % | 100.00 % | 92.78 % to 100.00 % | 40 |
| offer-journey | play | 90 % | 0.00 % | 0.00 % to 2.50 % | 118 |
| offer-journey | recover | 90 % | 100.00 % | 82.92 % to 100.00 % | 16 |

Drill `slow-bureau-20261118-083640-4f1e` in environment `local`, 97.2 s.
"""


def test_the_summary_says_all_in_a_screenful(judged: JudgedDrill) -> None:
    assert summary.render(judged).decode() == SUMMARY


def test_the_summary_of_a_failed_drill_begins_with_why(unpaged: JudgedDrill) -> None:
    lines = summary.render(unpaged).decode().splitlines()
    assert lines[0] == "# ✗ fail: The credit bureau answers half a second late"
    assert lines[2] == unpaged.findings[0].sentence
    assert lines[4].startswith("- ✗ NegotiationLatencyBudgetBurn did not page payments-oncall within 45s:")


def test_the_summary_lets_no_title_be_html(hostile: Any) -> None:
    text = summary.render(hostile.judged()).decode()
    assert "<img" not in text
    assert "</script" not in text


def test_no_report_cares_in_which_pieces_the_facts_were_folded(recording: Any, judged: JudgedDrill) -> None:
    from firedrill.cli.registry import kinds
    from firedrill.judge.facts import fold
    from firedrill.judge.verdict import conclude

    facts = fold(recording.entries[200:], fold(recording.entries[:200]))
    assert verdict_json.render(conclude(facts, kinds())) == verdict_json.render(judged)


def test_the_recording_is_a_journal_like_any_other(recording: Any) -> None:
    lines = [json.loads(json.dumps(entry.to_json())) for entry in recording.entries]
    assert [ev.Entry.from_json(line).event.kind for line in lines] == [entry.event.kind for entry in recording.entries]
