"""Matchers as Alertmanager writes them, `label op "value"` (prometheus.io/docs/alerting/latest/configuration/#matcher).

Knows the four operators, quotes, and that an expression matches whole values; refuses to know whose labels they are.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from firedrill.core import regex

_HEAD = re.compile(r"(?P<label>[^\s=!~{}\"]+|\"[^\"]+\")\s*(?P<op>=~|!~|!=|=)", re.DOTALL)
_UNLIKE = ("a", "Zebra-7", "x y", "0", "NegotiationLatencyBudgetBurn")
"""Values so unlike each other that what lets all of them through lets anything through."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """`label op value`, without quotes."""

    label: str
    op: str
    value: str

    def holds(self, value: str | None) -> bool | None:
        """Whether a label of this value passes; None when it is not known, or the expression is not."""
        return None if value is None else _compare(value, self.op, self.value)

    @property
    def narrows(self) -> bool | None:
        """Whether it leaves some alert out and needs the label to be there; None when its expression is not understood."""
        passes = [self.holds(value) for value in ("", *_UNLIKE)]
        return None if None in passes else not passes[0] and not all(passes[1:])


def matcher(text: str) -> Matcher | None:
    """One matcher, or None for what is none."""
    text = text.strip().removeprefix("{").lstrip().removesuffix("}").rstrip().removesuffix(",")
    parts = _HEAD.match(text)
    return parts and Matcher(_plain(parts["label"]), parts["op"], _plain(text[parts.end() :].strip()))


def all_match(texts: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Whether an alert with exactly these labels passes every matcher; a label that it lacks is empty, as Alertmanager has it."""
    read = (matcher(text) for text in texts)
    return all(one is not None and bool(one.holds(labels.get(one.label, ""))) for one in read)


def _compare(value: str, op: str, wanted: str) -> bool | None:
    if op in {"=", "!="}:
        return (value == wanted) == (op == "=")
    matches = regex.fullmatch(wanted, value)
    return None if matches is None else matches == (op == "=~")


def _plain(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])
    return text
