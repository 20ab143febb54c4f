"""What journal entries say to a person who follows a drill, a sentence each; most say nothing."""

from firedrill.core import events as ev


def tell(event: ev.Event) -> str | None:
    """The sentence, or None for what only machines read."""
    match event:
        case ev.PhaseEntered(phase=phase):
            return _PHASES.get(phase, phase)
        case ev.LoadReady(users=users):
            return f"{users} users are there"
        case ev.SteadyChecked(met=met, reasons=reasons):
            return "steady state is met" if met else f"steady state is not met yet: {reasons[0]}"
        case ev.FaultActive(fault=fault):
            return f"fault {fault} is active"
        case ev.FaultCleared(fault=fault, why=why):
            return f"fault {fault} is cleared" + ("" if why == "played" else f" ({why})")
        case ev.FaultStuck(fault=fault, trouble=trouble):
            return f"fault {fault} could not be cleared, and is tried again: {trouble}"
        case ev.GuardTripped(words=words, value=value):
            return f"guard tripped: {words}: {value}; clearing everything"
        case ev.GuardBlind(words=words, why=why, limit=limit):
            return f"the guard {words!r} cannot see: {why}; it aborts the drill after {limit:g}s of this"
        case ev.GuardSees(words=words):
            return f"the guard {words!r} sees again"
        case ev.ActivityEnded(name=name, status="failed", error=error):
            return f"activity {name!r} failed: {error}"
        case _:
            return _told_by_watchers(event) or _told_by_people(event)


def _told_by_watchers(event: ev.Event) -> str | None:
    match event:
        case ev.AlertPending(alert=alert):
            return f"{alert} is pending"
        case ev.AlertFiring(alert=alert):
            return f"{alert} fires"
        case ev.AlertResolved(alert=alert, was=was):
            return f"{alert} is resolved" if was == "firing" else f"{alert} is no longer pending"
        case ev.SilenceCreated(matchers=matchers):
            return f"silenced for the drill: {' and '.join(matchers)}"
        case ev.SilenceRemoved(how=how):
            return how
        case ev.PageOpened(receiver=receiver, alerts=alerts):
            return f"{receiver} is paged: {', '.join(alerts)}"
        case ev.PageResolved(page=page, by=by):
            return f"page {page} is resolved{f' by {by}' if by else ''}"
        case ev.LinkChecked(url=url, status=status, error=error):
            return f"the link {url} {f'answers {status}' if status is not None else f'cannot be reached ({error})'}"
        case ev.BlindBegan(what=what, why=why):
            return f"blind: {what}: {why}"
        case ev.BlindEnded(what=what):
            return f"{what} can be seen again"
        case ev.Noted(text=text):
            return text
        case ev.DrillEnded(reason=reason, detail=detail):
            return None if reason == "finished" else f"the drill ended: {reason}" + (f": {detail}" if detail else "")
        case _:
            return None


def _told_by_people(event: ev.Event) -> str | None:
    match event:
        case ev.PageReopened(page=page):
            return f"page {page} is open again"
        case ev.PersonTold(page=page, person=person, why=why):
            return f"{person} is told of {page}" + ("" if why == "opened" else f" ({why})")
        case ev.PageAcknowledged(page=page, by=by):
            return f"{by} acknowledges {page}"
        case ev.PageEscalated(page=page, level=level):
            return f"nobody has acknowledged {page}: level {level} is told"
        case ev.ShiftChanged(schedule=schedule, before=before, after=after):
            return f"{schedule}: {before or 'nobody'} hands over to {after or 'nobody'}"
        case ev.RunbookStarted(runbook=runbook, by=by):
            return f"{by} follows the runbook {runbook}"
        case ev.StepEnded(by=by, step=step, status=status, detail=detail):
            return f"{by}: step {step!r} " + ("is done" if status == "succeeded" else f"failed: {detail}")
        case ev.MitigationDeclared(by=by, text=text):
            return f"{by} says that users are well again" + (f": {text}" if text else "")
        case ev.NoteWritten(by=by, text=text):
            return f"{by}: {text}"
        case ev.StopRequested(by=by):
            return f"{by} stops the drill; clearing everything"
        case ev.HookReceived(hook=hook, text=text):
            return f"{hook} is told: {' '.join(text.split())}"
        case ev.Announced(moment=moment, error=error):
            return f"the drill's {moment} could not be announced: {error}" if error else f"the drill's {moment} is announced"
        case ev.Revealed(experiment=experiment, faults=faults):
            return f"revealed: {experiment}" + (f" ({', '.join(faults)})" if faults else "")
        case _:
            return None


_PHASES = {
    "prepare": "preparing: sink, proxies, system, Alertmanager, Prometheus, users",
    "ramp": "users are arriving, and Prometheus finds its targets",
    "steady": "measuring steady state",
    "play": "playing the faults",
    "recover": "faults cleared; watching recovery",
    "end": "putting everything away",
}
