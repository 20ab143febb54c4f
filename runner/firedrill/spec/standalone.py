"""A Chaos Toolkit file that stands alone: no firedrill.yaml above it, and nothing of ours in it, so that nothing else is needed.

Knows the settings such a file is drilled with: no rules, no receivers, its own methods allowed. Refuses to stand in for a suite.
"""

from pathlib import Path

from firedrill.spec.located import Document, Table
from firedrill.spec.yaml import documents_of, only, read_one

_ALONE = Path(__file__).parent / "alone"


def stands_alone(file: Path, ours: tuple[str, ...]) -> bool:
    """Whether it has a method and none of the keys `ours`."""
    if not file.is_file():
        return False
    document, _ = read_one(file)
    top = document.tree if document is not None else None
    return isinstance(top, Table) and "method" in top.keys and not any(key in top.keys for key in ours)


def settings() -> Document:
    """What stands in for firedrill.yaml."""
    text = (_ALONE / "firedrill.yaml").read_text(encoding="utf-8").replace("<alone>", _ALONE.as_posix())
    document, _ = only(*documents_of("firedrill's own settings", text))
    assert document is not None
    return document
