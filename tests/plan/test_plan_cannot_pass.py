"""Warnings: what the files alone decide, and nothing more."""

from types import SimpleNamespace as Suite

import pytest

from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.core.model.slos import Indicator, Slo, Source
from firedrill.core.units import Duration
from firedrill.plan.cannot_pass import describe, warnings


def page(suite: Suite, *, lasts: str = "60s", alerts: object = None, chaos: object = None, **keys: object) -> tuple[str, ...]:
    """The warnings for one expected page in a drill with one fault."""
    expect = [suite.expectation("page", **{"page": "Burn", **keys})]
    where = suite.environment(methods="allow")
    plan = suite.plan(suite.fault("down", lasts, target="bureau"), expect=expect, alerts=alerts, where=where, chaos=chaos or {})
    return plan.warnings


def test_a_plan_that_can_pass_is_not_warned_of(suite: Suite) -> None:
    assert page(suite, to="oncall", within="45s", has=["summary"], resolved="30s", times="1") == ()


def test_a_page_expected_before_the_windows_can_be_over_is_named_with_its_parts(suite: Suite) -> None:
    assert page(suite, to="oncall", within="5s") == (
        "page Burn to oncall within 5s: the earliest possible page is 5s880ms after the fault "
        "(window 2s880ms, for 2s, group_wait 1s), even with every request bad",
    )
    assert page(suite, to="oncall", within="6s") == ()


def test_an_alert_does_not_wait_for_its_group(suite: Suite) -> None:
    expect = [suite.expectation("alert", alert="Burn", within="4s")]
    (said,) = suite.plan(suite.fault("down", target="bureau"), expect=expect).warnings
    assert said.endswith("the earliest possible alert is 4s880ms after the fault (window 2s880ms, for 2s), even with every request bad")


def test_a_threshold_over_100_percent_can_never_be_crossed(suite: Suite) -> None:
    alerts = suite.alerting(suite.rule(expr="sum(rate(bad[20s])) / sum(rate(all[20s])) > 14.4 * 0.1"))
    assert page(suite, alerts=alerts, within="45s") == (
        "Burn can never fire: it asks for more than 144 % of bad requests (alerts/r.yml:7)",
    )


def test_a_fault_shorter_than_the_window_needs_is_named(suite: Suite) -> None:
    (said,) = page(suite, lasts="2s")
    assert said == "page Burn: the faults last 2s, and with every request bad Burn is over its threshold only after 2s880ms"


def test_a_method_of_unknown_length_is_not_too_short(suite: Suite) -> None:
    method = [{"type": "action", "name": "a", "provider": {"type": "process", "path": "true"}}]
    assert page(suite, lasts="2s", chaos={"method": method, "rollbacks": method}) == ()


def test_an_alert_that_no_rule_declares_gets_a_suggestion(suite: Suite) -> None:
    assert page(suite, page="Bern") == ("page Bern: there is no alert called Bern; did you mean Burn?",)


def test_a_receiver_that_does_not_exist_gets_a_suggestion(suite: Suite) -> None:
    assert page(suite, to="on-call") == ("page Burn to on-call: there is no receiver called on-call; did you mean oncall?",)


def test_a_receiver_that_the_route_does_not_lead_to_is_named_with_the_one_it_does(suite: Suite) -> None:
    assert page(suite, to="nobody") == ("page Burn to nobody: alerts with alertname=Burn, severity=page are routed to oncall",)


def test_a_route_on_a_label_of_the_series_is_not_judged(suite: Suite) -> None:
    root = suite.route("nobody", routes=[suite.route("oncall", "instance=~.+")])
    assert page(suite, to="oncall", alerts=suite.alerting(root=root)) == ()


def test_an_annotation_that_the_rule_does_not_set_is_named(suite: Suite) -> None:
    (said,) = page(suite, has=["summary", "runbook_url"])
    assert said == "page Burn with summary and runbook_url: Burn sets no annotation or label runbook_url (alerts/r.yml:7)"


def test_resolved_within_less_than_the_group_interval_holds_by_luck(suite: Suite) -> None:
    (said,) = page(suite, resolved="1s")
    assert said.endswith("group_interval is 2s: this holds by luck at best (alerts/r.yml:7)")


def test_resolved_while_the_rule_keeps_firing_cannot_be(suite: Suite) -> None:
    (said,) = page(suite, resolved="10s", alerts=suite.alerting(suite.rule(keep_firing_for=30.0)))
    assert said == "page Burn, resolved within 10s: the rule keeps firing for 30s (alerts/r.yml:7)"


def test_not_before_later_than_within_cannot_be(suite: Suite) -> None:
    (said,) = page(suite, within="20s", not_before="30s")
    assert said.endswith("not before 30s is later than within 20s")


def test_a_page_that_must_not_come_may_be_impossible(suite: Suite) -> None:
    assert page(suite, times="0") == ()


def test_a_placebo_that_expects_a_page_is_told_that_nothing_is_broken(suite: Suite) -> None:
    plan = suite.plan(suite.fault("nothing"), expect=[suite.expectation("page", page="Burn")])
    assert plan.warnings == ("page Burn: nothing is broken in this drill",)


