"""`firedrill validate`: every problem of every file at once."""

import os
import sys
from pathlib import Path

import click

from firedrill.cli import activities, deployed, options
from firedrill.cli.linting import doubts, refused
from firedrill.cli.registry import all_kinds
from firedrill.core.errors import Problem, Severity
from firedrill.spec.check import Checked, check


@click.command("validate")
@options.some_paths
@options.environment
@options.strict
@options.as_json
@click.option("--deep", is_flag=True, help="Import what Chaos Toolkit's activities name, in a process of its own, and call none of it.")
def command(paths: tuple[Path, ...], environment: str | None, strict: bool, as_json: bool, deep: bool) -> None:
    """Find every problem of experiments and of all that they refer to, as `file:line:col: path: what`.

    Without a PATH, every experiment of the suite.

    Without errors it also warns of what can never work, by the name of the lint that says so; `lint.allow` in firedrill.yaml
    allows what is meant to be so. That no experiment exercises an alert is said only when all experiments are read.

    What a limit of the environment refuses is an error too.

    Rule files and alertmanager.yml are also judged by promtool and amtool, where they are installed, as they are written: what the real
    program refuses is an error.

    Exit code 0 when there is no error, 2 when there is one. Runs nothing else and imports none of your Python files, save with --deep:
    importing a module runs what stands at its top. Packages that bring kinds of faults and expectations are imported; one that is
    broken is named, and the rest is validated without it.
    """
    registered = all_kinds()
    known = registered.kinds
    found = check(paths or options.all_experiments(), known, os.environ, environment_name=environment)
    if environment is not None and found.suite is not None:
        found.environment(environment)
    judged = deployed.judge(found, _environments(found, environment))
    problems = (*found.problems, *judged.problems)
    if not found.errors:
        problems = (*problems, *refused(found, known, environment), *doubts(found, known, environment))
    if deep:
        problems = (*problems, *activities.missing(found))
    if as_json:
        told = {"problems": [_as_json(one) for one in problems], "experiments": [one.name for one in found.experiments]}
        options.echo_json(told | {"unjudged": list(judged.unjudged), "broken": list(registered.broken)})
    else:
        for problem in problems:
            click.echo(problem)
        for sentence in registered.broken:
            click.echo(sentence)
        for sentence in judged.unjudged:
            click.echo(sentence, err=True)
        click.echo(_summary(problems, len(found.experiments)), err=True)
    sys.exit(2 if registered.broken or any(strict or one.severity is Severity.ERROR for one in problems) else 0)


def _environments(found: Checked, named: str | None) -> list[str]:
    return [named] if named is not None else list(found.suite.environments) if found.suite is not None else []


def _as_json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file, "line": problem.line, "column": problem.column, "path": problem.path,
        "message": problem.message, "severity": problem.severity.value,
    }  # fmt: skip


def _summary(problems: tuple[Problem, ...] | list[Problem], experiments: int) -> str:
    errors = sum(one.severity is Severity.ERROR for one in problems)
    good = f"{experiments} experiment{'s' * (experiments != 1)} understood"
    return f"{good}, {errors} error{'s' * (errors != 1)}, {len(problems) - errors} warning{'s' * (len(problems) - errors != 1)}"
