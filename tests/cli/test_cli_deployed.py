"""What Prometheus and Alertmanager refuse is an error of the user's file, at its place, in `validate`, `run` and `bell` alike."""

# ruff: noqa: E501  (a configuration and what is said of it are easier to compare when each stands on one line)

import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml

from firedrill.cli import main
from firedrill.spec.suggest import unknown
from firedrill.stack import tools

RULES, ROUTES = "alerts/negotiation.rules.yml", "alerts/alertmanager.yml"
Process = subprocess.CompletedProcess[str]


@pytest.fixture
def suite(root: Path, tmp_path: Path) -> Path:
    """The fast suite with the placebo alone."""
    home = tmp_path / "suite"
    shutil.copytree(root / "tests" / "suite", home, ignore=shutil.ignore_patterns("results", "__pycache__", "gamedays"))
    for other in (home / "experiments").iterdir():
        if other.name != "placebo.yaml":
            other.unlink()
    return home


def firedrill(home: Path, *words: str, env: Mapping[str, str] | None = None) -> Process:
    """The command as its entry point calls it, in this process: it reads files, asks the tools and drills nothing."""
    said, told, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as here, redirect_stdout(said), redirect_stderr(told):
        here.chdir(home)
        for name, value in (env or {}).items():
            here.setenv(name, value)
        try:
            main(words)
        except SystemExit as ended:
            code = int(str(ended.code))
    return Process(words, code, said.getvalue(), told.getvalue())


def process(home: Path, *words: str, env: Mapping[str, str] | None = None) -> Process:
    command = [sys.executable, "-m", "firedrill.cli", *words]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=60, check=False, env=os.environ | dict(env or {}))


def rule(suite: Path, **more: Any) -> None:
    """One more rule, on lines of its own at the end of the file: line 1 of it is the `- alert:`."""
    text = yaml.safe_dump([{"alert": "Odd", "expr": "up == 0", **more}], sort_keys=False, width=1000)
    file = suite / RULES
    file.write_text(file.read_text().rstrip("\n") + "\n\n" + "".join(f"      {line}\n" for line in text.splitlines()))


def last_line(suite: Path, file: str = RULES) -> int:
    return len((suite / file).read_text().splitlines())


def routes(suite: Path, change: str, settings: Any, *, at: str = "payments-oncall") -> None:
    """The suite's alertmanager.yml with one receiver, the root route, `global` or a top key changed."""
    config = yaml.safe_load((suite / ROUTES).read_text())
    match change:
        case "receiver":
            place = next(number for number, one in enumerate(config["receivers"]) if one["name"] == at)
            config["receivers"][place] = {"name": at, **settings}
        case "route":
            config["route"] |= settings
        case "below":
            config["route"]["routes"][0] |= settings
        case _:
            config[change] = settings
    (suite / ROUTES).write_text(yaml.safe_dump(config, sort_keys=False))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"annotations": {"summary": "{{ $label.instance }} is down"}}, 'annotation "summary": template: __alert_Odd:1: undefined variable "$label"'),
        ({"annotations": {"summary": "{{ $labels.job } is"}}, 'annotation "summary": template: __alert_Odd:1: unexpected "}" in operand'),
        ({"annotations": {"summary": "{{ nosuch . }}"}}, 'annotation "summary": template: __alert_Odd:1: function "nosuch" not defined'),
        ({"annotations": {"sum-mary": "x"}}, "invalid annotation name: sum-mary"),
        ({"labels": {"who": "{{ nosuch . }}"}}, 'label "who": template: __alert_Odd:1: function "nosuch" not defined'),
        ({"labels": {"sev-erity": "page"}}, "invalid label name: sev-erity"),
        ({"labels": {"__name__": "x"}}, "invalid label name: __name__"),
    ],
)  # fmt: skip
def test_a_rule_that_prometheus_refuses_is_an_error_at_its_line_for_validate_and_run(
    suite: Path, more: Mapping[str, Any], said: str
) -> None:
    rule(suite, **more)
    line = f"{RULES}:{last_line(suite)}:11: Prometheus refuses this: {said}"
    validated = firedrill(suite, "validate")
    assert (validated.returncode, line in validated.stdout.splitlines()) == (2, True), validated.stdout
    run = firedrill(suite, "run", "experiments/placebo.yaml")
    assert run.returncode == 2
    assert line in run.stderr
    assert "firedrill's own" not in run.stdout + run.stderr
    assert not (suite / "results").exists()


