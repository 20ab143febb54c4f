"""A real Alertmanager with a receiver of each kind tells the sink, through the configuration that capture wrote."""

from firedrill.core.events import BlindBegan, Noted, NotificationReceived, PageOpened, PageResolved
from firedrill.core.integrations import INTEGRATIONS
from firedrill.stack.redirects import REDIRECTS
from firedrill.watch.pagers.protocols import PROTOCOLS

KINDS = ("discord", "email", "opsgenie", "pagerduty", "slack", "sns", "telegram", "victorops", "webex", "webhook", "wechat")
"""All that Alertmanager 0.25 can send and that can be caught; receivers have names that no URL likes."""

FILE = """\
global:
  slack_api_url: https://hooks.slack.com/services/T0/B0/secret-of-slack
  smtp_smarthost: smtp.example.org:587
  smtp_from: alerts@example.org
  smtp_auth_username: alerts
  smtp_auth_password: secret-of-mail
  opsgenie_api_key: secret-of-opsgenie
  victorops_api_key: secret-of-victorops
  wechat_api_corp_id: corp
  wechat_api_secret: secret-of-wechat
route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 200ms
  group_interval: 700ms
  routes:
"""
ROUTE = """\
    - receiver: 50 % büro/{kind}
      matchers: ['team =~ ".+"']
      continue: true
"""
RECEIVERS = """\
receivers:
  - name: nobody
  - name: 50 % büro/discord
    discord_configs:
      - webhook_url: https://discord.example.org/secret-of-discord
        title: "{{ .Status }}: {{ .CommonAnnotations.summary }}"
        message: "See {{ .CommonAnnotations.runbook_url }}"
  - name: 50 % büro/email
    email_configs:
      - to: oncall@example.org
        send_resolved: true
        headers: {subject: "{{ .Status }}: {{ .CommonAnnotations.summary }}"}
        html: '<h1>{{ .CommonAnnotations.summary }}</h1><p>See <a href="{{ .CommonAnnotations.runbook_url }}">the runbook</a></p>'
  - name: 50 % büro/opsgenie
    opsgenie_configs:
      - message: "{{ .CommonAnnotations.summary }}"
        description: "See {{ .CommonAnnotations.runbook_url }}"
        priority: P2
        update_alerts: true
  - name: 50 % büro/pagerduty
    pagerduty_configs:
      - routing_key: secret-of-pagerduty
        description: "{{ .CommonAnnotations.summary }}"
        severity: critical
        details: {firing: "", resolved: "", num_firing: "", num_resolved: "", where: "{{ .CommonLabels.team }}"}
        links: [{href: "{{ .CommonAnnotations.runbook_url }}", text: Runbook}]
  - name: 50 % büro/slack
    slack_configs:
      - channel: "#oncall"
        send_resolved: true
        pretext: "Dear {{ .CommonLabels.team }}"
        title: "{{ .Status }}: {{ .CommonAnnotations.summary }}"
        text: "<{{ .CommonAnnotations.runbook_url }}|the runbook>"
        fields: [{title: Team, value: "{{ .CommonLabels.team }}"}]
        actions: [{type: button, text: Runbook, url: "{{ .CommonAnnotations.runbook_url }}"}]
  - name: 50 % büro/sns
    sns_configs:
      - topic_arn: arn:aws:sns:us-east-2:1:pages
        subject: "{{ .CommonAnnotations.summary }}"
        message: "{{ .Status }}: see {{ .CommonAnnotations.runbook_url }}"
        sigv4: {region: us-east-2, access_key: AKIA, secret_key: secret-of-sns}
  - name: 50 % büro/telegram
    telegram_configs:
      - bot_token: secret-of-telegram
        chat_id: -100
        message: '{{ .Status }}: <b>{{ .CommonAnnotations.summary }}</b> <a href="{{ .CommonAnnotations.runbook_url }}">the runbook</a>'
  - name: 50 % büro/victorops
    victorops_configs:
      - routing_key: payments
        entity_display_name: "{{ .CommonAnnotations.summary }}"
        state_message: "See {{ .CommonAnnotations.runbook_url }}"
  - name: 50 % büro/webex
    webex_configs:
      - room_id: room
        message: "{{ .Status }}: {{ .CommonAnnotations.summary }}"
        http_config: {authorization: {credentials: secret-of-webex}}
  - name: 50 % büro/webhook
    webhook_configs:
      - url: https://hooks.example.org/secret-of-webhook
  - name: 50 % büro/wechat
    wechat_configs:
      - to_user: "@all"
        send_resolved: true
        message: "{{ .Status }}: {{ .CommonAnnotations.summary }}"
"""
TEXT = FILE + "".join(ROUTE.format(kind=kind) for kind in KINDS) + RECEIVERS

