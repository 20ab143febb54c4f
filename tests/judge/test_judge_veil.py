"""What a blind drill shows before it says what it was: what responders could see anyway, and no word of the rest."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from rich.console import Console

from firedrill.cli.terminal import Lines, panel
from firedrill.core import events as ev
from firedrill.core.model.plan import PlannedBlind, PlannedFault
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge import veil
from firedrill.judge.drill import Facts
from firedrill.judge.facts import apply

SECRETS = ("quake", "lantern", "quake-lantern", "harbour", "the harbour goes dark", "trembling")
"""Kind, target and name of the fault, name and title of the experiment, and its runbook."""
REAL = (ev.NotificationReceived, ev.LinkChecked)
"""Real messages and their links are everybody's to read, whatever they hold."""
FAULT = PlannedFault(
    name="quake-lantern", kind="quake", target="lantern", at=0, lasts=20, settings={"target": "lantern"}, wire={"type": "quake"}
)
BLIND = PlannedBlind(seed=3, among=4, window=600, moment=12.5)


def _more() -> list[tuple[float, ev.Event]]:
    """What else a drill may write down, with the secrets wherever they can stand."""
    return [
        (0.6, ev.LoadStarted("harbour")),
        (5.0, ev.SteadyChecked(False, ["NegotiationLatencyBudgetBurn of harbour is already firing"])),
        (13.95, ev.SteadyChecked(False, ["quake"])),
        (13.96, ev.SteadyChecked(True, ())),
        (14.02, ev.SilenceCreated("s1", ["team=harbour"], "quake", 30.0)),
        (14.05, ev.ActivityStarted("quake of lantern", "action")),
        (14.3, ev.ActivityEnded("quake of lantern", "action", "method", "failed", "no lantern")),
        (14.4, ev.GuardBlind(0, "slo harbour", "no samples", 10)),
        (14.5, ev.GuardSees(0, "slo harbour")),
        (15.0, ev.Noted("the fault quake-lantern is effective")),
        (16.0, ev.TargetDown("lantern", "lantern:80", "refused")),
        (16.5, ev.BlindBegan("prometheus", "quake")),
        (17.0, ev.BlindEnded("prometheus")),
        (23.5, ev.PersonTold("p1", "first-on-call", 1, "opened")),
        (24.0, ev.PageAcknowledged("p1", "first-on-call")),
        (25.0, ev.RunbookStarted("trembling", "p1", "first-on-call")),
        (26.0, ev.StepEnded("trembling", "p1", "first-on-call", 1, "calm the lantern", "succeeded")),
        (26.1, ev.RunbookEnded("trembling", "p1", "first-on-call", "followed")),
        (26.5, ev.NoteWritten("second-on-call", "something is dark")),
        (27.0, ev.HypothesisChecked("during", False)),
        (34.6, ev.HolderCounted(1, 10)),
        (34.4, ev.ChaosEnded("completed", False)),
    ]


@pytest.fixture
def entries(script) -> Sequence[ev.Entry]:
    """A whole blind drill, but for its reveal."""
    plain = {"experiment": "harbour", "title": "The harbour goes dark", "faults": (FAULT,), "blind": BLIND}
    tape = script.tape(script.expectation("page", script.alert, within="20s"), **plain).without(
        ev.DrillEnded, ev.LoadEnded, ev.FaultIntended
    )
    named = [
        ev.FaultIntended("quake-lantern", {"kind": "proxy"}),
        ev.FaultActive("quake-lantern"),
        ev.FaultCleared("quake-lantern", "played"),
    ]
    faults = zip((14.1, 14.21, 34.2), named, strict=True)
    tape = tape.without(ev.FaultActive, ev.FaultCleared, ev.FaultCounted).plus(*faults, *_more())
    return tape.entries


def _lived(entries: Sequence[ev.Entry]) -> Iterator[tuple[ev.Entry, Facts]]:
    facts = Facts(plan=_plan(entries))
    for entry in entries:
        apply(facts, entry)
        yield entry, facts


