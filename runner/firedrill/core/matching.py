"""Matchers as Alertmanager writes them, `label op "value"` (prometheus.io/docs/alerting/latest/configuration/#matcher).

Knows the four operators, quotes, and that an expression matches whole values; refuses to know whose labels they are.
"""

import re
from dataclasses import dataclass

_MATCHER = re.compile(r"\s*\{?\s*(?P<label>[^\s=!~{}\"]+|\"[^\"]+\")\s*(?P<op>=~|!~|!=|=)\s*(?P<value>.*?)\s*,?\s*\}?\s*", re.DOTALL)
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
    parts = _MATCHER.fullmatch(text)
    return parts and Matcher(_plain(parts["label"]), parts["op"], _plain(parts["value"]))


def _compare(value: str, op: str, wanted: str) -> bool | None:
    if op in {"=", "!="}:
        return (value == wanted) == (op == "=")
    try:
        return (re.fullmatch(wanted, value) is not None) == (op == "=~")
    except re.error:
        return None  # RE2 has spellings that Python has not


def _plain(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], text[1:-1])
    return text