RUNBOOK = "https://runbooks.example.org/slow"
SLOW = {"alertname": "Slow", "team": "payments"}
READ: dict[tuple[str, str], tuple[str, str]] = {
    ("discord", "firing"): ("firing: Offers are slow & late", f"See {RUNBOOK}"),
    ("discord", "resolved"): ("resolved: Offers are slow & late", f"See {RUNBOOK}"),
    ("email", "firing"): ("firing: Offers are slow & late", f"Offers are slow & late\nSee the runbook ({RUNBOOK})"),
    ("email", "resolved"): ("resolved: Offers are slow & late", f"Offers are slow & late\nSee the runbook ({RUNBOOK})"),
    ("opsgenie", "firing"): ("Offers are slow & late", f"See {RUNBOOK}\npriority: P2\nalertname: Slow\nteam: payments"),
    ("opsgenie", "resolved"): ("Alert closed", ""),
    ("pagerduty", "firing"): ("Offers are slow & late", f"severity: critical\nwhere: payments\nRunbook: {RUNBOOK}"),
    ("pagerduty", "resolved"): ("Offers are slow & late", f"severity: critical\nwhere: payments\nRunbook: {RUNBOOK}"),
    ("slack", "firing"): ("firing: Offers are slow & late", f"Dear payments\nthe runbook ({RUNBOOK})\nTeam: payments\nRunbook: {RUNBOOK}"),
    ("slack", "resolved"): (
        "resolved: Offers are slow & late",
        f"Dear payments\nthe runbook ({RUNBOOK})\nTeam: payments\nRunbook: {RUNBOOK}",
    ),
    ("sns", "firing"): ("Offers are slow & late", f"firing: see {RUNBOOK}"),
    ("sns", "resolved"): ("Offers are slow & late", f"resolved: see {RUNBOOK}"),
    ("telegram", "firing"): ("", f"firing: Offers are slow & late the runbook ({RUNBOOK})"),
    ("telegram", "resolved"): ("", f"resolved: Offers are slow & late the runbook ({RUNBOOK})"),
    ("victorops", "firing"): ("Offers are slow & late", f"See {RUNBOOK}"),
    ("victorops", "resolved"): ("Offers are slow & late", f"See {RUNBOOK}"),
    ("webex", "firing"): ("", "firing: Offers are slow & late"),
    ("webex", "resolved"): ("", "resolved: Offers are slow & late"),
    ("webhook", "firing"): ("[FIRING:1] Slow", f"runbook_url: {RUNBOOK}\nsummary: Offers are slow & late"),
    ("webhook", "resolved"): ("[RESOLVED] Slow", f"runbook_url: {RUNBOOK}\nsummary: Offers are slow & late"),
    ("wechat", "firing"): ("", "firing: Offers are slow & late"),
    ("wechat", "resolved"): ("", "resolved: Offers are slow & late"),
}


async def test_every_kind_that_alertmanager_sends_is_read_as_its_reader_sees_it_and_opens_and_resolves_one_page(
    telling, sink, book, clock
) -> None:
    told = await telling(TEXT)
    assert "secret-of" not in told.file.read_text()
    began = clock.now()
    await told.alert(SLOW)
    await book.until(lambda: len(book.of(NotificationReceived)) == len(KINDS))
    await told.alert(SLOW, ended=True)
    await book.until(lambda: len(book.of(PageResolved)) == len(KINDS))
    received = book.of(NotificationReceived)
    assert len(received) == 2 * len(KINDS)
    events = {(entry.event.integration, entry.event.status): entry.event for entry in received}
    assert {key: (event.title, event.text) for key, event in events.items()} == READ
    for entry in received:
        event = entry.event
        assert event.receiver == f"50 % büro/{event.integration}"
        assert event.group_key == '{}/{team=~".+"}:{alertname="Slow"}'
        assert event.group_labels == {"alertname": "Slow"}
        (alert,) = event.alerts
        assert (alert["status"], alert["labels"]) == (event.status, SLOW)
        assert alert["annotations"]["summary"] == "Offers are slow & late"
        assert entry.at > began
    assert {entry.event.receiver: entry.event.alerts for entry in book.of(PageOpened)} == {f"50 % büro/{kind}": ["Slow"] for kind in KINDS}
    assert book.of(BlindBegan) == book.of(Noted) == []
    assert "level=error" not in told.log.read_text()


def test_every_kind_that_can_be_captured_has_a_place_to_point_it_at_and_a_protocol() -> None:
    captured = {kind for kind, one in INTEGRATIONS.items() if not one.not_captured}
    assert captured == set(REDIRECTS) == set(PROTOCOLS)
    assert captured >= set(KINDS)
    assert {kind for kind, one in INTEGRATIONS.items() if one.since == (0, 25)} - captured == {"pushover"}