def test_an_experiment_that_plays_nothing_is_told_how_a_placebo_is_written(suite: Suite) -> None:
    assert suite.plan().warnings[0].startswith("nothing is played: there are neither faults nor a method")


def test_a_steady_phase_shorter_than_the_longest_window_is_named(suite: Suite) -> None:
    (said,) = suite.plan(suite.fault("nothing"), steady=Duration(5)).warnings
    assert said.startswith(
        'slow: Burn looks back 20s on http_requests_total{code=~"5.."}, of which Prometheus has at most 15s, three times `steady: 5s`'
    )


def test_another_rollback_strategy_is_overridden_aloud(suite: Suite) -> None:
    (said,) = suite.plan(suite.fault("nothing"), chaos={"runtime": {"rollbacks": {"strategy": "never"}}}).warnings
    assert said == "runtime.rollbacks.strategy is never: firedrill always plays the rollbacks"


def probed(suite: Suite, every: float, steady: float = 20, **held: object) -> tuple[str, ...]:
    plan = suite.plan(suite.fault("down", target="bureau"), probes=("journey",), slos=("journey",), steady=Duration(steady))
    probe = Probe(every=Duration(every), http=HttpCheck(url="http://<api>/"))
    expect = suite.plan(suite.fault("nothing"), slos=("journey",), expect=[suite.expectation("slo", slo="journey", **held)]).expectations
    return warnings(plan.model_copy(update={"probes": {"journey": probe}, "expectations": expect}))


def test_too_few_samples_for_the_objective_are_counted(suite: Suite) -> None:
    assert probed(suite, 1.5, recovered="5s") == (
        "slo journey: 95 % needs 59 samples with none bad, and one every 1s500ms gives 40 in three times the steady phase (1m)",
    )
    assert probed(suite, 0.5, recovered="5s") == ()


def test_an_slo_that_must_hold_needs_its_samples_during_the_play(suite: Suite) -> None:
    assert probed(suite, 1.0, 30) == (
        "slo journey: 95 % needs 59 samples with none bad, and one every 1s gives 30 in the play phase (30s)",
    )


def test_a_source_that_the_experiment_does_not_run_is_named(suite: Suite) -> None:
    plan = suite.plan(suite.fault("nothing"), slos=("journey", "availability"), load=None)
    assert plan.warnings == (
        "slo journey is measured by the probe journey, which `probes:` does not list",
        "slo availability is measured by the load negotiate, which is not this experiment's",
    )


@pytest.mark.parametrize(("total", "named"), [("sum(job:all:rate5m)", True), ("sum(job:all:sum)", False), ("sum(all_total)", False)])
def test_a_recorded_rate_that_an_slo_counts_is_named(suite: Suite, total: str, named: bool) -> None:
    slo = Slo(name="s", objective=0.9, indicator=Indicator(source=Source.PROMQL, bad="sum(errors_total)", total=total))
    said = warnings(suite.plan(suite.fault("nothing")).model_copy(update={"slos": (slo,)}))
    assert said == (
        ("slo s: job:all:rate5m is a recorded rate, and no counter: write the counters that it is recorded from",) if named else ()
    )


@pytest.mark.parametrize("objective", [1.0, 0.0])
def test_an_objective_that_nothing_can_show_is_named(suite: Suite, objective: float) -> None:
    slo = Slo(name="s", objective=objective, indicator=Indicator(source=Source.PROMQL, good="a", total="b"))
    (said,) = warnings(suite.plan(suite.fault("nothing")).model_copy(update={"slos": (slo,)}))
    assert said == f"slo s: no number of samples can show an objective of {objective:.10g}"


def test_the_rows_of_a_plan_count_from_the_end_of_the_steady_phase(suite: Suite) -> None:
    expect = [
        suite.expectation("page", page="Burn", within="45s", resolved="90s"),
        suite.expectation("slo", slo="availability", recovered="30s"),
        suite.expectation("quiet"),
    ]
    plan = suite.plan(suite.fault("down", "60s", "5s", target="bureau"), expect=expect)
    assert [(row.of, row.what, row.start, row.end) for row in describe(plan)] == [
        ("phase", "steady", -20.0, 0.0),
        ("phase", "play", 0.0, 65.0),
        ("phase", "recover", 65.0, 155.0),
        ("fault", "down-bureau", 5.0, 65.0),
        ("expectation", "page Burn within 45s, resolved within 1m30s", 5.0, 50.0),
        ("expectation", "Burn resolved", 65.0, 155.0),
        ("expectation", "availability recovered", 65.0, 95.0),
        ("expectation", "quiet", -20.0, None),
    ]


def test_what_only_a_running_stack_can_tell_is_said_once_and_not_guessed(suite: Suite) -> None:
    nothing = suite.alerting().model_copy(update={"alerts": (), "route": None, "receivers": (), "unread": ("rules", "routes")})
    assert page(suite, to="oncall", within="45s", alerts=nothing) == (
        "rules and routes are not known yet: `firedrill run` asks the running stack for them",
    )
