"""A whole drill in which the system tells its status page: the right words pass, others fail with what it was told, and nobody answers."""

TELL = """\
import sys, time, urllib.request

while True:
    body = b'{"incident": {"name": "Offers are slow", "status": "investigating"}}'
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, method="PUT")).read()
    time.sleep(0.5)
"""
EXPECTED = """\
expect:
  - hook: status-page
    within: 2s
    says: Offers are slow
  - hook: status-page
    within: 2s
    says: All is well
  - resolved: NegotiationLatencyBudgetBurn
    within: 30s
  - mitigated: negotiation-latency
"""


def test_a_status_page_is_judged_by_what_it_was_told_and_a_fault_that_was_cleared_first_was_not_mitigated(suite) -> None:
    (suite.root / "tell.py").write_text(TELL, encoding="utf-8")
    system = "      start:\n"
    suite.edit("firedrill.yaml", (system, f"{system}        - python tell.py http://<sink>/hooks/status-page/incidents\n"))
    suite.edit("experiments/latency.yaml", ("expect:\n", EXPECTED), ("    for: 2s", "    for: 7s"))
    suite.edit("experiments/latency.yaml", ("    resolved: 5s\n", "    resolved: 5s\n    acknowledged: 500ms\n"))
    outcome = suite.run("latency")
    assert outcome.code == 1, outcome.said
    told, closed, silent = outcome.findings("pass")
    assert told.startswith('status-page was told "Offers are slow" ')
    assert "was resolved by its alert's end" in closed
    assert silent.startswith("nothing else fired or paged"), "hooks disturb no silence"
    untrue, ill, unanswered = outcome.findings("fail")
    assert untrue.endswith('was not told "All is well" within 2s after the fault: it was told "Offers are slow investigating".')
    assert "before users were well again" in ill
    assert unanswered.endswith("was told after 0.0s.")
    response = outcome.verdict["response"]
    assert response["mitigated_s"] == {"negotiation-latency": None}
    assert {one["text"] for one in response["hooks"]} == {"Offers are slow\ninvestigating"}
