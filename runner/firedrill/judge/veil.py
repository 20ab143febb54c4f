"""What a blind drill tells while nobody may know what it is: the one place that says so, for the terminal and for the live page.

What is told is listed, and is what responders could see anyway: what users see, real alerts, pages and messages, and what people
said and did. Everything else is withheld, so that a new kind of entry gives nothing away before somebody has thought about it.
"""

from firedrill.core import events as ev
from firedrill.judge.drill import Facts

UNTOLD = "whatever may come"
"""What a blind drill waits for, once steady state was met."""
NAME = "Blind drill"
"""Its title until it is revealed."""
PHASES = ("prepare", "ramp", "steady", "end")
"""Phases that are told of; what is between the last two looks like steady state."""
_TOLD = (
    ev.Samples, ev.LoadReady, ev.ClockOffset,
    ev.AlertPending, ev.AlertFiring, ev.AlertResolved, ev.NotificationReceived, ev.LinkChecked,
    ev.PageOpened, ev.PageReopened, ev.PageAcknowledged, ev.PageEscalated, ev.PageResolved, ev.PersonTold, ev.ShiftChanged,
    ev.MitigationDeclared, ev.NoteWritten, ev.StopRequested, ev.HookReceived, ev.Announced, ev.Revealed, ev.DrillEnded,
)  # fmt: skip


def hidden(facts: Facts) -> bool:
    """Whether what the drill does is still to be hidden: it is blind, it goes on, and it has not said what it was."""
    return facts.plan.blind is not None and facts.revealed is None and facts.ended is None


def shown(entry: ev.Entry, facts: Facts) -> bool:
    """Whether people may be told of an entry; `facts` include it, or later ones too. Of a drill that is not hidden, everything."""
    if not hidden(facts):
        return True
    match entry.event:
        case ev.PhaseEntered(phase=phase):
            return phase in PHASES
        case ev.SteadyChecked():  # the reasons for an unmet one name what is expected; a later look tells that the moment has come
            return facts.settled is not None and facts.settled[1] == entry.seq
        case ev.RunbookStarted(scripted=scripted):
            return not scripted
        case ev.StepEnded() | ev.RunbookEnded():
            return not _scripted(facts, entry.event)
    return isinstance(entry.event, _TOLD)


def _scripted(facts: Facts, event: ev.StepEnded | ev.RunbookEnded) -> bool:
    """Whether firedrill's own responder does it: the experiment says so, and responders are not to know the experiment."""
    return any(run.scripted for run in facts.runbooks if (run.runbook, run.page, run.by) == (event.runbook, event.page, event.by))


def heading(facts: Facts) -> str:
    """What to call the drill: `slow-bureau: The credit bureau ...`, or that it is a blind one."""
    plan = facts.plan
    if not hidden(facts) or plan.blind is None:
        return f"{plan.experiment}: {plan.title}"
    return (
        f"a blind drill in {plan.environment}: one of {plan.blind.among}"
        if plan.blind.among > 1
        else f"a blind drill in {plan.environment}"
    )


def waiting(what: str, until: float | None, facts: Facts) -> tuple[str, float | None]:
    """What people are told is waited for and until when; a blind drill's own words and deadlines would name what it does."""
    if not hidden(facts):
        return what, until
    return ("steady state" if facts.settled is None else UNTOLD), None
