"""An expectation or a promise that an experiment as it is written cannot meet."""

from collections.abc import Iterator

from firedrill.core.alerting import Place
from firedrill.plan import cannot_pass
from firedrill.plan.lint.remark import Check, Linted, Remark, place_of

NAME = "cannot-pass"


def look(linted: Linted) -> Iterator[Remark]:
    """What `firedrill plan` says of each experiment too."""
    for plan in linted.plans:
        for expectation, said in cannot_pass.told(plan):
            place = Place(file=plan.file, line=1) if expectation is None else place_of(plan, expectation)
            yield Remark(NAME, plan.experiment, place, said)


CHECK = Check(
    NAME,
    __doc__,
    "The files decide some things before anybody has looked: when the windows can be over their thresholds at the soonest, where the "
    "routes lead an alert, which annotations a rule sets, how many samples a phase gives. What contradicts them fails in every drill.",
    look,
)
