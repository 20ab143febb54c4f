"""What a repository writes where the deployment puts a secret: `${NAME}`, `<secret>`, `{{ .Values.name }}`.

Alertmanager refuses an address that is none before anybody can point it elsewhere, so that such an address becomes one that leads nowhere.
Refuses to guess anything else: a wait or a label that is not there yet is an error in the place where it stands. Pure.
"""

import re
from collections.abc import Iterator

import yaml

from firedrill.core.nodes import items, pairs, scalar

NOWHERE = "https://placeholder.invalid"

PLACEHOLDER = r"\$\{[^}]*\}|\$\([^)]*\)|<[^<>]+>|\{\{.*?\}\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%|ENC\[.*\]"
_ADDRESSES = r"(?:.*_)?(?:api_url|webhook_url|pagerduty_url|victorops_url)|url|smarthost|smtp_smarthost"
_KEY = r"\s*(?:- +)*(?:[\w.\"'-]+:)?"
_BARE = rf"(?P<before>{_KEY} *)(?P<value>\{{\{{.*\}}\}}\S*)\s*"
_BLOCK = r"(?P<lead>\s*(?:- +)*)(?P<key>[\w.\"'-]+:)?\s*[|>][-+0-9]*\s*(?:#.*)?"
_QUICK = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def quoted(source: str) -> str:
    """The text with quotes round each value that is a bare `{{ ... }}`, which YAML would take for a mapping; no line moves."""
    if "{{" not in source or not _has_bare(source):
        return source
    lines = source.splitlines()
    for number, line in outside_blocks(source):
        if (found := re.fullmatch(_BARE, line)) and found["before"].strip():
            lines[number] = found["before"] + "'" + found["value"].replace("'", "''") + "'"
    return "\n".join(lines) + "\n"


def outside_blocks(source: str) -> Iterator[tuple[int, str]]:
    """Each line, counted from 0, that is not part of a text under `|` or `>`, in which anything may stand."""
    deeper: int | None = None
    for number, line in enumerate(source.splitlines()):
        indentation = len(line) - len(line.lstrip(" "))
        if deeper is not None and (indentation > deeper or not line.strip()):
            continue
        block = re.fullmatch(_BLOCK, line)
        deeper = None if block is None else len(block["lead"]) if block["key"] else block["lead"].rfind("-")
        yield number, line


def _has_bare(source: str) -> bool:
    """Whether YAML cannot read it, or reads a mapping in the place of a mapping's first key."""
    before: object = None
    try:
        for event in yaml.parse(source, Loader=_QUICK):
            if isinstance(event, yaml.MappingStartEvent) and isinstance(before, yaml.MappingStartEvent) and before.flow_style:
                return True
            before = event
    except yaml.YAMLError:
        return True
    return False


def filled(node: yaml.Node) -> yaml.Node:
    """The configuration with an address that leads nowhere in place of each that is a placeholder; the node itself where none is."""
    match node:
        case yaml.MappingNode():
            made = [(key, _address(key, value) if isinstance(value, yaml.ScalarNode) else filled(value)) for key, value in pairs(node)]
            same = all(new is old for (_, new), (_, old) in zip(made, pairs(node), strict=True))
            return node if same else yaml.MappingNode(node.tag, made, node.start_mark, node.end_mark, node.flow_style)
        case yaml.SequenceNode():
            each = list(map(filled, items(node)))
            same = all(new is old for new, old in zip(each, items(node), strict=True))
            return node if same else yaml.SequenceNode(node.tag, each, node.start_mark, node.end_mark, node.flow_style)
        case _:
            return node


def _address(key: yaml.Node, value: yaml.ScalarNode) -> yaml.ScalarNode:
    name = str(key.value)
    if not re.fullmatch(_ADDRESSES, name) or not re.search(PLACEHOLDER, value.value):
        return value
    return scalar("placeholder.invalid:25" if name.endswith("smarthost") else NOWHERE, value)
