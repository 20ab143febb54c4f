"""Rule files and Alertmanager configurations as repositories keep them: plain, or within the Kubernetes resources that carry them.

Every problem stands where it stands in the file that was written, however deep the plain file was in it.
"""

import re
from collections.abc import Callable
from pathlib import Path

from firedrill.core.errors import Problem, Severity
from firedrill.core.kubernetes import Unwrap, unwrap_alertmanager, unwrap_rules
from firedrill.core.placeholders import outside_blocks, quoted
from firedrill.spec.located import Document, Scalar, Table, grow
from firedrill.spec.yaml import documents_of, only, shown, text_of

TEMPLATE = "this is a template, not yet what it makes; render it first, as with `helm template`"

LARGEST = 400_000
"""Characters of a rule file or an alertmanager.yml that are read; promtool and amtool are asked about larger ones too."""
_OPENS = r"\s*(?:- +)*(?:[\w.\"'-]+:\s+)?(?=\{\{|\{%)"


def is_template(text: str) -> bool:
    """Whether something is left in it that Helm or Jinja would replace."""
    return "{{" in text or "{%" in text


def read_rules(path: Path) -> tuple[Document | None, list[Problem]]:
    """The rule file that `path` is or carries."""
    return _read(path, unwrap_rules, str)


def read_alertmanager(path: Path) -> tuple[Document | None, list[Problem]]:
    """The configuration that `path` is or carries; a bare `{{ ... }}` for a value is a text."""
    return _read(path, unwrap_alertmanager, quoted)


def _read(path: Path, unwrap: Unwrap, prepared: Callable[[str], str]) -> tuple[Document | None, list[Problem]]:
    text, problems = text_of(path)
    if text is None:
        return None, problems
    if len(text) > LARGEST:
        what = f"not analysed: it has more than {LARGEST} characters; nothing that it says is known here"
        return None, [Problem(shown(path), 1, 1, "", what, Severity.WARNING)]
    text = prepared(text)
    documents, problems = documents_of(shown(path), text, path.suffix == ".json")
    documents = [each for each in documents if not _empty(each)] or documents[:1]
    if problems and (at := _template(text, problems)):
        return None, [Problem(shown(path), *at, "", TEMPLATE)]
    if problems or not any(isinstance(each.tree, Table) and "kind" in each.tree.keys for each in documents):
        return _first(documents, problems) if unwrap is unwrap_rules else only(documents, problems)
    return _unwrapped(documents, text, unwrap)


def _first(documents: list[Document], problems: list[Problem]) -> tuple[Document | None, list[Problem]]:
    """Prometheus reads the first document of a rule file, and says nothing of what follows."""
    for other in documents[1:2]:
        what = "a second document starts here; Prometheus reads the first one alone"
        problems = [*problems, other.problem(other.tree, (), what, Severity.WARNING)]
    return only(documents[:1], problems)


def _empty(document: Document) -> bool:
    """What stands between two `---` when a template made nothing there."""
    return isinstance(document.tree, Scalar) and document.tree.nothing


def _template(text: str, problems: list[Problem]) -> tuple[int, int] | None:
    """Line and column of the first thing that a template engine would replace, when the problems may come from it."""
    for number, line in outside_blocks(text):
        if (found := re.match(_OPENS, line)) and number <= max(each.line for each in problems):
            return number + 1, found.end() + 1
    return None


def _unwrapped(documents: list[Document], text: str, unwrap: Unwrap) -> tuple[Document | None, list[Problem]]:
    found = unwrap([each.tree.node for each in documents], text)
    if found is None:
        return only(documents, [])
    if found.node is None:
        first = documents[0]
        return None, [Problem(first.file, each.node.start_mark.line + 1, each.node.start_mark.column + 1, "", each.message)
                      for each in found.troubles]  # fmt: skip
    document, problems = grow(found.node, documents[0].file)
    return document, problems
