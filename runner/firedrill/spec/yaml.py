"""Files to located trees, and what YAML's and JSON's own errors mean in plain words. It knows no key of ours."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from firedrill.core.errors import Problem
from firedrill.spec import json
from firedrill.spec.located import Document, Table, Tree, grow

_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_VALUE = re.compile(r"\s*(?:- +)*(?:[\w.\"'-]+\s*:\s+)?(?=(?P<sign>[{*@%,`&!\]}]))")


def shown(path: Path) -> str:
    """The path as people are told of it: from the working directory where it lies below it."""
    whole, here = os.path.abspath(path), os.getcwd()
    return os.path.relpath(whole, here) if whole.startswith(here + os.sep) else whole


def within(root: Path, file: Path) -> str:
    """The path as models keep it: from the suite's root, wherever people stand."""
    whole = Path(os.path.abspath(file))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else str(file)


def read(path: Path) -> tuple[list[Document], list[Problem]]:
    """Every document of a YAML or JSON file; one that cannot be read is a problem, never an exception."""
    text, problems = text_of(path)
    return ([], problems) if text is None else documents_of(shown(path), text, path.suffix == ".json")


def text_of(path: Path) -> tuple[str | None, list[Problem]]:
    """What a file says, or why it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig"), []
    except OSError as error:
        return None, [Problem(shown(path), 1, 1, "", f"cannot be read: {(error.strerror or str(error)).lower()}")]
    except UnicodeDecodeError as error:
        return None, [_not_text(shown(path), error)]


def read_one(path: Path) -> tuple[Document | None, list[Problem]]:
    """The only document of a file, a mapping."""
    return only(*read(path))


def only(documents: list[Document], problems: list[Problem]) -> tuple[Document | None, list[Problem]]:
    """The one document that a file may have, with a problem when there are more or it is no mapping."""
    if problems and not documents:
        return None, problems
    if len(documents) > 1:
        at = documents[1]
        problems.append(at.problem(at.tree, (), "a second document starts here; this file takes one"))
    if wrong := not_a_mapping(documents[0]):
        return None, [*problems, wrong]
    return documents[0], problems


def not_a_mapping(document: Document) -> Problem | None:
    """A problem, unless the document is a mapping."""
    if isinstance(document.tree, Table):
        return None
    what = "a list" if isinstance(document.tree.node, yaml.SequenceNode) else "a text"
    return document.problem(document.tree, (), f"a mapping (key: value) is expected at the top of the file, not {what}")


def as_safe_load(document: Document, tree: Tree, path: tuple[str | int, ...]) -> tuple[object, list[Problem]]:
    """The value that `yaml.safe_load` gives, for keys that are not ours."""
    try:
        return yaml.SafeLoader("").construct_document(tree.node), []
    except yaml.constructor.ConstructorError as error:
        return None, [_placed(document.file, error.problem_mark, f"not a value: {error.problem}")]
    except (ValueError, OverflowError) as error:
        return None, [document.problem(tree, path, f"not a value: {error}")]


def documents_of(file: str, text: str, is_json: bool = False) -> tuple[list[Document], list[Problem]]:
    """As `read`, of a text."""
    if not text.strip():
        return [], [Problem(file, 1, 1, "", "the file is empty")]
    try:
        nodes = [json.compose(text)] if is_json else list(_composed(text))
    except json.NotJson as error:
        return [], [Problem(file, error.line, error.column, "", error.message)]
    except _TooDeep as error:
        return [], [Problem(file, error.line, error.column, "", json.TOO_DEEP)]
    except yaml.YAMLError as error:
        return [], [_in_words(file, text, error)]
    return _grown(file, nodes)


class _TooDeep(Exception):
    def __init__(self, line: int, column: int) -> None:
        self.line, self.column = line, column


def _composed(text: str) -> Iterator[yaml.Node]:
    # libyaml's composer is recursive and unchecked: depth is looked at first, event by event.
    depth = 0
    for event in yaml.parse(text, Loader=_QUICK):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > json.DEEPEST:
            assert event.start_mark is not None
            raise _TooDeep(event.start_mark.line + 1, event.start_mark.column + 1)
    yield from (node for node in yaml.compose_all(text, Loader=_QUICK) if node is not None)


def _grown(file: str, nodes: list[yaml.Node]) -> tuple[list[Document], list[Problem]]:
    if not nodes:
        return [], [Problem(file, 1, 1, "", "the file holds nothing but comments")]
    documents: list[Document] = []
    problems: list[Problem] = []
    for node in nodes:
        document, wrong = grow(node, file)
        documents += [document] if document else []
        problems += wrong
    return documents, problems


def _not_text(file: str, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    return Problem(
        file, before.count(b"\n") + 1, column, "", f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8"
    )


def _in_words(file: str, text: str, error: yaml.YAMLError) -> Problem:
    # libyaml is quick, the Python parser says more; it reads the file again only to explain.
    try:
        for _ in yaml.compose_all(text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as plainer:
        error = plainer
    if isinstance(error, yaml.reader.ReaderError):
        return _bad_character(file, text, error)
    assert isinstance(error, yaml.MarkedYAMLError)
    return _explained(file, text, error)


def _bad_character(file: str, text: str, error: yaml.reader.ReaderError) -> Problem:
    before = text[: error.position]
    column = error.position - (before.rfind("\n") + 1) + 1
    return Problem(file, before.count("\n") + 1, column, "", f"the character U+{ord(text[error.position]):04X} is not allowed in YAML")


def _explained(file: str, text: str, error: yaml.MarkedYAMLError) -> Problem:
    problem, mark, start = error.problem or "", error.problem_mark, error.context_mark
    if "'\\t'" in problem:
        return _placed(file, mark, "a tab stands here; indent with spaces")
    if "undefined alias" in problem:
        name = problem.split("'")[1]
        return _placed(file, mark, f"no anchor &{name} stands above; if the value starts with *, put quotes round it")
    if "quoted scalar" in (error.context or ""):
        return _placed(file, start or mark, "this quote is never closed")
    for each in (mark, start):
        if each is not None and (wrong := _unquoted(file, text, each)):
            return wrong
    return _structural(file, problem, mark, start)


def _unquoted(file: str, text: str, mark: yaml.Mark) -> Problem | None:
    """Advice to quote, when the marked line's value starts with a character that YAML keeps for itself."""
    line = (text.splitlines() or [""])[min(mark.line, text.count("\n"))] if mark.line < len(text.splitlines()) else ""
    match = _VALUE.match(line)
    if match is None:
        return None
    return Problem(file, mark.line + 1, match.end() + 1, "", f"a value that starts with {match['sign']} needs quotes round it")


def _structural(file: str, problem: str, mark: yaml.Mark | None, start: yaml.Mark | None) -> Problem:
    if "mapping values are not allowed" in problem:
        return _placed(file, mark, "a colon does not fit here; put quotes round a value that holds ': ', or check the indentation")
    if "could not find expected ':'" in problem:
        return _placed(file, start or mark, "this key has no colon")
    if "flow sequence" in problem or "',' or ']'" in problem:
        return _placed(file, start or mark, "this [ is never closed; if the value starts with [, put quotes round it")
    if "expected <block end>" in problem:
        return _placed(file, mark, "this does not fit the lines above; check the indentation")
    return _placed(file, mark or start, f"not YAML: {problem}")


def _placed(file: str, mark: yaml.Mark | None, message: str) -> Problem:
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Problem(file, line, column, "", message)
