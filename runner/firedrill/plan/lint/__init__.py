"""What can never work, or not as it is meant to, said before anything starts: a file a check, each with the reason and the place.

Knows what the files decide; refuses to guess at what a series' own labels would change.
"""

from collections.abc import Iterable

from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Allowed
from firedrill.plan.asked import all_asked
from firedrill.plan.lint import (
    cannot_pass,
    first_miss,
    for_too_long,
    form_body,
    given_at_deployment,
    good_error,
    hidden_page,
    idle_dry,
    idle_inhibition,
    idle_timeout,
    label_left_out,
    late_record,
    late_resolve,
    literal_secret,
    no_rollbacks,
    no_runbook,
    no_timeout,
    no_value,
    nobody_told,
    not_a_vector,
    over_100,
    same_labels,
    same_name,
    shell_arguments,
    short_history,
    shown_secret,
    silent_configuration,
    two_numbers,
    unexercised,
    unjudged_tolerance,
    unknown_variable,
    unreachable_route,
)
from firedrill.plan.lint.remark import Check, Linted, Remark

__all__ = ["CHECKS", "Check", "Linted", "Remark", "about", "is_allowed", "remarks"]

CHECKS: tuple[Check, ...] = (
    cannot_pass.CHECK,
    over_100.CHECK,
    late_record.CHECK,
    for_too_long.CHECK,
    short_history.CHECK,
    nobody_told.CHECK,
    unreachable_route.CHECK,
    hidden_page.CHECK,
    idle_inhibition.CHECK,
    late_resolve.CHECK,
    no_runbook.CHECK,
    unexercised.CHECK,
    unjudged_tolerance.CHECK,
    idle_timeout.CHECK,
    no_timeout.CHECK,
    shell_arguments.CHECK,
    shown_secret.CHECK,
    literal_secret.CHECK,
    unknown_variable.CHECK,
    two_numbers.CHECK,
    same_name.CHECK,
    idle_dry.CHECK,
    form_body.CHECK,
    no_rollbacks.CHECK,
    first_miss.CHECK,
    silent_configuration.CHECK,
    no_value.CHECK,
    good_error.CHECK,
    given_at_deployment.CHECK,
    not_a_vector.CHECK,
    same_labels.CHECK,
    label_left_out.CHECK,
)


def remarks(linted: Linted) -> tuple[Remark, ...]:
    """Everything the checks say, each thing once."""
    return tuple(dict.fromkeys(remark for check in CHECKS for remark in check.look(linted)))


def is_allowed(remark: Remark, allowed: Iterable[Allowed]) -> bool:
    """Whether the suite says, with a reason, that it is meant to be so."""
    return any(each.lint == remark.lint and each.of in {None, remark.of} for each in allowed)


def about(plan: Plan, allowed: Iterable[Allowed] = ()) -> tuple[Remark, ...]:
    """What is said of the alerts and receivers that one drill expects, beside what it cannot pass."""
    names = {plan.experiment} | {name for each in all_asked(plan) for name in (each.alert, each.to) if name}
    said = (remark for remark in remarks(Linted(plan.alerting, (plan,))) if remark.lint != cannot_pass.NAME)
    return tuple(remark for remark in said if remark.of in names and not is_allowed(remark, allowed))
