"""Prometheus rules and Alertmanager configurations taken out of the Kubernetes resources that carry them.

Knows the resources' shapes (prometheus-operator: PrometheusRule, AlertmanagerConfig; Secret, ConfigMap, List); refuses to know what a rule
or a route means. It works on composed YAML, so that each part keeps the place at which it stands in the file. Pure.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import yaml

from firedrill.core import alertmanagerconfig
from firedrill.core.nodes import get, inner, items, mapping, pairs, scalar, sequence, text, written
from firedrill.core.placeholders import filled, quoted

INPUTS = {
    "PrometheusServiceLevel": "this is what Sloth reads, not the rules that it writes: run `sloth generate` and name its output",
    "ServiceLevelObjective": "this is what Pyrra reads, not the rules that it writes: run `pyrra generate` and name its output",
}
_LISTS = ("List", "PrometheusRuleList", "SecretList", "ConfigMapList", "AlertmanagerConfigList")
_THANOS = "partial_response_strategy"
_NAMES = ("alertmanager.yaml", "alertmanager.yml")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that cannot be taken out, and where."""

    node: yaml.Node
    message: str


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What a resource carries, as the plain file that Prometheus or Alertmanager reads; None when something is wrong with it."""

    node: yaml.MappingNode | None
    troubles: tuple[Trouble, ...] = ()


def unwrap_rules(documents: Sequence[yaml.Node], source: str) -> Unwrapped | None:
    """The rule groups of all resources of one file, as one rule file; None for a file that is no resource."""
    resources = [each for document in documents for each in _resources(document)]
    if not any(map(_kind, resources)):
        return None
    troubles: list[Trouble] = []
    groups = [group for each in resources for group in _groups(each, source, troubles)]
    if not groups and not troubles:
        kinds = ", ".join(dict.fromkeys(filter(None, map(_kind, resources))))
        troubles.append(Trouble(documents[0], f"no rules are in here: {kinds} is neither a PrometheusRule nor a ConfigMap with rule files"))
    if troubles:
        return Unwrapped(None, tuple(troubles))
    return Unwrapped(mapping([(scalar("groups", documents[0]), sequence(groups, documents[0]))], documents[0]))


def unwrap_alertmanager(documents: Sequence[yaml.Node], source: str) -> Unwrapped | None:
    """The configuration in a Secret, or what an AlertmanagerConfig says, as a plain one; None for a file that is no resource."""
    resources = [each for document in documents for each in _resources(document)]
    if not any(map(_kind, resources)):
        return None
    for resource in resources:
        match _kind(resource):
            case "Secret":
                return _of_secret(resource, source)
            case "AlertmanagerConfig":
                return Unwrapped(alertmanagerconfig.plain(resource))
    kinds = ", ".join(dict.fromkeys(filter(None, map(_kind, resources))))
    return Unwrapped(None, (Trouble(documents[0], f"no configuration is in here: {kinds} is neither a Secret nor an AlertmanagerConfig"),))


Unwrap = Callable[[Sequence[yaml.Node], str], Unwrapped | None]


def plain_rules(source: str) -> str:
    """The rule file that a text is or carries, as Prometheus reads it; ValueError says what cannot be taken out."""
    unwrapped = unwrap_rules(_composed(source), source)
    return source if unwrapped is None else written(sound(unwrapped))


def plain_alertmanager(source: str) -> str:
    """The configuration that a text is or carries, as Alertmanager accepts it: an address that is a placeholder leads nowhere."""
    readable = quoted(source)
    documents = _composed(readable)
    unwrapped = unwrap_alertmanager(documents, readable)
    if unwrapped is not None:
        found = filled(sound(unwrapped))
        return written(_here(found) if templates(readable) else found)
    if len(documents) != 1 or (readable == source and filled(documents[0]) is documents[0]):
        return source
    return written(filled(documents[0]))


def templates(source: str) -> dict[str, str]:
    """The template files that a Secret carries beside its configuration, whose `templates` then name them under `templates/`."""
    resources = [each for document in _composed(source) for each in _resources(document)]
    secret = next((each for each in resources if _kind(each) == "Secret"), None)
    clear = {str(key.value): text(value) for key, value in pairs(get(secret, "stringData"))}
    encoded = {str(key.value): _decoded(value) or "" for key, value in pairs(get(secret, "data"))}
    return {name: held for name, held in (encoded | clear).items() if name.endswith(".tmpl")}


def _composed(source: str) -> list[yaml.Node]:
    """Nothing of what is no YAML: whoever reads the file as it is says that better."""
    try:
        return [node for node in yaml.compose_all(source, Loader=yaml.BaseLoader) if node is not None and node.value]
    except yaml.YAMLError:
        return []


def _here(configuration: yaml.Node) -> yaml.MappingNode:
    """The operator mounts a Secret's templates beside its configuration, wherever that is."""
    made = [
        (key, sequence([scalar(f"templates/{text(each).rpartition('/')[2]}", each) for each in items(value)], value))
        if key.value == "templates"
        else (key, value)
        for key, value in pairs(configuration)
    ]
    return mapping(made, configuration)


