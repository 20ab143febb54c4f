"""Toxics as JSON: what Toxiproxy takes is taken, what is wrong is refused in a sentence, and what was read is written again."""

from typing import Any

import pytest

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.proxy.stages.known import STAGES
from firedrill.faults.proxy.toxics import ATTRIBUTES, parse


@pytest.mark.parametrize("type_", ATTRIBUTES)
def test_every_toxic_of_toxiproxy_has_its_defaults(type_: str) -> None:
    made = parse({"type": type_})
    assert made.to_json() == {
        "name": f"{type_}_downstream", "type": type_, "stream": "downstream", "toxicity": 1,
        "attributes": dict.fromkeys(ATTRIBUTES[type_], 0),
    }  # fmt: skip


def test_every_toxic_has_a_stage_that_does_it() -> None:
    assert set(STAGES) == set(ATTRIBUTES)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "a", "type": "latency", "stream": "upstream", "toxicity": 0.25, "attributes": {"latency": 5, "jitter": 2}},
        {"name": "b", "type": "timeout", "stream": "downstream", "toxicity": 0, "attributes": {"timeout": 0}},
        {"name": "c", "type": "noop", "stream": "downstream", "toxicity": 1, "from": ["10.0.0.0/8", "::1/128"], "attributes": {}},
    ],
)
def test_what_is_read_is_written_again(body: dict[str, Any]) -> None:
    assert parse(body).to_json() == body


def test_a_name_that_is_given_beside_the_body_wins() -> None:
    assert parse({"type": "noop", "name": "theirs"}, "ours").name == "ours"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "invalid toxic type"),
        ({"type": ["latency"]}, "invalid toxic type"),
        ({"type": "latency", "stream": "sideways"}, "stream was invalid, can be either upstream or downstream"),
        ({"type": "bandwidth", "attributes": {"rate": -1}}, "bad request body: rate is not a whole number of 0 or more"),
        ({"type": "latency", "attributes": {"latency": 1.5}}, "bad request body: latency is not a whole number of 0 or more"),
        ({"type": "latency", "attributes": {"latency": True}}, "bad request body: latency is not a whole number of 0 or more"),
        ({"type": "latency", "attributes": [1]}, "bad request body: attributes is not an object"),
        ({"type": "noop", "toxicity": 1.01}, "bad request body: toxicity is not a number from 0 to 1"),
        ({"type": "noop", "toxicity": "all"}, "bad request body: toxicity is not a number from 0 to 1"),
        ({"type": "noop", "from": "10.0.0.1"}, "bad request body: from is not a list of addresses"),
        ({"type": "noop", "from": ["ten"]}, "bad request body: from: 'ten' does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_what_is_wrong_is_refused(body: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejected) as caught:
        parse(body)
    assert (caught.value.status, caught.value.message) == (400, words)


def test_an_address_is_known_in_both_of_its_families() -> None:
    made = parse({"type": "noop", "from": ["127.0.0.0/8", "fe80::/10"]})
    assert [made.takes(client) for client in ("127.0.0.1", "::ffff:127.9.9.9", "fe80::1%lo", "10.0.0.1", "::1")] == [
        True, True, True, False, False,
    ]  # fmt: skip
