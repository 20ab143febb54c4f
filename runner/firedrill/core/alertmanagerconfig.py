"""An AlertmanagerConfig of prometheus-operator (monitoring.coreos.com, v1alpha1 and v1beta1) as a plain Alertmanager configuration.

Knows the two spellings; refuses to know secrets: a reference to one becomes a placeholder, which capturing replaces. Left out are the
`namespace` matcher and the names' prefix that the operator adds for a cluster that many share, and certificates, which stand in files of
the cluster. Pure.
"""

import re
from collections.abc import Iterator

import yaml

from firedrill.core.nodes import get, items, mapping, pairs, scalar, sequence, text
from firedrill.core.placeholders import NOWHERE

_OUTSIDE = "outside"
_FILES = {"tlsConfig"}
_LIKE_MAPS = {"details", "headers", "customFields"}
"""Lists of `{key, value}` that a plain file writes as a mapping."""
_OTHERWISE = {
    "urlSecret": "url", "pagerDutyImageConfigs": "images", "pagerDutyLinkConfigs": "links", "bearerTokenSecret": "bearer_token",
}  # fmt: skip
_RENAMED = {"discordConfigs": {"apiURL": "webhook_url"}, "pagerDutyLinkConfigs": {"alt": "text"}}
"""Settings of one kind of integration, or of one part, that the plain file calls otherwise."""
_GLOBAL = {
    "slackConfigs": (("slack_api_url", NOWHERE),),
    "opsgenieConfigs": (("opsgenie_api_key", "secret"),),
    "victoropsConfigs": (("victorops_api_key", "secret"),),
    "wechatConfigs": (("wechat_api_secret", "secret"), ("wechat_api_corp_id", "secret")),
    "emailConfigs": (("smtp_smarthost", "placeholder.invalid:25"), ("smtp_from", "alertmanager@placeholder.invalid")),
}
"""What an AlertmanagerConfig may leave to the cluster's own global settings, which a drill has not got."""
_CAMEL = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_SIGNS = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}


def plain(resource: yaml.Node) -> yaml.MappingNode:
    """The configuration that the resource's `spec` says."""
    spec = get(resource, "spec") or resource
    made = list(_parts(spec))
    return mapping([(scalar(name, at), value) for name, at, value in made], spec)


def _parts(spec: yaml.Node) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
    receivers = [_receiver(each) for each in items(get(spec, "receivers"))]
    used = {str(key.value) for each in items(get(spec, "receivers")) for key, _ in pairs(each)}
    if left := [pair for name, wanted in _GLOBAL.items() if name in used for pair in wanted]:
        yield "global", spec, mapping([(scalar(name, spec), scalar(value, spec)) for name, value in left], spec)
    if (route := get(spec, "route")) is not None:
        matched = bool(items(get(route, "matchers")))
        yield "route", route, _below_a_root(route) if matched else _route(route)
        receivers += [_named(_OUTSIDE, route)] if matched else []
    if (at := get(spec, "receivers")) is not None:
        yield "receivers", at, sequence(receivers, at)
    if (at := get(spec, "inhibitRules")) is not None:
        yield "inhibit_rules", at, sequence(map(_inhibition, items(at)), at)
    for name in ("muteTimeIntervals", "timeIntervals"):
        if (at := get(spec, name)) is not None:
            yield "time_intervals", at, sequence(map(_interval, items(at)), at)


def _below_a_root(route: yaml.Node) -> yaml.MappingNode:
    """The first route of a plain file takes everything; one with matchers stands below one that tells nobody."""
    return mapping(
        [(scalar("receiver", route), scalar(_OUTSIDE, route)), (scalar("routes", route), sequence([_route(route)], route))], route
    )


def _named(name: str, like: yaml.Node) -> yaml.MappingNode:
    return mapping([(scalar("name", like), scalar(name, like))], like)


def _route(node: yaml.Node) -> yaml.Node:
    if not isinstance(node, yaml.MappingNode):
        return node
    return mapping([(_key(key), _of_route(str(key.value), value)) for key, value in pairs(node)], node)


