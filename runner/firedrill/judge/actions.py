"""Action items: what did not hold in a drill is to be done, and the next drill of that experiment says whether it was.

Knows findings and what earlier drills left; refuses to close what no drill has seen to hold. Pure.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

from firedrill.core.model.plan import Plan
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import Action, Facts, JudgedDrill
from firedrill.judge.verdict import PROVES_NOTHING, UNTRIPPED

_ORDER = ("new", "back", "again", "open", "unchecked", "closed", "")
_KINDS: Mapping[Verdict, Literal["failed", "unproven"]] = {Verdict.FAIL: "failed", Verdict.INCONCLUSIVE: "unproven"}


def identity(experiment: str, environment: str, expectation: str) -> str:
    """Eight characters that stay the same from drill to drill; another wording is another item."""
    return hashlib.sha256("\0".join((experiment, environment, expectation)).encode()).hexdigest()[:8]


def merged(known: Sequence[Action], drill: JudgedDrill) -> tuple[Action, ...]:
    """The items after one more drill; those of other experiments and environments stay as they are, and none is ever taken away.

    What held closes its item, what failed keeps or makes it open, what could not be told leaves it. An item whose expectation
    the file has no longer is marked so. The same drill a second time changes nothing.
    """
    if drill.facts.ended is None or drill.facts.ended in PROVES_NOTHING or drill.facts.unsound:
        return tuple(known)
    found = _worst(drill.findings)
    after = [_after(one, drill.facts, found) if _concerns(one, drill.facts.plan) else one for one in known]
    there = {one.id for one in known}
    opened = (_opened(finding, drill.facts) for finding in found.values() if _opens(finding, drill.facts))
    return (*after, *(one for one in opened if one.id not in there))


def concerning(actions: Iterable[Action], facts: Facts) -> list[Action]:
    """The items that a drill's reports show: those of its experiment and environment that are open, or that it closed; new ones first."""
    ours = [one for one in actions if _concerns(one, facts.plan) and change(one, facts.drill)]
    return sorted(ours, key=lambda one: _ORDER.index(change(one, facts.drill)))


def change(action: Action, drill: str) -> str:
    """What a drill did to an item: new, back, again, closed or unchecked; open when it did nothing, empty for what is long over."""
    if action.status != "open":
        return action.status if action.closed_by == drill else ""
    if action.opened_by == drill:
        return "new"
    if drill and action.reopened_by == drill:
        return "back"
    return "again" if drill in action.seen else "open"


def drills(action: Action) -> int:
    """In how many drills it did not hold."""
    return len({action.opened_by, *action.seen})


def state(action: Action, drill: str = "") -> str:
    """The same in words, for one drill, or as it stands."""
    several = f"{number} drills" if (number := drills(action)) != 1 else "1 drill"
    match change(action, drill):
        case "new" | "closed" as said:
            return said
        case "back":
            return f"open again ({several})"
        case "again" | "open":
            return f"still open ({several})" if drill else f"open ({several})"
        case _:
            return "no longer checked" if action.status == "unchecked" else action.status


def words(action: Action) -> str:
    """What is to be done, in a line: the expectation, whether it only could not be told, and who has it."""
    unproven = " (could not be told)" if action.kind == "unproven" else ""
    return f"{action.expectation}{unproven}{f' [{action.owner}]' if action.owner else ''}"


def _concerns(action: Action, plan: Plan) -> bool:
    return (action.experiment, action.environment) == (plan.experiment, plan.environment)


def _worst(findings: Iterable[Finding]) -> dict[str, Finding]:
    """One finding for each expectation's words: the first of the worst."""
    found: dict[str, Finding] = {}
    for one in findings:
        if one.expectation not in found or one.verdict > found[one.expectation].verdict:
            found[one.expectation] = one
    return found


def _opens(finding: Finding, facts: Facts) -> bool:
    """A failure always; what could not be told only when the drill went to its end, since otherwise that is the reason."""
    return finding.verdict is Verdict.FAIL or (finding.verdict is Verdict.INCONCLUSIVE and facts.ended == "finished")


def _opened(finding: Finding, facts: Facts) -> Action:
    plan = facts.plan
    return Action(
        identity(plan.experiment, plan.environment, finding.expectation), plan.experiment, plan.environment, finding.expectation,
        finding.sentence, facts.drill, datetime.fromtimestamp(facts.wall, UTC).isoformat(timespec="seconds"), _KINDS[finding.verdict],
        "expectation" if finding.expectation in {one.words for one in plan.expectations} else "drill",
    )  # fmt: skip


def _after(action: Action, facts: Facts, found: Mapping[str, Finding]) -> Action:
    finding = found.get(action.expectation)
    if finding is None:
        return _unfound(action, facts)
    if finding.verdict is Verdict.PASS:
        return _ended(action, "closed", facts.drill)
    if finding.verdict is Verdict.FAIL or (action.kind == "unproven" and action.status != "closed" and _opens(finding, facts)):
        return _again(action, finding, facts.drill)
    return replace(action, status="open", closed_by="") if action.status == "unchecked" else action


def _unfound(action: Action, facts: Facts) -> Action:
    """No finding speaks of it: every drill is asked for some things and says nothing when they are well; the rest is not expected now."""
    if action.about == "drill" and _asked(action.expectation, facts.plan):
        return _ended(action, "closed", facts.drill) if facts.ended == "finished" else action
    return action if action.status == "closed" else _ended(action, "unchecked", facts.drill)


def _asked(expectation: str, plan: Plan) -> bool:
    """Whether a drill of this plan can say that something of its own did not hold."""
    needed: Mapping[str, object] = {
        UNTRIPPED: plan.guards,
        "the steady-state hypothesis holds": plan.chaos.get("steady-state-hypothesis"),
        "load is counted to the request": plan.load,
        "every activity succeeds": plan.faults or plan.chaos.get("method"),
    }
    return bool(needed.get(expectation, True))


def _ended(action: Action, status: Literal["closed", "unchecked"], drill: str) -> Action:
    return action if action.status == status else replace(action, status=status, closed_by=drill)


def _again(action: Action, finding: Finding, drill: str) -> Action:
    seen = action.seen if drill in {action.opened_by, *action.seen} else (*action.seen, drill)
    back = drill if action.status == "closed" else action.reopened_by
    kind = "failed" if action.kind == "failed" else _KINDS[finding.verdict]
    return replace(action, status="open", closed_by="", seen=seen, reopened_by=back, kind=kind, sentence=finding.sentence)
