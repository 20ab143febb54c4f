"""What is said once a drill has ended: its verdict, its findings, where its report is."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.text import Text

from firedrill.cli.outlets import console
from firedrill.cli.terminal import MARKS
from firedrill.conduct import actions
from firedrill.conduct.history import before, drills
from firedrill.conduct.recorded import facts_of
from firedrill.core.errors import FiredrillError
from firedrill.core.foreign import replace as replace_file
from firedrill.core.kinds import Kinds
from firedrill.judge import scores
from firedrill.judge.actions import change, concerning, state, words
from firedrill.judge.drill import Action, JudgedDrill
from firedrill.judge.scores import scored
from firedrill.judge.verdict import conclude
from firedrill.report import incident, junit, summary, verdict_json

LIGHT_REPORTS = {
    "verdict.json": verdict_json.render,
    "junit.xml": junit.render,
    "summary.md": summary.render,
    "incident.md": incident.render,
}
TINTS = {"closed": "green", "new": "red", "back": "red", "again": "red"}


@dataclass(frozen=True, slots=True)
class Ending:
    """A judged drill and its folder; `trouble` says why its action items are not known, `unwritten` why files of it are not there."""

    drill: JudgedDrill
    folder: Path
    trouble: str = ""
    unwritten: str = ""

    def as_json(self) -> dict[str, object]:
        report = None if self.report is None else str(self.report)
        return {**verdict_json.content(self.drill), "folder": str(self.folder), "report": report}

    @property
    def report(self) -> Path | None:
        """The page, where there is one."""
        page = self.folder / "report.html"
        return page if page.is_file() and not page.is_symlink() else None


def judge_folder(folder: Path, kinds: Kinds) -> JudgedDrill:
    """The verdict over a drill's journal, whoever recorded it, and its times beside those of the drills before it."""
    drill = conclude(facts_of(folder), kinds)
    return scored(drill, before(folder.parent, drill.facts.drill, verdict_json.started_at(drill.facts)))


def judged_again(folder: Path, kinds: Kinds) -> Ending:
    """The same, with the action items of its experiment as they stand now."""
    return _with_actions(judge_folder(folder, kinds), folder, merge=False)


def _with_actions(drill: JudgedDrill, folder: Path, merge: bool) -> Ending:
    try:
        known = _actions(folder, drill, merge)
    except FiredrillError as error:
        return Ending(drill, folder, str(error))
    return Ending(replace(drill, actions=concerning(known, drill.facts)), folder)


def _actions(folder: Path, drill: JudgedDrill, merge: bool) -> Sequence[Action]:
    """They stand beside the folders of the experiment that was drilled, whatever the drill's own folder is called."""
    results, experiment = folder.absolute().parent.parent, Path(drill.facts.plan.experiment).name
    if not experiment:
        return ()
    return actions.merge(results, drill) if merge else actions.read(actions.file_of(results, experiment))


def conclude_folder(folder: Path, kinds: Kinds) -> Ending:
    """Judge a drill that has just ended, add to its experiment's action items, and write what is quickly written."""
    return _written(_with_actions(judge_folder(folder, kinds), folder, merge=True))


def conclude_again(folder: Path, kinds: Kinds, results: Path) -> Ending:
    """The same for a drill of the past: action items are found as they stand, unless its own are missing among them."""
    drill = judge_folder(folder, kinds)
    return _written(_with_actions(drill, folder, merge=_unmerged(drill, folder, results)))


def _unmerged(drill: JudgedDrill, folder: Path, results: Path) -> bool:
    """Whether it was killed before anything of its verdict was written, and no later drill has told how things stand since."""
    place = (results.resolve() / drill.facts.plan.experiment / drill.facts.drill) if drill.facts.drill else None
    if folder.resolve() != place or os.path.lexists(folder / "verdict.json"):
        return False
    began = verdict_json.started_at(drill.facts)
    return all(one.started_at < began for one in drills(folder.parent)[0])


def _written(ending: Ending) -> Ending:
    """For machines, for CI, for a merge request, for those who learn from it; one that cannot be written keeps no other from it."""
    troubles = list[str]()
    for name, render in LIGHT_REPORTS.items():
        try:
            replace_file(ending.folder / name, render(ending.drill))
        except FiredrillError as error:
            troubles.append(str(error))
    return replace(ending, unwritten="; ".join(troubles))


def drawing(folder: Path, results: Path) -> list[str]:
    """The command that draws a drill's page: in a process of its own, since its libraries are heavy and a fault of theirs must not
    cost the verdict.
    """
    return [sys.executable, "-P", "-m", "firedrill.cli", "report", str(folder), "--results", str(results)]


def say_ending(ending: Ending) -> None:
    """Verdict, findings and the report's path, on standard output."""
    out = console(highlight=False)
    drill = ending.drill
    mark, colour = MARKS[drill.verdict]
    out.print()
    if drawn := scores.drawn(drill.facts):
        out.print(Text(f"  {drawn}"), soft_wrap=True)
    for finding in drill.findings:
        sign, tint = MARKS[finding.verdict]
        out.print(Text.assemble("  ", (sign, tint), " ", finding.sentence), soft_wrap=True)
        for part in finding.further:
            out.print(Text(f"      - {part}"), soft_wrap=True)
    for notice in drill.noticed:
        out.print(Text.assemble("  ", ("!", "yellow"), " ", notice.sentence), soft_wrap=True)
    for score in scores.told(drill):
        out.print(Text(f"  {score}", style="dim"), soft_wrap=True)
    out.print(
        Text.assemble((f"{mark} {drill.verdict.word}", f"bold {colour}"), f"  {drill.facts.plan.experiment}: {drill.reason}"),
        soft_wrap=True,
    )
    for action in drill.actions:
        tint = TINTS.get(change(action, drill.facts.drill), "yellow")
        said = (f"{state(action, drill.facts.drill)}:", tint)
        out.print(Text.assemble("  ", said, f" {words(action)}", (f"  {action.id}", "dim")), soft_wrap=True)
    if ending.report is not None:
        out.print(Text(f"  report: {_near(ending.report)}"), soft_wrap=True)


def say_summary(endings: Sequence[Ending], ordered: int) -> None:
    """A line a drill, after several."""
    out = console(highlight=False)
    out.print()
    for ending in endings:
        mark, colour = MARKS[ending.drill.verdict]
        out.print(Text.assemble((f"{mark} {ending.drill.verdict.word:<13}", colour), ending.drill.facts.plan.experiment), soft_wrap=True)
    if len(endings) < ordered:
        out.print(f"{ordered - len(endings)} not drilled")


def _near(path: Path) -> Path:
    """Relative to here when it is below here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
