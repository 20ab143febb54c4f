"""A plan as the rows of a table: what is when, in seconds from the end of the steady phase."""

from collections.abc import Iterator
from dataclasses import dataclass

from firedrill.core.model.plan import Plan
from firedrill.core.units import Duration
from firedrill.plan.asked import Asked, asked, first_fault


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the time line. `end` is None where nothing but the drill's end ends it.

    `of` is limit, phase, silence, guard, fault or expectation.
    """

    of: str
    what: str
    start: float
    end: float | None

    def __str__(self) -> str:
        until = "the end" if self.end is None else _signed(self.end)
        return f"{_signed(self.start):>8} to {until:<8} {self.of:<11} {self.what}"


def _signed(seconds: float) -> str:
    return f"-{Duration(-seconds)}" if seconds < 0 else str(Duration(seconds))


def describe(plan: Plan) -> list[Row]:
    """Phases, silences, faults in the order in which they begin, and expectations in the file's, each with its first and last moment."""
    faults = sorted(plan.faults, key=lambda fault: fault.at)
    expected = [row for each in plan.expectations for row in _of_expectation(asked(each), plan)]
    silenced = (Row("silence", " and ".join(silence.matchers), -plan.steady, None) for silence in plan.silences)
    told = (Row("fault", fault.name, fault.at, fault.ends) for fault in faults)
    return [*_limits(plan), *_phases(plan, expected), *silenced, *_guards(plan), *told, *expected]


def _limits(plan: Plan) -> Iterator[Row]:
    """Hours are not known to be kept before the drill starts."""
    if plan.hours:
        yield Row("limit", f"drills run here {plan.hours} only", -plan.steady, plan.last_fault_end)


def _guards(plan: Plan) -> Iterator[Row]:
    end = None if _open_ended(plan) else plan.last_fault_end
    yield from (Row("guard", f"aborts when {guard.words}", 0.0, end) for guard in plan.guards)


def _phases(plan: Plan, expected: list[Row]) -> Iterator[Row]:
    over = plan.last_fault_end
    last = max((row.end for row in expected if row.end is not None), default=over)
    yield Row("phase", "steady", -plan.steady, 0.0)
    yield Row("phase", "play", 0.0, None if _open_ended(plan) else over)
    if not _open_ended(plan):
        yield Row("phase", "recover", over, max(last, over))


def _open_ended(plan: Plan) -> bool:
    """A method of the user's own takes as long as it takes: nothing after it has a place on the time line."""
    return bool(plan.chaos.get("method"))


def _of_expectation(each: Asked, plan: Plan) -> Iterator[Row]:
    since, cleared = first_fault(plan), plan.last_fault_end
    if each.resolved is None and each.recovered is None:
        yield Row("expectation", each.words, *_span(each, since, plan))
        return
    if each.within is not None or each.not_before is not None:
        yield Row("expectation", each.words, *_span(each, since, plan))
    for word, lasts in (("resolved", each.resolved), ("recovered", each.recovered)):
        if lasts is not None:
            what = f"{each.alert or each.slo} {word}" + (", counted from when all is put back" if _open_ended(plan) else "")
            yield Row("expectation", what, cleared, cleared + lasts)


def _span(each: Asked, since: float, plan: Plan) -> tuple[float, float | None]:
    if each.alert is not None or each.of_people:
        return since + (each.not_before or 0.0), None if each.within is None else since + each.within
    if each.slo is not None:
        return 0.0, None if _open_ended(plan) else plan.last_fault_end
    return -plan.steady, None
