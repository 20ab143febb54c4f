"""A rule file and an alertmanager.yml as production deploys them, before a drill rewrites anything, and what the deployment has to give.

Knows which credential or address each kind of receiver needs and where `global` may hold it; refuses to judge anything else, which the real
programs do. Every part keeps the place at which it stands in the file. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from firedrill.core import kubernetes
from firedrill.core.integrations import SUFFIX, kind_of
from firedrill.core.nodes import get, items, mapping, pairs, scalar, sequence, text, written
from firedrill.core.placeholders import NOWHERE, PLACEHOLDER, filled, quoted

_QUICK = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_STANDS_IN = "given-at-deployment"
_DEEPEST = 200
MOST = 400_000
"""Characters of an alertmanager.yml in which gaps are looked for."""


@dataclass(frozen=True, slots=True)
class Need:
    """One of `keys` in an integration, or one of the same in `global`; `fills` stands in for them, `words` names them."""

    words: str
    keys: tuple[str, ...]
    shared: tuple[str, ...] = ()
    fills: str = _STANDS_IN


def _need(words: str, key: str, shared: str = "", fills: str = _STANDS_IN, others: Sequence[str] = ()) -> Need:
    return Need(words, (key, f"{key}_file", *others), tuple(f"{name}{end}" for name in shared.split() for end in ("", "_file")), fills)


def _url(words: str, key: str, shared: str = "") -> Need:
    return _need(words, key, shared, NOWHERE)


NEEDS: Mapping[str, tuple[Need, ...]] = {
    "discord": (_url("address (webhook_url)", "webhook_url"),),
    "email": (
        _need("mail server (smarthost)", "smarthost", "smtp_smarthost", "placeholder.invalid:25"),
        _need("sender (from)", "from", "smtp_from", "firedrill@placeholder.invalid"),
    ),
    "incidentio": (_url("address (url)", "url"), _need("token (alert_source_token)", "alert_source_token", others=("http_config",))),
    "jira": (_url("address (api_url)", "api_url", "jira_api_url"),),
    "mattermost": (_url("address (webhook_url)", "webhook_url", "mattermost_webhook_url"),),
    "msteams": (_url("address (webhook_url)", "webhook_url"),),
    "msteamsv2": (_url("address (webhook_url)", "webhook_url"),),
    "opsgenie": (_need("key (api_key)", "api_key", "opsgenie_api_key"),),
    "pagerduty": (_need("routing key (routing_key)", "routing_key", others=("service_key", "service_key_file")),),
    "pushover": (_need("user key (user_key)", "user_key"), _need("token (token)", "token")),
    "rocketchat": (
        _need("token (token)", "token", "rocketchat_token"), _need("id of the token (token_id)", "token_id", "rocketchat_token_id"),
    ),
    "slack": (
        Need(
            "address (api_url)", ("api_url", "api_url_file", "app_token", "app_token_file"),
            ("slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"), NOWHERE,
        ),
    ),
    "telegram": (_need("token (bot_token)", "bot_token", "telegram_bot_token"),),
    "victorops": (_need("key (api_key)", "api_key", "victorops_api_key"), _need("routing key (routing_key)", "routing_key")),
    "webhook": (_url("address (url)", "url"),),
    "wechat": (
        _need("secret (api_secret)", "api_secret", "wechat_api_secret"),
        _need("id of the company (corp_id)", "corp_id", "wechat_api_corp_id"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a receiver (empty for all of them) needs and that the file does not give."""

    node: yaml.Node
    receiver: str
    words: str
    names: str = ""
    """The file, or files by a pattern, that it names, which may be absent here; empty where nothing is named."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the real program is asked about: the text, and where each of its lines stands in the file that was written.

    Without `lines` they are the same. `tree` is what the text was made of, where it was made.
    """

    text: str
    tree: yaml.Node | None = None
    lines: Mapping[int, tuple[int, int]] | None = None
    gaps: tuple[Missing, ...] = ()

    def place(self, line: int, column: int = 1) -> tuple[int, int]:
        """Line and column in the file that was written, counted from 1."""
        if self.lines is None:
            return line, column
        below = [known for known in self.lines if known <= line]
        return self.lines[max(below)] if below else (1, 1)


def rules(source: str) -> Deployed:
    """A rule file, or what a Kubernetes resource carries of one; ValueError when nothing can be taken out."""
    if not _may_be_resource(source):
        return Deployed(source)
    if len(source) > MOST:
        raise ValueError(f"it has more than {MOST} characters")
    unwrapped = kubernetes.unwrap_rules(composed(source), source)
    if unwrapped is None:
        return Deployed(source)
    return _serialised(kubernetes.sound(unwrapped))


