"""What resources carry is what Prometheus and Alertmanager accept, by their own checkers."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import wild_files as wild
from firedrill.core.kubernetes import plain_alertmanager, plain_rules

SECRET_ENCODED = f"""\
apiVersion: v1
kind: Secret
metadata:
  name: alertmanager-main
data:
  alertmanager.yaml: {base64.b64encode(wild.INNER.encode()).decode()}
"""
ROUTES = {
    "plain, with placeholders": wild.PLAIN_ROUTES,
    "a secret in clear": wild.SECRET_IN_CLEAR,
    "a secret in base64": SECRET_ENCODED,
    "v1alpha1": wild.ALPHA,
    "v1beta1": wild.BETA,
}

Checked = Callable[[str, str, str], str]


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """What a checker says of a text; it must accept it."""

    def checked(program: str, command: str, text: str) -> str:
        file = tmp_path / "file.yml"
        file.write_text(text, encoding="utf-8")
        done = subprocess.run([program, *command.split(), str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + text
        return done.stdout

    return checked


@pytest.mark.parametrize(("source", "rules"), list(zip(wild.RULES.values(), (4, 2, 5, 2, 2), strict=True)), ids=list(wild.RULES))
def test_promtool_accepts_the_rules_and_counts_them(source: str, rules: int, checked: Checked) -> None:
    assert f"SUCCESS: {rules} rules found" in checked("promtool", "check rules", plain_rules(source))


@pytest.mark.parametrize("source", ROUTES.values(), ids=list(ROUTES))
def test_amtool_accepts_the_configuration(source: str, checked: Checked) -> None:
    assert "SUCCESS" in checked("amtool", "check-config", plain_alertmanager(source))


def test_a_plain_file_stays_as_it_is_to_the_letter() -> None:
    assert plain_rules(wild.SLOTH_PLAIN) == wild.SLOTH_PLAIN
    assert plain_alertmanager(wild.INNER) == wild.INNER
    assert plain_rules("groups: [") == "groups: ["


def test_no_value_changes_its_type_or_its_spelling() -> None:
    rules = yaml.safe_load(plain_rules(wild.RULES_IN_A_LIST))["groups"]
    assert rules[0] == {"name": "one", "rules": [{"alert": "One", "expr": 1, "for": "5m", "labels": {True: "yes"}}]}
    assert rules[1]["rules"][0]["annotations"]["description"] == "Two lines,\n{{ $value }} of them."


def test_only_addresses_that_are_placeholders_are_filled_in() -> None:
    told = yaml.safe_load(plain_alertmanager(wild.PLAIN_ROUTES))
    assert told["global"] == {
        "slack_api_url": "https://placeholder.invalid",
        "smtp_smarthost": "placeholder.invalid:25",
        "smtp_from": "alertmanager@example.org",
    }
    (team,) = told["receivers"]
    assert team["pagerduty_configs"] == [{"routing_key": "${PAGERDUTY_KEY}"}]
    assert team["slack_configs"] == [{"channel": "#team"}, {"channel": "#other", "api_url": "https://placeholder.invalid"}]
    assert team["webhook_configs"][0] == {"url": "https://placeholder.invalid", "max_alerts": 3}
    assert team["opsgenie_configs"] == [{"api_key": "{{ .Values.opsgenie.key | quote }}"}]


def told(source: str) -> Any:
    return yaml.load(plain_alertmanager(source), Loader=yaml.BaseLoader)


def test_an_alertmanager_config_keeps_routes_inhibitions_and_times() -> None:
    found = told(wild.ALPHA)
    assert found["route"] == {
        "group_by": ["alertname", "job"], "group_wait": "30s", "group_interval": "5m", "repeat_interval": "12h", "receiver": "team",
        "routes": [
            {
                "receiver": "pager", "continue": "true", "matchers": ['severity="page"', 'team=~"web|shop"'],
                "mute_time_intervals": ["nights"],
            },
        ],
    }  # fmt: skip
    assert found["inhibit_rules"] == [
        {"source_matchers": ['severity="page"'], "target_matchers": ['severity=~"ticket|info"'], "equal": ["job"]}
    ]
    assert found["time_intervals"] == [
        {
            "name": "nights",
            "time_intervals": [
                {
                    "times": [{"start_time": "22:00", "end_time": "24:00"}], "weekdays": ["monday:friday"],
                    "days_of_month": ["1:15", "-1:-1"], "months": ["january:march"],
                }
            ],
        }
    ]  # fmt: skip


def test_references_to_secrets_become_placeholders() -> None:
    team, pager, *_ = told(wild.ALPHA)["receivers"]
    assert team["slack_configs"][0]["api_url"] == "https://placeholder.invalid/slack/url"
    assert team["discord_configs"] == [{"webhook_url": "https://placeholder.invalid/discord/url"}]
    assert team["email_configs"] == [{"to": "team@example.org", "require_tls": "false", "headers": {"Subject": "Help"}}]
    assert pager["pagerduty_configs"][0]["routing_key"] == "secret pagerduty/routing"
    assert pager["webhook_configs"][0] == {
        "url": "https://placeholder.invalid/hook/url", "max_alerts": "5",
        "http_config": {"basic_auth": {"username": "secret hook/user", "password": "secret hook/password"}, "follow_redirects": "false"},
    }  # fmt: skip


def test_a_first_route_with_matchers_stands_below_one_that_tells_nobody() -> None:
    found = told(wild.BETA)
    assert found["route"] == {
        "receiver": "outside",
        "routes": [{"receiver": "team", "matchers": ['team="shop"'], "active_time_intervals": ["days"]}],
    }
    assert [each["name"] for each in found["receivers"]] == ["team", "outside"]


BLOCKS = """\
route:
  receiver: team
receivers:
- name: team
  slack_configs:
  - text: |
      {{ range .Alerts }}
      - {{ .Annotations.summary }}
      url: {{ .GeneratorURL }}
      {{ end }}
    title: {{ .Values.title }}
    fields:
    - |-
     {{ .one }}
    - title: >-
        {{ .two }}
      value: {{ .Values.three }}
"""


def test_quotes_are_set_round_bare_values_and_nowhere_within_a_text() -> None:
    found = told(BLOCKS)["receivers"][0]["slack_configs"][0]
    assert found == {
        "text": "{{ range .Alerts }}\n- {{ .Annotations.summary }}\nurl: {{ .GeneratorURL }}\n{{ end }}\n",
        "title": "{{ .Values.title }}",
        "fields": ["{{ .one }}", {"title": "{{ .two }}", "value": "{{ .Values.three }}"}],
    }
    sound = BLOCKS.replace("title: {{ .Values.title }}", "title: x").replace("value: {{ .Values.three }}", "value: y")
    assert plain_alertmanager(sound) == sound
