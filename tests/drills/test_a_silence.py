"""A whole drill with alerts that fire and page nobody, as expected: one that the drill silences, and one that another inhibits."""

TWO_MORE = """\
      - alert: PlatformSeesIt
        expr: negotiation:offers_slow:ratio1s > 2 * 0.05
        labels:
          team: platform

      - alert: DebtorsWait
        expr: negotiation:offers_slow:ratio2s > 2 * 0.05 and negotiation:offers_slow:ratio1s > 2 * 0.05
        for: 200ms
        labels:
          severity: ticket
          team: payments

      - alert: NegotiationApiDown
"""
INHIBITION = """
inhibit_rules:
  - source_matchers:
      - severity = page
    target_matchers:
      - severity = ticket
    equal: [team]
"""
EXPECTED = """\
silences:
  - matchers: ['team = "platform"']
    comment: The platform team knows of the drill
expect:
  - alert: PlatformSeesIt
    silenced: true
  - alert: DebtorsWait
    inhibited-by: NegotiationLatencyBudgetBurn
"""


def test_alerts_that_are_held_back_as_expected_fire_and_page_nobody_and_the_silence_is_gone(suite) -> None:
    suite.edit("alerts/negotiation.rules.yml", ("      - alert: NegotiationApiDown\n", TWO_MORE))
    suite.edit("alerts/alertmanager.yml", ("\nreceivers:\n", f"{INHIBITION}\nreceivers:\n"))
    suite.edit("experiments/latency.yaml", ("expect:\n", EXPECTED))
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    silenced, inhibited, *_ = outcome.findings("pass")
    assert silenced.startswith("PlatformSeesIt fired")
    assert "silence" in silenced
    assert inhibited.startswith("DebtorsWait fired")
    assert "NegotiationLatencyBudgetBurn" in inhibited
    assert {entry.event.receiver for entry in outcome.of_kind("notification.received")} == {"payments-oncall"}
    kinds = [entry.event.kind for entry in outcome.journal]
    assert kinds.index("silence.intended") < kinds.index("silence.created") < kinds.index("fault.intended")
    assert kinds.index("fault.cleared") < kinds.index("silence.removed")
    (removed,) = outcome.of_kind("silence.removed")
    assert removed.event.how.startswith("1 silence of the drill ended at http://127.0.0.1:")
