"""What is said once a drill has ended: its verdict, its findings, where its report is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from firedrill.cli.terminal import MARKS
from firedrill.conduct.history import before
from firedrill.core.journal import NAME, read
from firedrill.core.kinds import Kinds
from firedrill.judge import scores
from firedrill.judge.drill import JudgedDrill
from firedrill.judge.facts import fold
from firedrill.judge.scores import scored
from firedrill.judge.verdict import conclude
from firedrill.report import junit, summary, verdict_json

LIGHT_REPORTS = {"verdict.json": verdict_json.render, "junit.xml": junit.render, "summary.md": summary.render}


@dataclass(frozen=True, slots=True)
class Ending:
    """A judged drill and its folder."""

    drill: JudgedDrill
    folder: Path

    def as_json(self) -> dict[str, object]:
        return {**verdict_json.content(self.drill), "folder": str(self.folder), "report": str(self.folder / "report.html")}


def judge_folder(folder: Path, kinds: Kinds) -> JudgedDrill:
    """The verdict over a drill's journal, whoever recorded it, and its times beside those of the drills before it."""
    drill = conclude(fold(read(folder / NAME)), kinds)
    return scored(drill, before(folder.parent, drill.facts.drill, verdict_json.started_at(drill.facts)))


def conclude_folder(folder: Path, kinds: Kinds) -> Ending:
    """Judge a drill and write what is quickly written: for machines, for CI, for a merge request."""
    drill = judge_folder(folder, kinds)
    for name, render in LIGHT_REPORTS.items():
        (folder / name).write_bytes(render(drill))
    return Ending(drill, folder)


def say_ending(ending: Ending) -> None:
    """Verdict, findings and the report's path, on standard output."""
    console = Console(highlight=False)
    drill = ending.drill
    mark, colour = MARKS[drill.verdict]
    console.print()
    if drawn := scores.drawn(drill.facts):
        console.print(Text(f"  {drawn}"), soft_wrap=True)
    for finding in drill.findings:
        sign, tint = MARKS[finding.verdict]
        console.print(Text.assemble("  ", (sign, tint), " ", finding.sentence), soft_wrap=True)
    for notice in drill.noticed:
        console.print(Text.assemble("  ", ("!", "yellow"), " ", notice.sentence), soft_wrap=True)
    for score in scores.told(drill):
        console.print(Text(f"  {score}", style="dim"), soft_wrap=True)
    console.print(
        Text.assemble((f"{mark} {drill.verdict.word}", f"bold {colour}"), f"  {drill.facts.plan.experiment}: {drill.reason}"),
        soft_wrap=True,
    )
    console.print(Text(f"  report: {_near(ending.folder / 'report.html')}"), soft_wrap=True)


def say_summary(endings: Sequence[Ending], ordered: int) -> None:
    """A line a drill, after several."""
    console = Console(highlight=False)
    console.print()
    for ending in endings:
        mark, colour = MARKS[ending.drill.verdict]
        console.print(
            Text.assemble((f"{mark} {ending.drill.verdict.word:<13}", colour), ending.drill.facts.plan.experiment), soft_wrap=True
        )
    if len(endings) < ordered:
        console.print(f"{ordered - len(endings)} not drilled")


def _near(path: Path) -> Path:
    """Relative to here when it is below here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
