"""A whole drill of a dependency that is reached by name and over TLS: the name goes, then its certificate ends, and both are back."""

from trials.bystanders import widen

EXPERIMENT = """\
title: The bureau has no name, and then a certificate that ended
slos: [negotiation-availability]
probes: [by-name]
load:
  scenario: negotiate
  users: 8
  spawn-rate: 32
steady: 2s
faults:
  - dns-failure:
      target: names
      answer: nxdomain
    for: 1s
  - certificate:
      target: bureau-tls
      problem: expired
    at: 2s
    for: 1s
expect:
  - quiet
"""


def test_a_name_that_is_gone_and_a_certificate_that_ended_are_seen_by_who_asks_and_both_are_put_back(suite) -> None:
    widen(suite.root / "firedrill.yaml")
    (suite.root / "experiments" / "names.yaml").write_text(EXPERIMENT, encoding="utf-8")
    outcome = suite.run("names")
    assert outcome.code == 0, outcome.said
    touched = {entry.event.fault: entry.event.touched for entry in outcome.of_kind("fault.counted")}
    assert touched["dns-failure-names"] >= 3
    assert touched["certificate-bureau-tls"] >= 3
    assert [entry.event.why for entry in outcome.of_kind("fault.cleared")] == ["played", "played"]