def _plan(entries: Sequence[ev.Entry]) -> Any:
    from firedrill.judge.facts import fold

    return fold(entries[:1]).plan


def _gives_away(text: str) -> list[str]:
    return [word for word in SECRETS if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text.lower())]


def test_nothing_that_is_shown_before_the_reveal_names_the_experiment_or_its_fault(entries) -> None:
    shown = [entry for entry, facts in _lived(entries) if veil.shown(entry, facts)]
    told = [json.dumps(entry.to_json(), default=str) for entry in shown if not isinstance(entry.event, REAL)]
    assert [(text, words) for text in told if (words := _gives_away(text))] == []
    assert {entry.event.kind for entry in shown} == {
        "phase.entered", "samples", "steady.checked", "alert.pending", "alert.firing", "alert.resolved", "notification.received",
        "page.opened", "person.told", "page.acknowledged", "note.written", "page.resolved",
    }  # fmt: skip
    assert [entry.event.phase for entry in shown if isinstance(entry.event, ev.PhaseEntered)] == ["prepare", "ramp", "steady", "end"]


def test_steady_state_is_told_once_and_the_look_before_the_strike_is_not(entries) -> None:
    shown = [entry for entry, facts in _lived(entries) if isinstance(entry.event, ev.SteadyChecked) and veil.shown(entry, facts)]
    assert [(entry.t, entry.event.met) for entry in shown] == [(13.9, True)]


def test_what_is_shown_stays_the_same_for_somebody_who_comes_later(entries) -> None:
    at_once = [entry.seq for entry, facts in _lived(entries) if veil.shown(entry, facts)]
    *_, (_, late) = _lived(entries)
    assert [entry.seq for entry in entries if veil.shown(entry, late)] == at_once


def test_a_kind_of_entry_that_nobody_has_thought_about_is_withheld(entries) -> None:
    class New(ev.Event):
        kind = "new"

    *_, (_, facts) = _lived(entries)
    assert not veil.shown(ev.Entry(999, 45.0, "engine", None, New()), facts)


def test_a_runbook_that_a_person_names_is_theirs_to_tell(entries) -> None:
    told = [
        ev.RunbookStarted("calm", "p1", "night-shift", scripted=False),
        ev.StepEnded("calm", "p1", "night-shift", 1, "look", "succeeded"),
    ]
    more = [ev.Entry(900 + number, 44.0, "people", None, event) for number, event in enumerate(told)]
    assert [veil.shown(entry, facts) for entry, facts in _lived([*entries, *more])][-2:] == [True, True]


@pytest.mark.parametrize("last", [ev.Revealed("harbour", ["quake of lantern for 20s"]), ev.DrillEnded("interrupted", "stopped")])
def test_everything_is_shown_once_it_is_revealed_or_over(entries, last: ev.Event) -> None:
    *_, (_, facts) = _lived([*entries, ev.Entry(999, 45.0, "engine", None, last)])
    assert not veil.hidden(facts)
    assert all(veil.shown(entry, facts) for entry in entries)
    assert veil.heading(facts) == "harbour: The harbour goes dark"


def test_a_drill_that_is_not_blind_hides_nothing(script) -> None:
    entries = script.tape().entries
    assert all(veil.shown(entry, facts) for entry, facts in _lived(entries))


def test_the_terminal_says_no_word_of_it_as_lines_or_as_a_panel(entries) -> None:
    out = io.StringIO()
    console = Console(file=out, width=300)
    lines = Lines(console)
    lines.began("blind-1", _plan(entries))
    findings = [Finding("page", Verdict.PENDING, "The harbour is expected to page", (), 50.0)]
    for entry, facts in _lived(entries):
        lines.saw(entry, facts)
        console.print(panel("the quake of the lantern", 45.0, facts, findings))
    assert _gives_away(out.getvalue()) == []
    assert out.getvalue().startswith("a blind drill in local: one of 4\n")
    assert "waiting for steady state" in out.getvalue()
    assert out.getvalue().rstrip().count("until") == 0
    assert "payments-oncall is paged" in out.getvalue()
