"""The embedded stack runs what Kubernetes resources carry."""

import base64
from pathlib import Path

import aiohttp
import pytest
import yaml

import wild_files as wild
from firedrill.core.errors import FiredrillError
from firedrill.core.model.suite import Embedded
from firedrill.stack.capture import Sinks
from firedrill.stack.embedded import EmbeddedStack, write_files


async def test_rules_and_routes_within_resources_run_as_if_they_were_plain(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    (suite / "alerts/x.rules.yml").write_text(wild.PYRRA_RESOURCE)
    (suite / "alerts/alertmanager.yml").write_text(wild.SECRET_IN_CLEAR)
    out = tmp_path / "out"
    stack = await EmbeddedStack.start(suite, settings, {"api": "127.0.0.1:1"}, Sinks("127.0.0.1:9"), out / "data", out, out / "logs")
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{stack.prometheus}/api/v1/rules") as answer:
                groups = (await answer.json())["data"]["groups"]
            async with session.get(f"{stack.alertmanager}/api/v2/receivers") as answer:
                receivers = await answer.json()
    finally:
        await stack.stop()
    assert [(each["file"], each["name"], len(each["rules"])) for each in groups] == [
        ("rules/x.rules.yml", "shop-errors", 3),
        ("rules/x.rules.yml", "shop-errors-increase", 2),
    ]
    assert [each["name"] for each in receivers] == ["Default", "null"]


def test_a_plain_rule_file_is_copied_to_the_letter(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    (suite / "alerts/x.rules.yml").write_text(wild.SLOTH_PLAIN)
    files = write_files(suite, settings, Sinks("127.0.0.1:9"), tmp_path)
    assert (tmp_path / "rules/x.rules.yml").read_text() == wild.SLOTH_PLAIN
    assert list(files.rules.values()) == ["alerts/x.rules.yml"]


def test_an_address_that_is_a_placeholder_is_captured(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    (suite / "alerts/alertmanager.yml").write_text(wild.INNER.replace("https://pager.example.org/hook", "{{ .Values.url }}"))
    write_files(suite, settings, Sinks("127.0.0.1:9"), tmp_path)
    (team,) = yaml.safe_load((tmp_path / "alertmanager.yml").read_text())["receivers"]
    assert team["webhook_configs"] == [{"url": "http://127.0.0.1:9/receivers/team/webhook/0"}]


def test_the_templates_of_a_secret_are_written_beside_its_configuration(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    inner = wild.INNER + 'templates: ["/etc/alertmanager/config/*.tmpl"]\n'
    words = base64.b64encode(b'{{ define "x" }}hi{{ end }}').decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"alertmanager.yaml": inner}, "data": {"words.tmpl": words}}
    (suite / "alerts/alertmanager.yml").write_text(yaml.safe_dump(secret))
    write_files(suite, settings, Sinks("127.0.0.1:9"), tmp_path)
    assert yaml.safe_load((tmp_path / "alertmanager.yml").read_text())["templates"] == [f"{tmp_path}/templates/*.tmpl"]
    assert (tmp_path / "templates/words.tmpl").read_text() == '{{ define "x" }}hi{{ end }}'


def test_a_resource_without_rules_is_named_before_anything_starts(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    (suite / "alerts/x.rules.yml").write_text("apiVersion: v1\nkind: Service\n")
    with pytest.raises(FiredrillError) as caught:
        write_files(suite, settings, Sinks("127.0.0.1:9"), tmp_path)
    assert str(caught.value) == (
        "alerts/x.rules.yml of the embedded stack: "
        "no rules are in here: Service is neither a PrometheusRule nor a ConfigMap with rule files"
    )
