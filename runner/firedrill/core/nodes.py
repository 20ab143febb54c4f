"""Composed YAML as it is taken apart and put together again without losing where each part stands.

Knows nodes and their marks; refuses to know what any key means. Nodes that are made here stand where the node they are made `like` does.
"""

from collections.abc import Iterable

import yaml

Pair = tuple[yaml.Node, yaml.Node]

_MAP, _SEQ, _STR = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"
_DEEPEST = 100


def pairs(node: yaml.Node | None) -> list[Pair]:
    """A mapping's keys with their values; nothing of anything else."""
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """A list's items; nothing of anything else."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def get(node: yaml.Node | None, *path: str) -> yaml.Node | None:
    """The value at a path of keys, or None."""
    for name in path:
        node = next((value for key, value in pairs(node) if key.value == name), None)
    return node


def text(node: yaml.Node | None) -> str:
    """A scalar's text; nothing of anything else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def scalar(value: str, like: yaml.Node, style: str | None = None) -> yaml.ScalarNode:
    return yaml.ScalarNode(_STR, value, like.start_mark, like.end_mark, style)


def mapping(found: Iterable[Pair], like: yaml.Node) -> yaml.MappingNode:
    return yaml.MappingNode(_MAP, list(found), like.start_mark, like.end_mark, flow_style=False)


def sequence(found: Iterable[yaml.Node], like: yaml.Node) -> yaml.SequenceNode:
    return yaml.SequenceNode(_SEQ, list(found), like.start_mark, like.end_mark, flow_style=False)


def written(node: yaml.Node) -> str:
    """The YAML of a node that `yaml.BaseLoader` composed: no scalar changes its type or its spelling."""
    return str(yaml.serialize(node, Dumper=yaml.BaseDumper, width=10_000))


def inner(holder: yaml.Node, source: str, held: str | None = None) -> list[yaml.Node]:
    """The documents of YAML that is written within a scalar (or, as `held`, encoded in it), each part where it stands in `source`.

    Exact for a literal block (`|`); of other styles every part stands where the scalar does. `yaml.YAMLError` when it is not YAML.
    """
    found = _composed(text(holder) if held is None else held)
    literal = held is None and getattr(holder, "style", None) == "|"
    down, right = (holder.start_mark.line + 1, _indentation(holder, source)) if literal else (None, 0)
    for node in _all(found):
        node.start_mark = _moved(node.start_mark, holder, down, right)
        node.end_mark = _moved(node.end_mark, holder, down, right)
    return found


def _moved(mark: yaml.Mark, holder: yaml.Node, down: int | None, right: int) -> yaml.Mark:
    at = holder.start_mark
    line, column = (at.line, at.column) if down is None else (mark.line + down, mark.column + right)
    return yaml.Mark(at.name, 0, line, column, None, 0)


def _indentation(holder: yaml.Node, source: str) -> int:
    below = source.splitlines()[holder.start_mark.line + 1 :]
    first = next((line for line in below if line.strip()), "")
    return len(first) - len(first.lstrip(" "))


def _composed(source: str) -> list[yaml.Node]:
    # Composing is recursive: depth is looked at first, event by event.
    depth = 0
    for event in yaml.parse(source, Loader=yaml.BaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")
    return [node for node in yaml.compose_all(source, Loader=yaml.BaseLoader) if node is not None]


def _all(found: list[yaml.Node]) -> Iterable[yaml.Node]:
    """Each node once, however many aliases lead to it."""
    seen: dict[int, yaml.Node] = {}
    left = list(found)
    while left:
        node = left.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            left += [*items(node), *(part for pair in pairs(node) for part in pair)]
    return seen.values()
