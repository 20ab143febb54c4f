"""What the real programs say of the rule files and alertmanager.yml of a suite, as they are written and before a drill rewrites anything.

`validate` and `run` ask promtool and amtool the same, and say the same. `plan`, `compile` and `tell` ask nobody.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import yaml

from firedrill.core import deployment
from firedrill.core.deployment import Deployed
from firedrill.core.errors import FiredrillError, Invalid, Problem, Severity
from firedrill.core.integrations import INTEGRATIONS
from firedrill.core.model.suite import Stack
from firedrill.spec.check import Checked
from firedrill.spec.yaml import shown, text_of


@dataclass(frozen=True, slots=True)
class Judged:
    """What is refused, at its place; `unjudged` are sentences about what nobody could be asked."""

    problems: tuple[Problem, ...] = ()
    unjudged: tuple[str, ...] = ()


def refuse(files: Checked, environment: str | None) -> None:
    """Invalid with all that Prometheus and Alertmanager would refuse of one environment's files; nothing is started."""
    judged = judge(files, [files.environment(environment)[0]])
    if judged.problems:
        raise Invalid(judged.problems)


def judge(files: Checked, environments: Sequence[str]) -> Judged:
    """What promtool and amtool refuse of the files of these environments; files that cannot be read are told of elsewhere."""
    if files.root is None or files.suite is None:
        return Judged()
    unsound = {each.file for each in files.errors}
    stacks = [files.suite.environments[name].stack for name in environments if name in files.suite.environments]
    rules = _sound(files.root, (each for stack in stacks for each in _rules(stack)), unsound)
    configurations = dict.fromkeys(each for stack in stacks for each in _configuration(stack))
    routes = [(file, kinds) for text, kinds in configurations for file in _sound(files.root, [text], unsound)]
    judged, elsewhere = _asked(rules, routes), [each for stack in stacks for each in _astray(files.root, stack)]
    return replace(judged, problems=(*judged.problems, *elsewhere))


def _astray(root: Path, stack: Stack) -> Iterator[Problem]:
    """A drill route in the local copy of alertmanager.yml that leads elsewhere than to the sink."""
    from firedrill.stack.astray import astray

    external = stack.external
    door = None if external is None else external.pages.sink
    if external is None or door is None or external.alertmanager_config is None:
        return
    file = root / external.alertmanager_config
    source, _ = text_of(file)
    for one in astray(source or "", door) if "${" not in f"{door.listen}{door.url}" else ():
        yield Problem(shown(file), one.line, one.column, "", one.sentence)


def _rules(stack: Stack) -> tuple[str, ...]:
    return stack.used.rules if stack.embedded or stack.external else ()


def _configuration(stack: Stack) -> Iterator[tuple[str, tuple[str, ...]]]:
    if stack.embedded is not None:
        yield stack.embedded.alertmanager, stack.embedded.replace
    elif stack.external is not None and stack.external.alertmanager_config is not None:
        yield stack.external.alertmanager_config, ()


def _sound(root: Path, named: "Iterator[str] | Sequence[str]", unsound: set[str]) -> list[Path]:
    files = (root / each for each in dict.fromkeys(named))
    return [file for file in files if file.is_file() and shown(file) not in unsound]


def _asked(rules: Sequence[Path], routes: Sequence[tuple[Path, tuple[str, ...]]]) -> Judged:
    from firedrill.stack import tools

    promtool, amtool = tools.find("promtool") if rules else None, tools.find("amtool") if routes else None
    asks = [partial(_of_rules, promtool, rules)] if promtool else []
    asks += [partial(_of_routes, amtool, file, kinds) for file, kinds in routes]
    judged = tools.together(asks)
    unjudged = [words for one in judged for words in one.unjudged]
    for tool, path, of in (("promtool", promtool, rules), ("amtool", amtool, routes)):
        if of and path is None:
            what = "rule files" if tool == "promtool" else "alertmanager.yml"
            unjudged.append(f"{tool} was not found: only firedrill checked {what}, and {tools.OF[tool].capitalize()} may refuse more")
    return Judged(tuple(problem for one in judged for problem in one.problems), tuple(dict.fromkeys(unjudged)))


def _of_rules(promtool: Path, files: Sequence[Path]) -> Judged:
    from firedrill.stack import culprits, tools

    read = [(file, deployed) for file in files if (deployed := _rule_file(file)) is not None]
    try:
        refusals = tools.rules(promtool, [deployed.text for _, deployed in read])
    except FiredrillError as error:
        return Judged(unjudged=(f"rule files could not be judged: {error}",))
    return Judged(
        tuple(
            _problem(file, culprits.in_rules(deployed, one), one.words, "Prometheus")
            for (file, deployed), found in zip(read, refusals, strict=True)
            for one in found
        )
    )


def _of_routes(amtool: Path | None, file: Path, replaced: tuple[str, ...]) -> Judged:
    from firedrill.stack import culprits, tools

    source, _ = text_of(file)
    try:
        deployed = deployment.alertmanager(source or "", str(file.absolute().parent), replaced)
        if amtool is None:
            found = [(at.start_mark, why) for at, why in deployment.contradictions(source or "")]
            return Judged(tuple(_problem(file, (mark.line + 1, mark.column + 1), why, "Alertmanager") for mark, why in found))
        refusals = tools.routes(amtool, file if deployed.text == source else deployed.text)
        places = [culprits.in_routes(deployed, one, partial(tools.routes, amtool)) for one in refusals]
    except FiredrillError as error:
        return Judged(unjudged=(f"{shown(file)} could not be judged: {error}",))
    except (ValueError, yaml.YAMLError):
        return Judged()
    return Judged(tuple(_problem(file, at, _explained(one.words), "Alertmanager") for at, one in zip(places, refusals, strict=True)))


def _explained(words: str) -> str:
    """With what can be done about a receiver of a newer version."""
    kind = found[1] if (found := re.match(r"field (\w+)_configs not found", words)) else ""
    if kind not in INTEGRATIONS:
        return words
    since = ".".join(map(str, INTEGRATIONS[kind].since))
    instead = f"`replace: [{kind}]` beside `alertmanager:` in firedrill.yaml has a webhook in its place"
    return f"{words}: Alertmanager has it from {since} on; {instead}"


def _rule_file(file: Path) -> Deployed | None:
    source, _ = text_of(file)
    try:
        return None if source is None else deployment.rules(source)
    except (ValueError, yaml.YAMLError):
        return None


def _problem(file: Path, place: tuple[int, int], words: str, who: str) -> Problem:
    return Problem(shown(file), *place, "", f"{who} refuses this: {words}", Severity.ERROR)
