"""An alertmanager.yml rewritten so that its notifications reach the sink, and only that."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from firedrill.core.errors import Invalid
from firedrill.stack.capture import Sinks, capture, path_of

AT = Sinks("127.0.0.1:99", "127.0.0.1:98")
S = Sinks("s:1", "s:2")

PLAIN = """\
route:
  receiver: payments-oncall
  group_by: [alertname]
  group_wait: 1s
  routes:
    - receiver: tickets
      matchers: ['severity="ticket"', team=~"a|b"]
receivers:
  - name: payments-oncall
    webhook_configs:
      - url: http://pager.example/hook   # the real one
        max_alerts: 5
      - url: 'http://second.example/'
        send_resolved: false
  - name: tickets
    webhook_configs: [{url: "http://tickets.example"}]
  - name: nobody
"""


def test_every_webhook_gets_the_sinks_url_and_nothing_else_changes() -> None:
    after = yaml.safe_load(capture(PLAIN, AT).text)
    expected = yaml.safe_load(PLAIN)
    for number, hook in enumerate(expected["receivers"][0]["webhook_configs"]):
        hook["url"] = f"http://127.0.0.1:99/receivers/payments-oncall/webhook/{number}"
    expected["receivers"][1]["webhook_configs"][0]["url"] = "http://127.0.0.1:99/receivers/tickets/webhook/0"
    assert after == expected


def test_receivers_with_a_webhook_are_named_and_an_empty_one_is_not() -> None:
    assert capture(PLAIN, AT).receivers == ("payments-oncall", "tickets")


def test_a_receivers_name_is_quoted_in_its_path() -> None:
    assert path_of("on call/ä", "slack", 1) == "/receivers/on%20call%2F%C3%A4/slack/1"
    text = "receivers:\n- name: on call/ä\n  webhook_configs:\n  - url: http://x\n"
    assert "http://127.0.0.1:99/receivers/on%20call%2F%C3%A4/webhook/0" in capture(text, AT).text


def test_what_cannot_be_captured_is_named_with_receiver_and_place_and_how_to_drill_all_the_same() -> None:
    text = PLAIN + "    pushover_configs:\n      - token: x\n    jira_configs: [{}]\n    slak_configs: [{}]\n    msteams_configs: [{}]\n"
    with pytest.raises(Invalid) as caught:
        capture(text, AT, "alerts/alertmanager.yml", version="0.25.0")
    said = [
        ("18:5", "pushover", "its address is compiled into Alertmanager"),
        ("20:5", "jira", "Alertmanager 0.25.0 does not know it, only from 0.28 on"),
        ("21:5", "slak", "firedrill does not know it"),
        ("22:5", "msteams", "Alertmanager 0.25.0 does not know it, only from 0.26 on"),
    ]
    assert str(caught.value).splitlines() == [
        f"alerts/alertmanager.yml:{place}: receivers.nobody.{kind}_configs: "
        f"the {kind} integration of receiver nobody is not captured: {why}; "
        f"`replace: [{kind}]` beside `alertmanager:` in firedrill.yaml has a webhook in its place"
        for place, kind, why in said
    ]


def test_what_is_replaced_becomes_a_webhook_that_says_as_much() -> None:
    text = """
