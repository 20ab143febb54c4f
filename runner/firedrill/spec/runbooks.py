"""`runbooks/NAME.md`: prose for people, and beside it the steps that a responder can run, each a fenced block of `yaml step`.

Knows Markdown's fences, headings and comments, and what a step needs; refuses to know what a step does.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from firedrill.core.errors import Problem, Severity
from firedrill.core.model.response import Call, Runbook, Step
from firedrill.spec.chaos import activities
from firedrill.spec.chaos.telling import Telling, choice
from firedrill.spec.located import Document, Items, Scalar, Table, Tree, scalars, under
from firedrill.spec.located import Path as Where
from firedrill.spec.names import files_by_name
from firedrill.spec.suggest import listed, meant
from firedrill.spec.suite import unknown_placeholders
from firedrill.spec.typed import expected, typed, unknown_key
from firedrill.spec.yaml import documents_of, shown, text_of, within

FOLDER = "runbooks"
INFO = "yaml step"
DEEDS = ("http", "command", "action")
"""A step does one of these."""
FILLED = (("http", "url"), ("http", "headers"), ("command",), ("action",), ("back", "url"), ("back", "headers"))
"""Where in a step `<name>` stands for an address."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<sign>`{3,}(?!.*`)|~{3,})(?P<info>.*)")
_HEADING = re.compile(r" {0,3}#[ \t]+(?P<title>.*?)(?:[ \t]+#+)?[ \t]*")
_JSON = re.compile(r"true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Runbooks:
    """`known` holds every name, `sound` the runbooks that can be used, `documents` the blocks of each one's steps as read."""

    known: frozenset[str] = frozenset()
    sound: Mapping[str, Runbook] = field(default_factory=dict)
    documents: Mapping[str, tuple[Document, ...]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_runbooks(root: Path) -> Runbooks:
    """Every runbook of runbooks/, those without a step too."""
    files, problems = files_by_name(root / FOLDER, (".md",))
    sound: dict[str, Runbook] = {}
    documents: dict[str, tuple[Document, ...]] = {}
    for name, file in files.items():
        text, wrong = text_of(file)
        reader = _Reader(shown(file))
        steps = reader.steps(text or "")
        problems += [*wrong, *reader.problems]
        documents[name] = tuple(reader.documents)
        if not wrong and not any(each.severity is Severity.ERROR for each in reader.problems):
            sound[name] = Runbook(name=name, file=within(root, file), title=reader.title or name, steps=steps)
    return Runbooks(frozenset(files), sound, documents, tuple(problems))


def misplaced(document: Document, addresses: set[str], severity: Severity) -> Iterator[Problem]:
    """`<name>` in a step that names none of the addresses."""
    for key in FILLED:
        for path, value in scalars(under(document.tree, *key), key):
            for sentence in unknown_placeholders(value.text, addresses):
                yield document.problem(value, path, sentence, severity)


@dataclass(frozen=True, slots=True)
class _Block:
    """A fenced block: what stands behind its fence, its first line's number from 1, and its text with lines kept in their places."""

    info: str
    line: int
    text: str


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.title = ""
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self.names: dict[str, int] = {}

    def steps(self, text: str) -> tuple[Step, ...]:
        found = [self._step(block) for block in self._blocks(text) if self._is_step(block)]
        return tuple(step for step in found if step is not None)

    def _blocks(self, text: str) -> Iterator[_Block]:
        """Fenced blocks in order; the first heading on the way is the title, and what stands in a comment is nobody's to run."""
        lines = enumerate(text.split("\n"), 1)
        for number, line in lines:
            if line.lstrip().startswith("<!--"):
                while "-->" not in line and (after := next(lines, None)):
                    line = after[1]
            elif opened := _FENCE.fullmatch(line.rstrip("\r")):
                yield self._block(opened, number, lines)
            elif not self.title and (heading := _HEADING.fullmatch(line.rstrip("\r"))):
                self.title = heading["title"]

    def _block(self, opened: re.Match[str], number: int, lines: Iterator[tuple[int, str]]) -> _Block:
        sign, held = opened["sign"], list[str]()
        for _, line in lines:
            if re.fullmatch(rf"[ \t]*{sign[0]}{{{len(sign)},}}\s*", line):
                break
            held.append(line)
        else:
            if opened["info"].strip() == INFO:
                self._wrong(number, "this block is never closed")
        return _Block(opened["info"].strip(), number, "\n" * number + "\n".join(held))

    def _is_step(self, block: _Block) -> bool:
        first, *rest = [*re.split(r"[^a-z]+", block.info.lower()), ""]
        if block.info != INFO and (first in {"step", "steps"} or (first in {"yaml", "yml"} and {"step", "steps"} & set(rest))):
            self._wrong(block.line, f"a step's block begins with '{INFO}', not '{block.info}'")
        return block.info == INFO

    def _step(self, block: _Block) -> Step | None:
        if not re.sub(r"(?m)^\s*#.*$", "", block.text).strip():
            self._wrong(block.line, "nothing stands in this step")
            return None
        documents, problems = documents_of(self.file, block.text)
        self.problems += problems
        if not documents:
            return None
        for other in documents[1:]:
            self.problems.append(other.problem(other.tree, (), "a second document starts here; a step is a block of its own"))
            return None
        if not isinstance(documents[0].tree, Table):
            self.problems.append(documents[0].problem(documents[0].tree, (), expected("a step (a mapping)", documents[0].tree)))
            return None
        return None if problems else self._read(documents[0], documents[0].tree)

    def _read(self, document: Document, tree: Table) -> Step | None:
        self.documents.append(document)
        step, problems = typed(Step, tree, document)
        if step is not None:
            problems = [*_unfit(step, document), *self._repeated(step, document)]
        self.problems += problems
        return None if step is None or problems else _as_values(step, document)

    def _repeated(self, step: Step, document: Document) -> Iterator[Problem]:
        at = under(document.tree, "step")
        first = self.names.setdefault(step.step, at.node.start_mark.line + 1 if at else 1)
        if at is not None and first != at.node.start_mark.line + 1:
            yield document.problem(at, ("step",), f"the step on line {first} is named '{step.step}' too; give one of them another name")

    def _wrong(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, 1, "", message))


def _as_values(step: Step, document: Document) -> Step:
    """JSON bodies and actions with the numbers and truths that are written in them."""
    update: dict[str, Any] = {}
    for key in ("http", "back"):
        call, body = getattr(step, key), under(document.tree, key, "json")
        if call is not None and body is not None:
            update[key] = call.model_copy(update={"json_": as_json(body)})
    if (action := under(document.tree, "action")) is not None:
        update["action"] = as_json(action)
    return step.model_copy(update=update)


def as_json(tree: Tree) -> Any:
    """What JSON makes of a value. YAML's own `on`, `yes` and dates stay the texts that they are: `{on: true}` is `{"on": true}`."""
    match tree:
        case Table():
            return {key: as_json(value) for key, value in tree.values.items()}
        case Items():
            return [as_json(item) for item in tree.items]
        case Scalar() if tree.nothing:
            return None
        case Scalar() if not tree.node.style and _JSON.fullmatch(tree.text):
            return json.loads(tree.text)
        case Scalar():
            return tree.text


def _unfit(step: Step, document: Document) -> Iterator[Problem]:
    """What no model says of a step."""
    given = [key for key in DEEDS if getattr(step, key) is not None]
    if len(given) != 1:
        yield _at(document, given[1:2], f"a step does one thing: {listed(map(repr, DEEDS), 'or')}" + ("" if given else " is missing"))
    if not step.step.strip():
        yield _at(document, ("step",), "nothing stands here; give the step a name")
    if step.timeout <= 0:
        yield _at(document, ("timeout",), "a step may take longer than 0s")
    for key, call in (("http", step.http), ("back", step.back)):
        yield from () if call is None else _unfit_call(call, document, key)
    if step.command is not None:
        yield from _unfit_command(step.command, document)
    if step.action is not None:
        yield from _unfit_action(document)


def _unfit_call(call: Call, document: Document, key: str) -> Iterator[Problem]:
    if not call.url.startswith(("http://", "https://")):
        yield _at(document, (key, "url"), f"a URL such as http://<api>/health is expected here, not '{call.url}'")
    if call.method not in _METHODS:
        words = f"{listed(_METHODS, 'or')} is expected here, not '{call.method}'{meant(call.method.upper(), _METHODS)}"
        yield _at(document, (key, "method"), words)
    if call.body is not None and call.json_ is not None:
        yield _at(document, (key, "body"), "'body' and 'json' stand here; a request has one body")
    if call.token is not None and not _VARIABLE.fullmatch(call.token):
        yield _at(document, (key, "token"), "the name of an environment variable is expected here, such as API_TOKEN")
    if call.status is not None and not 100 <= call.status <= 599:
        yield _at(document, (key, "status"), f"an HTTP status from 100 to 599 is expected here, not {call.status}")
    for name in call.headers:
        if name.lower() in {"authorization", "proxy-authorization"}:
            words = "a secret does not stand in a file: give 'token', the name of an environment variable"
            yield _at(document, (key, "headers", name), words)


def _unfit_command(command: str, document: Document) -> Iterator[Problem]:
    try:
        if not shlex.split(command):
            yield _at(document, ("command",), "nothing stands here; write a command")
    except ValueError as error:
        yield _at(document, ("command",), f"this cannot be split into words: {str(error).lower()}")


def _unfit_action(document: Document) -> Iterator[Problem]:
    action = under(document.tree, "action")
    assert isinstance(action, Table), "the model takes a mapping only"
    for key, at in action.keys.items():
        if key not in ("type", "provider", "tolerance"):
            yield document.problem(at, ("action", key), unknown_key(key, ("type", "provider", "tolerance"), action.keys))
    kind, provider = action.values.get("type"), action.values.get("provider")
    kinds = ("action", "probe")
    said = getattr(kind, "text", None)
    if kind is None or provider is None:
        yield document.problem(action, ("action",), f"'{'type' if kind is None else 'provider'}' is missing")
    if kind is not None and said not in kinds:
        yield document.problem(kind, ("action", "type"), choice(kind, kinds))
    if said == "action" and "tolerance" in action.keys:
        yield document.problem(action.keys["tolerance"], ("action", "tolerance"), "only a probe has a tolerance")
    if provider is not None:
        yield from activities.provider(Telling(document, Severity.ERROR), provider, ("action", "provider"))


def _at(document: Document, path: Where | list[str], message: str) -> Problem:
    """A problem at the deepest part of `path` that the file has."""
    place: Where = tuple(path)
    at: Tree | None = under(document.tree, *place)
    return document.problem(at or document.tree, place if at else (), message)
