"""debrief.md: a game day to write answers into. What stands between the comments of an answer is kept when it is rendered again."""

from collections.abc import Iterator, Sequence

from firedrill.report.debrief import Part, Question, Story, Words
from firedrill.report.words import MARKS, seconds

NOTICE = "<!-- Write between the comments of an answer. `firedrill debrief {day}` keeps what stands there, and writes all else again. -->"


def render(story: Story) -> bytes:
    """Markdown."""
    return ("\n".join(_lines(story)).rstrip() + "\n").encode()


def _lines(story: Story) -> Iterator[str]:
    day = story.day
    yield from (NOTICE.format(day=day.game_day), "", f"# {MARKS[story.verdict]} {_line(day.title)}", "", _line(story.summary), "")
    yield f"Game day `{day.game_day}` in environment `{day.environment}`, {story.started}{f', {day.took}' if day.took else ''}."
    yield from _roles(story)
    if day.briefing:
        yield from ("", "## Briefing", "", day.briefing.strip())
    yield from ("", "## Time line", "", "| UTC | round | what |", "|---|---|---|")
    yield from (f"| {one.clock} | {one.round or ''} | {_cell(one.text)} |" for one in story.moments)
    if story.more:
        yield f"\n{story.more} more moments stand in the drills' reports."
    for part in story.rounds:
        yield from _round(part)
    yield from _across(story)
    if story.questions:
        yield from ("", "## Questions", *_questions(story.questions))


def _roles(story: Story) -> Iterator[str]:
    if story.day.roles:
        yield ""
        yield from (f"- {role.replace('-', ' ')}: {_line(who)}" for role, who in story.day.roles.items())


def _round(part: Part) -> Iterator[str]:
    kept = part.kept
    yield from ("", f"## Round {kept.number}: {part.name}", "")
    if part.drill is None:
        yield _line(part.missing)
    else:
        yield f"{MARKS[part.verdict]} **{part.verdict.word}**: {_line(part.drill.reason)} ([report]({part.report}))"
        yield ""
        for one in part.drill.findings:
            yield f"- {MARKS[one.verdict]} {_line(one.sentence)} Expected: {_line(one.expectation)}."
            yield from (f"  - {_line(further)}" for further in one.further)
        yield from (f"- ! {_line(one.sentence)}" for one in part.drill.noticed)
    if part.times:
        yield from ("", "| " + " | ".join(f"to {one.name}" for one in part.times) + " |", "|" + "---|" * len(part.times))
        yield "| " + " | ".join(seconds(one.took) for one in part.times) + " |"
    if part.told:
        yield from ("", "Told:", "", *(f"- {_line(one)}" for one in part.told))
    yield from _notes("Notes:", part.words)
    yield from _questions(part.questions)


def _notes(heading: str, words: Sequence[Words]) -> Iterator[str]:
    if words:
        yield from ("", heading, "")
    for one in words:
        role = f" ({one.role.replace('-', ' ')})" if one.role else ""
        yield f"- {one.clock} {_line(one.by)}{role}: {_line(one.text)}"


def _questions(questions: Sequence[Question]) -> Iterator[str]:
    for one in questions:
        yield from ("", f"**{_line(one.text)}**", "", f"<!-- answer {one.key} -->", one.answer, "<!-- end of answer -->")


def _across(story: Story) -> Iterator[str]:
    yield from _notes("## Between the rounds", story.between)
    yield from ("", "## What worked", "")
    yield from [f"- round {number}: {_line(text)}" for number, text in story.worked] or ["Nothing was proved to work."]
    yield from ("", "## What did not, and what is next", "")
    if not story.gaps:
        yield "Every expectation of every round held."
        return
    yield from ("| round | | what | next | who | until |", "|---|---|---|---|---|---|")
    yield from (f"| {one.round} | {MARKS[one.verdict]} | {_cell(one.sentence)} | {_cell(one.next)} | | |" for one in story.gaps)


def _line(text: str) -> str:
    """On one line, without what Markdown would take for HTML."""
    return " ".join(text.split()).replace("<", "&lt;")


def _cell(text: str) -> str:
    """The same, in a table."""
    return _line(text).replace("|", "\\|")
