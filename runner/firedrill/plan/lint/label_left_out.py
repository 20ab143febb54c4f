"""An alert's text that names a label which the expression leaves out, so that its place stays empty."""

import re
from collections.abc import Iterator

from firedrill.core import labels
from firedrill.core.alerting import AlertingRule
from firedrill.core.labels import Labels
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import listed

NAME = "label-left-out"
_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LABEL = re.compile(r"(?:\$labels|(?<![\w.])\.Labels)\.([A-Za-z_]\w*)")
_QUERY = re.compile(r"\b(?:query|range|define|with|template)\b")
"""Within these `.Labels` may be those of something else."""


def look(linted: Linted) -> Iterator[Remark]:
    """Each alert with such texts, and all of them at once."""
    for rule in linted.alerting.alerts:
        try:
            kept = labels.labels(rule.expr, linted.alerting.records)
        except ValueError:
            continue
        for text, missing in _texts(rule, kept):
            yield Remark(
                NAME, rule.alert, rule.places.get("expr", rule.place),
                f"{rule.alert}: {text} names {listed([f'$labels.{one}' for one in missing])}, which the expression leaves out: "
                f"{'it stays' if len(missing) == 1 else 'they stay'} empty",
            )  # fmt: skip


def _texts(rule: AlertingRule, kept: Labels) -> Iterator[tuple[str, list[str]]]:
    """The names of texts with the labels that can never be there; the rule's own labels are."""
    for name, text in (*rule.labels.items(), *rule.annotations.items()):
        if _QUERY.search(" ".join(_ACTION.findall(text))):
            continue
        named = dict.fromkeys(label for action in _ACTION.findall(text) for label in _LABEL.findall(action))
        own = {"alertname", *(rule.labels if name in rule.annotations and name not in rule.labels else ())}
        if missing := [label for label in named if label not in own and not kept.can_have(label)]:
            yield name, missing


CHECK = Check(
    NAME,
    __doc__,
    '`sum by (backend)` keeps `backend` and no other label. A text that says `{{ $labels.instance }}` then reads "down on " to whoever is '
    "woken by it. External labels are in `$externalLabels`.",
    look,
)