def _of_route(key: str, value: yaml.Node) -> yaml.Node:
    match key:
        case "routes":
            return sequence(map(_route, items(value)), value)
        case "matchers":
            return _matchers(value)
        case _:
            return value


def _matchers(node: yaml.Node) -> yaml.SequenceNode:
    return sequence([scalar(_matcher(each), each, "'") for each in items(node)], node)


def _matcher(node: yaml.Node) -> str:
    value = text(get(node, "value")).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    sign = _SIGNS.get(text(get(node, "matchType")), "=~" if text(get(node, "regex")) == "true" else "=")
    return f'{text(get(node, "name"))}{sign}"{value}"'


def _inhibition(node: yaml.Node) -> yaml.MappingNode:
    names = {"sourceMatch": "source_matchers", "targetMatch": "target_matchers"}
    made = [(scalar(names.get(str(key.value), str(key.value)), key), _matchers(value) if key.value in names else value)
            for key, value in pairs(node)]  # fmt: skip
    return mapping(made, node)


def _interval(node: yaml.Node) -> yaml.MappingNode:
    return mapping([(_key(key), sequence(map(_span, items(value)), value) if key.value == "timeIntervals" else value)
                    for key, value in pairs(node)], node)  # fmt: skip


def _span(node: yaml.Node) -> yaml.MappingNode:
    return mapping([(_key(key), _of_span(str(key.value), value)) for key, value in pairs(node)], node)


def _of_span(key: str, value: yaml.Node) -> yaml.Node:
    match key:
        case "times":
            return sequence([mapping([(_key(name), at) for name, at in pairs(each)], each) for each in items(value)], value)
        case "daysOfMonth":
            return sequence([_days(each) for each in items(value)], value)
        case _:
            return value


def _days(node: yaml.Node) -> yaml.ScalarNode:
    start = text(get(node, "start")) or "1"
    return scalar(f"{start}:{text(get(node, 'end')) or start}", node, "'")


def _receiver(node: yaml.Node) -> yaml.MappingNode:
    return mapping([(_key(key), _setting(str(key.value), value)) for key, value in pairs(node)], node)


def _settings(node: yaml.Node, holder: str) -> yaml.MappingNode:
    """An integration's settings, or those of a part of one such as a field or an action of Slack's."""
    named = _RENAMED.get(holder, {})
    made = [
        (scalar(named[name], key) if (name := str(key.value)) in named else _key(key), _setting(name, value))
        for key, value in pairs(node)
        if key.value not in _FILES
    ]
    # A webhook may have `url` and `urlSecret`; a plain file has one of them.
    return mapping({str(key.value): (key, value) for key, value in made}.values(), node)


def _setting(key: str, value: yaml.Node) -> yaml.Node:
    if isinstance(value, yaml.MappingNode):
        held = next((at for at in (value, get(value, "secret"), get(value, "configMap")) if get(at, "key") is not None), None)
        return _settings(value, key) if held is None else _secret(key, held)
    if key in _LIKE_MAPS:
        return mapping([(scalar(text(get(each, "key")), each), get(each, "value") or each) for each in items(value)], value)
    if isinstance(value, yaml.SequenceNode):
        return sequence([_settings(each, key) if isinstance(each, yaml.MappingNode) else each for each in items(value)], value)
    return value


def _secret(key: str, reference: yaml.Node) -> yaml.ScalarNode:
    """A URL has to look like one, or Alertmanager refuses the file."""
    is_url = key in {"url", "urlSecret", "apiURL", "webhookURL"} or key.endswith("Url")
    name = f"{text(get(reference, 'name'))}/{text(get(reference, 'key'))}"
    return scalar(f"{NOWHERE}/{name}" if is_url else f"secret {name}", reference)


def _key(node: yaml.Node) -> yaml.ScalarNode:
    name = str(node.value)
    return scalar(_OTHERWISE.get(name) or re.sub(_CAMEL, "_", name).lower(), node)
