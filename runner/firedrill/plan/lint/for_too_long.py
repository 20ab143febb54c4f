"""A `for` that is longer than the windows stay over their thresholds."""

from collections.abc import Iterator

from firedrill.core.alerting import AlertingRule
from firedrill.core.model.plan import Plan
from firedrill.plan.asked import Asked, first_fault, rules_of
from firedrill.plan.lint.remark import Check, Linted, Remark, place_of
from firedrill.plan.lint.spans import Span, held, shortest, spans
from firedrill.plan.words import length

NAME = "for-too-long"


def look(linted: Linted) -> Iterator[Remark]:
    """Expected alerts whose fault is too short for their `for`; and of the others those that hide total failures."""
    told = list(_expected(linted))
    yield from told
    for rule in linted.alerting.alerts:
        if rule.alert not in {remark.of for remark in told}:
            yield from _hides(rule, spans(rule, linted.alerting))


def _expected(linted: Linted) -> Iterator[Remark]:
    for plan, expectation, each in linted.expected():
        if said := _too_short(each, plan):
            yield Remark(NAME, each.alert or "", place_of(plan, expectation), said)


def _too_short(each: Asked, plan: Plan) -> str:
    lasts, rules = plan.last_fault_end - first_fault(plan), rules_of(each.alert or "", plan.alerting)
    found = [(rule, spans(rule, plan.alerting)) for rule in rules]
    if plan.chaos.get("method") or lasts <= 0 or not all(known for _, known in found):
        return ""
    # A fault that crosses no threshold at all is told of with its windows (plan/cannot_pass.py).
    crossed = [(rule, known) for rule, known in found if known[0].begins <= lasts]
    if not crossed or any(held(known, lasts) >= rule.for_ for rule, known in found):
        return ""
    rule, known = min(crossed, key=lambda pair: shortest(pair[1], pair[0].for_))
    return (
        f"{each.words}: the faults last {length(lasts)} and keep {rule.alert} over its threshold for {length(held(known, lasts))} at most, "
        f"even with every request bad, and `for` is {length(rule.for_)} ({rule.place.file}:{rule.places.get('for', rule.place).line}); "
        f"the shortest fault that fires it is {length(shortest(known, rule.for_))}"
    )


def _hides(rule: AlertingRule, found: tuple[Span, ...]) -> Iterator[Remark]:
    """A single window with a long `for` is a choice; several windows are there to tell of short failures too."""
    if not found or max(span.windows for span in found) < 2 or (needed := shortest(found, rule.for_)) <= found[0].begins:
        return
    ends = max(span.ends for span in found if span.begins == found[0].begins)
    yield Remark(
        NAME, rule.alert, rule.places.get("for", rule.place),
        f"{rule.alert} is over its thresholds {length(found[0].begins)} into a total failure and below them {length(ends)} after its end: "
        f"with `for: {length(rule.for_)}`, one that lasts less than {length(needed)} never fires it",
    )  # fmt: skip


CHECK = Check(
    NAME,
    __doc__,
    "After a fault of d seconds, an alert with a long window L, a short one S and the threshold T holds for d - T*L + (1-T)*S. When that "
    "is less than its `for`, it never fires, whatever the fault spent of the error budget.",
    look,
)