def sound(unwrapped: Unwrapped) -> yaml.MappingNode:
    """The plain file; ValueError says what is wrong."""
    if unwrapped.node is None:
        raise ValueError(unwrapped.troubles[0].message)
    return unwrapped.node


def _kind(resource: yaml.Node) -> str:
    return text(get(resource, "kind")) if text(get(resource, "apiVersion")) else ""


def _resources(document: yaml.Node) -> Iterator[yaml.Node]:
    if _kind(document) not in _LISTS:
        yield document
    for item in items(get(document, "items")) if _kind(document) in _LISTS else ():
        yield from _resources(item)


def _groups(resource: yaml.Node, source: str, troubles: list[Trouble]) -> Iterator[yaml.Node]:
    match _kind(resource):
        case "PrometheusRule":
            yield from _listed(get(resource, "spec", "groups"), resource, troubles)
        case "ConfigMap":
            for key, value in pairs(get(resource, "data")):
                yield from _of_config_map(key, value, source, troubles)
        case "":
            yield from _listed(get(resource, "groups"), resource, troubles)
        case kind if kind in INPUTS:
            troubles.append(Trouble(resource, INPUTS[kind]))


def _listed(groups: yaml.Node | None, holder: yaml.Node, troubles: list[Trouble]) -> Iterator[yaml.Node]:
    if not isinstance(groups, yaml.SequenceNode):
        what = "'groups' is missing" if groups is None else "a list is expected here"
        troubles.append(Trouble(groups or holder, f"{what}; a PrometheusRule has its groups under spec.groups"))
    for group in items(groups):
        # Thanos' own key, which the operator leaves out of what it gives to Prometheus.
        kept = [(key, value) for key, value in pairs(group) if key.value != _THANOS]
        yield mapping(kept, group) if isinstance(group, yaml.MappingNode) else group


def _of_config_map(key: yaml.Node, value: yaml.Node, source: str, troubles: list[Trouble]) -> Iterator[yaml.Node]:
    """A ConfigMap may hold anything: only what is a rule file, or says by its name that it is one, is looked into."""
    try:
        documents = inner(value, source)
    except yaml.YAMLError as error:
        if key.value.endswith((".yaml", ".yml", ".rules")):
            troubles.append(Trouble(value, f"{key.value} is not YAML: {getattr(error, 'problem', error)}"))
        return
    for document in documents:
        if get(document, "groups") is not None:
            yield from _listed(get(document, "groups"), value, troubles)


def _of_secret(secret: yaml.Node, source: str) -> Unwrapped:
    for name in _NAMES:
        if (value := get(secret, "stringData", name)) is not None:
            return _only(value, source, None)
        if (value := get(secret, "data", name)) is not None:
            if (held := _decoded(value)) is None:
                return Unwrapped(None, (Trouble(value, f"{name} of the Secret is not text in base64"),))
            return _only(value, source, held)
    known = ", ".join(str(key.value) for part in ("stringData", "data") for key, _ in pairs(get(secret, part))) or "nothing"
    return Unwrapped(None, (Trouble(secret, f"the Secret holds no alertmanager.yaml; it holds {known}"),))


def _decoded(value: yaml.Node) -> str | None:
    try:
        return base64.b64decode("".join(text(value).split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _only(value: yaml.Node, source: str, held: str | None) -> Unwrapped:
    try:
        documents = inner(value, source, held)
    except yaml.YAMLError as error:
        return Unwrapped(None, (Trouble(value, f"the configuration in the Secret is not YAML: {getattr(error, 'problem', error)}"),))
    if len(documents) != 1 or not isinstance(documents[0], yaml.MappingNode):
        return Unwrapped(None, (Trouble(value, "the configuration in the Secret is not one mapping with `route` and `receivers`"),))
    return Unwrapped(documents[0])