def alertmanager(source: str, home: str, replace: Sequence[str] = ()) -> Deployed:
    """An alertmanager.yml with stand-ins for placeholders and for what the deployment has to give, without the kinds in `replace`.

    `home` is the folder from which its templates are named. The text is the file's own where nothing stands in.
    """
    if len(source) > MOST:
        return Deployed(source)
    readable = quoted(source)
    documents = composed(readable)
    unwrapped = kubernetes.unwrap_alertmanager(documents, readable) if _may_be_resource(source) else None
    node = kubernetes.sound(unwrapped) if unwrapped is not None else documents[0] if documents else None
    if node is None:
        return Deployed(source)
    general = get(node, "global")
    gaps: list[Missing] = []
    given = _numbers(filled(_with_receivers(node, general, replace, gaps)))
    gaps += _named_files(node, templates=unwrapped is None)
    if given is node and unwrapped is None and readable == source:
        return Deployed(source, _anchored(node, home), gaps=tuple(gaps))
    made = _serialised(_anchored(given, home))
    return Deployed(made.text, made.tree, made.lines, tuple(gaps))


def without(node: yaml.Node, gone: yaml.Node) -> yaml.Node:
    """The tree without one value, its key or its place in the list; the tree itself where the value is not in it."""
    if isinstance(node, yaml.MappingNode):
        kept = [(key, without(value, gone)) for key, value in pairs(node) if value is not gone]
        return yaml.MappingNode(node.tag, kept, node.start_mark, node.end_mark, node.flow_style)
    if isinstance(node, yaml.SequenceNode):
        left = [without(each, gone) for each in items(node) if each is not gone]
        return yaml.SequenceNode(node.tag, left, node.start_mark, node.end_mark, node.flow_style)
    return node


def contradictions(source: str) -> Iterator[tuple[yaml.Node, str]]:
    """What no Alertmanager loads and a drill would not notice, as it gives each receiver an address of its own: for where amtool is not."""
    for document in composed(quoted(source)):
        for mapped in _mappings(document):
            given = {str(key.value): value for key, value in pairs(mapped) if not _is_empty(value)}
            for name, value in given.items():
                if f"{name}_file" in given:
                    yield value, f"at most one of {name} & {name}_file must be configured"
                if _is_address(name) and "://" not in text(value) and text(value) and not re.search(PLACEHOLDER, text(value)):
                    yield value, f"not a URL: {text(value)}"


def _is_address(name: str) -> bool:
    return name == "url" or name.endswith(("api_url", "webhook_url"))


