"""What the live page shows of a drill, from its facts: sections that are plain JSON. Pure.

Knows what people need to see; whether they may see it is the veil's to say, and `veiled` is its answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from firedrill.core.events import Entry
from firedrill.core.model.response import Runbook
from firedrill.core.verdicts import Finding
from firedrill.judge.drill import AlertSpan, Facts, Page
from firedrill.judge.slo import bins, good_of
from firedrill.judge.veil import NAME, PHASES
from firedrill.judge.verdict import KILLED
from firedrill.report.telling import tell

MOST = 60
"""Alerts and pages shown of each; a storm has thousands, of which nobody reads more."""

Json = dict[str, Any]

_GROUPS = {
    "drill": "drill", "phase": "drill", "steady": "drill", "load": "drill", "fault": "fault", "activity": "fault", "silence": "fault",
    "alert": "alert", "alerts": "alert", "page": "page", "person": "page", "notification": "page", "link": "page",
    "shift": "people", "note": "note", "mitigation": "people", "stop": "stop", "guard": "stop", "runbook": "runbook", "step": "runbook",
    "hook": "told", "blind": "sight",
}  # fmt: skip


def line(entry: Entry) -> Json | None:
    """An entry as a line of the time line; None for what only machines read."""
    said = tell(entry.event)
    if said is None:
        return None
    return {"at": round(entry.at, 3), "group": _GROUPS.get(entry.event.kind.partition(".")[0], "drill"), "text": said}


def sections(facts: Facts, veiled: bool) -> dict[str, Any]:
    """Everything but indicators' points, expectations and the verdict."""
    return {
        "drill": _drill(facts, veiled),
        "phase": _phase(facts, veiled),
        "slis": [{"name": slo.name, "title": slo.title or slo.name, "objective": slo.objective} for slo in facts.plan.slos],
        "alerts": _alerts(facts),
        "pages": [_page(facts, page) for page in list(reversed(facts.pages))[:MOST]],
        "people": _people(facts),
    }


def _drill(facts: Facts, veiled: bool) -> Json:
    plan = facts.plan
    shown = {"environment": plan.environment, "mark": plan.mark, "wall": facts.wall, "blind": plan.blind is not None, "veiled": veiled}
    if veiled:
        return shown | {"title": NAME, "description": "What is broken, and when, is told at the end."}
    return shown | {"drill": facts.drill, "experiment": plan.experiment, "title": plan.title, "description": plan.description}


def _phase(facts: Facts, veiled: bool) -> Json | None:
    """The phase and when it began; behind the veil the last of those before anything is broken."""
    told = [one for one in facts.phases if not veiled or one.name in PHASES]
    return {"name": told[-1].name, "since": told[-1].start} if told else None


def _alerts(facts: Facts) -> list[Json]:
    shown = sorted(facts.alerts, key=lambda one: (one.resolved is not None, -(one.firing or one.pending or 0.0)))
    return [_alert(one) for one in shown[:MOST]]


def _alert(one: AlertSpan) -> Json:
    state = "resolved" if one.resolved is not None else "firing" if one.firing is not None else "pending"
    labels = ", ".join(f"{name}={value}" for name, value in sorted(one.labels.items()) if name != "alertname")
    return {"alert": one.alert, "labels": labels, "state": state, "since": one.resolved or one.firing or one.pending}


def _page(facts: Facts, page: Page) -> Json:
    said = _annotations(page)
    runbook = _runbook(facts, page, said.get("runbook_url", ""))
    link = said.get("runbook_url", "")
    return {
        "page": page.page, "receiver": page.receiver, "alerts": list(page.alerts), "opened": page.opened,
        "says": said.get("summary") or said.get("description") or "", "more": said.get("description", "") if said.get("summary") else "",
        "link": link if urlsplit(link).scheme in {"http", "https"} else "",
        "acknowledged": page.acknowledged, "by": page.acknowledged_by, "resolved": page.resolved, "resolvedBy": page.resolved_by,
        "reopened": len(page.reopened), "level": max((level for level, _, _ in page.escalations), default=1),
        "runbook": None if runbook is None else _steps(facts, page, runbook),
    }  # fmt: skip


