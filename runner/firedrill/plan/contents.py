"""What a page can be known not to carry, by what its rules set; what a template or a series makes is left to the drill."""

from collections.abc import Iterator

from firedrill.core.alerting import AlertingRule
from firedrill.core.links import find
from firedrill.core.model.plan import Plan
from firedrill.core.routing import static_labels
from firedrill.plan.asked import Asked


def of_contents(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    """A sentence for each name, label, annotation and link that no rule of the alert can give."""
    for name in each.has:
        if not any(name in rule.annotations or name in rule.labels or name == "alertname" for rule in rules):
            yield f"{each.words}: {each.alert} sets no annotation or label {name} ({_at(rules[0])})"
    yield from _of_labels(each, rules)
    yield from _of_annotations(each, rules)
    yield from _of_links(each, rules, plan)


def _of_labels(each: Asked, rules: tuple[AlertingRule, ...]) -> Iterator[str]:
    for name, value in each.labels.items():
        fixed = [static_labels(rule).get(name) for rule in rules]
        if None not in fixed and value not in fixed:
            told = " or ".join(dict.fromkeys(str(one) for one in fixed))
            yield f"{each.words}: {each.alert} sets the label {name} to {told}, never to {value} ({_at(rules[0])})"


def _of_annotations(each: Asked, rules: tuple[AlertingRule, ...]) -> Iterator[str]:
    for name, text in each.annotations.items():
        told = [rule.annotations.get(name) for rule in rules]
        if not any(told):
            yield f"{each.words}: {each.alert} sets no annotation {name} ({_at(rules[0])})"
        elif not any(one is not None and ("{{" in one or one.strip() == text.strip()) for one in told):
            yield f"{each.words}: the {name} of {each.alert} says something else ({_at(rules[0])})"


def _of_links(each: Asked, rules: tuple[AlertingRule, ...], plan: Plan) -> Iterator[str]:
    if each.links and not plan.links:
        yield (
            f"{each.words}: the environment {plan.environment} allows no links to be fetched (`links:` in firedrill.yaml), "
            "so nothing can show that they are reachable"
        )
    elif each.links and not any("{{" in text or find([text]) for rule in rules for text in rule.annotations.values()):
        yield f"{each.words}: no annotation of {each.alert} has a link ({_at(rules[0])})"


def _at(rule: AlertingRule) -> str:
    return f"{rule.place.file}:{rule.place.line}"
