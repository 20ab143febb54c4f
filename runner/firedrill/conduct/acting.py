"""What people do in a drill, whoever they are: a scripted responder, a person at the live page or at another terminal.

Knows which page is there and whether it is open; refuses to know who may act: whoever lets somebody act has made sure of that.
"""

from collections.abc import Callable, Mapping, Sequence

from firedrill.core.errors import Refused
from firedrill.core.events import (
    MitigationDeclared,
    NoteWritten,
    PageAcknowledged,
    PageResolved,
    RunbookEnded,
    RunbookStarted,
    StepEnded,
    StopRequested,
)
from firedrill.core.model.response import Step
from firedrill.core.recording import Record
from firedrill.judge.drill import Facts, Page, RunbookRun

LONGEST = 4000
"""Characters of a person's words."""


class Acts:
    """Each act is an entry of the journal; Refused, with nothing written, when it cannot be."""

    def __init__(self, facts: Facts, record: Record) -> None:
        self._facts, self._record = facts, record
        self.stops: Callable[[str], object] | None = None
        """Stops the drill, on behalf of somebody; None while it has not begun to live."""
        self.performs: Callable[[str, str, int, str, Callable[[], None]], None] | None = None
        """Does a step (runbook, page, number from 1, by whom) and then what is handed in last; None while nobody can."""
        self.roles: Mapping[str, str] = {}
        """Who has which role in the game day that the drill is a round of; their notes carry it."""

    def acknowledge(self, page: str, by: str) -> None:
        """Take a page; a second acknowledgement changes nothing, unless the page was reopened since the first."""
        if not self._open(page).taken:
            self._record(PageAcknowledged(page, _named(by)), "desk")

    def resolve(self, page: str, by: str) -> None:
        """Close a page by hand."""
        self._open(page)
        self._record(PageResolved(page, None, _named(by)), "desk")

    def note(self, text: str, by: str, role: str = "") -> None:
        """Words for the record; with the role that `by` has in a game day when none is given."""
        self._record(NoteWritten(_named(by), _words(text), role or self.roles.get(_named(by), "")), "people")

    def mitigated(self, by: str, text: str = "") -> None:
        """Say that users are well again."""
        self._record(MitigationDeclared(_named(by), text.strip()[:LONGEST]), "people")

    def stop(self, by: str) -> None:
        """Have everything put back at once; the drill ends as interrupted."""
        if self.stops is None:
            raise Refused("the drill has not begun to live")
        self._record(StopRequested(_named(by)), "people")
        self.stops(_named(by))

    def step_done(self, page: str, runbook: str, number: int, by: str) -> None:
        """Tick a step of a runbook off, in any order; the last one ends it. A step that is done already changes nothing."""
        by, steps = self._begun(page, runbook, number, by)
        run = self._run(page, runbook, by)
        if run is not None and number not in {step.number for step in run.steps if step.status == "succeeded"}:
            self._record(StepEnded(runbook, page, by, number, steps[number - 1].step, "succeeded"), "people")
            self._end(page, runbook, by)

    def run_step(self, page: str, runbook: str, number: int, by: str) -> None:
        """Have firedrill do a step for a person, who is told later how it went."""
        if self.performs is None:
            raise Refused("no step can be run now")
        by, _ = self._begun(page, runbook, number, by)
        self.performs(runbook, page, number, by, lambda: self._end(page, runbook, by))

    def _begun(self, page: str, runbook: str, number: int, by: str) -> tuple[str, Sequence[Step]]:
        """Who it is, and the runbook's steps, once the journal says that they follow it."""
        by = _named(by)
        self._open(page)
        steps = self._facts.plan.runbooks[runbook].steps if runbook in self._facts.plan.runbooks else ()
        if not 1 <= number <= len(steps):
            raise Refused(f"the runbook {runbook} has no step {number}")
        if self._run(page, runbook, by) is None:
            self._record(RunbookStarted(runbook, page, by, scripted=False), "people")
        return by, steps

    def _end(self, page: str, runbook: str, by: str) -> None:
        """The runbook is followed once each of its steps has succeeded."""
        run = self._run(page, runbook, by)
        steps = self._facts.plan.runbooks[runbook].steps
        if run is not None and run.ended is None and len({step.number for step in run.steps if step.status == "succeeded"}) == len(steps):
            self._record(RunbookEnded(runbook, page, by, "followed"), "people")

    def _run(self, page: str, runbook: str, by: str) -> RunbookRun | None:
        """How far that person is with it, by hand."""
        wanted = (runbook, page, by, False)
        return next((run for run in reversed(self._facts.runbooks) if (run.runbook, run.page, run.by, run.scripted) == wanted), None)

    def _open(self, name: str) -> Page:
        page = next((page for page in self._facts.pages if page.page == name), None)
        if page is None:
            raise Refused(f"there is no page {name}")
        if page.resolved is not None:
            raise Refused(f"page {name} is resolved already")
        return page


def _named(by: str) -> str:
    name = " ".join(by.split())
    if not name or len(name) > 100:
        raise Refused("say who you are, in at most 100 characters")
    return name


def _words(text: str) -> str:
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Refused(f"a note has between 1 and {LONGEST} characters")
    return words
