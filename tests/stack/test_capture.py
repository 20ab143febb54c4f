"""An alertmanager.yml rewritten so that its webhooks reach the sink, and only that."""

import pytest
import yaml

from firedrill.core.errors import Invalid
from firedrill.stack.capture import capture, path_of

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
    after = yaml.safe_load(capture(PLAIN, "127.0.0.1:99").text)
    expected = yaml.safe_load(PLAIN)
    for hook in expected["receivers"][0]["webhook_configs"]:
        hook["url"] = "http://127.0.0.1:99/receivers/payments-oncall"
    expected["receivers"][1]["webhook_configs"][0]["url"] = "http://127.0.0.1:99/receivers/tickets"
    assert after == expected


def test_receivers_with_a_webhook_are_named_and_an_empty_one_is_not() -> None:
    assert capture(PLAIN, "127.0.0.1:99").receivers == ("payments-oncall", "tickets")


def test_a_receivers_name_is_quoted_in_its_path() -> None:
    assert path_of("on call/ä") == "/receivers/on%20call%2F%C3%A4"
    text = "receivers:\n- name: on call/ä\n  webhook_configs:\n  - url: http://x\n"
    assert "http://127.0.0.1:99/receivers/on%20call%2F%C3%A4" in capture(text, "127.0.0.1:99").text


def test_other_integrations_are_each_named_with_receiver_and_place() -> None:
    text = PLAIN.replace("  - name: nobody\n", "  - name: nobody\n    slack_configs:\n      - channel: x\n    pagerduty_configs: []\n")
    with pytest.raises(Invalid) as caught:
        capture(text, "127.0.0.1:99", "alerts/alertmanager.yml")
    assert str(caught.value).splitlines() == [
        "alerts/alertmanager.yml:18:5: receivers.nobody.slack_configs: the slack integration of receiver nobody is not captured, "
        "so its pages would not be seen; only webhook_configs are",
        "alerts/alertmanager.yml:20:5: receivers.nobody.pagerduty_configs: the pagerduty integration of receiver nobody is not captured, "
        "so its pages would not be seen; only webhook_configs are",
    ]


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
    after = yaml.safe_load(capture(text, "s:1").text)["receivers"]
    assert [receiver["webhook_configs"] for receiver in after] == [
        [{"url": "http://s:1/receivers/a", "send_resolved": False}],
        [{"url": "http://s:1/receivers/b", "send_resolved": False}],
    ]


def test_how_the_real_address_was_reached_goes_with_it() -> None:
    hook = "receivers:\n- name: a\n  webhook_configs:\n  - url_file: /secret\n    http_config: {proxy_url: http://p}\n"
    assert yaml.safe_load(capture(hook, "s:1").text)["receivers"][0]["webhook_configs"] == [
        {"url": "http://s:1/receivers/a", "http_config": {}}
    ]


def test_a_global_proxy_does_not_apply_to_the_sink() -> None:
    text = "global: {http_config: {proxy_url: http://p}}\nreceivers:\n- name: a\n  webhook_configs: [{url: http://x}]\n"
    after = yaml.safe_load(capture(text, "s:1").text)
    assert after["receivers"][0]["webhook_configs"] == [{"url": "http://s:1/receivers/a", "http_config": {}}]
    assert after["global"] == {"http_config": {"proxy_url": "http://p"}}


def test_hours_of_the_day_stay_as_they_were_written() -> None:
    text = "time_intervals:\n- name: n\n  x:\n  - start_time: 09:00\n    end_time: 17:00\n  - {end_time: 17:00}\n"
    assert capture(text, "s:1").text == text.replace("{end_time: 17:00}", "{end_time: '17:00'}")


def test_template_files_are_named_from_the_originals_folder() -> None:
    assert capture("templates: ['t/*.tmpl', /etc/x.tmpl]\n", "s:1", home="/suite/alerts").text == (
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
        capture(text, "s:1", "a.yml")
    assert str(caught.value) == problem
