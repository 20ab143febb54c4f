"""Rules whose results collide in their labels, or that yield no vector, or whose texts name labels that are gone."""

from types import SimpleNamespace as Suite
from typing import Any

import pytest

from firedrill.core.alerting import Alerting
from firedrill.plan.lint import label_left_out, not_a_vector, same_labels
from firedrill.plan.lint.remark import Linted


def said(suite: Suite, check: Any, **rule: Any) -> list[str]:
    return [one.message for one in check.CHECK.look(Linted(Alerting(alerts=(suite.rule(**rule),))))]


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("backend_up == 0", {"backend": "pool"}),
        ('up{zone!="a"} == 0', {"zone": "all"}),
        ("sum by (backend, zone) (up) == 0", {"zone": "all"}),
        ("up == 0", {"instance": "any"}),
        ('{__name__=~"a|b"} > 0', {}),
        ('rate({__name__=~"a|b"}[5m]) > 0', {}),
    ],
)
def test_series_that_become_one_are_said(suite: Suite, expr: str, labels: dict[str, str]) -> None:
    (message,) = said(suite, same_labels, expr=expr, labels=labels)
    assert "vector contains metrics with the same labelset" in message


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("backend_up == 0", {"severity": "page"}),
        ("sum(backend_up) == 0", {"backend": "pool"}),
        ('up{zone="a"} == 0', {"zone": "a"}),
        ('up{instance="x:1"} == 0', {"instance": "x"}),
        ("sum by (job) (up) == 0", {"instance": "any"}),
        ("backend_up == 0", {"backend": "{{ $labels.backend }}"}),
        ('sum by (job) ({__name__=~"a|b"}) > 0', {}),
        ('count({__name__=~"a|b"}) > 0', {}),
        ('{__name__="a"} > 0', {}),
    ],
)
def test_series_that_stay_apart_are_not_spoken_of(suite: Suite, expr: str, labels: dict[str, str]) -> None:
    assert said(suite, same_labels, expr=expr, labels=labels) == []


@pytest.mark.parametrize(("expr", "what"), [("up[5m]", "a range of samples"), ('"hello"', "a text"), ("(up)[5m:1m]", "a range of samples")])
def test_what_is_no_vector_is_said(suite: Suite, expr: str, what: str) -> None:
    (message,) = said(suite, not_a_vector, expr=expr)
    assert f"yields {what}" in message
    assert said(suite, not_a_vector, expr="1 > bool 0") == []


@pytest.mark.parametrize(
    ("expr", "text", "missing"),
    [
        ("sum by (backend) (up) == 0", "Down on {{ $labels.instance }} backend {{ $labels.backend }}", "$labels.instance, which"),
        ("sum(up) == 0", "{{ .Labels.a }} {{ $labels.b | title }}", "$labels.a and $labels.b, which"),
        ("absent(up{job='x'})", "{{ $labels.instance }}", "$labels.instance, which"),
        ("vector(1)", "{{ if $labels.x }}a{{ end }}", "$labels.x, which"),
    ],
)
def test_a_text_with_an_empty_place_is_said(suite: Suite, expr: str, text: str, missing: str) -> None:
    (message,) = said(suite, label_left_out, expr=expr, annotations={"summary": text})
    assert f"summary names {missing}" in message


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ("sum by (backend) (up) == 0", "{{ $labels.backend }} {{ $labels.alertname }} {{ $labels.severity }} {{ $externalLabels.a }}"),
        ("up == 0", "{{ $labels.anything }}"),
        ("sum(up) == 0", '{{ range query "up" }}{{ .Labels.instance }}{{ end }}'),
        ("sum(up) == 0", "$labels.instance in plain words"),
    ],
)
def test_a_text_whose_labels_may_be_there_is_not_spoken_of(suite: Suite, expr: str, text: str) -> None:
    assert said(suite, label_left_out, expr=expr, labels={"severity": "page"}, annotations={"summary": text}) == []
