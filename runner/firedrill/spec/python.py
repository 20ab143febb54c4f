"""A team's Python files as syntax trees; they are never imported here."""

import ast
from pathlib import Path

from firedrill.core.errors import Problem
from firedrill.spec.yaml import shown


def parsed(file: Path) -> tuple[ast.Module | None, list[Problem]]:
    """The syntax tree, or where Python stumbles."""
    where = shown(file)
    try:
        return ast.parse(file.read_bytes(), filename=where), []
    except OSError as error:
        return None, [Problem(where, 1, 1, "", f"cannot be read: {(error.strerror or str(error)).lower()}")]
    except SyntaxError as error:
        return None, [Problem(where, error.lineno or 1, max(error.offset or 1, 1), "", f"not Python: {error.msg}")]
    except (ValueError, RecursionError) as error:
        return None, [Problem(where, 1, 1, "", f"not Python: {error}")]
