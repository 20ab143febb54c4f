"""Action items: what opens them, what closes them, and what leaves them alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.core.verdicts import Exit, Finding, Verdict
from firedrill.judge.actions import change, concerning, identity, merged, state, words
from firedrill.judge.drill import Action, Facts, JudgedDrill

PAGES, QUIET = "page Burn to oncall within 45s", "quiet"
OK, UNKNOWN, BAD = Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL


def drilled(
    name: str, found: dict[str, Verdict], *, ended: str = "finished", environment: str = "local", own: dict[str, Verdict] | None = None
) -> JudgedDrill:
    """A judged drill that found this of its expectations; `own` is what it says about itself."""
    expected = tuple(PlannedExpectation(kind="x", declared={}, words=each, place="x.yaml:1:1") for each in found)
    plan = Plan(experiment="slow", file="", title="", environment=environment, steady=1, expectations=expected)
    findings = [Finding(each, verdict, f"{each} in {name}.") for each, verdict in (found | (own or {})).items()]
    facts = Facts(plan=plan, drill=name, wall=1_795_000_000.0, ended=ended)
    return JudgedDrill(facts, Verdict.FAIL, "", Exit.FAIL, findings, (), ())


def after(*drills: JudgedDrill) -> tuple[Action, ...]:
    actions: tuple[Action, ...] = ()
    for each in drills:
        actions = merged(actions, each)
    return actions


def test_a_failed_expectation_opens_an_item_and_one_that_held_does_not() -> None:
    (action,) = after(drilled("d1", {PAGES: BAD, QUIET: OK}))
    assert action == Action(
        identity("slow", "local", PAGES), "slow", "local", PAGES, f"{PAGES} in d1.", "d1", "2026-11-18T11:06:40+00:00"
    )  # fmt: skip
    assert (state(action, "d1"), change(action, "d1")) == ("new", "new")


def test_the_next_drill_in_which_it_holds_closes_it_and_its_drill_is_named() -> None:
    (action,) = after(drilled("d1", {PAGES: BAD}), drilled("d2", {PAGES: OK}))
    assert (action.status, action.closed_by, state(action, "d2")) == ("closed", "d2", "closed")
    assert concerning([action], drilled("d2", {}).facts) == [action]
    assert concerning([action], drilled("d3", {}).facts) == []


def test_one_that_fails_again_says_in_how_many_drills() -> None:
    (action,) = after(*(drilled(f"d{number}", {PAGES: BAD}) for number in (1, 2, 3)))
    assert (action.opened_by, action.seen, action.sentence) == ("d1", ("d2", "d3"), f"{PAGES} in d3.")
    assert (state(action, "d3"), state(action)) == ("still open (3 drills)", "open (3 drills)")


def test_one_that_cannot_be_told_leaves_an_open_item_open_and_a_closed_one_closed() -> None:
    drills = [drilled("d1", {PAGES: BAD}), drilled("d2", {PAGES: UNKNOWN}), drilled("d3", {PAGES: OK}), drilled("d4", {PAGES: UNKNOWN})]
    assert after(*drills[:2]) == after(drills[0])
    assert after(*drills) == after(*drills[:3])


def test_what_could_not_be_told_is_a_weaker_item_until_it_fails() -> None:
    first = drilled("d1", {PAGES: UNKNOWN})
    (action,) = after(first)
    assert (action.kind, words(action)) == ("unproven", f"{PAGES} (could not be told)")
    (action,) = after(first, drilled("d2", {PAGES: UNKNOWN}))
    assert (action.kind, action.seen) == ("unproven", ("d2",))
    (action,) = after(first, drilled("d2", {PAGES: BAD}), drilled("d3", {PAGES: UNKNOWN}))
    assert (action.kind, action.seen) == ("failed", ("d2",))


@pytest.mark.parametrize("ended", ["interrupted", "aborted", "stack-lost"])
def test_what_a_drill_that_was_cut_short_could_not_tell_opens_nothing(ended: str) -> None:
    assert after(drilled("d1", {PAGES: UNKNOWN}, ended=ended)) == ()


@pytest.mark.parametrize("ended", ["steady-not-met", "error"])
def test_a_drill_that_proves_nothing_changes_nothing(ended: str) -> None:
    known = after(drilled("d1", {PAGES: BAD}))
    assert merged(known, drilled("d2", {PAGES: OK, QUIET: BAD}, ended=ended)) == known


def test_an_expectation_that_is_gone_from_the_file_is_no_longer_checked_and_never_silently_closed() -> None:
    gone = drilled("d2", {QUIET: OK})
    (action,) = after(drilled("d1", {PAGES: BAD}), gone)
    assert (action.status, action.closed_by, state(action, "d2")) == ("unchecked", "d2", "no longer checked")
    (action,) = after(drilled("d1", {PAGES: BAD}), gone, drilled("d3", {PAGES: UNKNOWN}))
    assert (action.status, action.seen) == ("open", ())
    (action,) = after(drilled("d1", {PAGES: BAD}), gone, drilled("d3", {PAGES: OK}))
    assert (action.status, action.closed_by) == ("closed", "d3")


def test_a_closed_one_that_fails_again_is_open_again_and_keeps_its_history() -> None:
    drills = [drilled("d1", {PAGES: BAD}), drilled("d2", {PAGES: OK}), drilled("d3", {PAGES: BAD}), drilled("d4", {PAGES: BAD})]
    (action,) = after(*drills[:3])
    assert (action.status, action.opened_by, action.closed_by, state(action, "d3")) == ("open", "d1", "", "open again (2 drills)")
    (action,) = after(*drills)
    assert state(action, "d4") == "still open (3 drills)"


def test_what_every_drill_is_asked_for_is_closed_by_a_drill_that_ends_without_it() -> None:
    unseen = "nothing goes unseen"
    first = drilled("d1", {QUIET: OK}, own={unseen: UNKNOWN})
    (action,) = after(first)
    assert (action.about, action.kind) == ("drill", "unproven")
    (action,) = after(first, drilled("d2", {QUIET: OK}, ended="interrupted"))
    assert action.status == "open"
    (action,) = after(first, drilled("d2", {QUIET: OK}))
    assert (action.status, action.closed_by) == ("closed", "d2")


def test_a_guard_that_tripped_is_no_longer_checked_once_the_plan_has_none() -> None:
    (action,) = after(drilled("d1", {QUIET: OK}, ended="aborted", own={"no guard trips": BAD}), drilled("d2", {QUIET: OK}))
    assert action.status == "unchecked"


def test_another_environment_has_items_of_its_own() -> None:
    here, there = drilled("d1", {PAGES: BAD}), drilled("d2", {PAGES: OK}, environment="staging")
    assert after(here, there) == after(here)
    both = after(here, drilled("d2", {PAGES: BAD}, environment="staging"))
    assert len({one.id for one in both}) == 2
    assert concerning(both, here.facts) == [both[0]]


def test_the_items_of_a_drill_are_shown_with_the_new_ones_first() -> None:
    actions = after(drilled("d1", {PAGES: BAD, QUIET: BAD}), drilled("d2", {PAGES: BAD, QUIET: OK, "alert Slow": BAD}))
    shown = concerning(actions, drilled("d2", {}).facts)
    assert [state(one, "d2") for one in shown] == ["new", "still open (2 drills)", "closed"]


# ---- any history of drills

VERDICTS = st.sampled_from([OK, UNKNOWN, BAD])
DRILLS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from([PAGES, QUIET, "alert Slow"]), VERDICTS),
        st.sampled_from(["finished", "finished", "aborted", "interrupted", "error"]),
    ),
    max_size=6,
)


def history(drills: list[tuple[dict[str, Verdict], str]]) -> list[JudgedDrill]:
    return [drilled(f"d{number}", found, ended=ended) for number, (found, ended) in enumerate(drills)]


@given(DRILLS)
def test_nothing_is_closed_but_by_a_drill_in_which_it_held_and_nothing_is_ever_lost(drills: list[tuple[dict[str, Verdict], str]]) -> None:
    actions: tuple[Action, ...] = ()
    for each in history(drills):
        before, actions = actions, merged(actions, each)
        assert [one.id for one in actions[: len(before)]] == [one.id for one in before]
        held = {one.expectation for one in each.findings if one.verdict is OK}
        assert all(one.expectation in held for one in actions if one.status == "closed" and one.closed_by == each.facts.drill)
        failed = {one.expectation for one in each.findings if one.verdict is BAD}
        if each.facts.ended != "error":
            assert failed <= {one.expectation for one in actions if one.status == "open"}


@given(DRILLS)
def test_the_same_drill_a_second_time_changes_nothing(drills: list[tuple[dict[str, Verdict], str]]) -> None:
    actions: tuple[Action, ...] = ()
    for each in history(drills):
        actions = merged(actions, each)
        assert merged(actions, each) == actions


@given(DRILLS, DRILLS)
def test_owner_and_note_survive_whatever_comes(
    earlier: list[tuple[dict[str, Verdict], str]], later: list[tuple[dict[str, Verdict], str]]
) -> None:
    known = tuple(replace(one, owner="team-lead", note="ticket 7") for one in after(*history(earlier)))
    actions = known
    for each in history(later):
        actions = merged(actions, each)
    assert all((one.owner, one.note) == ("team-lead", "ticket 7") for one in actions[: len(known)])
