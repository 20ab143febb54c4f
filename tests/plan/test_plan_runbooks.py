"""Responders and runbooks in a plan: which are kept, what the limits refuse of their steps, and what cannot pass."""

from typing import Any

import pytest

from firedrill.core.errors import Refused
from firedrill.core.model.experiment import Expectation
from firedrill.core.model.plan import Plan, PlannedExpectation
from firedrill.core.model.response import Call, Respond, Runbook, Step
from firedrill.core.units import Duration
from firedrill.plan.cannot_pass import warnings

ASK = Step(step="Ask", http=Call(url="http://<api>/health"))


def planned(suite: Any, *steps: Step, respond: tuple[Respond, ...] = (Respond(runbook="slow"),), **limits: Any) -> Plan:
    books = {name: Runbook(name=name, file=f"runbooks/{name}.md", steps=steps) for name in ("slow", "other")}
    plan: Plan = suite.plan(suite.fault("down", target="bureau"), respond=respond, where=suite.environment(**limits), runbooks=books)
    return plan


def test_a_plan_holds_the_runbooks_that_its_responders_follow_and_no_other(suite: Any) -> None:
    assert list(planned(suite, ASK).runbooks) == ["slow"]
    assert planned(suite, ASK, respond=(Respond(by="b"),)).runbooks == {}


@pytest.mark.parametrize(
    ("step", "reach"),
    [
        (Step(step="S", command="systemctl restart api"), "run a command"),
        (Step(step="S", action={"type": "action"}), "run an action of Chaos Toolkit's"),
        (Step(step="S", http=Call(url="http://flags.example.org/x")), "ask http://flags.example.org/x"),
        (Step(step="S", http=Call(url="http://<api>@flags.example.org/x")), "ask http://<api>@flags.example.org/x"),
        (Step(step="S", http=Call(url="http://<api>/"), back=Call(url="http://10.0.0.1/")), "ask http://10.0.0.1/"),
    ],
)
def test_a_step_that_can_touch_anything_needs_the_limit_that_says_so(suite: Any, step: Step, reach: str) -> None:
    said = f"experiments/slow.yaml: environment local lets no step of a runbook {reach}, as 'S' of runbooks/slow.md does"
    with pytest.raises(Refused) as refused:
        planned(suite, ASK, step)
    assert str(refused.value) == f"{said}: limits.methods is refuse"
    assert planned(suite, ASK, step, methods="allow").runbooks


@pytest.mark.parametrize("url", ["http://<api>/x", "http://<sink>/x", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:80/"])
def test_a_step_that_asks_the_system_or_this_machine_needs_no_leave(suite: Any, url: str) -> None:
    assert planned(suite, Step(step="S", http=Call(url=url))).runbooks


def acknowledged(suite: Any, within: str, *respond: Respond) -> list[str]:
    plan = planned(suite, ASK, respond=respond)
    declared = {"page": "Burn", "acknowledged": within}
    wanted = PlannedExpectation(kind="page", declared=declared, words=f"page Burn acknowledged {within}", place="e.yaml:9:5")
    return [said for said in warnings(plan.model_copy(update={"expectations": (wanted,)})) if "respond" in said]


def test_a_page_that_no_responder_acknowledges_in_time_cannot_pass(suite: Any) -> None:
    slow, quick = Respond(by="a", acknowledge=Duration(40)), Respond(by="b", acknowledge=Duration(30))
    assert acknowledged(suite, "30s") == []
    assert acknowledged(suite, "30s", slow, quick) == []
    assert acknowledged(suite, "30s", slow) == [
        "page Burn acknowledged 30s: `respond:` acknowledges it 40s after somebody was told, later than 30s after it opened"
    ]
    assert acknowledged(suite, "30s", Respond(by="a"), Respond(page="Other", acknowledge=Duration(1))) == [
        "page Burn acknowledged 30s: nobody in `respond:` acknowledges it"
    ]


def test_a_runbook_that_an_expectation_asks_about_is_kept_too(suite: Any) -> None:
    class Followed:
        runbook = "other"

        def model_dump(self, **_: Any) -> dict[str, str]:
            return {"runbook": "other"}

    expect = Expectation(kind="runbook", declared=Followed(), words="runbook other followed")
    books = {"other": Runbook(name="other", file="runbooks/other.md", steps=(ASK,))}
    assert list(suite.plan(suite.fault("down", target="bureau"), expect=(expect,), runbooks=books).runbooks) == ["other"]