def test_a_rule_within_a_kubernetes_resource_is_refused_where_it_stands(suite: Path) -> None:
    rule(suite, labels={"sev-erity": "page"})
    plain = yaml.safe_load((suite / RULES).read_text())
    wrapped = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "x"}, "spec": plain}
    (suite / RULES).write_text(yaml.safe_dump(wrapped, sort_keys=False))
    done = firedrill(suite, "validate")
    assert done.returncode == 2
    assert f"{RULES}:{last_line(suite)}:9: Prometheus refuses this: invalid label name: sev-erity" in done.stdout


def test_nothing_of_a_file_is_taken_for_a_flag_or_a_name(suite: Path) -> None:
    odd = "alerts/--help @x\n.yml"
    (suite / odd).write_text((suite / RULES).read_text().replace("summary: Offers", "sum-mary: Offers"))
    settings = yaml.safe_load((suite / "firedrill.yaml").read_text())
    settings["environments"]["local"]["stack"]["embedded"]["rules"] = [odd]
    (suite / "firedrill.yaml").write_text(yaml.safe_dump(settings))
    assert "Prometheus refuses this: invalid annotation name: sum-mary" in firedrill(suite, "validate").stdout


HTTP = {"url": "http://127.0.0.1:9/"}
TIMES = "time_intervals"


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        ("receiver", {"webhook_configs": [{"url": "nope"}]}, 'unsupported scheme "" for URL'),
        ("receiver", {"webhook_configs": [HTTP | {"foo": 1}]}, "field foo not found in type"),
        ("receiver", {"email_configs": [{"smarthost": "x:25", "from": "a@b.example"}]}, "missing to address in email config"),
        ("receiver", {"telegram_configs": [{"bot_token": "x"}]}, "missing chat_id"),
        ("receiver", {"opsgenie_configs": [{"api_key": "x", "responders": [{"type": "team"}]}]}, "has to have at least one of id, username or name"),
        ("receiver", {"slack_configs": [{"api_url": "http://x", "api_url_file": "/x"}]}, "at most one of api_url & api_url_file must be configured"),
        ("global", {"slack_api_url": "http://x", "slack_api_url_file": "/x"}, "at most one of slack_api_url & slack_api_url_file"),
        ("global", {"opsgenie_api_key": "x", "opsgenie_api_key_file": "/x"}, "at most one of opsgenie_api_key & opsgenie_api_key_file"),
        ("global", {"smtp_auth_password": "x", "smtp_auth_password_file": "/x"}, "at most one of smtp_auth_password & smtp_auth_password_file"),
        ("global", {"smtp_smarthost": "x"}, "address x: missing port in address"),
        ("global", {"resolve_timout": "5m"}, "field resolve_timout not found in type"),
        ("below", {"matchers": ["severity"]}, "bad matcher format: severity"),
        ("below", {"matchers": ['a=~"("']}, "error parsing regexp: missing closing )"),
        ("below", {"repeat_interval": "0s"}, "repeat_interval cannot be zero"),
        ("route", {"group_by": ["a", "a"]}, 'duplicated label "a" in group_by'),
        ("route", {"group_by": ["...", "a"]}, "cannot have wildcard group_by"),
        ("route", {"group_interval": "0s"}, "group_interval cannot be zero"),
        ("inhibit_rules", [{"source_matchers": ["=x"], "target_matchers": ["a=b"]}], "bad matcher format: =x"),
        (TIMES, [{"name": "t", TIMES: [{"times": [{"start_time": "25:00", "end_time": "26:00"}]}]}], "couldn't parse timestamp 25:00"),
        (TIMES, [{"name": "t", TIMES: [{"times": [{"start_time": "12:00", "end_time": "11:00"}]}]}], "start time cannot be equal or greater"),
        (TIMES, [{"name": "t", TIMES: [{"weekdays": ["mon"]}]}], "mon is not a valid weekday"),
        (TIMES, [{"name": "t", TIMES: [{"weekdays": ["monday:sunday"]}]}], "start day cannot be before end day"),
        (TIMES, [{"name": "t", TIMES: [{"location": "Nowhere/X"}]}], "unknown time zone Nowhere/X"),
        (TIMES, [{"name": "t"}, {"name": "t"}], 'time interval "t" is not unique'),
    ],
)  # fmt: skip
def test_a_configuration_that_alertmanager_refuses_is_an_error_where_it_stands(suite: Path, change: str, settings: Any, words: str) -> None:
    routes(suite, change, settings)
    done = firedrill(suite, "validate")
    assert done.returncode == 2, done.stdout
    said = [line for line in done.stdout.splitlines() if "Alertmanager refuses this" in line and words in line]
    assert len(said) == 1, done.stdout
    number = int(said[0].split(":")[1])
    assert number > 1, "a place in the file, not its first line"
    assert any(part in (suite / ROUTES).read_text().splitlines()[number - 1] for part in _parts(settings)), said


