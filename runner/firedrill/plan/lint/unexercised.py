"""An alert that no experiment ever makes fire."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark

NAME = "unexercised"


def look(linted: Linted) -> Iterator[Remark]:
    """Each alert that no experiment expects, once all the experiments are known."""
    if not linted.whole:
        return
    expected = {each.alert for _, _, each in linted.expected()}
    names = set[str]()
    for rule in linted.alerting.alerts:
        if rule.alert not in expected | names:
            names.add(rule.alert)
            yield Remark(NAME, rule.alert, rule.place, f"no experiment expects {rule.alert}, so nothing shows that it works")


CHECK = Check(
    NAME,
    __doc__,
    "An alert that has never fired is a hope. It is said only when all experiments of the suite are validated at once.",
    look,
)
