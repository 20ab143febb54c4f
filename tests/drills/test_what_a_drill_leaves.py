"""Whole drills: one that fails leaves something to do, the mended one closes it; messages are marked, and outsiders are told."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

RULES = "alerts/negotiation.rules.yml"
NEVER = ("negotiation:offers_slow:ratio2s > 2 * 0.05", "negotiation:offers_slow:ratio2s > 2 * 5")
PATH = "/hooks/a-path-that-only-we-know"


@dataclass
class Chat:
    """Somebody's incoming webhook."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    chat = Chat()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if self.path == PATH else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chat.url = f"http://127.0.0.1:{server.server_port}{PATH}"
    monkeypatch.setenv("TEAM_CHAT", chat.url)
    yield chat
    server.shutdown()
    server.server_close()


def test_a_failed_drill_leaves_an_action_item_that_the_mended_one_closes(suite, chat) -> None:
    outsiders = "    mark: Übung 7\n    announce:\n      webhook: TEAM_CHAT\n"
    suite.edit("firedrill.yaml", ("    limits:\n", f"{outsiders}    limits:\n"))
    suite.edit(RULES, NEVER)

    first = suite.run("latency")
    assert first.code == 1, first.said
    (action,) = first.verdict["actions"]
    assert (action["change"], action["status"], action["opened_by"]) == ("new", "open", first.folder.name)
    assert f"new: {action['expectation']}  {action['id']}" in " ".join(first.said.split("\n"))
    assert f"`{action['id']}` new: page NegotiationLatencyBudgetBurn" in (first.folder / "incident.md").read_text()
    assert "- new: page NegotiationLatencyBudgetBurn" in (first.folder / "summary.md").read_text()
    assert "What is left to do" in (first.folder / "report.html").read_text()
    assert suite.command("actions", "--owner", action["id"], "team-lead").returncode == 0

    suite.edit(RULES, NEVER[::-1])
    second = suite.run("latency")
    assert second.code == 0, second.said
    (closed,) = second.verdict["actions"]
    assert (closed["change"], closed["closed_by"], closed["owner"]) == ("closed", second.folder.name, "team-lead")
    assert f"closed: {action['expectation']} [team-lead]" in " ".join(second.said.split("\n"))
    listed = suite.command("actions", "latency")
    assert f"{action['id']}  latency (local): closed: page NegotiationLatencyBudgetBurn" in listed.stdout
    assert suite.command("actions", "--open").stdout == "no open action items under results/\n"

    messages = [entry.event for entry in second.of_kind("notification.received")]
    assert {event.status for event in messages} == {"firing", "resolved"}
    assert {one["labels"]["drill"] for event in messages for one in event.alerts} == {"Übung 7"}
    assert [group for event in messages for group in event.group_labels] == ["alertname"] * len(messages)
    (detection,) = second.verdict["detections"]
    assert None not in detection["boundaries"]

    assert [one["moment"] for one in chat.heard] == ["start", "end"] * 2
    assert chat.heard[2]["text"].startswith("Übung 7: a drill of latency (The credit bureau answers 350 ms late) begins in local; ")
    assert (chat.heard[3]["reason"], chat.heard[3]["put_back"]) == ("finished", True)
    files = [file for file in suite.root.rglob("*") if file.is_file()]
    assert not [file for file in files if PATH.encode() in file.read_bytes()]


def test_a_broken_list_of_action_items_is_told_left_alone_and_no_pass(suite) -> None:
    file = suite.root / "results" / "placebo" / "actions.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    outcome = suite.run("placebo")
    assert outcome.code == 3, outcome.said
    assert outcome.verdict["verdict"] == "pass"
    assert "actions.json cannot be read as action items, and is left as it is: line 1, column 2" in " ".join(outcome.said.split("\n"))
    assert file.read_text() == "{"
    assert suite.command("actions").returncode == 3
