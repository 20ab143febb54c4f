"""The response to a drill as text: who was told, who answered and how soon, which runbook was followed, and whether it helped.

Knows facts; refuses to judge them. A drill that nobody answered has none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from firedrill.judge.answering import first_told
from firedrill.judge.drill import Facts, Page, RunbookRun
from firedrill.judge.mitigation import mitigations
from firedrill.report.words import seconds

MOST = 20
"""Pages and runbooks that a report shows; verdict.json has them all."""
HEARD = 5
"""Messages to hooks that a summary shows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one page was answered, each in words; all times from its opening."""

    page: Page
    told: str
    acknowledged: str
    escalated: str
    resolved: str


@dataclass(frozen=True, slots=True)
class Followed:
    """One run of a runbook: what became of it, and a line for each step with whether it succeeded."""

    run: RunbookRun
    became: str
    steps: Sequence[tuple[bool, str]]


def responded(facts: Facts) -> bool:
    """Whether anybody was told, or answered, or did anything."""
    answered = any(page.acknowledged is not None or page.escalations or page.reopened for page in facts.pages)
    return bool(facts.told or facts.hand_overs or facts.runbooks or facts.hooks or facts.said) or answered


def answers(facts: Facts) -> list[Answer]:
    """How each page was answered; nothing where nobody responded to anything."""
    return [_answer(page) for page in facts.pages[:MOST]] if responded(facts) else []


def _answer(page: Page) -> Answer:
    told = [f"{one.person} after {seconds(one.at - page.opened)}" for one in first_told(page.told).values()]
    reopened = ", ".join(f"after {seconds(at - page.opened)}" for at, _ in page.reopened)
    levels = [f"level {level} after {seconds(at - page.opened)}" for level, at, _ in page.escalations]
    return Answer(
        page, ", ".join(told) or "nobody", _after(page, page.acknowledged, page.acknowledged_by), ", ".join(levels) or "never",
        _after(page, page.resolved, page.resolved_by) + (f" (reopened {reopened})" if reopened else ""),
    )  # fmt: skip


def _after(page: Page, at: float | None, by: str) -> str:
    return "never" if at is None else f"{f'by {by} ' if by else ''}after {seconds(at - page.opened)}"


def followed(facts: Facts) -> list[Followed]:
    """What became of each run of a runbook."""
    return [_followed(run) for run in facts.runbooks[:MOST]]


def _followed(run: RunbookRun) -> Followed:
    took = "" if run.ended is None else f" after {seconds(run.ended - run.started)}"
    became = f"{run.by} began {run.runbook} at {seconds(run.started)}: {run.status or 'not ended'}{took}"
    steps = [(step.status == "succeeded", f"{step.number}. {step.step}: {step.status} at {seconds(step.at)}") for step in run.steps]
    details = [step.detail for step in run.steps]
    return Followed(run, became, [(good, f"{text}; {more}" if more else text) for (good, text), more in zip(steps, details, strict=True)])


def mitigated(facts: Facts) -> Iterator[str]:
    """For each SLO that was hurt while a fault was on, whether it was met again before the fault was cleared; where anybody responded."""
    for name, took in mitigations(facts).items() if responded(facts) else ():
        when = "not met again" if took is None else f"met again {seconds(took)} after it was broken,"
        yield f"{name} was {when} while the fault was on"


def in_lines(facts: Facts) -> Iterator[str]:
    """The response in sentences, for where there is no table."""
    for one in answers(facts):
        what = f"{', '.join(one.page.alerts)} at {one.page.receiver}"
        yield f"{what}: told {one.told}; acknowledged {one.acknowledged}; escalated {one.escalated}; resolved {one.resolved}"
    yield from (one.became for one in followed(facts))
    yield from (
        f"{one.schedule}: {one.before or 'nobody'} handed over to {one.after or 'nobody'} at {seconds(one.at)}" for one in facts.hand_overs
    )
    yield from (f"{one.hook} was told at {seconds(one.at)}: {one.text}" for one in facts.hooks[:HEARD])
    yield from [f"hooks were told {more} times more"] if (more := len(facts.hooks[HEARD:])) else []
    yield from mitigated(facts)
