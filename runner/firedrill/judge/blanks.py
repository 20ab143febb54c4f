"""Places of a page's text that stayed empty: `{{ $labels.backend }}` in an annotation of an alert that has no label `backend`.

Knows the rule's templates and the labels that the message carries; refuses to guess where a template decides for itself what it says.
"""

import re
from collections.abc import Mapping
from typing import Any

from firedrill.core.alerting import rule_of
from firedrill.judge.drill import Facts
from firedrill.judge.pages import Hit, instances
from firedrill.judge.unfired import at
from firedrill.judge.wording import both

_ACTION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_PLACE = re.compile(r"(?:\$labels|\.Labels|\$externalLabels|\.ExternalLabels)\.([A-Za-z_]\w*)|index\s+\$labels\s+\"([^\"]+)\"")
_DECIDES = re.compile(r"\b(?:if|else|with|range|define|template|block|query|or|and)\b")
"""A template with one of these may well mean what it says."""


def blank(facts: Facts, alert: str, labels: Mapping[str, str], hit: Hit, names: list[str]) -> str | None:
    """Which of these annotations have an empty place, as a clause; None where none has, or nobody knows their templates."""
    told = [] if hit.note is None else instances(hit.note, alert, labels)
    found = dict.fromkeys(said for one in told for name in names for said in _blank(facts, alert, name, one))
    return both(found) if found else None


def _blank(facts: Facts, alert: str, name: str, one: Mapping[str, Any]) -> list[str]:
    told: Mapping[str, str] = one.get("labels", {})
    rule = rule_of(facts.plan.alerting, alert, told)
    text = "" if rule is None or not one.get("annotations", {}).get(name) else rule.annotations.get(name, "")
    actions = _ACTION.findall(text)
    if rule is None or _DECIDES.search(" ".join(actions)):
        return []
    asked = dict.fromkeys(first or second for action in actions for first, second in _PLACE.findall(action))
    empty = [f"$labels.{label}" for label in asked if not str(told.get(label) or "").strip() and label != "alertname"]
    if not empty:
        return []
    return [f"with an empty place in its {name}, since the alert has no {both(empty)} {at(rule.places.get('expr', rule.place))}"]
