"""An alertmanager.yml whose notifications come to us: where each receiver sends to becomes our sink, and nothing of routing changes.

Knows receivers and the shape of the file; refuses to pretend that an integration it cannot catch was caught. Pure.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

import yaml

from firedrill.core.errors import Invalid, Problem
from firedrill.core.integrations import INTEGRATIONS, SUFFIX, kind_of
from firedrill.stack.redirects import REDIRECTS, STAND_INS, Redirect, Value, usable

# Global addresses, credentials and proxies: each receiver now has its own, so none is needed and no secret is left.
_GLOBAL = re.compile(r"(http|jira|mattermost|opsgenie|pagerduty|rocketchat|slack|smtp|telegram|victorops|webex|wechat)_(?!from$|hello$)")
_FALSE = {"false", "no", "off", "n"}
_MAP, _SEQ, _STR = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:str"


@dataclass(frozen=True, slots=True)
class Captured:
    """The rewritten file and the names of the receivers whose notifications reach the sink.

    `silent` are those of their integrations that say nothing when a group is resolved, as (receiver, kind, number).
    """

    text: str
    receivers: tuple[str, ...]
    silent: frozenset[tuple[str, str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where the sink listens, `host:port` each: for HTTP, and for mail."""

    http: str
    mail: str = "127.0.0.1:25"
    door: str = ""
    """How every path begins at which it takes something."""


def path_of(receiver: str, kind: str = "webhook", number: int = 0) -> str:
    """The path at the sink to which a receiver's integration of that kind is pointed, counted from 0 as Alertmanager counts."""
    return f"/receivers/{quote(receiver, safe='')}/{kind}/{number}"


def capture(
    text: str, sinks: Sinks, file: str = "alertmanager.yml", home: str = ".", version: str = "", replace: tuple[str, ...] = ()
) -> Captured:
    """Point every integration at the sink; Invalid lists what cannot be captured, with its place in `file`.

    `home` is the folder of the original, from which its template files are named. Integrations of the kinds in `replace`
    become webhooks. `version` is Alertmanager's, where it is known: kinds that came later are refused.
    """
    document = _compose(text, file)
    _merge(document)
    receivers = [(name, node) for node in _items(_get(document, "receivers")) if (name := _text(_get(node, "name")))]
    problems = [problem for name, node in receivers for problem in _not_captured(name, node, file, version, replace)]
    if problems:
        raise Invalid(problems)
    caught = tuple(name for name, node in receivers if _redirect_all(name, node, sinks, replace))
    _strip_global(document)
    _anchor_templates(document, home)
    silent = frozenset(each for name, node in receivers for each in _silent(name, node))
    return Captured(yaml.serialize(document, Dumper=yaml.BaseDumper, width=10_000), caught, silent)


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


def _merge(node: yaml.Node) -> None:
    """Write out what `<<` brings in, since an address may come that way too."""
    for child in _items(node):
        _merge(child)
    if not isinstance(node, yaml.MappingNode):
        return
    for _, value in node.value:
        _merge(value)
    own = [(key, value) for key, value in node.value if key.value != "<<"]
    for key, value in [pair for pair in node.value if pair[0].value == "<<"]:
        for merged in _items(value) or [value]:
            own += [pair for pair in _pairs(merged) if pair[0].value not in {key.value for key, _ in own}]
    node.value = own


def _not_captured(receiver: str, node: yaml.Node, file: str, version: str, replace: tuple[str, ...]) -> Iterator[Problem]:
    for key, value in _pairs(node):
        kind = kind_of(key.value)
        if key.value.endswith(SUFFIX) and _items(value) and kind not in replace and (why := _why_not(kind, version)):
            mark = key.start_mark
            yield Problem(
                file, mark.line + 1, mark.column + 1, f"receivers.{receiver}.{key.value}",
                f"the {kind} integration of receiver {receiver} is not captured: {why}; "
                f"`replace: [{kind}]` beside `alertmanager:` in firedrill.yaml has a webhook in its place",
            )  # fmt: skip


def _why_not(kind: str, version: str) -> str:
    known = INTEGRATIONS.get(kind)
    if known is None:
        return "firedrill does not know it"
    if version and tuple(map(int, re.findall(r"\d+", version)[:2])) < known.since:
        return f"Alertmanager {version} does not know it, only from {known.since[0]}.{known.since[1]} on"
    return known.not_captured


