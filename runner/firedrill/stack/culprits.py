"""Where in a file stands what promtool or amtool refuses.

promtool mostly says it. amtool names a line for what is no YAML of its kind, and for the rest a sentence: then it is asked again about
the configuration without one part after the other, those that the sentence names first, until the sentence is another one or none.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import yaml

from firedrill.core.deployment import Deployed, composed, without
from firedrill.core.integrations import SUFFIX
from firedrill.core.nodes import get, items, pairs, text, written
from firedrill.stack import tools
from firedrill.stack.tools import Refusal

PATIENCE = 3.0
"""Seconds for which a place is looked for; without one the whole file is named."""
MOST = 80
"""Parts that are tried."""
LARGEST = 200_000
"""Characters of a configuration that is asked about again."""
_IN_RULE = (
    (re.compile(r'annotation "(?P<name>(?:[^"\\]|\\.)*)"'), "annotations"),
    (re.compile(r"invalid annotation name: (?P<name>.*)"), "annotations"),
    (re.compile(r'label "(?P<name>(?:[^"\\]|\\.)*)"'), "labels"),
    (re.compile(r"invalid label (?:name|value): (?P<name>.*)"), "labels"),
    (re.compile(r"field '(?P<name>\w+)'"), ""),
)  # fmt: skip

Ask = Callable[[str], Sequence[Refusal]]


def in_rules(deployed: Deployed, refusal: Refusal) -> tuple[int, int]:
    """Line and column of what promtool refuses, in the file that was written."""
    if refusal.line:
        return _told(deployed, refusal)
    tree = _tree(deployed)
    groups = [group for group in items(get(tree, "groups")) if text(get(group, "name")) == refusal.group]
    rules = [rule for group in groups for rule in items(get(group, "rules"))[refusal.rule - 1 : refusal.rule]]
    return _place(_part(rules[0], refusal.words)) if rules else (1, 1)


def _tree(deployed: Deployed) -> yaml.Node | None:
    try:
        return None if len(deployed.text) > LARGEST else deployed.tree or next(iter(composed(deployed.text)), None)
    except yaml.YAMLError:
        return None


def _told(deployed: Deployed, refusal: Refusal) -> tuple[int, int]:
    """A line alone is meant from its first sign on, as YAML's own reader tells no column."""
    if deployed.lines is not None or refusal.column > 1:
        return deployed.place(refusal.line, refusal.column)
    line = "".join(deployed.text.splitlines()[refusal.line - 1 : refusal.line])
    return refusal.line, len(line) - len(line.lstrip(" -")) + 1


def _part(rule: yaml.Node, words: str) -> yaml.Node:
    for pattern, key in _IN_RULE:
        if (found := pattern.search(words)) and (at := _key(get(rule, key) if key else rule, found["name"])):
            return at
    return rule


def _key(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((key for key, _ in pairs(node) if key.value == name), None)


def in_routes(deployed: Deployed, refusal: Refusal, ask: Ask) -> tuple[int, int]:
    """Line and column of what amtool refuses, in the file that was written."""
    if refusal.line:
        return _told(deployed, refusal)
    tree = _tree(deployed)
    if tree is None:
        return (1, 1)
    until = time.monotonic() + PATIENCE
    if refusal.words not in [each.words for each in ask(written(tree))]:
        return (1, 1)
    found = _first([*_named(tree, refusal.words), *_parts(tree)][:MOST], tree, refusal, ask, until)
    while found is not None and (deeper := _first(_below(found), tree, refusal, ask, until)):
        found = deeper
    return (1, 1) if found is None else _place(found)


def _first(candidates: Sequence[yaml.Node], tree: yaml.Node, refusal: Refusal, ask: Ask, until: float) -> yaml.Node | None:
    """The first part without which it is not refused in these words."""
    for start in range(0, len(candidates), tools.AT_ONCE):
        if time.monotonic() > until:
            return None
        batch = candidates[start : start + tools.AT_ONCE]
        answers = tools.together([partial(ask, written(without(tree, each))) for each in batch])
        for candidate, answer in zip(batch, answers, strict=True):
            if refusal.words not in [each.words for each in answer]:
                return candidate
    return None


def _named(tree: yaml.Node, words: str) -> Iterator[yaml.Node]:
    """Values that the sentence quotes, and those of keys that it names."""
    for key, value in _scalars(tree):
        named = len(key) > 3 and re.search(rf"(?<!\w){re.escape(key)}(?!\w)", words)
        if key != "name" and (named or (len(text(value)) > 1 and text(value) in words)):
            yield value


def _scalars(node: yaml.Node, key: str = "") -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.ScalarNode):
        yield key, node
    for name, value in pairs(node):
        yield from _scalars(value, str(name.value))
    for each in items(node):
        yield from _scalars(each, key)


def _parts(tree: yaml.Node) -> Iterator[yaml.Node]:
    """Parts that others do not need: integrations, inhibitions, what time intervals say, routes, and settings of `global` and the root."""
    for receiver in items(get(tree, "receivers")):
        for key, value in pairs(receiver):
            yield from items(value) if str(key.value).endswith(SUFFIX) else ()
    yield from items(get(tree, "inhibit_rules"))
    for name in ("time_intervals", "mute_time_intervals"):
        for interval in items(get(tree, name)):
            yield from items(get(interval, "time_intervals"))
    yield from items(get(tree, "route", "routes"))
    yield from (value for key, value in pairs(get(tree, "route")) if key.value not in {"receiver", "routes"})
    yield from (value for _, value in pairs(get(tree, "global")))
    yield from items(get(tree, "templates"))
    for name in ("time_intervals", "mute_time_intervals", "receivers"):
        yield from reversed(items(get(tree, name)))


def _below(node: yaml.Node) -> list[yaml.Node]:
    return [value for _, value in pairs(node)] + items(node)


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