def _mappings(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield node
    for each in [value for _, value in pairs(node)] + items(node):
        yield from _mappings(each)


def _may_be_resource(source: str) -> bool:
    return "kind" in source and "apiVersion" in source


def composed(source: str) -> list[yaml.Node]:
    """Every document of a text in which no scalar has a type; `yaml.YAMLError` too for what is nested too deeply."""
    depth = 0
    for event in yaml.parse(source, Loader=_QUICK):  # composing is recursive and unchecked: depth is looked at first
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError("it is nested too deeply")
    return [node for node in yaml.compose_all(source, Loader=_QUICK) if node is not None and node.value]


def _serialised(node: yaml.Node) -> Deployed:
    made = written(node)
    lines: dict[int, tuple[int, int]] = {}
    for old, new in _side_by_side(node, yaml.compose(made, Loader=_QUICK)):
        lines.setdefault(new.start_mark.line + 1, (old.start_mark.line + 1, old.start_mark.column + 1))
    return Deployed(made, node, lines)


def _side_by_side(old: yaml.Node | None, new: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    waiting = [(old, new)]
    while waiting:
        one, other = waiting.pop()
        if one is None or other is None:
            continue
        yield one, other
        both = zip(pairs(one), pairs(other), strict=False)
        waiting += [pair for (key, value), (its_key, its_value) in both for pair in ((value, its_value), (key, its_key))]
        waiting += list(zip(items(one), items(other), strict=False))


def _with_receivers(node: yaml.Node, general: yaml.Node | None, replace: Sequence[str], gaps: list[Missing]) -> yaml.Node:
    made = [(key, _receivers(value, general, replace, gaps) if key.value == "receivers" else value) for key, value in pairs(node)]
    same = all(new is old for (_, new), (_, old) in zip(made, pairs(node), strict=True))
    return node if same else mapping(made, node)


def _receivers(node: yaml.Node, general: yaml.Node | None, replace: Sequence[str], gaps: list[Missing]) -> yaml.Node:
    made = [_receiver(each, general, replace, gaps) for each in items(node)]
    return node if all(new is old for new, old in zip(made, items(node), strict=True)) else sequence(made, node)


def _receiver(node: yaml.Node, general: yaml.Node | None, replace: Sequence[str], gaps: list[Missing]) -> yaml.Node:
    name, made = text(get(node, "name")), []
    for key, value in pairs(node):
        kind = kind_of(str(key.value))
        if str(key.value).endswith(SUFFIX) and kind in replace:
            continue
        each = [_integration(one, kind, name, general, gaps) for one in items(value)]
        same = all(new is old for new, old in zip(each, items(value), strict=True))
        made.append((key, value if same else sequence(each, value)))
    changed = len(made) != len(pairs(node)) or any(new is not old for (_, new), (_, old) in zip(made, pairs(node), strict=True))
    return mapping(made, node) if changed else node


def _integration(node: yaml.Node, kind: str, receiver: str, general: yaml.Node | None, gaps: list[Missing]) -> yaml.Node:
    if not isinstance(node, yaml.MappingNode):
        return node
    added = [need for need in NEEDS.get(kind, ()) if not (_has(node, need.keys) or _has(general, need.shared))]
    gaps += [Missing(node, receiver, f"{kind} of {receiver} has no {need.words}") for need in added]
    node = _filled_in(node, {need.keys[0]: scalar(need.fills, node) for need in added}) if added else node
    return _authorised(node, receiver, gaps) if kind == "webex" else node


def _authorised(node: yaml.Node, receiver: str, gaps: list[Missing]) -> yaml.Node:
    """Webex takes its token as any HTTP client does."""
    http = get(node, "http_config")
    if get(http, "authorization") is not None:
        return node
    gaps.append(Missing(node, receiver, f"webex of {receiver} has no token (http_config.authorization)"))
    token = mapping([(scalar("credentials", node), scalar(_STANDS_IN, node))], node)
    return _filled_in(node, {"http_config": mapping([*pairs(http), (scalar("authorization", node), token)], node)})


def _filled_in(node: yaml.Node, values: Mapping[str, yaml.Node]) -> yaml.MappingNode:
    kept = [(key, value) for key, value in pairs(node) if key.value not in values]
    return mapping([*kept, *((scalar(name, node), value) for name, value in values.items())], node)


def _has(node: yaml.Node | None, keys: Sequence[str]) -> bool:
    return any(key.value in keys and not _is_empty(value) for key, value in [*pairs(node), *_merged(node)])


def _merged(node: yaml.Node | None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    for key, value in pairs(node):
        if key.value == "<<":
            for one in items(value) or [value]:
                yield from pairs(one)


def _is_empty(value: yaml.Node) -> bool:
    return isinstance(value, yaml.ScalarNode) and (value.value == "" or (value.style is None and value.value in {"~", "null"}))


def _numbers(node: yaml.Node) -> yaml.Node:
    """A chat's number that is a placeholder: Alertmanager takes nothing but a number there."""
    if isinstance(node, yaml.MappingNode):
        made = [(key, _number(value) if key.value == "chat_id" else _numbers(value)) for key, value in pairs(node)]
        return node if all(new is old for (_, new), (_, old) in zip(made, pairs(node), strict=True)) else mapping(made, node)
    if isinstance(node, yaml.SequenceNode):
        each = [_numbers(one) for one in items(node)]
        return node if all(new is old for new, old in zip(each, items(node), strict=True)) else sequence(each, node)
    return node


def _number(value: yaml.Node) -> yaml.Node:
    return scalar("1", value) if re.search(PLACEHOLDER, text(value)) else value


def _named_files(node: yaml.Node, templates: bool) -> Iterator[Missing]:
    """Each `*_file` of `global` and of the receivers, and each template: what it names may be nowhere but where Alertmanager runs."""
    for each in items(get(node, "templates")) if templates else ():
        if text(each) and not re.search(PLACEHOLDER, text(each)):
            yield Missing(each, "", f"no file here matches {text(each)}, whose templates the receivers may use", text(each))
    yield from _files_in(get(node, "global"), "")
    for receiver in items(get(node, "receivers")):
        yield from _files_in(receiver, text(get(receiver, "name")))


def _files_in(node: yaml.Node | None, receiver: str) -> Iterator[Missing]:
    for key, value in pairs(node):
        if str(key.value).endswith("_file") and text(value) and not re.search(PLACEHOLDER, text(value)):
            yield Missing(value, receiver, f"{key.value} names {text(value)}, which does not exist here", text(value))
        yield from _files_in(value, receiver)
    for each in items(node):
        yield from _files_in(each, receiver)


def _anchored(node: yaml.Node, home: str) -> yaml.Node:
    """Templates named from the folder of the file: the text is asked about from elsewhere."""
    made = [(key, _templates(value, home) if key.value == "templates" else value) for key, value in pairs(node)]
    return mapping(made, node)


def _templates(node: yaml.Node, home: str) -> yaml.Node:
    each = [scalar(f"{home}/{text(one)}", one) if text(one) and not text(one).startswith("/") else one for one in items(node)]
    return sequence(each, node) if items(node) else node
