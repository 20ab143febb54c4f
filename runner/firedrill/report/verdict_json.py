"""verdict.json: the judged drill for machines. All `_s` are seconds on the drill's clock."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from firedrill.core.verdicts import Finding
from firedrill.judge.actions import change
from firedrill.judge.drill import (
    Action,
    Back,
    Blind,
    Detection,
    Facts,
    FaultWindow,
    JudgedDrill,
    Notification,
    Page,
    RunbookRun,
    Score,
    SloResult,
    StepDone,
)
from firedrill.judge.mitigation import mitigations
from firedrill.judge.times import times


def render(drill: JudgedDrill) -> bytes:
    """The content as indented JSON with a last newline."""
    return (json.dumps(content(drill), indent=2) + "\n").encode()


def content(drill: JudgedDrill) -> dict[str, Any]:
    """The shape of verdict.json, as DESIGN section 6 gives it, and the phases and series that a report draws."""
    facts = drill.facts
    return {
        "drill": facts.drill,
        "experiment": facts.plan.experiment,
        "environment": facts.plan.environment,
        "verdict": drill.verdict.word,
        "reason": drill.reason,
        "exit_code": int(drill.exit_code),
        "started_at": started_at(facts),
        "duration_s": _rounded(facts.now),
        "ended": facts.ended,
        "findings": [_finding(one) for one in drill.findings],
        "noticed": [{"sentence": one.sentence, "evidence": list(one.evidence)} for one in drill.noticed],
        "slos": [_slo(one) for one in drill.slos],
        "detections": [_detection(one) for one in drill.detections],
        "pages": [_page(one) for one in facts.pages],
        "response": _response(facts),
        "faults": [_fault(one) for one in facts.faults.values()],
        "phases": [{"name": one.name, "start_s": _rounded(one.start), "end_s": _rounded(one.end)} for one in facts.phases],
        "series": [
            {"of": one.of, "name": one.name, "samples": sum(b.good + b.bad for b in one.bins.values())} for one in facts.series.values()
        ],
        "blind": [_blind(one) for one in facts.blinds],
        "scores": [_score(one) for one in drill.scores],
        "drawn": _drawn(facts),
        "actions": [action(one, facts.drill) for one in drill.actions],
    }


def started_at(facts: Facts) -> str:
    """When the drill began, as ISO 8601 in UTC, to the millisecond; such texts sort by time."""
    return datetime.fromtimestamp(facts.wall, UTC).isoformat(timespec="milliseconds")


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "expectation": finding.expectation,
        "verdict": finding.verdict.word,
        "sentence": finding.sentence,
        "evidence": list(finding.evidence),
        "details": list(finding.details),
    }


def _slo(slo: SloResult) -> dict[str, Any]:
    return {
        "name": slo.name,
        "objective": slo.objective,
        "phase": slo.phase,
        "samples": slo.samples,
        "good": slo.good,
        "sli": _rounded(slo.sli),
        "interval": [_rounded(end) for end in slo.interval],
        "budget_spent": _rounded(slo.budget_spent),
    }


def _detection(one: Detection) -> dict[str, Any]:
    return {
        "alert": one.alert,
        "labels": dict(one.labels),
        "receiver": one.receiver,
        "total_s": _rounded(one.total_s),
        "stages": _rounded_values(one.stages),
        "boundaries": list(one.boundaries),
        "hurt_s": _rounded(one.hurt_s),
        "acknowledge_s": _rounded(one.acknowledge_s),
        "reset_s": _rounded(one.reset_s),
        "resolve_s": _rounded(one.resolve_s),
        "back": None if one.back is None else _back(one.back),
    }


def _back(back: Back) -> dict[str, Any]:
    return {"total_s": _rounded(back.total_s), "stages": _rounded_values(back.stages), "boundaries": list(back.boundaries)}


def _page(page: Page) -> dict[str, Any]:
    return {
        "page": page.page,
        "receiver": page.receiver,
        "alerts": list(page.alerts),
        "opened_s": _rounded(page.opened),
        "acknowledged_s": _rounded(page.acknowledged),
        "resolved_s": _rounded(page.resolved),
        "notifications": [one.seq for one in page.notifications],
        "messages": [_message(one) for one in page.notifications],
    }


def _response(facts: Facts) -> dict[str, Any]:
    took = times(facts)
    return {
        **{f"{name}_s": getattr(took, name) for name in ("detect", "page", "acknowledge", "mitigate", "recover", "resolve")},
        "mitigated_s": _rounded_values(mitigations(facts)),
        "pages": [_answered(one) for one in facts.pages],
        "runbooks": [_run(one) for one in facts.runbooks],
        "hooks": [{"hook": one.hook, "at_s": _rounded(one.at), "text": one.text, "seq": one.seq} for one in facts.hooks],
        "hand_overs": [
            {"schedule": one.schedule, "before": one.before, "after": one.after, "at_s": _rounded(one.at), "seq": one.seq}
            for one in facts.hand_overs
        ],
        "said": [
            {"what": one.what, "by": one.by, "role": one.role, "text": one.text, "at_s": _rounded(one.at), "seq": one.seq}
            for one in facts.said
        ],
    }


def _answered(page: Page) -> dict[str, Any]:
    return {
        "page": page.page,
        "acknowledged_s": _rounded(page.acknowledged),
        "acknowledged_by": page.acknowledged_by,
        "resolved_by": page.resolved_by,
        "told": [
            {"person": one.person, "level": one.level, "why": one.why, "schedule": one.schedule, "at_s": _rounded(one.at), "seq": one.seq}
            for one in page.told
        ],
        "escalations": [{"level": level, "at_s": _rounded(at), "seq": seq} for level, at, seq in page.escalations],
        "reopened": [{"at_s": _rounded(at), "seq": seq} for at, seq in page.reopened],
    }


def _run(run: RunbookRun) -> dict[str, Any]:
    return {
        "runbook": run.runbook,
        "page": run.page,
        "by": run.by,
        "scripted": run.scripted,
        "started_s": _rounded(run.started),
        "ended_s": _rounded(run.ended),
        "status": run.status,
        "steps": [_step(one) for one in run.steps],
    }


def _step(one: StepDone) -> dict[str, Any]:
    return {
        "number": one.number, "step": one.step, "status": one.status, "detail": one.detail, "took_s": _rounded(one.took),
        "at_s": _rounded(one.at), "seq": one.seq,
    }  # fmt: skip


def _message(one: Notification) -> dict[str, Any]:
    return {"at_s": _rounded(one.at), "integration": one.integration, "status": one.status, "title": one.title, "text": one.text}


def _fault(fault: FaultWindow) -> dict[str, Any]:
    return {
        "name": fault.name,
        "kind": fault.kind,
        "target": fault.target,
        "injected_s": _rounded(fault.injected),
        "cleared_s": _rounded(fault.cleared),
        "effective": None if fault.touched is None else fault.touched > 0,
        "touched": fault.touched,
        "why_cleared": fault.why,
    }


def _blind(blind: Blind) -> dict[str, Any]:
    return {"what": blind.what, "why": blind.why, "began_s": _rounded(blind.began), "ended_s": _rounded(blind.ended), "seq": blind.seq}


def _score(score: Score) -> dict[str, Any]:
    return {
        "name": score.name,
        "took_s": _rounded(score.took),
        "allowed_s": _rounded(score.allowed),
        "median_s": _rounded(score.median),
        "best_s": _rounded(score.best),
        "drills": score.drills,
    }


def _drawn(facts: Facts) -> dict[str, Any] | None:
    """What a blind drill drew, by which it can be repeated; null for one that is not blind."""
    blind = facts.plan.blind
    if blind is None:
        return None
    return {"seed": blind.seed, "among": blind.among, "window_s": blind.window, "moment_s": blind.moment, "revealed_s": _revealed(facts)}


def _revealed(facts: Facts) -> float | None:
    return None if facts.revealed is None else _rounded(facts.revealed[0])


def action(one: Action, drill: str = "") -> dict[str, Any]:
    """An action item, with what `drill` did to it, when one is asked about."""
    return asdict(one) | ({"change": change(one, drill)} if drill else {})


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 6)


def _rounded_values(numbers: Mapping[str, float | None]) -> dict[str, float | None]:
    return {name: _rounded(number) for name, number in numbers.items()}
