"""Silence where nothing could have been heard: what was not asked for, what broke off, what was never reported."""

import pytest

from firedrill.core.events import (
    AlertFiring,
    AlertPending,
    AlertResolved,
    FaultActive,
    FaultCleared,
    FaultCounted,
    FaultIntended,
    LoadEnded,
    Noted,
    Samples,
    Traffic,
)
from firedrill.core.model.plan import PlannedFault
from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.verdicts import Verdict

PROBE = Probe(http=HttpCheck(url="http://<api>/", status=(200, 500)))
SEEN = Slo(name="seen", objective=0.9, indicator=Indicator(source=Source.PROBE, name="api"))
NOTHING = PlannedFault(name="nothing", kind="nothing", target=None, at=0, lasts=20, settings={}, wire=None)


def is_about_alerts(event):
    return isinstance(event, AlertPending | AlertFiring | AlertResolved)


def is_of(name):
    return lambda event: isinstance(event, Samples) and event.name == name


def probed(good: int = 1, bad: int = 0, seconds=range(2, 44), why: str = "") -> list[tuple[float, Samples]]:
    return [
        (at + 1.1, Samples("probe", "api", float(at), good, bad, {}, None, at + 0.5 if bad else None, {why: bad} if why else None))
        for at in seconds
    ]


def told(seconds, of: str = "load", name: str = "negotiate", **what) -> list[tuple[float, Traffic]]:
    return [(at + 1.1, Traffic(of, name, float(at), **what)) for at in seconds]


@pytest.fixture
def quiet(script):
    """A drill that expects silence, in which no alert fires and nobody is paged."""

    def tape(**other):
        tape = script.tape(script.expectation("quiet"), **other)
        tape.story = [
            one for one in tape.story if not (is_about_alerts(one[1]) or type(one[1]).__name__.startswith(("Page", "Notif", "AlertB")))
        ]
        return tape

    return tape


def sentences(drill) -> str:
    return " | ".join(one.sentence for one in (*drill.findings, *drill.noticed))


@pytest.mark.parametrize("faults", [(NOTHING,), None])
def test_a_quiet_drill_in_which_nobody_asked_for_anything_is_no_pass(quiet, faults):
    tape = (
        quiet(**({"faults": faults} if faults else {})).without(is_of("negotiate"), LoadEnded).plus((45.0, LoadEnded("negotiate", 0, 0, 0)))
    )
    drill = tape.concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert "there was no traffic: load negotiate had no sample" in drill.findings[0].sentence
    assert "The load negotiate sent no request, though it had 5 users." in sentences(drill)


HEARD = ["alert", "page", "quiet"]


@pytest.fixture
def silence(quiet, script):
    """The same with what is expected written as `quiet`, or as an alert that fires, or pages, 0 times; without SLOs."""

    def tape(kind: str, **other):
        found = quiet(**{"slos": ()} | other)
        wanted = script.expectation("quiet") if kind == "quiet" else script.expectation(kind, script.alert, times=0)
        found.plan = found.plan.model_copy(update={"expectations": (wanted,)})
        return found

    return tape


def between(start, end):
    return lambda event: isinstance(event, Samples) and start <= event.second < end


@pytest.mark.parametrize("kind", HEARD)
@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (14, 50, "there was no traffic: load negotiate had no sample from 14.0s to 34.5s"),
        (16, 50, "there was no traffic: load negotiate had no sample from 16.0s to 34.2s"),
        (14, 35, "there was no traffic: load negotiate had no sample from 14.2s to 34.2s"),
    ],
    ids=["not after the steady phase", "for a second of the fault only", "not while the fault was there"],
)
def test_silence_says_nothing_of_a_time_in_which_nobody_asked(silence, kind, start, end, said):
    drill = silence(kind).without(between(start, end)).concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert said in drill.findings[0].sentence


@pytest.mark.parametrize("kind", HEARD)
def test_a_placebo_whose_load_stops_early_says_nothing_either(silence, kind):
    tape = silence(kind, faults=(NOTHING,)).without(FaultIntended, FaultActive, FaultCleared, FaultCounted)
    assert tape.concluded().verdict is Verdict.PASS
    assert tape.without(between(16, 50)).concluded().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("kind", HEARD)
