"""A team's own receivers, secrets left out, in a whole drill: chat and mail in place of webhooks."""

import json

from firedrill.judge.drill import STAGES

ROUTES = "alerts/alertmanager.yml"
WEBHOOK = """\
    webhook_configs:
      - url: https://pager.example.org/hooks/payments-oncall
"""
OWN = """\
    slack_configs:
      - channel: '#payments-oncall'
        send_resolved: true
        title: '{{ .Status }}: {{ .CommonAnnotations.summary }}'
        text: 'What to do: <{{ .CommonAnnotations.runbook_url }}|runbook>'
    email_configs:
      - to: payments-oncall@example.org
        send_resolved: true
        html: '<p>{{ .CommonAnnotations.summary }}</p>'
global:
  slack_api_url: ${SLACK_URL}
  smtp_smarthost: smtp.example.org:587
  smtp_from: alerts@example.org
  smtp_auth_username: alerts
  smtp_auth_password: hush
"""


def test_a_page_by_chat_and_by_mail_passes_as_one_page_and_its_messages_are_in_the_report_as_people_read_them(suite) -> None:
    suite.edit(ROUTES, (WEBHOOK, ""))
    path = suite.root / ROUTES
    path.write_text(path.read_text().replace("  - name: payments-oncall\n", "") + "  - name: payments-oncall\n" + OWN)
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    (page,) = outcome.verdict["pages"]
    titles = {(one["integration"], one["status"]): one["title"] for one in page["messages"]}
    assert titles["slack", "firing"].startswith("firing: ")
    assert titles["email", "firing"].startswith("[FIRING:1] NegotiationLatencyBudgetBurn")
    assert {status for _, status in titles} == {"firing", "resolved"}
    (text,) = {one["text"] for one in page["messages"] if one["integration"] == "slack"}
    assert text.startswith("What to do: runbook (http")
    (detection,) = outcome.verdict["detections"]
    assert list(detection["stages"]) == list(STAGES)
    assert None not in detection["stages"].values()
    report = (outcome.folder / "report.html").read_text()
    assert text.partition("(")[2].rstrip(")") in report
    used = "".join(file.read_text() for file in (outcome.folder / "config").glob("*.yml"))
    assert "hush" not in used
    assert "hush" not in (outcome.folder / "journal.jsonl").read_text()
    assert json.dumps(outcome.verdict["blind"]) == "[]"
