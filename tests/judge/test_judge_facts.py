"""The fold: what entries become, and that any beginning of a journal is a journal."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firedrill.core.errors import FiredrillError
from firedrill.core.events import (
    SCHEMA,
    ActivityEnded,
    ActivityStarted,
    AlertBoundary,
    AlertFiring,
    AlertPending,
    AlertResolved,
    BlindBegan,
    BlindEnded,
    ChaosEnded,
    Covered,
    DrillStarted,
    Entry,
    FaultActive,
    FaultCleared,
    FaultIntended,
    Noted,
    NotificationReceived,
    PageOpened,
    PageResolved,
    PhaseEntered,
    Samples,
    Unknown,
)
from firedrill.core.verdicts import Verdict
from firedrill.judge.facts import apply, blank, fold
from firedrill.judge.verdict import conclude, judge


def written(*timed: Any) -> list[Entry]:
    return [Entry(seq, one[0], "test", one[2] if len(one) > 2 else None, one[1]) for seq, one in enumerate(timed, 1)]


@pytest.fixture(scope="module")
def drill(script: Any) -> Any:
    return script.tape(
        script.expectation("page", script.alert, to="payments-oncall", within="45s", times=1, has=["summary"], resolved="60s"),
        script.expectation("alert", script.alert, within="30s", resolved="30s"),
        script.expectation("slo", "latency", recovered="5s"),
        script.expectation("slo", "availability"),
        script.expectation("quiet"),
    )


def test_every_prefix_is_judged_without_raising_and_none_passes_before_the_end(drill: Any, script: Any) -> None:
    entries = drill.entries
    facts = blank()
    for entry in entries:
        assert conclude(facts, script.kinds).verdict is not Verdict.PASS
        apply(facts, entry)
        live = judge(facts, script.kinds)
        assert not any("broke" in finding.sentence for finding in live)
        assert facts.ended or not any(finding.verdict is Verdict.PASS for finding in live if finding.expectation == "quiet")
    assert conclude(facts, script.kinds).verdict is Verdict.PASS


def test_a_page_keeps_every_message_that_says_that_it_is_over_and_none_of_a_later_thread() -> None:
    def told(status: str, integration: str) -> NotificationReceived:
        return NotificationReceived("oncall", status, "g", {}, [], integration)

    facts = fold(written(
        (1.0, told("firing", "slack")), (1.0, PageOpened("p1", "oncall", ["A"], 1)), (1.1, told("firing", "email")),
        (2.0, told("resolved", "slack")), (2.0, PageResolved("p1", 4)), (2.1, told("resolved", "email")),
        (3.0, told("firing", "slack")), (3.0, PageOpened("p2", "oncall", ["A"], 7)), (4.0, told("resolved", "slack")),
    ))  # fmt: skip
    assert [[(note.at, note.status) for note in page.notifications] for page in facts.pages] == [
        [(1.0, "firing"), (1.1, "firing"), (2.0, "resolved"), (2.1, "resolved")],
        [(3.0, "firing"), (4.0, "resolved")],
    ]


def test_along_a_drill_that_passes_nothing_ever_looks_failed(drill: Any, script: Any) -> None:
    facts = blank()
    for entry in drill.entries:
        apply(facts, entry)
        assert max((one.verdict for one in judge(facts, script.kinds)), default=Verdict.PASS) < Verdict.INCONCLUSIVE


def test_what_is_pending_with_a_deadline_is_decided_by_then(drill: Any, script: Any) -> None:
    for cut in range(15, 44):
        facts = drill.until(cut).facts(cut)
        for number, finding in enumerate(judge(facts, script.kinds)):
            if finding.verdict is Verdict.PENDING and finding.until is not None:
                later = drill.until(max(cut, 44)).facts(finding.until + 0.01)
                assert judge(later, script.kinds)[number].until is None


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0, 1))
def test_no_journal_with_entries_missing_raises_or_breaks_a_judge(drill: Any, script: Any, chance: random.Random, share: float) -> None:
    entries = drill.entries
    kept = [entry for entry in entries if entry.seq == 1 or chance.random() < share]
    judged = conclude(fold(kept), script.kinds)
    assert not any("broke" in finding.sentence for finding in judged.findings)


def test_folding_on_is_folding_at_once(drill: Any) -> None:
    entries = drill.entries
    assert fold(entries[100:], fold(entries[:100])) == fold(entries)


def test_the_empty_journal_has_facts() -> None:
    assert fold([]).plan.expectations == ()


def test_the_plan_comes_from_the_first_entry(drill: Any) -> None:
    assert drill.facts().plan == drill.plan


def test_a_plan_of_another_version_is_an_error_for_people() -> None:
    first = DrillStarted(SCHEMA + 1, "d", "e", "local", {"shape": "new"}, 0.0, {})
    with pytest.raises(FiredrillError, match=r"the journal's plan \(schema 2\) cannot be read by this firedrill \(schema 1\)"):
        fold(written((0.0, first)))


def test_unknown_kinds_change_nothing_but_the_time() -> None:
    facts = fold(written((3.0, Unknown("mood.measured", {})), (4.0, ChaosEnded("failed", True))))
    assert facts.now == 4.0
    facts.now = 0.0
    assert facts == blank()


def test_time_never_runs_backwards() -> None:
    facts = blank()
    facts.now = 9.0
    apply(facts, Entry(1, 4.0, "test", None, Noted("late")))
    assert (facts.now, facts.notes) == (9.0, ["late"])


def test_a_phase_ends_where_the_next_begins() -> None:
    facts = fold(written((1.0, PhaseEntered("ramp")), (2.5, PhaseEntered("steady"))))
    assert [(phase.name, phase.start, phase.end) for phase in facts.phases] == [("ramp", 1.0, 2.5), ("steady", 2.5, None)]


def test_bins_of_one_second_add_up() -> None:
    first = Samples("load", "a", 4.0, 3, 1, {"0.3": 2}, "x", 4.6, {"500": 1})
    second = Samples("load", "a", 4.0, 2, 1, {"0.3": 2}, "y", 4.1, {"500": 1})
    (bin_,) = fold(written((5.0, first), (5.1, second))).series["load", "a"].bins.values()
    assert (bin_.good, bin_.bad, bin_.under, bin_.first_bad) == (5, 2, {"0.3": 4}, 4.1)
    assert (bin_.histograms, bin_.errors, bin_.seqs) == (["x", "y"], {"500": 2}, [1, 2])


def test_each_life_of_an_alert_is_its_own_span() -> None:
    lives = [
        AlertPending("A", {}),
        AlertResolved("A", {}, "pending"),
        AlertPending("A", {}),
        AlertFiring("A", {}),
        AlertPending("A", {"x": "1"}),
    ]
    spans = fold(written(*((float(t), event) for t, event in enumerate(lives)))).alerts
    assert [(span.pending, span.firing, span.resolved) for span in spans] == [(0.0, None, 1.0), (2.0, 3.0, None), (4.0, None, None)]


def test_boundaries_found_later_join_the_life_they_belong_to() -> None:
    entries = written(
        (2.0, AlertPending("A", {})),
        (3.0, AlertFiring("A", {})),
        (6.0, AlertResolved("A", {}, "firing")),
        (12.0, AlertPending("A", {})),
        (13.0, AlertFiring("A", {})),
        (14.0, AlertBoundary("A", {}, "window", ""), 1.0),
        (14.0, AlertBoundary("A", {}, "send", ""), 3.1),
        (14.0, AlertBoundary("A", {}, "window", ""), 11.0),
        (14.0, AlertBoundary("A", {}, "group", ""), 14.0),
        (14.0, AlertBoundary("B", {}, "group", ""), 14.0),
    )
    first, second = fold(entries).alerts
    assert first.boundaries == {"window": (1.0, 6), "send": (3.1, 7)}
    assert second.boundaries == {"window": (11.0, 8), "group": (14.0, 9)}


def test_boundaries_of_the_way_back_join_the_life_that_was_resolved() -> None:
    lives = [(start + at, event) for start in (0.0, 20.0) for at, event in (
        (2.0, AlertPending("A", {})), (3.0, AlertFiring("A", {})), (6.0, AlertResolved("A", {}, "firing")),
    )]  # fmt: skip
    found = [("window-back", 5.0), ("send-back", 6.1), ("window-back", 25.0), ("group-back", 27.0), ("send-back", 1.0)]
    entries = written(*lives, *((30.0, AlertBoundary("A", {}, stage, ""), at) for stage, at in found))
    first, second = fold(entries).alerts
    assert {name: at for name, (at, _) in first.boundaries.items()} == {"window-back": 5.0, "send-back": 6.1}
    assert {name: at for name, (at, _) in second.boundaries.items()} == {"window-back": 25.0, "group-back": 27.0}


def test_a_page_keeps_every_notification_of_its_thread(script: Any) -> None:
    page = script.tape().plus((30.0, script.notified()), (30.0, script.notified(receiver="other"))).facts().pages[0]
    assert [note.status for note in page.notifications] == ["firing", "firing", "resolved"]


def test_a_fault_is_cleared_by_the_first_who_cleared_it() -> None:
    entries = written(
        (1.0, FaultIntended("f", {})),
        (2.0, FaultActive("f"), 1.5),
        (5.0, FaultCleared("f", "lease"), 4.5),
        (6.0, FaultCleared("f", "undo")),
    )
    fault = fold(entries).faults["f"]
    assert (fault.intended, fault.injected, fault.cleared, fault.why) == (1.0, 1.5, 4.5, "lease")


def test_a_fault_active_again_is_not_cleared() -> None:
    entries = written((1.0, FaultActive("f")), (2.0, FaultCleared("f", "played")), (3.0, FaultActive("f")))
    assert fold(entries).faults["f"].cleared is None


def test_coverage_told_again_goes_on_counting_and_a_hole_starts_anew() -> None:
    told = [(1.0, Covered("sink", 0.0, 2)), (2.0, Covered("sink", 0.0, 4)), (6.0, Covered("sink", 5.0, 2)), (7.0, Covered("sink", 5.0, 4))]
    seen = fold(written(*told)).coverage["sink"]
    assert (seen.looks, seen.spans, seen.since, seen.until) == (8, [(0.0, 2.0), (5.0, 7.0)], 0.0, 7.0)


def test_coverage_told_piece_by_piece_adds_up() -> None:
    seen = fold(written((1.0, Covered("probe a", 0.0, 2)), (2.0, Covered("probe a", 1.0, 2)))).coverage["probe a"]
    assert (seen.looks, seen.spans) == (4, [(0.0, 2.0)])


def test_blind_spots_are_dated_by_their_source() -> None:
    (blind,) = fold(
        written((3.0, BlindBegan("sink", "gone"), 1.0), (4.0, BlindBegan("sink", "still")), (6.0, BlindEnded("sink"), 5.0))
    ).blinds
    assert (blind.began, blind.ended, blind.why) == (1.0, 5.0, "gone")


def test_an_activity_knows_when_it_started() -> None:
    ended = ActivityEnded("switch", "action", "method", "succeeded")
    (deed,) = fold(written((1.0, ActivityStarted("switch", "action")), (3.0, ended))).activities
    assert (deed.started, deed.ended) == (1.0, 3.0)
