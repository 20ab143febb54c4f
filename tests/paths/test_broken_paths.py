"""Fourteen ways in which nobody is paged, on real parts: each is a failure whose finding names that cause and no other.

Each is one change apart from a healthy twin that passes. A drill that cannot even begin, since Prometheus scrapes nothing, is inconclusive.
"""

from breaking import EXPERIMENT, ROUTES, RULES, SETTINGS, Broken, drill_all, says

ALERT = "NegotiationLatencyBudgetBurn"
MISSED = f"{ALERT} did not page payments-oncall within 3s: "

LOST_METRICS = "faults:\n  - down:\n      target: metrics\n    for: 3s\n"
OFFERS = 'bucket{route="/offers",le="0.3"}[2s]'
LABELS = "          team: payments\n        annotations:\n          summary: Offers are slow"
ROUTE = "    - receiver: payments-oncall\n      matchers"
ONE_GROUP = "group_by: [team]"
BROKEN_TEXT = 'summary: "{{ $labels.team.name }}"'
PAGER = "        alertmanager: alerts/alertmanager.yml\n"

SEEING = {
    "Prometheus not scraping": Broken(
        f"{MISSED}Prometheus could not scrape 127.0.0.1:* of job negotiation (*), whose metrics its rule reads.",
        EXPERIMENT, (("faults:\n", LOST_METRICS),),
    ),
    "a record over no data": Broken(
        f"{MISSED}the record negotiation:offers_slow:ratio2s (alerts/negotiation.rules.yml:5), which its rule reads, gave no series.",
        RULES, ((OFFERS, OFFERS.replace("/offers", "/offer")),),
    ),
    "dead rule": Broken(
        f"{MISSED}the alert never became pending, though samples were bad from #s after the fault on: what its rule "
        "(alerts/negotiation.rules.yml:18) asks for was never true.",
        RULES, (("offers_slow:ratio2s > 2 * 0.05", "offers_slow:ratio2s > 20 * 0.05"),),
    ),
}  # fmt: skip
TELLING = {
    "Alertmanager down": Broken(
        f"{MISSED}it fired #s after the fault, but Prometheus could not hand it to Alertmanager (dial tcp 127.0.0.1:1: *).",
        SETTINGS, ((PAGER, f"{PAGER}        alertmanager-at: 127.0.0.1:1\n"),),
    ),
    "wrong label": Broken(
        f"{MISSED}it fired with team=payment, where the route to payments-oncall (alerts/alertmanager.yml:9) takes "
        'team="payments": it reached `unrouted`.',
        RULES, ((LABELS, LABELS.replace("payments", "payment")),),
    ),
    "misrouted": Broken(
        f"{MISSED}it reached `platform` instead of payments-oncall: the route (alerts/alertmanager.yml:9) takes it first.",
        ROUTES, ((ROUTE, f"    - receiver: platform\n      matchers:\n        - alertname = {ALERT}\n{ROUTE}"),),
    ),
}  # fmt: skip
HOLDING = {
    "inhibited": Broken(
        f"{MISSED}Alertmanager held it back, inhibited by Maintenance (alerts/alertmanager.yml:32).",
        RULES, (("http_requests_total[2s])) < 0", "http_requests_total[2s])) >= 0"),),
    ),
    "silenced": Broken(
        f"{MISSED}Alertmanager held it back for the silence * (the night shift: the bureau is being deployed).",
        silence=ALERT,
    ),
    "muted by time": Broken(
        f"{MISSED}the route (alerts/alertmanager.yml:9) was muted by the time interval `nights`.",
        ROUTES, (('["1999"]', '["1999:2199"]'),),
    ),
    "grouped away": Broken(
        f"{MISSED}it joined the group of team=payments, whose page for Busy was open already, and waited for group_interval 30s "
        "(alerts/alertmanager.yml:6).",
        ROUTES, (("group_by: [alertname]", ONE_GROUP),),
    ),
    "blip inside group_wait": Broken(
        f"{ALERT} did not page payments-oncall within 7s: it was resolved #s after it fired, inside group_wait 5s "
        "(alerts/alertmanager.yml:5), so Alertmanager told nobody.",
        ROUTES, (("group_wait: 300ms", "group_wait: 5s"),), twin=(("    for: 3s", "    for: 1500ms"), ("within: 3s", "within: 7s")),
    ),
}  # fmt: skip
RECEIVING = {
    "template that fails to render": Broken(
        f"{ALERT} paged payments-oncall with a summary that could not be rendered (*can't evaluate field name in type string).",
        RULES, (("summary: Offers are slow", BROKEN_TEXT),),
    ),
    "receiver answering 500": Broken(
        f"{MISSED}payments-oncall answered 500 (this receiver is told to misbehave) to Alertmanager's webhook message.",
        SETTINGS, ((PAGER, f"{PAGER}        receivers:\n          payments-oncall:\n            answers: 500\n"),),
    ),
    "receiver slow": Broken(
        f"{MISSED}payments-oncall was slow: Alertmanager sent it off #s after the fault, and #s later it was not taken.",
        SETTINGS, ((PAGER, f"{PAGER}        receivers:\n          payments-oncall:\n            delays: 8s\n"),),
    ),
}  # fmt: skip
ALL = SEEING | TELLING | HOLDING | RECEIVING


def test_each_broken_path_is_a_failure_that_names_its_cause_and_no_other(suite_at) -> None:
    assert len(ALL) == 14
    outcomes = drill_all(ALL, suite_at)
    assert {name: outcome.said for name, outcome in outcomes.items() if outcome.code != 1} == {}
    found = {name: outcome.findings("fail") for name, outcome in outcomes.items()}
    assert {name: sentences for name, sentences in found.items() if list(map(_cause, sentences)) != [name]} == {}


def _cause(sentence: str) -> str:
    """The one cause that a finding names; the sentence itself where it names none or several."""
    named = [name for name, path in ALL.items() if says(path.says, sentence)]
    return named[0] if len(named) == 1 else sentence


def test_their_healthy_twins_pass(suite_at) -> None:
    twins = {path.twin: name for name, path in ALL.items()}
    outcomes = drill_all({name: ALL[name] for name in twins.values()}, suite_at, broken=False)
    assert {name: outcome.said for name, outcome in outcomes.items() if outcome.code != 0} == {}


def test_a_prometheus_that_scrapes_nothing_from_the_start_is_inconclusive_and_is_said_to_be_why(suite) -> None:
    suite.edit(SETTINGS, ("              - <api>\n", "              - 127.0.0.1:1\n"))
    outcome = suite.run("latency")
    assert outcome.code == 3, outcome.said
    assert outcome.findings("fail") == []
    why = "Prometheus cannot scrape 127.0.0.1:1 of job negotiation: dial tcp 127.0.0.1:1: connect: connection refused"
    assert all(why in sentence for sentence in outcome.findings("inconclusive"))
