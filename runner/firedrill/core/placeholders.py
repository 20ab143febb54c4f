"""What a repository writes where the deployment puts a secret: `${NAME}`, `<secret>`, `{{ .Values.name }}`.

Alertmanager refuses an address that is none before anybody can point it elsewhere, so that such an address becomes one that leads nowhere.
Refuses to guess anything else: a wait or a label that is not there yet is an error in the place where it stands. Pure.
"""

import re

import yaml

from firedrill.core.nodes import items, pairs, scalar

NOWHERE = "https://placeholder.invalid"

_PLACEHOLDER = r"\$\{[^}]*\}|\$\([^)]*\)|<[^<>]+>|\{\{.*?\}\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_]+%|ENC\[.*\]"
_ADDRESSES = r"(?:.*_)?(?:api_url|webhook_url|pagerduty_url|victorops_url)|url|smarthost|smtp_smarthost"
_BARE = r"(?m)^(?P<before>\s*(?:- +)*[\w.-]+:[ ]+|\s*- +)(?P<value>\{\{.*\}\}\S*)(?P<after>\s*)$"


def quoted(source: str) -> str:
    """The text with quotes round each value that is a bare `{{ ... }}`, which YAML would take for a mapping; no line moves."""
    if "{{" not in source:
        return source
    return re.sub(_BARE, lambda found: f"{found['before']}'{found['value'].replace(chr(39), chr(39) * 2)}'{found['after']}", source)


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
    if not re.fullmatch(_ADDRESSES, name) or not re.search(_PLACEHOLDER, value.value):
        return value
    return scalar("placeholder.invalid:25" if name.endswith("smarthost") else NOWHERE, value)