def _parts(settings: Any) -> set[str]:
    if isinstance(settings, dict):
        return {str(key) for key in settings} | {part for value in settings.values() for part in _parts(value)}
    return {part for one in settings for part in _parts(one)} if isinstance(settings, list) else {str(settings)}


def test_validate_run_and_bell_say_the_same_of_an_address_that_capturing_would_replace(suite: Path) -> None:
    routes(suite, "receiver", {"webhook_configs": [{"url": "nope"}]})
    said = [process(suite, *words) for words in (("validate",), ("run", "experiments/placebo.yaml"), ("bell", "--all"))]
    assert [done.returncode for done in said] == [2, 2, 2]
    lines = [[line for line in (done.stdout + done.stderr).splitlines() if "Alertmanager refuses this" in line] for done in said]
    assert lines[0]
    assert [line[0].removeprefix("firedrill: ") for line in lines] == [lines[0][0]] * 3


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"webhook_configs": [{"send_resolved": True}]}, "webhook of payments-oncall has no address (url)"),
        ({"pagerduty_configs": [{"severity": "x"}]}, "pagerduty of payments-oncall has no routing key (routing_key)"),
        ({"opsgenie_configs": [{"priority": "P1"}]}, "opsgenie of payments-oncall has no key (api_key)"),
        ({"slack_configs": [{"channel": "#x"}]}, "slack of payments-oncall has no address (api_url)"),
        ({"discord_configs": [{"title": "x"}]}, "discord of payments-oncall has no address (webhook_url)"),
        ({"telegram_configs": [{"chat_id": 1}]}, "telegram of payments-oncall has no token (bot_token)"),
        ({"victorops_configs": [{"routing_key": "x"}]}, "victorops of payments-oncall has no key (api_key)"),
        ({"wechat_configs": [{"to_user": "x"}]}, "wechat of payments-oncall has no secret (api_secret)"),
        ({"webex_configs": [{"room_id": "x"}]}, "webex of payments-oncall has no token (http_config.authorization)"),
        ({"email_configs": [{"to": "x@y.example"}]}, "email of payments-oncall has no mail server (smarthost)"),
        ({"slack_configs": [{"api_url_file": "/nowhere/here"}]}, "api_url_file names /nowhere/here, which does not exist here"),
    ],
)  # fmt: skip
def test_what_the_deployment_has_to_give_is_a_warning_and_the_rest_is_judged(suite: Path, settings: Any, words: str) -> None:
    routes(suite, "receiver", settings)
    done = firedrill(suite, "validate")
    assert done.returncode == 0, done.stdout
    assert f"given-at-deployment: {words}: the deployment has to provide it" in done.stdout.replace("warning: ", "")
    routes(suite, "route", {"group_interval": "0s"})
    assert firedrill(suite, "validate").returncode == 2


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        ("receiver", {"webhook_configs": [None]}),
        ("receiver", {"email_configs": [{"to": "x@y.example", "from": "a@b.example", "smarthost": "h:25"}, None]}),
        ("below", {"routes": [None]}),
    ],
)
def test_an_empty_entry_on_which_alertmanager_panics_is_refused_and_no_gap(suite: Path, change: str, settings: Any) -> None:
    routes(suite, change, settings)
    done = firedrill(suite, "validate")
    assert done.returncode == 2
    assert "given-at-deployment" not in done.stdout


def test_a_panic_over_one_file_hides_nothing_of_the_others(suite: Path, programs: Path) -> None:
    script = """case "$*" in *fd/*fd/*) ;; *) exec promtool "$@" ;; esac; echo "Checking"; echo "panic: runtime error: x [recovered]" >&2; exit 2"""
    (programs / "promtool").write_text(f"#!/bin/sh\nPATH={os.environ['PATH']}\n{script}\n")
    (programs / "promtool").chmod(0o755)
    refused = 'groups: [{name: a, rules: [{record: "a-b", expr: up}]}]'
    assert [len(found) for found in tools.rules(programs / "promtool", ["groups: []", refused])] == [0, 1]
    (programs / "promtool").write_text('#!/bin/sh\necho "panic: runtime error: x [recovered]"; exit 2\n')
    assert [one.words for one in tools.rules(programs / "promtool", ["groups: []"])[0]] == ["panic: runtime error: x"]


def test_what_prometheus_takes_is_taken(suite: Path) -> None:
    rule(suite, expr="holt_winters(up[5m], 0.1, 0.1) > 0")
    file = suite / RULES
    file.write_text(file.read_text() + "---\ngroups: [{name: a, rules: [{foo: 1}]}]\n")
    done = firedrill(suite, "validate")
    assert done.returncode == 0, done.stdout
    assert f"{RULES}:{last_line(suite)}:1: warning: a second document starts here; Prometheus reads the first one alone" in done.stdout