def _annotations(page: Page) -> Mapping[str, str]:
    alerts = page.notifications[0].alerts if page.notifications else ()
    return next((alert["annotations"] for alert in alerts if alert.get("annotations")), {})


def _runbook(facts: Facts, page: Page, link: str) -> Runbook | None:
    """Which runbook is followed for the page, or else the one that its own message names."""
    followed = [run.runbook for run in facts.runbooks if run.page == page.page]
    named = urlsplit(link).path.rstrip("/").rpartition("/")[2].removesuffix(".md")
    return next((facts.plan.runbooks[name] for name in (*followed, named) if name in facts.plan.runbooks), None)


def _steps(facts: Facts, page: Page, runbook: Runbook) -> Json:
    done = {
        step.number: (run.by, step.status)
        for run in facts.runbooks if run.page == page.page and run.runbook == runbook.name
        for step in run.steps
    }  # fmt: skip
    steps = []
    for number, step in enumerate(runbook.steps, 1):
        by, status = done.get(number, ("", ""))
        steps.append({"number": number, "step": step.step, "by": by, "status": status})
    return {"name": runbook.name, "title": runbook.title or runbook.name, "steps": steps}


def _people(facts: Facts) -> Json:
    """Who is on call as the hand-overs told it, and what became of whoever was told of a page."""
    known = facts.plan.oncall.people if facts.plan.oncall is not None else {}
    shown = {name: person.shown or name for name, person in known.items()}
    on_call = {over.schedule: shown.get(over.after, over.after) or "nobody" for over in facts.hand_overs}
    told = {(one.person, one.page): one for one in facts.told}
    return {
        "onCall": [{"schedule": schedule, "person": person} for schedule, person in sorted(on_call.items())],
        "told": [
            {"person": shown.get(one.person, one.person), "page": one.page, "level": one.level, "why": one.why, "at": one.at}
            for one in list(told.values())[-MOST:]
        ],
    }  # fmt: skip


def expected(findings: Sequence[Finding]) -> list[Json]:
    """What is expected, the undecided first and of those the soonest."""
    shown = [
        {"expectation": one.expectation, "verdict": one.verdict.word, "sentence": one.sentence, "until": one.until} for one in findings
    ]
    return sorted(shown, key=lambda one: (one["verdict"] != "pending", one["until"] is None, one["until"] or 0.0))


class Points:
    """Which seconds of the indicators are new, or have grown since they were last told."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, float], tuple[int, int]] = {}
        self._newest: dict[str, float] = {}

    def new(self, facts: Facts) -> dict[str, list[list[float]]]:
        """Second, good and all samples, by name of the SLO; whole seconds only, and late flushes of the last fifteen."""
        found = {slo.name: list(self._of(facts, slo.name)) for slo in facts.plan.slos}
        return {name: points for name, points in found.items() if points}

    def _of(self, facts: Facts, name: str) -> Iterator[list[float]]:
        slo = next(one for one in facts.plan.slos if one.name == name)
        seen, oldest = bins(facts, slo), self._newest.get(name, float("-inf")) - 15
        for second in [one for one in seen if one >= oldest and (one + 1 <= facts.now or facts.ended is not None)]:
            counted = good_of(slo, seen[second]), seen[second].good + seen[second].bad
            if counted[1] and self._told.get((name, second)) != counted:
                self._told[name, second] = counted
                self._newest[name] = max(self._newest.get(name, second), second)
                yield [second, *counted]


def ending(facts: Facts, verdict: str, reason: str) -> Json:
    """How it ended, and what the judge says of it."""
    return {"how": facts.ended or KILLED, "detail": facts.detail, "verdict": verdict, "reason": reason}
