"""A game day as people talk it through: debrief.md to write answers into, debrief.html to show, both from the same story.

Knows what the game day kept and its judged drills; refuses to judge them again, and to read a file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from shlex import quote

from firedrill.core.gameday import GameDayKept, RoundKept
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding, Verdict, worst
from firedrill.judge.drill import Facts, JudgedDrill, Told
from firedrill.judge.moments import real_faults
from firedrill.report.times import KeyTime, key_times

MOST = 300
"""Moments that are told; each drill's report has them all."""
ASKED_FIRST = ("detect", "page", "acknowledge", "mitigate", "recover", "resolve")
"""Times that a debrief tells, in this order."""
WHY = {
    "escalated": "nobody had acknowledged",
    "again": "once more",
    "reopened": "the page was open again",
    "handed-over": "the shift changed",
}
_ANSWER = re.compile(r"<!-- answer ([\d.]+) -->\n(.*?)\n?<!-- end of answer -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, at wall time `at`, Unix seconds; `kind` colours it, `round` is the drill's number or None."""

    at: float
    kind: str
    text: str
    round: int | None = None

    @property
    def clock(self) -> str:
        return datetime.fromtimestamp(self.at, UTC).strftime("%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of the time line: where it begins and how long it is, in percent of the whole day."""

    kind: str
    left: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote, with the role they had."""

    clock: str
    by: str
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what was answered so far; `key` finds its answer again."""

    key: str
    text: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """What did not hold or is not known, and the next thing to do about it."""

    round: int
    verdict: Verdict
    sentence: str
    next: str


@dataclass(frozen=True, slots=True)
class Part:
    """One round or pause as the debrief tells it. `drill` is None in a pause, and where no drill came about."""

    kept: RoundKept
    drill: JudgedDrill | None
    bars: Sequence[Bar]
    times: Sequence[KeyTime]
    told: Sequence[str]
    words: Sequence[Words]
    questions: Sequence[Question]

    @property
    def verdict(self) -> Verdict:
        """Of the drill; what was not drilled is inconclusive."""
        return self.drill.verdict if self.drill is not None else Verdict.INCONCLUSIVE

    @property
    def name(self) -> str:
        return self.kept.what or "blind"

    @property
    def missing(self) -> str:
        """Why there is no drill to tell of."""
        if self.kept.verdict:
            return "The record of its drill is not there any more."
        return self.kept.reason or ("It ended before it was judged." if self.kept.played else "Its turn never came.")

    @property
    def report(self) -> str:
        """Where its report is, from the game day's folder."""
        return f"../../{self.kept.folder}/report.html"


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a debrief tells."""

    day: GameDayKept
    verdict: Verdict
    summary: str
    parts: Sequence[Part]
    moments: Sequence[Moment]
    more: int
    """Moments that were left out."""
    worked: Sequence[tuple[int, str]]
    gaps: Sequence[Gap]
    between: Sequence[Words]
    """What was written between drills."""
    questions: Sequence[Question]

    @property
    def rounds(self) -> list[Part]:
        """Without the pauses."""
        return [one for one in self.parts if one.kept.is_drill]

    @property
    def timed(self) -> list[Part]:
        """Rounds that have a time to tell."""
        return [one for one in self.rounds if one.times]

    @property
    def started(self) -> str:
        return self.day.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


Span = tuple[float, float | None]


def story(day: GameDayKept, drills: Mapping[str, JudgedDrill], answers: Mapping[str, str] | None = None) -> Story:
    """The game day told in order. `drills` are its judged drills by id, `answers` those that people wrote, by question."""
    said = answers or {}
    span = _span(day)
    parts = [_part(day, span, one, drills.get(one.drill), said) for one in day.rounds]
    moments = sorted(_moments(day, parts), key=lambda one: one.at)
    played = [one for one in parts if one.kept.is_drill]
    return Story(
        day, worst(one.verdict for one in played), _summary(day, played), parts, moments[:MOST], len(moments[MOST:]),
        [(one.kept.number or 0, text) for one in played for text in _held(one)], [gap for one in played for gap in _gaps(one)],
        [Words(_clock(note.at), note.by, note.role, note.text) for note in day.notes], _asked("0", day.questions, said),
    )  # fmt: skip


def answers_in(text: str) -> dict[str, str]:
    """What people wrote into a debrief.md, by question; nothing where they wrote nothing."""
    return {key: answer.strip() for key, answer in _ANSWER.findall(text) if answer.strip()}


# ---- the rounds


def _part(day: GameDayKept, span: Span, kept: RoundKept, drill: JudgedDrill | None, answers: Mapping[str, str]) -> Part:
    facts = None if drill is None else drill.facts
    bars, times = list(_bars(day, span, kept, facts)), [] if drill is None else _times(drill)
    return Part(
        kept, drill, bars, times, [] if facts is None else list(_told(facts)),
        [] if facts is None else _words(facts), _asked(str(kept.number or 0), kept.questions, answers),
    )  # fmt: skip


def _asked(round_: str, questions: Sequence[str], answers: Mapping[str, str]) -> list[Question]:
    keys = [f"{round_}.{number}" for number in range(1, len(questions) + 1)]
    return [Question(key, text, answers.get(key, "")) for key, text in zip(keys, questions, strict=True)]


def _times(drill: JudgedDrill) -> list[KeyTime]:
    found = {one.name: one for one in key_times(drill)}
    return [found[name] for name in ASKED_FIRST if name in found]


def _told(facts: Facts) -> Iterator[str]:
    """Who was told of what: people where there is a desk or a pager, else the receivers that were paged."""
    about = {page.page: ", ".join(page.alerts) for page in facts.pages}
    for one in facts.told:
        yield f"{_clock_of(facts, one.at)} {_person(facts, one.person)} of {about.get(one.page, one.page)}{_why(one)}"
    if not facts.told:
        for page in facts.pages:
            yield f"{_clock_of(facts, page.opened)} {page.receiver} of {about[page.page]}"


def _why(told: Told) -> str:
    reasons = [
        f"as level {told.level}" if told.level > 1 else "",
        WHY.get(told.why, ""),
        f"on call in {told.schedule}" if told.schedule else "",
    ]
    return f" ({', '.join(filter(None, reasons))})" if any(reasons) else ""


def _words(facts: Facts) -> list[Words]:
    spoken = {"mitigated": "users are well again", "stop": "stopped the drill"}
    return [
        Words(_clock_of(facts, one.at), _person(facts, one.by), one.role, ": ".join(filter(None, (spoken.get(one.what, ""), one.text))))
        for one in facts.said
    ]


def _person(facts: Facts, name: str) -> str:
    """How people call somebody of oncall.yaml."""
    people = facts.plan.oncall.people if facts.plan.oncall is not None else {}
    return people[name].shown or name if name in people else name


def _held(part: Part) -> Iterator[str]:
    if part.drill is not None:
        yield from (one.sentence for one in part.drill.findings if one.verdict is Verdict.PASS)


# ---- what comes next


def _gaps(part: Part) -> Iterator[Gap]:
    number, again = part.kept.number or 0, f"`firedrill run {quote(f'experiments/{part.kept.what}.yaml')}`"
    if part.drill is None:
        yield Gap(number, Verdict.INCONCLUSIVE, part.missing, f"Drill it: {again}." if part.kept.what else "Drill it in the next game day.")
        return
    for finding in part.drill.findings:
        if finding.verdict is not Verdict.PASS:
            yield Gap(number, finding.verdict, finding.sentence, f"{_next(part.drill, finding)} Then drill it again: {again}.")


def _next(drill: JudgedDrill, finding: Finding) -> str:
    """The next thing to do about a finding that did not hold."""
    planned = next((one for one in drill.facts.plan.expectations if one.words == finding.expectation), None)
    if finding.verdict is not Verdict.FAIL:
        return "Mend what kept it from being seen."
    match planned.kind if planned is not None else "":
        case "page" | "alert":
            alert = str(planned.declared.get("page", planned.declared.get("alert", ""))) if planned is not None else ""
            seen = any(one.alert == alert for one in drill.detections)
            explain = f"`firedrill explain {quote(drill.facts.drill)} {quote(alert)}`"
            return f"Find the seconds: {explain}." if seen else "Find out why nobody was paged."
        case "slo":
            return "Mend the system, or the promise that it cannot keep."
        case "quiet":
            return "Mend the alert that nobody needs, or expect it."
        case _:
            return "Talk it through: who changes what?"


def _summary(day: GameDayKept, played: Sequence[Part]) -> str:
    """What became of the day, in a sentence or two."""
    counts = {verdict: sum(one.drill is not None and one.verdict is verdict for one in played) for verdict in Verdict}
    words = {Verdict.PASS: "passed", Verdict.FAIL: "failed", Verdict.INCONCLUSIVE: "proved nothing"}
    told = [f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict]]
    drilled = sum(one.drill is not None for one in played)
    of = f"{drilled} of {len(played)} rounds drilled" if len(played) != 1 else f"{drilled} of 1 round drilled"
    return f"{of}{': ' if told else ''}{', '.join(told)}.{_ended(day)}"


def _ended(day: GameDayKept) -> str:
    match day.ended:
        case "finished":
            return ""
        case "interrupted":
            return f" {day.stopped_by or 'Somebody'} stopped the game day."
        case "":
            return " The game day has not said how it ended."
        case _:
            return f" The game day was broken off: {day.detail.rstrip('.')}."


# ---- the time line


def _bars(day: GameDayKept, span: Span, kept: RoundKept, facts: Facts | None) -> Iterator[Bar]:
    if kept.started_at is None:
        return
    end = kept.ended_at or day.ended_at or kept.started_at
    yield _bar(span, "drill" if kept.is_drill else "pause", kept.started_at.timestamp(), end.timestamp(), kept.what)
    if facts is not None:
        for fault in real_faults(facts):
            if fault.injected is not None:
                cleared = fault.cleared if fault.cleared is not None else facts.now
                yield _bar(span, "fault", facts.wall + fault.injected, facts.wall + cleared, f"fault {fault.name}")
        for page in facts.pages:
            until = page.resolved if page.resolved is not None else facts.now
            yield _bar(span, "page", facts.wall + page.opened, facts.wall + until, f"page at {page.receiver}: {', '.join(page.alerts)}")


def _span(day: GameDayKept) -> Span:
    """When the day began, and when the last that is known of it ended."""
    ends = [one.timestamp() for one in (day.ended_at, *(each.ended_at for each in day.rounds)) if one is not None]
    return day.started_at.timestamp(), max(ends, default=None)


def _bar(span: Span, kind: str, start: float, end: float, text: str) -> Bar:
    began, last = span
    whole = max((end if last is None else last) - began, 0.001)
    left = min(max(100 * (start - began) / whole, 0.0), 100.0)
    return Bar(kind, left, min(max(100 * (end - start) / whole, 0.0), 100.0 - left), text)


def _moments(day: GameDayKept, parts: Sequence[Part]) -> Iterator[Moment]:
    for part in parts:
        yield from _of_round(part.kept)
        if part.drill is not None:
            yield from _of_drill(part.drill.facts, part.kept.number)
    for note in day.notes:
        yield Moment(note.at.timestamp(), "words", f"{_named(note.by, note.role)}: {note.text}")
    if day.ended_at is not None and day.ended == "interrupted" and day.stopped_by:
        yield Moment(day.ended_at.timestamp(), "words", f"{day.stopped_by} stopped the game day")


def _of_round(kept: RoundKept) -> Iterator[Moment]:
    if kept.started_at is None:
        return
    if kept.is_drill:
        yield Moment(kept.started_at.timestamp(), "round", f"round {kept.number} begins: {kept.what or 'blind'}", kept.number)
    else:
        waited = "" if kept.waited is None else f" ({Duration(round(kept.took_s or 0))})" if kept.waited else " (nobody was waited for)"
        yield Moment(kept.started_at.timestamp(), "pause", f"pause: {kept.what}{waited}")


def _of_drill(facts: Facts, number: int | None) -> Iterator[Moment]:
    """What people talk about afterwards, in wall time."""
    for at, kind, text in (*_of_faults(facts), *_of_pages(facts), *_of_people(facts)):
        yield Moment(facts.wall + at, kind, text, number)


def _of_faults(facts: Facts) -> Iterator[tuple[float, str, str]]:
    for fault in real_faults(facts):
        if fault.injected is not None:
            yield fault.injected, "fault", f"fault {fault.name} is active"
        if fault.cleared is not None:
            yield fault.cleared, "fault", f"fault {fault.name} is cleared"
    always = facts.plan.watchdog.alert if facts.plan.watchdog is not None else ""
    for span in facts.alerts:
        if span.firing is not None and span.alert != always:
            yield span.firing, "alert", f"{span.alert} fires"
    for trip in facts.tripped:
        yield trip.at, "fault", f"the guard {trip.words!r} tripped: {trip.value}"


def _of_pages(facts: Facts) -> Iterator[tuple[float, str, str]]:
    for page in facts.pages:
        yield page.opened, "page", f"{page.receiver} is paged: {', '.join(page.alerts)}"
        if page.acknowledged is not None:
            yield page.acknowledged, "page", f"{_person(facts, page.acknowledged_by)} acknowledges {page.page}"
        yield from ((at, "page", f"nobody has acknowledged {page.page}: level {level} is told") for level, at, _ in page.escalations)
        yield from ((at, "page", f"{page.page} is open again") for at, _ in page.reopened)
        if page.resolved is not None:
            by = f" by {_person(facts, page.resolved_by)}" if page.resolved_by else ""
            yield page.resolved, "page", f"{page.page} is resolved{by}"


def _of_people(facts: Facts) -> Iterator[tuple[float, str, str]]:
    spoken = {"mitigated": "users are well again", "stop": "stop"}
    for one in facts.told:
        yield one.at, "page", f"{_person(facts, one.person)} is told of {one.page}{_why(one)}"
    for run in facts.runbooks:
        yield run.started, "words", f"{_person(facts, run.by)} follows the runbook {run.runbook}"
    for said in facts.said:
        text = ": ".join(filter(None, (spoken.get(said.what, ""), said.text)))
        yield said.at, "words", f"{_named(_person(facts, said.by), said.role)}: {text}"
    if facts.revealed is not None:
        yield facts.revealed[0], "round", f"revealed: {facts.plan.experiment}"


def _named(by: str, role: str) -> str:
    return f"{by} ({role.replace('-', ' ')})" if role else by


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%H:%M:%S")


def _clock_of(facts: Facts, at: float) -> str:
    return datetime.fromtimestamp(facts.wall + at, UTC).strftime("%H:%M:%S")
