"""Where each of Chaos Toolkit's keys and list entries stands, for what is said of them later. It knows no key."""

from collections.abc import Iterator, Mapping

from firedrill.spec.located import Items, Path, Scalar, Table, Tree, written

_MOST = 5_000
"""Places kept of one file; what stands beyond is told with the file's name alone."""


def places(tree: Table) -> Mapping[str, tuple[int, int]]:
    """`method[0].provider` -> line and column of the key, or of the list's entry."""
    found: dict[str, tuple[int, int]] = {}
    for path, at in walk(tree, ()):
        if len(found) == _MOST:
            break
        found[written(path)] = at.node.start_mark.line + 1, at.node.start_mark.column + 1
    return found


def walk(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Tree]]:
    """Every key of a mapping and every entry of a list, with its path."""
    match tree:
        case Table():
            for key, value in tree.values.items():
                yield (*path, key), tree.keys[key]
                yield from walk(value, (*path, key))
        case Items():
            for number, item in enumerate(tree.items):
                yield (*path, number), item
                yield from walk(item, (*path, number))
        case Scalar():
            return
