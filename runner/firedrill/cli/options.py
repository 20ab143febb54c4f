"""What several commands take alike: paths of experiments, the environment, JSON for machines."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from firedrill.cli.registry import kinds
from firedrill.core.errors import Invalid
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Experiment
from firedrill.core.model.plan import Plan
from firedrill.core.private import READERS
from firedrill.core.units import Duration
from firedrill.plan.timeline import make_plan
from firedrill.spec.check import Checked, check
from firedrill.spec.environment import load_alerting
from firedrill.spec.suite import find_root, read_settings
from firedrill.stack.route import plain

paths = click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH...")
some_paths = click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[PATH...]")
one_path = click.argument("path", type=click.Path(exists=True, path_type=Path, dir_okay=False), metavar="FILE")
environment = click.option(
    "--environment", "-e", metavar="NAME", help="The environment of firedrill.yaml to use; its default when left out."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON on standard output.")
strict = click.option("--strict", is_flag=True, help="Treat warnings as errors.")


class DurationType(click.ParamType[Duration]):
    """A length of time, as files write it: `30s`, `1m30s`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Duration:
        """The duration; a usage error says what to write instead."""
        try:
            return value if isinstance(value, Duration) else Duration.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def all_experiments() -> tuple[Path, ...]:
    """The folder of experiments of the suite that stands here or above; a usage error when it has none."""
    folder = find_root(Path.cwd()) / "experiments"
    if not folder.is_dir():
        raise click.UsageError(f"there is no folder {folder}: name a file or a folder")
    return (Path(os.path.relpath(folder)),)


def echo_json(answer: object) -> None:
    click.echo(json.dumps(answer, indent=2, default=str))


def checked(where: tuple[Path, ...], environment: str | None, *, run: bool = False, strict: bool = False) -> tuple[Checked, Kinds]:
    """Everything the files say; raises Invalid with all problems when any of them is an error, and shows warnings."""
    known = kinds()
    result = check(where, known, os.environ, strict_env=run, environment_name=environment)
    if result.errors or (strict and result.problems):
        raise Invalid(result.problems)
    for problem in result.problems:
        click.echo(problem, err=True)
    return result, known


def suite_here(name: str | None, strict_env: bool = False) -> Checked:
    """The settings of the suite that stands here or above, and the rules and routes of its environments; no experiment is read."""
    settings = read_settings(find_root(Path.cwd()), os.environ, strict_env=strict_env)
    alerting, wrong = load_alerting(settings)
    found = Checked(settings.root, settings.suite, alerting=alerting, problems=(*settings.problems, *wrong))
    if found.errors:
        raise Invalid(found.errors)
    found.environment(name)
    return found


def planned(files: Checked, known: Kinds, experiment: Experiment, name: str | None) -> Plan:
    """The plan of one experiment in one environment; Refused when a limit forbids it."""
    chosen, environment = files.environment(name)
    allowed = files.suite.lint.allow if files.suite else ()
    alerting, oncall = plain(files.alerting[chosen]), files.oncall.get(chosen)
    return make_plan(experiment, chosen, environment, files.slos, files.probes, alerting, known, allowed, files.runbooks, oncall)


def readers(files: Checked) -> int:
    """Who may read what a drill leaves, beside its owner, as bits of a file's mode."""
    return 0 if files.suite is None else READERS[files.suite.results.readable_by]


def drill_folder(results: Path, drill: str) -> Path:
    """The folder of a recorded drill; a usage error names what was looked for."""
    from firedrill.conduct.results import find_drill

    folder = find_drill(results, drill)
    if folder is None:
        raise click.UsageError(f"no drill {drill!r}: neither a folder with a journal.jsonl nor a drill under {results}/")
    return folder


by = click.option("--by", required=True, metavar="WHO", help="Who you are: your name goes into the record.")
drill = click.option("--drill", metavar="DRILL", help="Which drill; the only one of this suite that runs when left out.")


def act(name: str | None, what: str, said: Mapping[str, object]) -> None:
    """Have a running drill do something on a person's behalf; Refused with the drill's own reason when it does not."""
    from firedrill.cli.stop import chosen
    from firedrill.conduct.door import ask
    from firedrill.conduct.ledger import running

    ask(chosen(name, running()).drill, what, said)
