"""A drill that kills its own system: it is paged for, the system runs again, and the drill goes on to a verdict."""

from drilling import Suite

EXPERIMENT = """\
title: The API is gone
probes: [api-health]
load:
  scenario: negotiate
  users: 8
  spawn-rate: 32
steady: 2s
faults:
  - kill:
      target: service
    for: 3s
expect:
  - page: NegotiationApiDown
    to: platform
    within: 5s
    times: 1
    resolved: 10s
"""


def test_a_system_that_is_killed_is_paged_for_and_runs_again(suite: Suite) -> None:
    (suite.root / "experiments" / "killed.yaml").write_text(EXPERIMENT, encoding="utf-8")
    outcome = suite.run("killed")
    assert outcome.verdict["verdict"] == "pass", outcome.said
    assert outcome.of_kind("drill.ended")[0].event.reason == "finished", "a system that was ended on purpose is not lost"
    (active,), (cleared,) = outcome.of_kind("fault.active"), outcome.of_kind("fault.cleared")
    assert cleared.event.why == "played"
    assert cleared.t - active.t >= 2.5
