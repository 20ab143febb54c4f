"""A past drill as the person on call lived it: the messages as they came, what users saw, and moments at which to decide something.

Knows facts; refuses to say what it was before the end: a scene holds only what its moment could show. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from firedrill.core.model.slos import Slo
from firedrill.judge.drill import Facts, Notification, Page
from firedrill.judge.moments import cleared, close, origin
from firedrill.judge.slo import bins, good_of
from firedrill.judge.times import first_page, times

FIRST = "You are paged. What do you look at first, and what do you do?"
THEN = "What do you think it is, and what do you try next?"
LATER = "It goes on. What do you change, and whom do you tell?"
LAST = "It seems to be over. What has to happen before it is?"


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment, `at` seconds on the drill's clock: a message, or a question that a person answers.

    `title`, `text` and `labels` are a message's, `question` is a question's.
    """

    at: float
    title: str = ""
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    question: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """One SLI: the share of good samples of each second from `since`, None where there were none."""

    name: str
    since: float
    shares: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a responder did at `at`, in words."""

    at: float
    words: str


def scenes(facts: Facts) -> list[Scene]:
    """All of them in order, the first message first; none where nobody was paged since the first active fault."""
    found = [*_messages(facts), *_questions(facts)]
    return sorted(found, key=lambda scene: (scene.at, bool(scene.question)))


def _messages(facts: Facts) -> Iterator[Scene]:
    start = origin(facts)
    for page in facts.pages:
        if start is None or page.opened < start.at:
            continue
        if not page.notifications:  # seen at the pager, which does not show what it says
            yield Scene(page.opened, f"{page.receiver} is paged: {', '.join(page.alerts)}")
        yield from (_message(page, note) for note in page.notifications)


def _message(page: Page, note: Notification) -> Scene:
    names = ", ".join(dict.fromkeys(one.get("labels", {}).get("alertname", "") for one in note.alerts))
    told = [one.get("annotations", {}) for one in note.alerts]
    words = [text for notes in told for name in ("summary", "description") if (text := notes.get(name))]
    title = note.title or f"[{note.status.upper()}] {names}"
    return Scene(note.at, f"{title} (to {page.receiver})", note.text or "\n".join(dict.fromkeys(words)), _common(note))


def _common(note: Notification) -> dict[str, str]:
    """The labels that all of its alerts have alike."""
    each = [one.get("labels", {}) for one in note.alerts]
    return {name: value for name, value in (each[0] if each else {}).items() if all(labels.get(name) == value for labels in each)}


def _questions(facts: Facts) -> Iterator[Scene]:
    """When the page opens, a third and two thirds of the way to mitigation, and when the fault ends."""
    page, start, clear = first_page(facts), origin(facts), cleared(facts)
    if page is None or start is None:
        return
    over, took = close(facts) if clear is None else clear.at, times(facts).mitigate
    well = over if took is None else start.at + took
    opened = page.opened if not page.notifications else min(page.opened, page.notifications[0].at)
    yield Scene(opened, question=FIRST)
    if well > opened:
        yield Scene(opened + (well - opened) / 3, question=THEN)
        yield Scene(opened + 2 * (well - opened) / 3, question=LATER)
    if over > opened:
        yield Scene(over, question=LAST)


def graphs(facts: Facts, until: float) -> list[Graph]:
    """Each SLI from the beginning of the steady phase to the last whole second before `until`."""
    steady = next((phase.start for phase in facts.phases if phase.name == "steady"), 0.0)
    return [_graph(facts, slo, int(steady), int(until)) for slo in facts.plan.slos]


def _graph(facts: Facts, slo: Slo, since: int, until: int) -> Graph:
    seen = bins(facts, slo)
    counted = [(seen[second], seen[second].good + seen[second].bad) if second in seen else None for second in range(since, until)]
    return Graph(slo.name, float(since), tuple(None if one is None or not one[1] else good_of(slo, one[0]) / one[1] for one in counted))


def deeds(facts: Facts) -> list[Deed]:
    """What responders did, in order: whom it reached, what they took, said and tried."""
    found = [Deed(one.at, f"{one.person} was told of {one.page} ({one.why})") for one in facts.told]
    for page in facts.pages:
        if page.acknowledged is not None:
            found.append(Deed(page.acknowledged, f"{page.acknowledged_by or 'somebody'} acknowledged {page.page}"))
        if page.resolved is not None and page.resolved_by:
            found.append(Deed(page.resolved, f"{page.resolved_by} resolved {page.page}"))
    for run in facts.runbooks:
        found.append(Deed(run.started, f"{run.by} began with the runbook {run.runbook}"))
        found += [Deed(step.at, f"{run.by}: {step.step}: {step.status}{f' ({step.detail})' if step.detail else ''}") for step in run.steps]
    words = {"note": "wrote", "mitigated": "said that users are well again", "stop": "stopped the drill"}
    found += [Deed(one.at, f"{one.by} {words.get(one.what, one.what)}{f': {one.text}' if one.text else ''}") for one in facts.said]
    return sorted(found, key=lambda deed: deed.at)