def test_a_load_that_stops_is_no_load_though_probes_go_on(silence, kind):
    tape = silence(kind, probes={"api": PROBE}).without(between(14, 50)).plus(*probed())
    assert tape.concluded().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("kind", HEARD)
def test_requests_that_never_came_to_an_end_were_heard_by_nobody_and_those_that_did_were(silence, kind):
    tape = silence(kind).without(between(15, 50))
    lost = tape.plus(*((at + 1.1, Traffic("load", "negotiate", float(at), 5, at - 14.0)) for at in range(15, 44))).concluded()
    assert lost.verdict is Verdict.INCONCLUSIVE
    assert "no request completed: load negotiate had no sample from 15.0s to 34.2s; 5 requests, the oldest for" in sentences(lost)
    late = silence(kind).without(between(15, 35))
    late = late.plus(*((at + 1.1, Traffic("load", "negotiate", float(at), 5, at - 14.0)) for at in range(15, 35)))
    assert late.concluded().verdict is Verdict.PASS


@pytest.mark.parametrize("kind", HEARD)
@pytest.mark.parametrize("every", ["10s", "15s"])
def test_a_probe_that_comes_seldom_measures_all_the_same(silence, kind, every):
    probe = Probe(every=every, http=HttpCheck(url="http://<api>/"))
    tape = silence(kind, load=None, probes={"api": probe}).without(Samples, LoadEnded).plus(*probed(seconds=range(5, 44, int(every[:-1]))))
    assert tape.concluded().verdict is Verdict.PASS


def test_a_silence_beside_an_alert_that_came_needs_no_requests(script):
    """Whatever it is that tells: something was heard."""
    other = script.expectation("page", "Other", times=0)
    tape = script.tape(script.expectation("page", script.alert), other, slos=()).without(between(16, 50))
    assert tape.concluded().verdict is Verdict.PASS


def test_an_alert_that_is_not_to_fire_where_nothing_measures_is_judged_by_what_prometheus_says(silence):
    assert silence("alert", load=None).without(Samples, LoadEnded).concluded().verdict is Verdict.PASS


def test_a_quiet_drill_that_measures_nothing_is_no_pass(quiet):
    tape = quiet(load=None, slos=()).without(Samples, LoadEnded)
    assert tape.finding(None).verdict is Verdict.INCONCLUSIVE
    assert "the drill has no load, no probes and no SLOs" in tape.finding(None).sentence


def test_a_tolerated_fault_passes_and_it_is_said_that_nobody_felt_it(quiet, script):
    tape = quiet(probes={"api": PROBE}).without(is_of("negotiate")).plus(*probed())
    tape.story += [(at + 1.2, script.second(float(at)), None) for at in range(2, 44)]
    drill = tape.concluded()
    assert drill.verdict is Verdict.PASS
    (notice,) = drill.noticed
    assert notice.sentence == (
        "Nobody felt the fault: no sample was bad (1500 of load negotiate and 30 of probe api), and no alert was pending, "
        "and probe api does not check the body (`contains:`)."
    )  # fmt: skip


def test_a_fault_that_touched_nothing_is_inconclusive_as_ever_and_a_placebo_need_not_touch_anything(quiet):
    idle = quiet().without(FaultCounted).plus((34.3, FaultCounted("latency-bureau", 0)))
    assert idle.concluded().verdict is Verdict.INCONCLUSIVE
    placebo = quiet(faults=(NOTHING,)).without(FaultIntended, FaultActive, FaultCleared, FaultCounted)
    assert placebo.concluded().verdict is Verdict.PASS


def test_a_probe_that_fails_from_the_start_is_told_and_proves_nothing(quiet):
    drill = quiet(probes={"leak": PROBE}).plus(
        *((t, Samples("probe", "leak", s.second, 0, 1, {}, None, s.second, {"KeyError: 'x'": 1})) for t, s in probed(seconds=range(2, 44)))
    )
    assert drill.concluded().verdict is Verdict.INCONCLUSIVE
    assert "The probe leak failed from the start, 42 of 42 times all through the drill (KeyError: 'x'): it measures nothing." in sentences(
        drill.concluded()
    )


def test_a_probe_that_fails_with_the_fault_alone_is_a_probe_that_works(quiet):
    drill = quiet(probes={"api": PROBE}).plus(*probed(seconds=range(2, 15)), *probed(0, 1, range(15, 44)))
    assert drill.concluded().verdict is Verdict.PASS


