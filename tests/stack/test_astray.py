"""A drill route is held to where the sink listens: address, port and path of each of its receivers."""

from typing import Any

import pytest
import yaml

from firedrill.core.model.suite import Door
from firedrill.stack.astray import astray


def said(leads: str | None, **door: Any) -> list[str]:
    hook = [] if leads is None else [{"url": leads}]
    receivers = [
        {"name": "on call", "webhook_configs": [{"url": "https://elsewhere.example/"}]},
        {"name": "drill-on call", "webhook_configs": hook},
    ]
    return [one.sentence for one in astray(yaml.safe_dump({"receivers": receivers}), Door(**({"listen": "127.0.0.1:9099"} | door)))]


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("http://127.0.0.1:9099/receivers/on%20call", {}),
        ("http://localhost:9099/receivers/on%20call/", {}),
        ("<secret>", {}),
        ("http://drills.example.org:9099/receivers/on%20call", {"listen": "0.0.0.0:9099"}),
        ("https://drills.example.org/sink/receivers/on%20call", {"url": "https://drills.example.org:443/sink/"}),
    ],
)
def test_a_route_that_leads_to_the_sink_is_not_spoken_of(url: str, door: Any) -> None:
    assert said(url, **door) == []


@pytest.mark.parametrize(
    ("url", "door"),
    [
        ("http://127.0.0.1:9098/receivers/on%20call", {}),
        ("http://127.0.0.1/receivers/on%20call", {}),
        ("https://127.0.0.1:9099/receivers/on%20call", {}),
        ("http://127.0.0.2:9099/receivers/on%20call", {}),
        ("http://127.0.0.1:9099/receivers/another", {}),
        ("http://127.0.0.1:9099/", {}),
        ("http://127.0.0.1:9099/receivers/on%20call", {"url": "http://drills.example.org:9099"}),
        ("http://127.0.0.1:9098/receivers/on%20call", {"listen": "0.0.0.0:9099"}),
        ("nothing of a URL", {}),
        (None, {}),
    ],
)
def test_a_route_that_leads_elsewhere_is_told_with_both_addresses(url: str | None, door: Any) -> None:
    (sentence,) = said(url, **door)
    assert sentence.endswith(": no page would be seen")
    assert "drill-on call" in sentence
    assert "/receivers/on%20call" in sentence


def test_it_stands_where_its_address_does() -> None:
    text = "receivers:\n  - name: drill-a\n    webhook_configs:\n      - url: http://127.0.0.1:1/receivers/a\n"
    (found,) = astray(text, Door(listen="127.0.0.1:9099"))
    assert (found.line, found.column) == (4, 14)
    assert astray("a: [", Door(listen="127.0.0.1:9099")) == []
