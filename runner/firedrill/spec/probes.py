"""Probes of a suite: YAML ones typed, Python ones read with `ast` only, so that validating runs nobody's code."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from firedrill.core.errors import Problem
from firedrill.core.model.probes import Probe
from firedrill.core.units import Duration
from firedrill.spec.located import Document, scalars, under
from firedrill.spec.names import YAML, files_by_name
from firedrill.spec.python import parsed
from firedrill.spec.suite import unknown_placeholders
from firedrill.spec.typed import typed
from firedrill.spec.yaml import read_one, shown, within


@dataclass(frozen=True, slots=True)
class Probes:
    """`known` holds every name, `sound` the probes that can be used, `documents` the YAML files read."""

    known: frozenset[str]
    sound: Mapping[str, Probe]
    documents: Mapping[str, Document]
    problems: tuple[Problem, ...]


def load_probes(root: Path) -> Probes:
    """Every probe of probes/."""
    files, problems = files_by_name(root / "probes", (*YAML, ".py"))
    sound: dict[str, Probe] = {}
    documents: dict[str, Document] = {}
    for name, file in files.items():
        probe, document, wrong = _python(file, root) if file.suffix == ".py" else _yaml(file)
        problems += wrong
        sound |= {name: probe} if probe else {}
        documents |= {name: document} if document else {}
    return Probes(frozenset(files), sound, documents, tuple(problems))


def misplaced(document: Document, addresses: set[str]) -> Iterator[Problem]:
    """`<name>` in a probe's request that the environment has no address for."""
    for key in ("url", "headers"):
        for path, value in scalars(under(document.tree, "http", key), ("http", key)):
            for sentence in unknown_placeholders(value.text, addresses):
                yield document.problem(value, path, sentence)


def _yaml(file: Path) -> tuple[Probe | None, Document | None, list[Problem]]:
    document, problems = read_one(file)
    if document is None:
        return None, None, problems
    probe, wrong = typed(Probe, document.tree, document)
    problems += wrong
    if probe is not None and (unfit := _unfit(probe)):
        path, message = unfit
        problems.append(document.problem(under(document.tree, *path) or document.tree, path, message))
        return None, document, problems
    return probe if not problems else None, document, problems


def _unfit(probe: Probe) -> tuple[tuple[str, ...], str] | None:
    if probe.python is not None:
        return ("python",), "a Python probe is a file of its own, probes/NAME.py"
    if probe.http is None:
        return (), "'http' is missing"
    if not probe.http.url.startswith(("http://", "https://")):
        return ("http", "url"), f"a URL such as http://<api>/health is expected here, not '{probe.http.url}'"
    return (("every",), "a probe takes longer than 0s from one check to the next") if probe.every <= 0 else None


def _python(file: Path, root: Path) -> tuple[Probe | None, None, list[Problem]]:
    tree, problems = parsed(file)
    if tree is None:
        return None, None, problems
    where = shown(file)
    every, wrong_every = _constant(tree, "EVERY", where)
    timeout, wrong_timeout = _constant(tree, "TIMEOUT", where)
    problems = [*wrong_every, *wrong_timeout, *_check(tree, where)]
    if problems:
        return None, None, problems
    given = {key: value for key, value in {"every": every, "timeout": timeout}.items() if value is not None}
    return Probe(**given, python=within(root, file)), None, []


def _constant(tree: ast.Module, name: str, file: str) -> tuple[Duration | None, list[Problem]]:
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=found)], value=value) | ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value)
            ):
                if found == name:
                    return _duration(value, name, file)
    return None, []


def _duration(value: ast.expr, name: str, file: str) -> tuple[Duration | None, list[Problem]]:
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        message = 'a duration in quotes is expected here, such as "500ms"; the file is read, not run'
        return None, [Problem(file, value.lineno, value.col_offset + 1, name, message)]
    try:
        duration = Duration.parse(value.value)
    except ValueError as error:
        return None, [Problem(file, value.lineno, value.col_offset + 1, name, str(error))]
    if duration <= 0:
        return None, [Problem(file, value.lineno, value.col_offset + 1, name, "a duration longer than 0s is expected here")]
    return duration, []


def _check(tree: ast.Module, file: str) -> list[Problem]:
    wanted = "async def check(session, addresses)"
    for each in tree.body:
        if isinstance(each, ast.FunctionDef) and each.name == "check":
            return [Problem(file, each.lineno, each.col_offset + 1, "check", f"must be a coroutine: write {wanted}")]
        if isinstance(each, ast.AsyncFunctionDef) and each.name == "check":
            return _parameters(each, file, wanted)
    return [Problem(file, 1, 1, "", f"a Python probe defines {wanted}")]


def _parameters(check: ast.AsyncFunctionDef, file: str, wanted: str) -> list[Problem]:
    takes = check.args
    required = len(takes.posonlyargs) + len(takes.args) - len(takes.defaults)
    open_ended = takes.vararg is not None or len(takes.posonlyargs) + len(takes.args) >= 2
    if required <= 2 and open_ended and not any(default is None for default in takes.kw_defaults):
        return []
    return [Problem(file, check.lineno, check.col_offset + 1, "check", f"takes two parameters: write {wanted}")]
