"""JSON from anybody: what is refused is refused in a sentence, whatever it is."""

import json

import pytest

from firedrill.core.untrusted import DEEPEST, Unreadable, parse


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[" * 100_000, "it is nested more than 64 deep"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, "it is nested more than 64 deep"),
        (b"[" + b"9" * 5000 + b"]", "a number has more than 300 digits"),
        (b"1e999", "a number is too large"),
        (b"NaN", "NaN is no number"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b'"\\ud800"', "half of a character stands alone"),
        (b'{"a": "\\udc00"}', "half of a character stands alone"),
        (b"", "Expecting value"),
        (b"[1,", "Expecting value"),
        (b'{"a" 1}', "Expecting"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(content)
    assert why in str(refused.value)


def test_what_can_be_read_is_as_python_reads_it() -> None:
    deep = "[" * DEEPEST + "]" * DEEPEST
    for text in (
        '{"a": [1, -2.5e3, true, null, "x"]}',
        '"[[[[ \\" ]]"',
        '"\\ud83d\\ude00"',
        deep,
        '"' + "[" * 1000 + '"',
        "12345678901234567890",
    ):
        assert parse(text) == json.loads(text)
        assert parse(text.encode()) == json.loads(text)
