"""The embedded stack on real programs: ready, connected, honest about what is wrong, and gone at the end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from firedrill.core.errors import FiredrillError, Invalid
from firedrill.core.model.suite import Embedded
from firedrill.stack import addresses as named
from firedrill.stack.capture import Sinks
from firedrill.stack.embedded import EmbeddedStack, prometheus_document

Mine = Callable[[], dict[int, str]]
API = {"api": "127.0.0.1:1"}
ENGINE = """
import asyncio, json, os, sys
from pathlib import Path
from firedrill.core.model.suite import Embedded
from firedrill.stack.capture import Sinks
from firedrill.stack.embedded import EmbeddedStack
async def main(root, out):
    settings = Embedded.model_validate(json.loads(sys.argv[3]))
    await EmbeddedStack.start(root, settings, {"api": "127.0.0.1:1"}, Sinks("127.0.0.1:1"), out / "data", out, out / "logs")
    print("up", flush=True)
    await asyncio.sleep(60)
asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


async def start(suite: Path, settings: Embedded, sink: str, out: Path) -> EmbeddedStack:
    return await EmbeddedStack.start(suite, settings, API, Sinks(sink), out / "data", out, out / "logs")


async def happens(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def get(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.json()


async def test_an_alert_fires_and_reaches_the_sink_and_stop_leaves_nothing(
    suite: Path, settings: Embedded, notified: Any, tmp_path: Path, mine: Mine
) -> None:
    began = time.monotonic()
    stack = await start(suite, settings, notified.address, tmp_path / "out")
    try:
        await stack.connected()
        assert time.monotonic() - began < 15
        targets = (await get(f"{stack.prometheus}/api/v1/targets"))["data"]["activeTargets"]
        assert [target["scrapeUrl"] for target in targets] == ["http://127.0.0.1:1/metrics"]
        path, message = await asyncio.wait_for(notified.came.get(), 20)
        assert path == "/receivers/on%20call/webhook/0"
        assert message["alerts"][0]["labels"] == {"alertname": "Always"}
        await happens(lambda: {"Received alert", "flushing", "Notify success"} <= set(words(stack.alertmanager_log)))
        assert stack.died() is None
    finally:
        await stack.stop()
    assert mine() == {}


def words(log: Path) -> list[str]:
    messages = [line.partition(" msg=")[2] for line in log.read_text().splitlines()]
    return [text.split('"')[1] if text.startswith('"') else text.split(" ")[0] for text in messages]


async def test_the_configuration_used_is_left_with_the_results(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    stack = await start(suite, settings, "127.0.0.1:99", tmp_path / "out")
    await stack.stop()
    assert stack.config == tmp_path / "out" / "config"
    assert stack.receivers == ("on call",)
    assert sorted(str(one.relative_to(stack.config)) for one in files(stack.config)) == [
        "alertmanager.yml", "prometheus.yml", "rules/x.rules.yml",
    ]  # fmt: skip
    assert "url: http://127.0.0.1:99/receivers/on%20call/webhook/0" in (stack.config / "alertmanager.yml").read_text()


def files(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


async def test_a_broken_rule_file_is_explained_at_once_in_prometheus_words(
    suite: Path, settings: Embedded, tmp_path: Path, mine: Mine
) -> None:
    (suite / "alerts/x.rules.yml").write_text("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum(\n")
    began = time.monotonic()
    with pytest.raises(FiredrillError) as caught:
        await start(suite, settings, "127.0.0.1:99", tmp_path / "out")
    assert time.monotonic() - began < 10
    said = 'alerts/x.rules.yml:5:11: Prometheus refuses this: group "g", rule 1, "A": could not parse expression'
    assert str(caught.value).startswith(said)
    assert caught.value.exit_code == 2
    assert str(tmp_path / "out" / "config" / "rules") not in str(caught.value)
    assert mine() == {}


async def test_a_broken_alertmanager_file_is_explained_in_alertmanagers_words(
    suite: Path, settings: Embedded, tmp_path: Path, mine: Mine
) -> None:
    (suite / "alerts/alertmanager.yml").write_text("route:\n  receiver: nobody\nreceivers: []\n")
    said = r"^alerts/alertmanager.yml:1:1: Alertmanager refuses this: undefined receiver \"nobody\" used in route$"
    with pytest.raises(Invalid, match=said):
        await start(suite, settings, "127.0.0.1:99", tmp_path / "out")
    assert mine() == {}


async def test_a_rule_file_that_is_not_there_is_named(suite: Path, settings: Embedded, tmp_path: Path) -> None:
    (suite / "alerts/x.rules.yml").unlink()
    with pytest.raises(FiredrillError, match=r"^alerts/x\.rules\.yml of the embedded stack cannot be read: No such file or directory$"):
        await start(suite, settings, "127.0.0.1:99", tmp_path / "out")


async def test_a_port_taken_meanwhile_is_answered_with_another(
    suite: Path, settings: Embedded, notified: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose, tried = named.choose, []

    def first_taken(wanted: Any) -> dict[str, str]:
        tried.append(dict.fromkeys(wanted, notified.address) if len(tried) < 1 else choose(wanted))
        return tried[-1]

    monkeypatch.setattr(named, "choose", first_taken)
    stack = await start(suite, settings, notified.address, tmp_path / "out")
    await stack.stop()
    assert len(tried) == 2
    assert stack.alertmanager == f"http://{tried[1]['alertmanager']}"


async def test_a_program_killed_during_the_drill_is_named(suite: Path, settings: Embedded, tmp_path: Path, mine: Mine) -> None:
    stack = await start(suite, settings, "127.0.0.1:99", tmp_path / "out")
    [prometheus] = [pid for pid, line in mine().items() if "prometheus.yml" in line and "keeper" not in line]
    os.kill(prometheus, signal.SIGKILL)
    await happens(lambda: stack.died() is not None)
    assert str(stack.died()).startswith("Prometheus was ended by signal 9")
    await stack.stop()
    assert mine() == {}


def test_kill_9_of_the_engine_leaves_no_process_within_2_seconds(suite: Path, settings: Embedded, tmp_path: Path, mine: Mine) -> None:
    declared = json.dumps(settings.model_dump(mode="json", by_alias=True))
    command = [sys.executable, "-c", ENGINE, str(suite), str(tmp_path / "out"), declared]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as engine:
        assert engine.stdout
        assert engine.stdout.readline() == b"up\n"
        assert len(mine()) >= 5  # the engine, two keepers (each with its guard) and two programs
        engine.kill()
    killed = time.monotonic()
    while mine():
        assert time.monotonic() - killed < 2
        time.sleep(0.01)


def test_the_generated_configuration_holds_what_was_declared(settings: Embedded) -> None:
    document = prometheus_document(settings, [Path("/r/x.yml")], API, "127.0.0.1:9093")
    assert yaml.safe_load(yaml.safe_dump(document)) == {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": ["/r/x.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]},
        "scrape_configs": [{"job_name": "api", "metrics_path": "/metrics", "static_configs": [{"targets": ["127.0.0.1:1"]}]}],
    }


def test_a_mark_is_an_external_label_and_nothing_else_changes(settings: Embedded) -> None:
    plain, marked = (prometheus_document(settings, [], API, "a:1", mark) for mark in ("", "DRILL"))
    assert marked["global"].pop("external_labels") == {"drill": "DRILL"}
    assert marked == plain


def test_a_scrape_never_waits_longer_than_10_seconds_or_its_interval(settings: Embedded) -> None:
    slow = Embedded.model_validate(settings.model_dump(by_alias=True) | {"scrape-interval": "1m30s"})
    assert prometheus_document(slow, [], API, "a:1")["global"]["scrape_timeout"] == "10s"
    assert prometheus_document(slow, [], API, "a:1")["global"]["scrape_interval"] == "1m30s"
