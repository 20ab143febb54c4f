"""What the lints say of a suite that has no errors, as problems at their places."""

import re
from collections.abc import Iterator

from firedrill.core.alerting import Place
from firedrill.core.errors import Problem, Refused, Severity
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan
from firedrill.plan import lint
from firedrill.plan.timeline import longest_window, resolve
from firedrill.spec.check import Checked
from firedrill.spec.suite import SETTINGS
from firedrill.spec.yaml import shown


def doubts(files: Checked, known: Kinds, environment: str | None) -> list[Problem]:
    """A warning for each remark of a lint, in one environment, sorted by place; and for what is allowed and never said."""
    if files.root is None or files.suite is None:
        return []
    chosen, _ = files.environment(environment)
    linted = lint.Linted(files.alerting[chosen], tuple(_plans(files, known, chosen)), files.whole)
    allowed, said = files.suite.lint.allow, lint.remarks(linted)
    kept = [_problem(files, each.place, each.lint, each.message) for each in said if not lint.is_allowed(each, allowed)]
    kept.sort(key=lambda problem: (problem.file, problem.line, problem.column, problem.message))
    return kept + (list(_unused(files, said)) if files.whole else [])


def refused(files: Checked, known: Kinds, environment: str | None) -> Iterator[Problem]:
    """What the limits of one environment refuse, as errors at their places."""
    if files.root is None or files.suite is None:
        return
    chosen, settings = files.environment(environment)
    longest = longest_window(files.alerting[chosen])
    for experiment in files.experiments:
        try:
            resolve(
                experiment, chosen, settings, files.slos, files.probes, files.alerting[chosen], known, longest, files.runbooks,
                files.oncall.get(chosen),
            )  # fmt: skip
        except Refused as error:
            yield from (_at_its_place(line, experiment.file) for line in str(error).splitlines())


def _at_its_place(line: str, file: str) -> Problem:
    placed = re.fullmatch(r"(.+?):(\d+):(\d+): (.+)", line)
    if placed is None:
        return Problem(file, 1, 1, "", line.removeprefix(f"{file}: "))
    return Problem(placed[1], int(placed[2]), int(placed[3]), "", placed[4])


def _plans(files: Checked, known: Kinds, chosen: str) -> Iterator[Plan]:
    """What a limit refuses is not drilled here; that is told by `refused`."""
    _, environment = files.environment(chosen)
    alerting = files.alerting[chosen]
    longest = longest_window(alerting)
    for experiment in files.experiments:
        try:
            yield resolve(
                experiment, chosen, environment, files.slos, files.probes, alerting, known, longest, files.runbooks,
                files.oncall.get(chosen),
            )  # fmt: skip
        except Refused:
            continue


def _unused(files: Checked, said: tuple[lint.Remark, ...]) -> Iterator[Problem]:
    for number, each in enumerate(files.suite.lint.allow if files.suite else ()):
        if not any(lint.is_allowed(remark, (each,)) for remark in said):
            about = f" of {each.of}" if each.of else ""
            yield _problem(files, Place(file=SETTINGS, line=1), f"lint.allow[{number}]", f"{each.lint} says nothing{about}; leave it out")


def _problem(files: Checked, place: Place, path: str, message: str) -> Problem:
    assert files.root is not None
    return Problem(shown(files.root / place.file), place.line, place.column, path, message, Severity.WARNING)
