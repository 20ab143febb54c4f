"""The house: imports point down, rooms side by side do not know each other, heavy libraries stay where they are used."""

import ast
from functools import cache
from pathlib import Path

import pytest

ENGINE = Path(__file__).parent.parent / "runner" / "firedrill"
ROOMS = {"spec", "plan", "stack", "measure", "faults", "watch", "judge", "respond"}
BELOW = {
    "core": set(),
    **{room: {"core"} for room in ROOMS},
    "report": {"core", "judge"},
    "conduct": {"core"} | ROOMS,
    "live": {"core", "conduct", "judge", "report"},
    "cli": {"core", "conduct", "live", "report"} | ROOMS,
}
CHILDREN_ONLY = {"locust", "gevent", "chaoslib"}
CHILDREN = {
    "measure/load/child.py",
    "measure/load/underway.py",
    "faults/chaos/child.py",
    "faults/chaos/importing.py",
    "respond/action_child.py",
    "control.py",
}


def _files() -> list[Path]:
    return sorted(ENGINE.rglob("*.py"))


@cache
def _imports(file: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides which room it is from"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def _room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "firedrill" and parts[1] in BELOW else None


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(ENGINE)))
def test_a_file_imports_its_own_room_and_those_below(file: Path) -> None:
    room = file.relative_to(ENGINE).parts[0]
    if room not in BELOW:
        return
    used = {other for module in _imports(file) if (other := _room(module)) is not None}
    assert used <= BELOW[room] | {room}


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(ENGINE)))
def test_locust_and_chaos_toolkit_are_imported_in_their_children_only(file: Path) -> None:
    heavy = {module.split(".")[0] for module in _imports(file)} & CHILDREN_ONLY
    assert not heavy or str(file.relative_to(ENGINE)) in CHILDREN


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(ENGINE)))
def test_importlib_is_used_by_the_command_line_alone(file: Path) -> None:
    if file.relative_to(ENGINE).parts[0] != "cli":
        assert not {"importlib", "importlib.import_module"} & _imports(file)


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "manager", "base"}
    assert not [file for file in _files() if file.stem in empty or file.parent.name in empty]
