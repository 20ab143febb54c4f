"""Rules that Prometheus fails since several of their series become the same labels: nobody is paged, and that is the alerting's fault.

Knows Prometheus' own words for it; refuses to take it for a blind spot, since everybody saw it.
"""

from collections.abc import Iterator

from firedrill.core import labels
from firedrill.core.alerting import AlertingRule, RecordingRule
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Blind, Facts
from firedrill.judge.grounds import Check, settle
from firedrill.judge.sight import RULE, watching
from firedrill.judge.unfired import Cause, at
from firedrill.judge.wording import both, seconds

SAME = "same labelset"
"""In Prometheus' words: `vector contains metrics with the same labelset after applying rule labels`."""
EVALUATES = "every rule can be evaluated"


def collides(spot: Blind) -> bool:
    """Whether a rule could not be evaluated for that reason."""
    return spot.what.startswith(RULE) and SAME in spot.why


def collision(facts: Facts, alert: str, start: float, until: float) -> Cause | None:
    """That the rule of an alert, or a record that it may read, was failed by Prometheus between two moments."""
    read = set(watching(facts, alert))
    spots = [spot for spot in _spots(facts) if spot.what in read and spot.began < until and (spot.ended is None or spot.ended > start)]
    return None if not spots else (_words(facts, spots[0], start), [spot.seq for spot in spots])


def findings(facts: Facts) -> Iterator[Finding]:
    """One for each rule that collided, whoever expected it."""
    for what in dict.fromkeys(spot.what for spot in _spots(facts)):
        spots = [spot for spot in _spots(facts) if spot.what == what]
        words = f"could not be evaluated from {seconds(spots[0].began)} on: {_why(facts, spots[0])}"
        check = Check(Verdict.FAIL, words, [spot.seq for spot in spots])
        yield settle(EVALUATES, f"The rule {what.removeprefix(RULE)}{_place(facts, spots[0])}", [check])


def _spots(facts: Facts) -> list[Blind]:
    return [spot for spot in facts.blinds if collides(spot)]


def _words(facts: Facts, spot: Blind, start: float) -> str:
    after = f"{seconds(max(0.0, spot.began - start))} after it"
    return f"Prometheus failed the rule {spot.what.removeprefix(RULE)}{_place(facts, spot)} from {after} on: {_why(facts, spot)}"


def _why(facts: Facts, spot: Blind) -> str:
    rule = _rule(facts, spot)
    named = [] if rule is None else _replaced(facts, rule)
    if named:
        which = both(f"`{name}`" for name in named)
        return f"several of its series become one alert, since its own {'label' if len(named) == 1 else 'labels'} {which} replace theirs"
    return "several of its series differ in their metric's name only, which a rule drops, or in nothing that it keeps"


def _replaced(facts: Facts, rule: AlertingRule | RecordingRule) -> list[str]:
    """The rule's labels that its series may have too; where nobody can tell, all of them."""
    fixed = [name for name, value in rule.labels.items() if "{{" not in value]
    try:
        kept = labels.labels(rule.expr, facts.plan.alerting.records)
    except ValueError:
        return fixed
    if kept.names:
        return []
    can = [name for name in fixed if kept.can_have(name) and name not in kept.fixed]
    sure = [name for name in can if name in kept.several or rule.expr.startswith(f"{name}_")]
    return sure or can


def _rule(facts: Facts, spot: Blind) -> AlertingRule | RecordingRule | None:
    name, alerting = spot.what.removeprefix(RULE), facts.plan.alerting
    found = [rule for rule in alerting.alerts if rule.alert == name]
    return next(iter(found), None) or next((rule for rule in alerting.records if rule.record == name), None)


def _place(facts: Facts, spot: Blind) -> str:
    rule = _rule(facts, spot)
    return "" if rule is None else f" {at(rule.places.get('expr', rule.place))}"
