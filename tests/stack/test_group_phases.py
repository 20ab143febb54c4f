"""The moments at which a real Prometheus evaluates its groups, held against what the files' names predict, to the millisecond."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from firedrill.core.model.suite import Embedded
from firedrill.core.phase import Layout, fitting, known_as, lag_between, observed, predicted, slot
from firedrill.spec.rules import Rules, load_rules
from firedrill.stack.embedded import EmbeddedStack
from firedrill.watch.server import unix

INTERVALS = {"long" * 70: "900ms", "quick": "300ms", "odd": "700ms", "whole": "1s", "usual": None, "slow": "1500ms"}
"""Groups of each of two files; the usual one has the evaluation interval of all."""
USUAL = 0.5


def group(file: str, name: str, interval: str | None) -> dict[str, Any]:
    """A record, an alert that fires at once, and records of how old other groups' records are by then."""
    ages = [
        {"record": f"age:{name}:of:{other}", "expr": f'time() - timestamp({{__name__="{file}:{other}"}})'} for other in ("usual", "twin")
    ]
    rules = [
        {"record": f"{file}:{name}", "expr": "vector(1)"},
        {"alert": f"{file.title()}{name.title()}", "expr": "vector(1)"},
        *(ages if file == "one" else []),
    ]
    return {"name": name, "rules": rules} | ({"interval": interval} if interval else {})


async def test_phases_and_lags_are_as_the_names_of_files_and_groups_predict(settings: Embedded, tmp_path: Path) -> None:
    files = _write(tmp_path)
    several = settings.model_copy(update={"rules": files, "evaluation_interval": type(settings.evaluation_interval)(USUAL)})
    stack = await EmbeddedStack.start(
        tmp_path, several, {"api": "127.0.0.1:1"}, "127.0.0.1:1", tmp_path / "data", tmp_path / "out", tmp_path
    )
    try:
        async with aiohttp.ClientSession(stack.prometheus) as session:
            told = dict(zip(files, known_as(files), strict=True))
            rules = [load_rules(tmp_path / file, tmp_path, USUAL) for file in files]
            layout = await _layout(session, rules[0], told)
            for each in rules:
                await _phases_are_as_predicted(session, each, told, layout)
            await _lags_are_as_predicted(session, rules[0], told, layout)
            await _the_api_shows_the_same(session, told, layout)
    finally:
        await stack.stop()


def _write(root: Path) -> tuple[str, ...]:
    (root / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    (root / "alerts").mkdir()
    (root / "alerts" / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    for file in ("one", "two"):
        groups = [group(file, name, interval) for name, interval in INTERVALS.items()]
        twin = {"name": "twin of one interval", "rules": [{"record": f"{file}:twin", "expr": "vector(1)"}]}
        (root / "alerts" / f"{file}.yml").write_text(yaml.safe_dump({"groups": [*groups, twin]}, sort_keys=False))
    return "alerts/one.yml", "alerts/two.yml"


async def _query(session: aiohttp.ClientSession, query: str) -> list[dict[str, Any]]:
    async with session.get("/api/v1/query", params={"query": query}) as answer:
        result: list[dict[str, Any]] = (await answer.json())["data"]["result"]
        return result


async def _samples(session: aiohttp.ClientSession, selector: str, at_least: int = 3) -> list[tuple[float, float]]:
    """Raw samples, once there are some."""
    async with asyncio.timeout(20):
        while True:
            found = await _query(session, f"{selector}[1h]")
            points = [(float(at), float(value)) for one in found for at, value in one["values"]]
            if len(points) >= at_least:
                return points
            await asyncio.sleep(0.1)


async def _layout(session: aiohttp.ClientSession, rules: Rules, told: dict[str, str]) -> Layout:
    """How this Prometheus lays labels out, by the evaluations of the slowest group."""
    slow = next(each for each in rules.records if each.group == "slow" and "age" not in each.record)
    at = (await _samples(session, f'{{__name__="{slow.record}"}}'))[-1][0]
    layout = fitting(told[slow.place.file], slow.group, slow.interval, observed(at, slow.interval), 0.0011)
    assert layout is not None
    return layout


async def _phases_are_as_predicted(session: aiohttp.ClientSession, rules: Rules, told: dict[str, str], layout: Layout) -> None:
    for rule in (*(each for each in rules.records if "age" not in each.record), *rules.alerts):
        phase = predicted(told[rule.place.file], rule.group, rule.interval, layout)
        name = rule.record if hasattr(rule, "record") else f'ALERTS{{alertname="{rule.alert}"}}'
        selector = f'{{__name__="{name}"}}' if hasattr(rule, "record") else name
        for at, _ in await _samples(session, selector):
            assert at == slot(at + 0.001, phase, rule.interval), (name, at, phase)


async def _lags_are_as_predicted(session: aiohttp.ClientSession, rules: Rules, told: dict[str, str], layout: Layout) -> None:
    """How old a record was when another group read it, by Prometheus' own arithmetic on its own stamps."""
    records = {rule.record: rule for rule in rules.records}
    alerts = {rule.group: rule for rule in rules.alerts}
    for reader, alert in alerts.items():
        for of in ("usual", "twin"):
            lag = lag_between(records[f"one:{of}"], alert, told, layout)
            for _, age in (await _samples(session, f'{{__name__="age:{reader}:of:{of}"}}', 4))[1:]:
                assert lag.least - 0.0011 <= age <= lag.most + 0.0011, (reader, of, lag, age)
                if lag.always is not None:
                    assert abs(age - lag.always) <= 0.0011


async def _the_api_shows_the_same(session: aiohttp.ClientSession, told: dict[str, str], layout: Layout) -> None:
    """`lastEvaluation` is when an evaluation really began, which a busy machine delays: its slot is the stamp that its samples bear."""
    waiting = {(file, name) for file in told.values() for name in INTERVALS}
    async with asyncio.timeout(30):
        while waiting:
            async with session.get("/api/v1/rules") as answer:
                groups = (await answer.json())["data"]["groups"]
            assert {one["file"] for one in groups} == set(told.values())
            for one in groups:
                if (one["file"], one["name"]) in waiting and await _bears_its_slot(session, one, layout):
                    waiting.remove((one["file"], one["name"]))


async def _bears_its_slot(session: aiohttp.ClientSession, group: dict[str, Any], layout: Layout) -> bool:
    phase = predicted(group["file"], group["name"], group["interval"], layout)
    due = slot(unix(group["lastEvaluation"]), phase, group["interval"])
    return due in [at for at, _ in await _samples(session, f'{{__name__="{group["rules"][0]["name"]}"}}')]