receivers:
- name: a
  webhook_configs: [{url: http://x}]
  pushover_configs:
  - {user_key: u, token: t}
  - {user_key: u, token: t, send_resolved: false}
  slack_configs: [{channel: c}]
"""
    (a,) = yaml.safe_load(capture(text, S, replace=("pushover", "slack")).text)["receivers"]
    address = "http://s:1/receivers/a/webhook"
    assert a == {
        "name": "a",
        "webhook_configs": [
            {"url": f"{address}/0"},
            {"url": f"{address}/1", "send_resolved": True},
            {"url": f"{address}/2", "send_resolved": False},
            {"url": f"{address}/3", "send_resolved": False},
        ],
    }


def test_integrations_that_say_nothing_when_a_group_is_resolved_are_known() -> None:
    silent = {("chat", "slack", 1), ("chat", "wechat", 0), ("mail", "email", 0), ("mail", "email", 1)}
    assert capture(REAL, AT).silent == silent
    replaced = capture(REAL.replace("max_alerts: 3", "send_resolved: no"), AT, replace=("wechat",)).silent
    assert replaced == silent - {("chat", "wechat", 0)} | {("chat", "webhook", 0), ("mail", "webhook", 0)}


def test_kinds_of_a_newer_alertmanager_are_captured_where_it_knows_them() -> None:
    text = (
        "receivers:\n- name: a\n  msteamsv2_configs: [{webhook_url: https://x, title: T}]\n  rocketchat_configs: [{channel: c, token: t}]\n"
    )
    (a,) = yaml.safe_load(capture(text, S, version="0.28.1").text)["receivers"]
    assert a["msteamsv2_configs"] == [{"webhook_url": "http://s:1/receivers/a/msteamsv2/0", "title": "T"}]
    address = "http://s:1/receivers/a/rocketchat/0"
    assert a["rocketchat_configs"] == [{"api_url": address, "token": "captured", "token_id": "captured", "channel": "c"}]


def test_webhooks_shared_by_alias_reach_each_receivers_own_path() -> None:
    text = """
x: &shared
  - url: http://x
    send_resolved: false
receivers:
  - name: a
    webhook_configs: *shared
  - name: b
    webhook_configs: *shared
"""
    after = yaml.safe_load(capture(text, S).text)["receivers"]
    assert [receiver["webhook_configs"] for receiver in after] == [
        [{"url": "http://s:1/receivers/a/webhook/0", "send_resolved": False}],
        [{"url": "http://s:1/receivers/b/webhook/0", "send_resolved": False}],
    ]


def test_an_address_that_is_merged_in_goes_too() -> None:
    text = """
receivers_: &team
  channel: "#oncall"
  api_url: https://hooks.slack.com/secret
receivers:
- name: a
  slack_configs:
  - <<: *team
    title: T
"""
    after = yaml.safe_load(capture(text, S).text)["receivers"][0]["slack_configs"]
    assert after == [{"api_url": "http://s:1/receivers/a/slack/0", "title": "T", "channel": "#oncall"}]


def test_how_the_real_address_was_reached_goes_with_it() -> None:
    hook = "receivers:\n- name: a\n  webhook_configs:\n  - url_file: /secret\n    http_config: {proxy_url: http://p}\n"
    assert yaml.safe_load(capture(hook, S).text)["receivers"][0]["webhook_configs"] == [{"url": "http://s:1/receivers/a/webhook/0"}]


def test_of_the_global_settings_only_what_is_no_address_and_no_credential_is_left() -> None:
    text = """
global:
  resolve_timeout: 5m
  http_config: {proxy_url: http://p}
  smtp_from: a@example.org
  smtp_hello: example.org
  smtp_smarthost: smtp.example.org:25
  smtp_auth_password_file: /secret
  slack_api_url_file: /secret
  opsgenie_api_key: k
  reslove_timeout: 1m
receivers: []
"""
    after = yaml.safe_load(capture(text, S).text)["global"]
    assert after == {"resolve_timeout": "5m", "smtp_from": "a@example.org", "smtp_hello": "example.org", "reslove_timeout": "1m"}


REAL = """\
global:
  resolve_timeout: 3m
  slack_api_url: ${SLACK_URL}
  smtp_from: ${MAIL_FROM}
  smtp_smarthost: <smarthost>
  smtp_auth_username: mailer
  smtp_auth_password: hush-1
  opsgenie_api_key_file: /etc/hush-2
  pagerduty_url: https://events.eu.example.org/hush-3
  http_config:
    basic_auth: {username: u, password: hush-4}
route:
  receiver: chat
  group_by: ['...']
  group_wait: 45s
  repeat_interval: 3h
  routes:
  - receiver: phones
    matchers: [severity="page", team=~"a|b"]
    mute_time_intervals: [night]
    continue: true
  - receiver: mail
    match: {team: off}
inhibit_rules:
- source_matchers: [severity="page"]
  target_matchers: [severity="ticket"]
  equal: [cluster]
time_intervals:
- name: night
  time_intervals:
  - times: [{start_time: "22:00", end_time: "24:00"}]
receivers:
- name: chat
  slack_configs:
  - channel: '#a'
    send_resolved: true
    title: '{{ .Status }} "quoted"'
    text: >-
      {{ range .Alerts }}{{ .Annotations.summary }}
      {{ end }}
    fields: [{title: T, value: V, short: true}]
  - channel: '#b'
    api_url_file: /etc/hush-5
  discord_configs: [{webhook_url: '', title: D}]
  telegram_configs: [{bot_token: <secret>, chat_id: "${CHAT}", message: M}, {bot_token: hush-6, chat_id: -100200}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: hush-7}}}]
  wechat_configs: [{corp_id: hush-8, api_secret: hush-9, to_user: '@all', agent_id: '7'}]