def test_journeys_that_break_off_each_time_make_the_load_worth_nothing(quiet):
    drill = quiet().plus(*told(range(4, 40), journeys=10, broken=10, causes={"KeyError: 'id'": 10})).concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert (
        "The load negotiate is broken: 100 of 100 journeys broke off with an exception (KeyError: 'id') in the steady phase"
        in sentences(drill)
    )


def test_journeys_that_break_off_with_the_fault_are_noticed(quiet):
    drill = (
        quiet()
        .plus(*told(range(4, 14), journeys=10), *told(range(16, 18), journeys=10, broken=5, causes={"KeyError: 'id'": 5}))
        .concluded()
    )
    assert drill.verdict is Verdict.PASS
    assert "10 of 120 journeys broke off with an exception (keyerror: 'id') in load negotiate." in sentences(drill).replace(
        "KeyError", "keyerror"
    )


def test_requests_that_are_never_reported_are_told(quiet):
    drill = quiet().plus(*told(range(4, 14), unreported=10)).concluded()
    assert drill.verdict is Verdict.INCONCLUSIVE
    assert (
        "The load negotiate made 100 requests whose answers were never reported: `catch_response=True` needs a `with` block."
        in sentences(drill)
    )


def test_an_slo_does_not_hold_while_requests_that_could_miss_it_are_on_their_way(script):
    tape = script.tape(script.expectation("slo", "availability")).without(is_of("negotiate"))
    tape.story += [(at + 1.2, script.second(float(at), good=5), None) for at in range(2, 44)]
    assert tape.concluded().findings[0].verdict is Verdict.PASS
    hung = tape.plus(*told(range(20, 35), hanging=5, oldest=12.0)).concluded()
    assert hung.findings[0].verdict is Verdict.INCONCLUSIVE
    assert "5 requests, the oldest for 12.0s, were still in flight at the end and are not counted" in hung.findings[0].sentence
    assert "5 requests, the oldest for 12.0s, of load negotiate were still in flight when the fault was cleared" in hung.noticed[0].sentence


def test_a_time_without_samples_names_the_requests_that_were_on_their_way(script):
    tape = script.tape(script.expectation("slo", "availability")).without(
        lambda event: isinstance(event, Samples) and 16 <= event.second < 30
    )
    found = tape.plus(*told(range(17, 30), hanging=5, oldest=12.0)).finding()
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no samples from 15.0s to 30.0s: 5 requests were in flight, the oldest for 12.0s, and never counted" in found.sentence


def test_an_slo_does_not_hold_by_answers_that_came_with_the_fault_alone(script):
    tape = script.tape(script.expectation("slo", "seen"), slos=(SEEN,), probes={"api": PROBE}).plus(*probed(5))
    assert tape.finding().verdict is Verdict.PASS
    took = tape.plus(*told(range(15, 35), "probe", "api", statuses={"500": 5})).concluded()
    assert took.findings[0].verdict is Verdict.INCONCLUSIVE
    assert "answers with status 500 were counted as good" in took.findings[0].sentence
    assert "The probe api counted as good what came only with the fault: 100 with status 500." in sentences(took)


def test_a_status_that_was_normal_before_the_fault_is_no_answer_of_the_faults(script):
    tape = script.tape(script.expectation("slo", "seen"), slos=(SEEN,), probes={"api": PROBE}).plus(*probed(5))
    assert tape.plus(*told(range(4, 35), "probe", "api", statuses={"404": 5})).finding().verdict is Verdict.PASS


def test_what_an_slo_counted_as_nothing_is_noticed(quiet):
    drill = quiet().plus((45.0, Noted('s counted nothing of one part: x{code="5xx"} matches no series: code has 200', "slo s"))).concluded()
    assert 's counted nothing of one part: x{code="5xx"} matches no series: code has 200.' in sentences(drill)


def test_what_the_rule_of_an_expected_alert_did_not_find_is_noticed_where_the_alert_never_came(script):
    note = (13.9, Noted(f'{script.alert} reads x{{le="1"}} matches no series yet: le has 1.0', f"rule {script.alert}"))
    came = script.tape(script.expectation("page", script.alert)).plus(note)
    assert "matches no series yet" not in sentences(came.concluded())
    assert "matches no series yet: le has 1.0." in sentences(came.without(AlertPending, AlertFiring, AlertResolved).concluded())
