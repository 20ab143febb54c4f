"""An alertmanager.yml whose notifications come to us: each webhook's url becomes our sink's, and nothing of routing changes.

Knows receivers and integrations; refuses to pretend that an integration it cannot catch was caught. Pure.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

import yaml

from firedrill.core.errors import Invalid, Problem

_WEBHOOK = "webhook_configs"
# Where a webhook sends to and how it gets there: proxies, credentials and certificates go with the address that we replace.
_REPLACED = ("url", "url_file", "http_config")


@dataclass(frozen=True, slots=True)
class Captured:
    """The rewritten file and the names of the receivers whose notifications reach the sink."""

    text: str
    receivers: tuple[str, ...]


def path_of(receiver: str) -> str:
    """The path at the sink to which a receiver's webhooks are sent."""
    return f"/receivers/{quote(receiver, safe='')}"


def capture(text: str, sink: str, file: str = "alertmanager.yml", home: str = ".") -> Captured:
    """Rewrite every webhook to `http://SINK/receivers/NAME`; Invalid lists what cannot be captured, with its place in `file`.

    `home` is the folder of the original, from which its template files are named.
    """
    document = _compose(text, file)
    problems: list[Problem] = []
    receivers = [(name, node) for node in _items(_get(document, "receivers")) if (name := _text(_get(node, "name")))]
    for name, node in receivers:
        problems += _not_captured(name, node, file)
    if problems:
        raise Invalid(problems)
    caught = tuple(name for name, node in receivers if _redirect(node, f"http://{sink}{path_of(name)}", _has_proxy(document)))
    _anchor_templates(document, home)
    return Captured(yaml.serialize(document, Dumper=yaml.BaseDumper, width=10_000), caught)


def _compose(text: str, file: str) -> yaml.MappingNode:
    # The base loader gives no scalar a type, so that `17:00` or `off` is written back as it was.
    try:
        document = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Invalid([Problem(file, line, column, "", f"this is not YAML: {error.problem}")]) from None
    if not isinstance(document, yaml.MappingNode):
        raise Invalid([Problem(file, 1, 1, "", "an Alertmanager configuration is a mapping with `route` and `receivers`")])
    return document


def _not_captured(receiver: str, node: yaml.Node, file: str) -> Iterator[Problem]:
    for key, _ in _pairs(node):
        if key.value.endswith("_configs") and key.value != _WEBHOOK:
            mark = key.start_mark
            yield Problem(
                file, mark.line + 1, mark.column + 1, f"receivers.{receiver}.{key.value}",
                f"the {key.value.removesuffix('_configs')} integration of receiver {receiver} is not captured, "
                "so its pages would not be seen; only webhook_configs are",
            )  # fmt: skip


def _redirect(receiver: yaml.Node, url: str, global_http: bool) -> bool:
    """Give the receiver webhooks of its own that point to `url`; built anew, as an alias may share them with another receiver."""
    hooks = _items(_get(receiver, _WEBHOOK))
    if hooks and isinstance(receiver, yaml.MappingNode):
        pointed = yaml.SequenceNode("tag:yaml.org,2002:seq", [_pointed(hook, url, global_http) for hook in hooks])
        receiver.value = [(key, pointed if key.value == _WEBHOOK else value) for key, value in receiver.value]
    return bool(hooks)


def _pointed(hook: yaml.Node, url: str, global_http: bool) -> yaml.MappingNode:
    kept = copy.deepcopy([(key, value) for key, value in _pairs(hook) if key.value not in _REPLACED])
    new: list[tuple[yaml.Node, yaml.Node]] = [(_scalar("url"), _scalar(url))]
    if global_http or _get(hook, "http_config"):
        new.append((_scalar("http_config"), yaml.MappingNode("tag:yaml.org,2002:map", [], flow_style=True)))
    return yaml.MappingNode("tag:yaml.org,2002:map", new + kept, flow_style=False)


def _has_proxy(document: yaml.Node) -> bool:
    return _get(_get(document, "global"), "http_config") is not None


def _anchor_templates(document: yaml.Node, home: str) -> None:
    for template in _items(_get(document, "templates")):
        if isinstance(template, yaml.ScalarNode):
            template.value = str(PurePath(home) / template.value)


def _scalar(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text)


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _get(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
