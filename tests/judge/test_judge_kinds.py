"""Every kind of expectation keeps the contract: its file, its example, its words, and its shape in a plan."""

import importlib
import json
import pkgutil

import pytest
import yaml
from pydantic import ValidationError

from firedrill.core.kinds import ExpectationKind
from firedrill.judge import expectations
from firedrill.judge.expectations.escalated import EscalatedExpectation
from firedrill.judge.expectations.hook import HookExpectation
from firedrill.judge.expectations.page import PageExpectation
from firedrill.judge.expectations.told import ToldExpectation

KINDS: list[ExpectationKind] = [
    importlib.import_module(f"{expectations.__name__}.{module.name}").KIND for module in pkgutil.iter_modules(expectations.__path__)
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> ExpectationKind:
    return request.param


def test_a_kind_has_the_name_of_its_file(kind: ExpectationKind) -> None:
    assert importlib.import_module(f"{expectations.__name__}.{kind.name.replace('-', '_')}").KIND is kind


def test_a_kind_says_what_it_is_in_a_sentence(kind: ExpectationKind) -> None:
    assert kind.summary.endswith(".")
    assert kind.declared.__doc__


def test_an_example_is_read_by_its_model_and_survives_a_plan(kind: ExpectationKind) -> None:
    for entry in yaml.safe_load(kind.example):
        if isinstance(entry, str):
            continue
        assert next(iter(entry)) in {each.name for each in KINDS}
        if next(iter(entry)) == kind.name:
            declared = kind.declared.model_validate(entry)
            planned = declared.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
            assert kind.declared.model_validate(json.loads(json.dumps(planned))) == declared
            assert declared.words()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("model", "keys", "message"),
    [
        (PageExpectation, {"page": "Slow", "by": "team-lead"}, "it is about who acknowledges the page; say how soon"),
        (PageExpectation, {"page": "Slow", "times": 0, "acknowledged": "5s"}, "with 'times: 0' no page may come"),
        (EscalatedExpectation, {"escalated": "Slow", "after": "20s", "within": "10s"}, "not before 20s and within 10s cannot both be"),
        (HookExpectation, {"hook": "status-page", "times": 0, "within": "10s"}, "with 'times: 0' it may not be told"),
        (ToldExpectation, {"told": []}, "at least 1 item"),
    ],
)
def test_what_cannot_stand_together_is_refused(model: type, keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        model.model_validate(keys)
