"""What a lint looks at and what it says; a check is a file beside this one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from firedrill.core.alerting import Alerting, Place
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.plan.asked import Asked, asked


@dataclass(frozen=True, slots=True)
class Linted:
    """The rules and routes under test, and the drills planned for them; `whole` when these are all the experiments of the suite."""

    alerting: Alerting
    plans: tuple[Plan, ...] = ()
    whole: bool = False

    def expected(self) -> Iterator[tuple[Plan, PlannedExpectation, Asked]]:
        """Every expectation of an alert or a page that should come, with its plan."""
        for plan in self.plans:
            for expectation in plan.expectations:
                each = asked(expectation)
                if each.alert is not None and not each.unwanted:
                    yield plan, expectation, each


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that cannot work. `of` is the alert, receiver or experiment it is about, by which it can be allowed."""

    lint: str
    of: str
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.message} ({self.place.file}:{self.place.line})"


@dataclass(frozen=True, slots=True)
class Check:
    """A lint: its name, what it looks for, why that cannot work, and the search itself, pure."""

    name: str
    what: str
    why: str
    look: Callable[[Linted], Iterator[Remark]]


def place_of(plan: Plan, expectation: PlannedExpectation) -> Place:
    """Where an expectation stands; a plan names its file from the suite's root."""
    line, column = expectation.place.rsplit(":", 2)[1:]
    return Place(file=plan.file, line=int(line), column=int(column))
