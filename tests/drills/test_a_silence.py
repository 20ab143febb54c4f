"""A whole drill that keeps one team's alerts quiet."""


def test_a_silenced_alert_fires_and_pages_nobody_and_the_silence_is_gone(suite) -> None:
    suite.edit(
        "alerts/negotiation.rules.yml",
        ("      - alert: NegotiationApiDown\n", "      - alert: PlatformSeesIt\n        expr: negotiation:offers_slow:ratio1s > 2 * 0.05\n"
         "        labels:\n          team: platform\n\n      - alert: NegotiationApiDown\n"),
    )  # fmt: skip
    silence = "silences:\n  - matchers: ['team = \"platform\"']\n    comment: The platform team knows of the drill\nexpect:\n"
    suite.edit("experiments/latency.yaml", ("expect:\n", silence))
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    assert "PlatformSeesIt" in [entry.event.alert for entry in outcome.of_kind("alert.firing")]
    assert {entry.event.receiver for entry in outcome.of_kind("notification.received")} == {"payments-oncall"}
    kinds = [entry.event.kind for entry in outcome.journal]
    assert kinds.index("silence.intended") < kinds.index("silence.created") < kinds.index("fault.intended")
    assert kinds.index("fault.cleared") < kinds.index("silence.removed")
    (removed,) = outcome.of_kind("silence.removed")
    assert removed.event.how.startswith("1 silence of the drill ended at http://127.0.0.1:")
