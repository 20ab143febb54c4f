"""One page with all that can be asked of it, and its twin whose runbook is gone."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

SECOND = """
      - alert: OffersTimeOut
        expr: negotiation:offers_slow:ratio2s > 2 * 0.05 and negotiation:offers_slow:ratio1s > 2 * 0.05
        for: 400ms
        labels:
          severity: page
          team: payments
"""
ASKED = """\
  - page: NegotiationLatencyBudgetBurn
    to: payments-oncall
    labels:
      severity: page
    within: 2s
    times: 1
    grouped-with: OffersTimeOut
    has: [summary, runbook_url]
    annotations:
      summary: Offers are slow
    says: of offers take longer than 300 ms
    links: reachable
    stays: until-cleared
    resolved: 5s
  - alert: OffersTimeOut
    after: NegotiationLatencyBudgetBurn
    resolved: 5s
  - pages:
      at-most: 1
      to: payments-oncall
  - quiet
"""
LINKS_ALONE = """\
  - page: NegotiationLatencyBudgetBurn
    to: payments-oncall
    links: reachable
"""


class Runbooks(BaseHTTPRequestHandler):
    """Has one runbook, `/slow-bureau`."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/slow-bureau" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def runbooks() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Runbooks)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def prepare(suite, runbook: str, expected: str) -> None:
    """A second alert beside the first, groups by team, a runbook of our own, and other expectations."""
    rules = suite.root / "alerts" / "negotiation.rules.yml"
    first = rules.read_text(encoding="utf-8").replace("https://runbooks.example.org/slow-bureau", runbook)
    rules.write_text(first.replace("      - alert: NegotiationAvailability", f"{SECOND}\n      - alert: NegotiationAvailability"))
    suite.edit("alerts/alertmanager.yml", ("group_by: [alertname]", "group_by: [team]"))
    suite.edit("firedrill.yaml", ("    limits:\n", "    links: [loopback]\n    limits:\n"))
    experiment = suite.root / "experiments" / "latency.yaml"
    experiment.write_text(experiment.read_text(encoding="utf-8").split("  - page:")[0] + expected, encoding="utf-8")


def test_a_page_with_all_that_people_need_passes_in_every_part(suite, runbooks: str) -> None:
    prepare(suite, f"{runbooks}/slow-bureau", ASKED)
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    page, alert, pages, _ = outcome.findings("pass")
    assert page.startswith("NegotiationLatencyBudgetBurn paged payments-oncall with severity=page ")
    said = (
        "once, in one message with OffersTimeOut, with summary and runbook_url, with the expected summary, "
        'saying "of offers take longer than 300 ms", its link reachable, stayed open until the fault was cleared, and it was resolved '
    )
    assert said in page
    assert " after NegotiationLatencyBudgetBurn, and was resolved " in alert or " together with " in alert
    assert pages.startswith("1 page for payments-oncall opened from ")
    (checked,) = outcome.of_kind("link.checked")
    assert (checked.event.url, checked.event.status) == (f"{runbooks}/slow-bureau", 200)


def test_a_runbook_that_is_gone_fails_the_page_and_what_nothing_expected_is_noticed(suite, runbooks: str) -> None:
    prepare(suite, f"{runbooks}/moved-away", LINKS_ALONE)
    outcome = suite.run("latency")
    assert outcome.code == 1, outcome.said
    sentence = f"NegotiationLatencyBudgetBurn paged payments-oncall, but its link {runbooks}/moved-away answers 404."
    assert outcome.findings("fail") == [sentence]
    assert f"the link {runbooks}/moved-away answers 404" in outcome.said
    noticed = [one["sentence"] for one in outcome.verdict["noticed"]]
    assert all(one.startswith("OffersTimeOut ") and one.endswith(", which nothing expected.") for one in noticed)
    fired = next(one for one in noticed if one.startswith("OffersTimeOut fired at "))
    assert any(one.startswith("OffersTimeOut paged payments-oncall at ") for one in noticed)
    assert f"  ! {fired}" in outcome.said
    assert fired in (outcome.folder / "report.html").read_text(encoding="utf-8")