def _redirect_all(receiver: str, node: yaml.Node, sinks: Sinks, replace: tuple[str, ...]) -> bool:
    """Give the receiver integrations of its own that point to us; built anew, as an alias may share them with another receiver."""
    found: dict[str, list[yaml.Node]] = {}
    for key, value in _pairs(node):
        if key.value.endswith(SUFFIX):
            kind = kind_of(key.value)
            hooks = [_as_webhook(one, kind) for one in _items(value)] if kind in replace else _items(value)
            found.setdefault("webhook" if kind in replace else kind, []).extend(hooks)
    pointed = [(_scalar(kind + SUFFIX), _seq([_pointed(one, receiver, kind, at, sinks) for at, one in enumerate(hooks)]))
               for kind, hooks in found.items() if hooks]  # fmt: skip
    if isinstance(node, yaml.MappingNode):
        node.value = [pair for pair in node.value if not pair[0].value.endswith(SUFFIX)] + pointed
    return bool(pointed)


def _silent(receiver: str, node: yaml.Node) -> Iterator[tuple[str, str, int]]:
    for key, value in _pairs(node):
        for number, one in enumerate(_items(value)):
            said, kind = _text(_get(one, "send_resolved")).lower(), kind_of(key.value)
            if said in _FALSE or (not said and not INTEGRATIONS[kind].resolves):
                yield receiver, kind, number


def _as_webhook(one: yaml.Node, kind: str) -> yaml.Node:
    """A webhook that says as much as the integration did: resolved messages or none."""
    said = _text(_get(one, "send_resolved"))
    default = kind not in INTEGRATIONS or INTEGRATIONS[kind].resolves
    return yaml.MappingNode(_MAP, [(_scalar("send_resolved"), _scalar(said or str(default).lower()))], flow_style=False)


def _pointed(one: yaml.Node, receiver: str, kind: str, number: int, sinks: Sinks) -> yaml.MappingNode:
    redirect, path = REDIRECTS[kind], sinks.door + path_of(receiver, kind, number)
    filled = {"url": f"http://{sinks.http}{path}", "path": path, "mail": sinks.mail}
    new: list[tuple[yaml.Node, yaml.Node]] = [(_scalar(key), _node(value, filled)) for key, value in redirect.sets.items()]
    gone = {*redirect.sets, *redirect.drops}
    return yaml.MappingNode(_MAP, new + [_kept(pair, redirect) for pair in _pairs(one) if pair[0].value not in gone], flow_style=False)


def _kept(pair: tuple[yaml.Node, yaml.Node], redirect: Redirect) -> tuple[yaml.Node, yaml.Node]:
    key, value = copy.deepcopy(pair)
    what = redirect.kept.get(key.value)
    return (key, _scalar(STAND_INS[what])) if what and not usable(_text(value), what) else (key, value)


def _node(value: Value, filled: Mapping[str, str]) -> yaml.Node:
    if isinstance(value, str):
        return _scalar(value.format(**filled))
    return yaml.MappingNode(_MAP, [(_scalar(key), _node(inner, filled)) for key, inner in value.items()], flow_style=True)


def _strip_global(document: yaml.Node) -> None:
    settings = _get(document, "global")
    if isinstance(settings, yaml.MappingNode):
        settings.value = [_sender(pair) for pair in settings.value if not _GLOBAL.match(pair[0].value)]


def _sender(pair: tuple[yaml.Node, yaml.Node]) -> tuple[yaml.Node, yaml.Node]:
    key, value = pair
    return (key, _scalar(STAND_INS["address"])) if key.value == "smtp_from" and not usable(_text(value), "address") else pair


def _anchor_templates(document: yaml.Node, home: str) -> None:
    for template in _items(_get(document, "templates")):
        if isinstance(template, yaml.ScalarNode):
            template.value = str(PurePath(home) / template.value)


def _scalar(text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode(_STR, text)


def _seq(nodes: list[yaml.MappingNode]) -> yaml.SequenceNode:
    return yaml.SequenceNode(_SEQ, nodes)


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _get(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key.value == name), None)


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""
