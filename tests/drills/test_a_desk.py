"""Whole drills with somebody on call: nobody acknowledges, a shift changes, a page is resolved and open again."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from drilling import Outcome, Suite

ONCALL = """\
people:
  first-on-call: {}
  second-on-call:
    webhook: SECOND_ON_CALL_URL
  night-shift: {}
schedules:
  primary:
    shifts:
      - person: night-shift
        hours: 20:00-08:00
      - person: first-on-call
policies:
  payments-oncall:
    levels:
      - notify: primary
      - notify: second-on-call
        after: 1500ms
    reopens-within: 1m
"""


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What arrives at the second person's URL."""
    found: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("SECOND_ON_CALL_URL", f"http://127.0.0.1:{server.server_port}/a-secret-path")
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(suite: Suite, posted: list[bytes]) -> Suite:
    """The fast suite with a desk."""
    suite.edit("firedrill.yaml", ("    limits:\n", "    mark: DRILL\n    limits:\n"))
    (suite.root / "oncall.yaml").write_text(ONCALL, encoding="utf-8")
    return suite


def told(outcome: Outcome) -> list[tuple[str, str, int]]:
    return [(one.event.person, one.event.why, one.event.level) for one in outcome.of_kind("person.told")]


def test_nobody_acknowledges_and_the_second_level_is_told_on_time(desk: Suite, posted: list[bytes]) -> None:
    # A busy machine pages late, and the page is to be open for longer than 1.5 s.
    desk.edit("experiments/latency.yaml", ("steady: 2s\n", "steady: 2s\non-call-at: 2026-01-05T12:00:00Z\n"), ("for: 2s", "for: 4s"))
    outcome = desk.run("latency")
    assert outcome.code == 0, outcome.said
    (opened,), (escalated,) = outcome.of_kind("page.opened"), outcome.of_kind("page.escalated")
    assert told(outcome) == [("first-on-call", "opened", 1), ("second-on-call", "escalated", 2)]
    assert [one.event.schedule for one in outcome.of_kind("person.told")] == ["primary", ""]
    assert (escalated.event.page, escalated.event.level) == (opened.event.page, 2)
    assert 1.5 <= escalated.t - opened.at < 1.7
    (body,) = posted
    assert b'"why": "escalated"' in body
    assert b'"mark": "DRILL"' in body
    assert "nobody has acknowledged p1: level 2 is told" in outcome.said
    left = b"".join(file.read_bytes() for file in outcome.folder.rglob("*") if file.is_file())
    assert b"a-secret-path" not in left


def test_a_shift_that_changes_during_the_drill_hands_the_open_page_over(desk: Suite) -> None:
    # The page opens at most two seconds after the fault, which is there for four.
    desk.edit("experiments/latency.yaml", ("steady: 2s\n", "steady: 2s\non-call-at: 2026-01-05T07:59:56.500Z\n"), ("for: 2s", "for: 4s"))
    outcome = desk.run("latency")
    assert outcome.code == 0, outcome.said
    (changed,) = outcome.of_kind("shift.changed")
    assert (changed.event.schedule, changed.event.before, changed.event.after) == ("primary", "night-shift", "first-on-call")
    assert told(outcome)[0] == ("night-shift", "opened", 1)
    assert ("first-on-call", "handed-over", 1) in told(outcome)
    play = next(one.at for one in outcome.of_kind("phase.entered") if one.event.phase == "play")
    assert 3.5 <= changed.t - play < 3.7


TWICE = """\
    for: 2s
  - latency:
      target: bureau
      delay: 350ms
      jitter: 10ms
    name: once-more
    at: 7s
    for: 2s
"""


@pytest.mark.parametrize(("within", "code"), [("1m", 0), ("100ms", 1)])
def test_a_page_that_is_resolved_and_open_again_is_one_thread_and_two_where_it_may_not_be(desk: Suite, within: str, code: int) -> None:
    desk.edit("oncall.yaml", ("reopens-within: 1m", f"reopens-within: {within}"))
    desk.edit("experiments/latency.yaml", ("    for: 2s\n", TWICE))
    outcome = desk.run("latency")
    assert outcome.code == code, outcome.said
    if code == 0:
        assert [one.event.kind for one in outcome.journal if one.event.kind.startswith("page.")].count("page.reopened") == 1
        assert {one.event.page for one in outcome.of_kind("page.opened")} == {"p1"}
        assert "reopened" in [one.event.why for one in outcome.of_kind("person.told")]
    else:
        (failed,) = outcome.findings("fail")
        assert re.search(r"paged payments-oncall (twice|\d times), .*; expected once", failed)
