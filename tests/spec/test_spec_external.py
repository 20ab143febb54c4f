"""What is told of a stack that runs already, word for word and at its place."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.spec.check import Checked

EXTERNAL = """\
      external:
        prometheus:
          url: https://prometheus.example.org/prometheus
          token: PROMETHEUS_TOKEN
        alertmanager:
          url: http://127.0.0.1:9093
        pages:
          sink:
            listen: 127.0.0.1:9099
        rules: [alerts/demo.rules.yml]
        alertmanager-config: alerts/alertmanager.yml
"""
SET = {"PROMETHEUS_TOKEN": "x"}
AT = "environments.local.stack"
CASES = [
    ("https://prometheus.example.org/prometheus", "prometheus:9090",
        "14:16: {}.external.prometheus.url: a URL such as https://prometheus.example.org is expected here, not 'prometheus:9090'"),
    ("https://prometheus.example.org/prometheus", "https://me:secret@prometheus.example.org",
        "14:16: {}.external.prometheus.url: credentials do not stand in a URL; give 'username', and for 'password' the name of an environment variable"),
    ("          token: PROMETHEUS_TOKEN\n", "          token: PROMETHEUS_TOKEN\n          username: me\n", [
        "14:11: {}.external.prometheus: 'token' and 'username' stand here; a server is asked with one of them",
        "14:11: {}.external.prometheus: 'username' and 'password' go together"]),
    ("          token: PROMETHEUS_TOKEN\n", "          cert: tls/cert.pem\n", [
        "14:11: {}.external.prometheus: 'cert' and 'key' go together", "15:17: {}.external.prometheus.cert: no such file: tls/cert.pem"]),
    ("url: http://127.0.0.1:9093", "url: http://127.0.0.1:9093\n          ca: alerts/alertmanager.yml",
        "18:15: {}.external.alertmanager.ca: certificates are for a URL that starts with https://"),
    ("listen: 127.0.0.1:9099", "listen: 127.0.0.1:0",
        "20:21: {}.external.pages.sink.listen: an address with a port of its own, such as 127.0.0.1:9099, is expected here, not '127.0.0.1:0'"),
    ("listen: 127.0.0.1:9099", "listen: 10.0.0.5:9099",
        "20:21: {}.external.pages.sink.listen: others can reach 10.0.0.5: give 'token', the name of an environment variable, or listen on 127.0.0.1"),
    ("        pages:\n          sink:\n            listen: 127.0.0.1:9099\n", "", "13:9: {}.external: 'pages' is missing"),
    ("          sink:\n            listen: 127.0.0.1:9099\n", "          pagerduty:\n            token: PD\n          opsgenie:\n            token: OG\n", [
        "19:11: {}.external.pages: pages are seen in one of three ways: 'sink', 'pagerduty' or 'opsgenie'",
        "20:20: warning: {}.external.pages.pagerduty.token: the environment variable PD is not set",
        "22:20: warning: {}.external.pages.opsgenie.token: the environment variable OG is not set"]),
    ("          sink:\n            listen: 127.0.0.1:9099\n", "          opsgenie:\n            token: PROMETHEUS_TOKEN\n            url: eu\n",
        "21:18: {}.external.pages.opsgenie.url: a URL such as https://prometheus.example.org is expected here, not 'eu'"),
    ("        rules:", "        rules-url: vmalert\n        rules:",
        "21:20: {}.external.rules-url: a URL such as https://prometheus.example.org is expected here, not 'vmalert'"),
    ("[alerts/demo.rules.yml]", "[alerts/demo.rule.yml]",
        "21:17: {}.external.rules[0]: no such file: alerts/demo.rule.yml; did you mean 'alerts/demo.rules.yml'?"),
    ("token: PROMETHEUS_TOKEN", "token: NOT_SET", "15:18: warning: {}.external.prometheus.token: the environment variable NOT_SET is not set"),
    ("    stack:\n", "    mark: DRILL\n    stack:\n",
        "11:11: warning: environments.local.mark: messages of an external stack carry no mark: its own rules and receivers write them; only firedrill's own say it"),
]  # fmt: skip


@pytest.fixture
def external(suite: Path) -> Path:
    """The sound suite, its stack external."""
    settings = suite / "firedrill.yaml"
    before, rest = settings.read_text().split("      embedded:\n")
    settings.write_text(before + EXTERNAL + rest[rest.index("\n    targets:\n") + 1 :])
    return settings


def test_a_sound_external_stack_has_no_problem(external: Path, said: Callable[..., list[str]]) -> None:
    assert said(environ=SET) == []


@pytest.mark.parametrize(("sound", "broken", "message"), CASES, ids=[case[1].strip() or "no pages" for case in CASES])
def test_a_mistake_in_it_is_told_word_for_word(
    external: Path, said: Callable[..., list[str]], sound: str, broken: str, message: str | list[str]
) -> None:
    text = external.read_text()
    assert sound in text
    external.write_text(text.replace(sound, broken, 1))
    messages = [message] if isinstance(message, str) else message
    assert said(environ=SET) == [f"firedrill.yaml:{one.format(AT)}" for one in messages]


def test_a_stack_is_one_of_the_two(external: Path, said: Callable[..., list[str]]) -> None:
    text = external.read_text()
    external.write_text(text.replace(EXTERNAL, "      {}\n"))
    assert said(environ=SET) == ["firedrill.yaml:12:7: environments.local.stack: 'embedded' or 'external' is missing"]
    external.write_text(text.replace("      external:\n", "      embedded:\n        rules: []\n        alertmanager: alerts/alertmanager.yml\n"
                                     "        scrape: []\n      external:\n"))  # fmt: skip
    assert said(environ=SET) == [
        "firedrill.yaml:12:7: environments.local.stack: 'embedded' and 'external' stand here; a stack is one of them"
    ]


def test_a_receiver_of_any_kind_will_do_where_nothing_is_captured(external: Path, said: Callable[..., list[str]]) -> None:
    routes = external.parent / "alerts/alertmanager.yml"
    routes.write_text(
        routes.read_text().replace("webhook_configs:\n      - url: https://pager.example.org/hook", "slack_configs:\n      - channel: x")
    )
    assert said(environ=SET) == []


def test_a_secret_that_is_not_set_keeps_a_drill_from_running(external: Path, checked: Callable[..., Checked]) -> None:
    own = checked(strict_env=True)
    assert [str(each) for each in own.errors] == [
        f"firedrill.yaml:15:18: {AT}.external.prometheus.token: the environment variable PROMETHEUS_TOKEN is not set"
    ]


def test_what_nobody_told_yet_is_left_open(external: Path, checked: Callable[..., Checked]) -> None:
    text = external.read_text()
    external.write_text(text.replace("        rules: [alerts/demo.rules.yml]\n        alertmanager-config: alerts/alertmanager.yml\n", ""))
    found = checked(environ=SET)
    assert found.problems == ()
    assert found.alerting["local"].unread == ("rules", "routes")