- name: phones
  pagerduty_configs:
  - routing_key: hush-10
    severity: critical
    details: {runbook: '{{ .CommonAnnotations.runbook_url }}'}
  - service_key: hush-11
  opsgenie_configs: [{responders: [{name: payments, type: team}], priority: P1}]
  victorops_configs: [{api_key: hush-12, routing_key: payments}]
  sns_configs: [{topic_arn: 'arn:aws:sns:eu-west-1:1:t', subject: S, sigv4: {profile: hush-13, role_arn: hush-14}}]
- name: mail
  email_configs:
  - to: a@example.org, b@example.org
    html: '<b>{{ .Status }}</b>'
    headers: {subject: S}
    auth_password: hush-15
    tls_config: {cert_file: /etc/hush-16}
  - to: <to>
  webhook_configs: [{url: 'https://u:hush-17@hooks.example.org', max_alerts: 3}]
"""
ADDRESSES = {
    "slack": {"api_url"}, "discord": {"webhook_url"}, "telegram": {"api_url", "bot_token", "chat_id"}, "webex": {"api_url", "http_config"},
    "wechat": {"api_url", "api_secret", "corp_id"}, "pagerduty": {"url", "routing_key", "service_key"}, "opsgenie": {"api_url", "api_key"},
    "victorops": {"api_url", "api_key"}, "sns": {"api_url", "sigv4"}, "webhook": {"url"},
    "email": {"smarthost", "hello", "require_tls", "to", "auth_password", "tls_config"},
}  # fmt: skip
"""What may differ of each kind: where it sends to and how it proves who it is."""


def test_a_real_file_keeps_its_routes_and_its_words_and_loses_every_secret(tmp_path: Path) -> None:
    text = capture(REAL, AT).text
    before, after = yaml.safe_load(REAL), yaml.safe_load(text)
    for part in ("route", "inhibit_rules", "time_intervals"):
        assert after[part] == before[part]
    assert [words(receiver) for receiver in after["receivers"]] == [words(receiver) for receiver in before["receivers"]]
    assert "hush" not in text
    file = tmp_path / "captured.yml"
    file.write_text(text)
    checked = subprocess.run(["amtool", "check-config", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def words(receiver: dict[str, Any]) -> dict[str, Any]:
    """A receiver but for its addresses."""
    return {key: value if key == "name" else [_words(key, one) for one in value] for key, value in receiver.items()}


def _words(key: str, one: dict[str, Any]) -> dict[str, Any]:
    gone = ADDRESSES[key.removesuffix("_configs")] | {"api_url_file"}
    return {name: value for name, value in one.items() if name not in gone}


def test_each_integration_has_an_address_of_its_own() -> None:
    chat, phones, mail = yaml.safe_load(capture(REAL, AT).text)["receivers"]
    assert [one["api_url"] for one in chat["slack_configs"]] == [f"http://127.0.0.1:99/receivers/chat/slack/{n}" for n in (0, 1)]
    assert [one["url"] for one in phones["pagerduty_configs"]] == [f"http://127.0.0.1:99/receivers/phones/pagerduty/{n}" for n in (0, 1)]
    assert [(one["smarthost"], one["hello"], one["require_tls"], one["to"]) for one in mail["email_configs"]] == [
        ("127.0.0.1:98", "/receivers/mail/email/0", False, "a@example.org, b@example.org"),
        ("127.0.0.1:98", "/receivers/mail/email/1", False, "captured@firedrill.invalid"),
    ]
    assert [one["chat_id"] for one in chat["telegram_configs"]] == [1, -100200]


def test_hours_of_the_day_stay_as_they_were_written() -> None:
    text = "time_intervals:\n- name: n\n  x:\n  - start_time: 09:00\n    end_time: 17:00\n  - {end_time: 17:00}\n"
    assert capture(text, S).text == text.replace("{end_time: 17:00}", "{end_time: '17:00'}")


def test_template_files_are_named_from_the_originals_folder() -> None:
    assert capture("templates: ['t/*.tmpl', /etc/x.tmpl]\n", S, home="/suite/alerts").text == (
        "templates: ['/suite/alerts/t/*.tmpl', /etc/x.tmpl]\n"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("route: [", "a.yml:1:9: this is not YAML: expected the node content, but found '<stream end>'"),
        ("- a", "a.yml:1:1: an Alertmanager configuration is a mapping with `route` and `receivers`"),
        ("", "a.yml:1:1: an Alertmanager configuration is a mapping with `route` and `receivers`"),
    ],
)
def test_a_file_that_is_no_configuration_is_said_to_be_none(text: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        capture(text, S, "a.yml")
    assert str(caught.value) == problem