@pytest.mark.parametrize(
    "expr", ["up @ -1e3 > 1", "up @ - 5 > 1", "up @ 253402300800 > 1", "rate(up[5m] @ 1e12) > 1", "up{a=~`\\Qa.b\\E`} > 1"]
)
def test_what_prometheus_takes_and_the_reader_stumbles_over_is_not_analysed(suite: Path, expr: str) -> None:
    rule(suite, expr=expr)
    done = firedrill(suite, "validate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "expr: not analysed: it" in done.stdout


def test_of_thousands_of_names_some_are_listed() -> None:
    said = unknown("alert", "zzz", (f"A{number}" for number in range(5_000)))
    assert len(said) < 500
    assert said.endswith(" and 4950 more")


def test_what_global_gives_is_no_gap_and_a_placeholder_is_filled_in(suite: Path) -> None:
    routes(suite, "receiver", {"slack_configs": [{"channel": "#x"}], "telegram_configs": [{"bot_token": "${T}", "chat_id": "${CHAT}"}]})
    routes(suite, "global", {"slack_api_url": "${SLACK_URL}"})
    done = firedrill(suite, "validate")
    assert done.returncode == 0, done.stdout
    assert ROUTES not in done.stdout


def test_a_template_file_that_is_not_here_is_said(suite: Path) -> None:
    routes(suite, "templates", ["templates/*.tmpl"])
    assert "no file here matches templates/*.tmpl" in firedrill(suite, "validate").stdout


def test_a_kind_of_receiver_that_a_drill_replaces_is_not_asked_about(suite: Path) -> None:
    routes(suite, "receiver", {"msteams_configs": [{"webhook_url": "http://127.0.0.1:9/"}]})
    settings = yaml.safe_load((suite / "firedrill.yaml").read_text())
    settings["environments"]["local"]["stack"]["embedded"]["replace"] = ["msteams"]
    (suite / "firedrill.yaml").write_text(yaml.safe_dump(settings))
    assert firedrill(suite, "validate").returncode == 0


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a Prometheus and an Alertmanager of another version than the tools on PATH, and no tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("prometheus", "alertmanager"):
        (folder / name).write_text("#!/bin/sh\necho version 9.9.9\n")
        (folder / name).chmod(0o755)
    return folder


def test_without_the_tools_it_is_said_and_the_frequent_mistakes_are_found(suite: Path, programs: Path) -> None:
    routes(suite, "receiver", {"webhook_configs": [{"url": "nope"}]})
    routes(suite, "global", {"slack_api_url": "http://x", "slack_api_url_file": "/x"})
    done = firedrill(suite, "validate", env={"FIREDRILL_BIN": str(programs)})
    assert done.returncode == 2
    assert "Alertmanager refuses this: not a URL: nope" in done.stdout
    assert "at most one of slack_api_url & slack_api_url_file must be configured" in done.stdout
    assert "promtool was not found" in done.stderr
    assert "amtool was not found" in done.stderr
    answer = json.loads(firedrill(suite, "validate", "--json", env={"FIREDRILL_BIN": str(programs)}).stdout)
    assert len(answer["unjudged"]) == 2


def test_a_tool_that_hangs_or_shouts_or_dies_is_said_and_ended(suite: Path, programs: Path) -> None:
    for tool, script in (("promtool", "yes"), ("amtool", "kill -SEGV $$")):
        (programs / tool).write_text(f"#!/bin/sh\n{script}\n")
        (programs / tool).chmod(0o755)
    begun = time.monotonic()
    done = process(suite, "validate", env={"FIREDRILL_BIN": str(programs)})
    assert time.monotonic() - begun < 15
    assert done.returncode == 0
    assert "rule files could not be judged: " in done.stderr
    assert "says more than anybody can read" in done.stderr
    assert f"{ROUTES} could not be judged: " in done.stderr


@pytest.mark.parametrize("command", ["plan", "compile"])
def test_plan_and_compile_start_nothing(suite: Path, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "trap"
    folder.mkdir()
    for tool in ("promtool", "amtool", "prometheus", "alertmanager", "prometheus-alertmanager"):
        (folder / tool).write_text(f"#!/bin/sh\ntouch {folder}/sprung\n")
        (folder / tool).chmod(0o755)
    done = firedrill(
        suite, command, "experiments/placebo.yaml", env={"FIREDRILL_BIN": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "sprung").exists()
