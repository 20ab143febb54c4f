"""firedrill.yaml: where the suite's root is, and its settings with the environment's secrets filled in.

The only file in which `${NAME}` reads the environment. It refuses to know whether the files it names are sound.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import yaml

from firedrill.core.errors import Invalid, Problem, Severity
from firedrill.core.links import host_of
from firedrill.core.model.suite import KINDS, Dns, Process, Stack, Suite, Target
from firedrill.spec import external, outsiders, standalone
from firedrill.spec.located import Document, Items, Scalar, Table, Tree, scalars, under
from firedrill.spec.located import Path as Place
from firedrill.spec.suggest import listed, meant, unknown
from firedrill.spec.typed import typed
from firedrill.spec.yaml import read_one, shown

SETTINGS = "firedrill.yaml"
BUILT_IN = frozenset({"sink", "probes"})
OF_STACK = frozenset({"prometheus", "alertmanager"})
"""Addresses of an embedded stack."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_PLACEHOLDER = re.compile(r"<([A-Za-z][\w.-]*)>")
_HOST = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[\w.-]+)(?::\d{1,5})?")
_HOOK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}")


@dataclass(frozen=True, slots=True)
class Settings:
    """firedrill.yaml as read: the tree stays, for problems that only other files bring to light."""

    root: Path
    suite: Suite | None
    document: Document | None
    problems: tuple[Problem, ...]

    def addresses(self, environment: str) -> set[str]:
        """Every `<name>` that texts of this environment may use."""
        return _addresses(under(self.document.tree, "environments", environment) if self.document else None)


def find_root(path: Path) -> Path:
    """The nearest folder upwards that holds firedrill.yaml; Invalid when there is none."""
    whole = Path(os.path.abspath(path))
    for folder in (whole, *whole.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise Invalid([Problem(shown(path), 1, 1, "", f"no {SETTINGS} here or in any folder above; it marks the root of a suite")])


def load_suite(root: Path, environ: Mapping[str, str], strict_env: bool = False) -> tuple[Suite | None, list[Problem]]:
    """The settings of the suite at `root`, and all that is wrong with them."""
    settings = read_settings(root, environ, strict_env)
    return settings.suite, list(settings.problems)


def read_settings(root: Path, environ: Mapping[str, str], strict_env: bool = False) -> Settings:
    """As `load_suite`, with the tree for later questions."""
    document, problems = read_one(root / SETTINGS) if (root / SETTINGS).is_file() else (standalone.settings(), [])
    if document is None:
        return Settings(root, None, None, tuple(problems))
    filled, unset = _filled(document, environ, strict_env)
    suite, wrong = typed(Suite, filled.tree, filled)
    holes = {(each.line, each.column) for each in unset}
    problems += [*unset, *(each for each in wrong if (each.line, each.column) not in holes)]
    problems += [*_placeholders(filled), *_malformed(filled)]
    if suite is not None:
        problems += [*_default(suite, filled), *_targets(suite, filled), *_links(suite, filled), *_hooks(suite, filled)]
        problems += [*external.wrong(suite, filled, root), *outsiders.wrong(suite, filled)]
    return Settings(root, suite, filled, tuple(problems))


def is_address(text: str) -> bool:
    """Whether a text is `host:port`."""
    return _ADDRESS.fullmatch(text) is not None and int(text.rpartition(":")[2]) <= 65535


def is_name(text: str) -> bool:
    """Whether a text is one `<name>`."""
    return _PLACEHOLDER.fullmatch(text) is not None


def unknown_placeholders(text: str, addresses: Iterable[str]) -> Iterator[str]:
    """A sentence for each `<name>` in the text that names no address."""
    for name in _PLACEHOLDER.findall(text):
        if name not in addresses:
            yield f"<{name}> names no address{meant(name, addresses) or _these(addresses)}"


def _these(addresses: Iterable[str]) -> str:
    return f"; there are {listed(f'<{each}>' for each in sorted(addresses))}"


def _filled(document: Document, environ: Mapping[str, str], strict: bool) -> tuple[Document, list[Problem]]:
    severity = Severity.ERROR if strict else Severity.WARNING
    unset = [
        document.problem(value, path, f"the environment variable {name} is not set", severity)
        for path, value in scalars(document.tree)
        for name in _VARIABLE.findall(value.text)
        if name not in environ
    ]
    return Document(document.file, _substituted(document.tree, environ)), unset


def _substituted(tree: Tree, environ: Mapping[str, str]) -> Tree:
    match tree:
        case Scalar():
            return _with_variables(tree, environ)
        case Items():
            return Items(tree.node, tuple(_substituted(item, environ) for item in tree.items))
        case Table():
            return Table(tree.node, tree.keys, {key: _substituted(value, environ) for key, value in tree.values.items()})


def _with_variables(scalar: Scalar, environ: Mapping[str, str]) -> Scalar:
    text = _VARIABLE.sub(lambda match: environ.get(match[1], match[0]), scalar.text)
    if text == scalar.text:
        return scalar
    node = scalar.node
    return Scalar(yaml.ScalarNode(node.tag, text, node.start_mark, node.end_mark, node.style))


def _environments(document: Document) -> list[tuple[str, Tree]]:
    found = under(document.tree, "environments")
    return list(found.values.items()) if isinstance(found, Table) else []


def _addresses(environment: Tree | None) -> set[str]:
    found = under(environment, "system", "addresses")
    own = found.keys if isinstance(found, Table) else ()
    return {*own, *BUILT_IN, *_authorities(environment), *(OF_STACK if under(environment, "stack", "embedded") is not None else ())}


def _authorities(environment: Tree | None) -> set[str]:
    """`<TARGET-ca>` of every target with TLS: the file of its authority's certificate."""
    targets = under(environment, "targets")
    found = targets.values.items() if isinstance(targets, Table) else ()
    return {f"{name}-ca" for name, target in found if isinstance(target, Table) and "tls" in target.keys}


def _placeholders(document: Document) -> Iterator[Problem]:
    for name, environment in _environments(document):
        known = _addresses(environment)
        for path, value in scalars(environment, ("environments", name)):
            for sentence in unknown_placeholders(value.text, known):
                yield document.problem(value, path, sentence)


def _malformed(document: Document) -> Iterator[Problem]:
    for name, environment in _environments(document):
        base: Place = ("environments", name, "system", "addresses")
        for path, value in scalars(under(environment, "system", "addresses"), base):
            yield from _address(document, value, path)
        ready = under(environment, "system", "ready")
        if isinstance(ready, Scalar) and not ready.nothing and not ready.text.startswith(("http://", "https://")):
            yield document.problem(ready, (*base[:3], "ready"), f"a URL such as http://<api>/health is expected here, not '{ready.text}'")


def _address(document: Document, value: Scalar, path: Place) -> Iterator[Problem]:
    host, _, port = value.text.rpartition(":")
    if _VARIABLE.search(value.text):
        return
    if not is_address(value.text):
        yield document.problem(value, path, f"an address is host:port, such as 127.0.0.1:0, not '{value.text}'")
    elif host in {"0.0.0.0", "[::]"}:
        yield document.problem(
            value, path, f"{host} listens on every network of this machine; write 127.0.0.1:{port}", Severity.WARNING
        )  # fmt: skip


def _default(suite: Suite, document: Document) -> Iterator[Problem]:
    if suite.default in suite.environments:
        return
    if (at := under(document.tree, "default")) is not None:
        yield document.problem(at, ("default",), unknown("environment", suite.default, suite.environments))
    elif (at := under(document.tree, "environments")) is not None:
        first = next(iter(suite.environments))
        yield document.problem(at, ("environments",), f"none is named 'local'; say which is used, as in 'default: {first}'")


def _targets(suite: Suite, document: Document) -> Iterator[Problem]:
    for name, environment in suite.environments.items():
        for target, declared in environment.targets.items():
            place: Place = ("environments", name, "targets", target)
            at = under(document.tree, *place)
            if at is not None and (wrong := _reached(declared) or _without_stack(declared, environment.stack)):
                yield document.problem(at, place, wrong)
            if at is not None and declared.tls is not None and f"{target}-ca" in environment.system.addresses:
                yield document.problem(at, place, f"<{target}-ca> is the file of its authority: give the address {target}-ca another name")


def _links(suite: Suite, document: Document) -> Iterator[Problem]:
    for name in suite.environments:
        place: Place = ("environments", name, "links")
        for path, value in scalars(under(document.tree, *place), place):
            if not _VARIABLE.search(value.text) and not _HOST.fullmatch(value.text):
                meant_ = host_of(value.text)
                write = f"; write {meant_}" if meant_ else ""
                yield document.problem(
                    value, path, f"a host is expected here, as runbooks.example.org or loopback, not '{value.text}'{write}"
                )


def _hooks(suite: Suite, document: Document) -> Iterator[Problem]:
    """A hook's name is a part of its URL."""
    for name in suite.environments:
        place: Place = ("environments", name, "hooks")
        for path, value in scalars(under(document.tree, *place), place):
            if not value.nothing and not _HOOK.fullmatch(value.text):
                yield document.problem(value, path, f"a hook's name is a word such as status-page, not '{value.text}'")


def _chosen(target: Target) -> str:
    """What is wrong with how a target that no proxy stands before is chosen."""
    if any((target.proxy, target.listen, target.upstream, target.token, target.protocol != "tcp")):
        return f"a target is a {target.kind}, or an address with a proxy, not both"
    if sum(getattr(target, kind) is not None for kind in KINDS) != 1:
        return f"a target is one of {', '.join(map(repr, KINDS[:-1]))} and {KINDS[-1]!r}"
    if target.toxiproxy is not None:
        return _at_toxiproxy(target)
    if target.dns is not None and (wrong := _no_ip(target.dns)):
        return f"'{wrong}' is no IP address: a DNS target answers with those"
    return _found(target.process) if target.process is not None else ""


def _found(process: Process) -> str:
    """What is wrong with how a process is found, or comes back."""
    if sum(one is not None for one in (process.name, process.pid_file, process.port, process.unit)) != 1:
        return "a process is found by one of 'name', 'pid-file', 'port' and 'unit'"
    if sum(map(bool, (process.start, process.restart_with, process.supervised, process.unit))) > 1:
        return "a process comes back in one way: 'start', 'restart-with', 'supervised', or as the 'unit' that it is"
    if process.start and process.all:
        return "a process with 'start' is one process, not 'all'"
    return ""


def _without_stack(target: Target, stack: Stack) -> str:
    """That a target is a part of a monitoring which the drill does not start."""
    if target.kind in {"stack", "receiver"} and stack.embedded is None:
        return f"'{target.kind}' is a part of an embedded stack, and this environment has none"
    return ""


def _no_ip(dns: Dns) -> str:
    """The first answer that is no address."""
    for address in (one for each in dns.answers.values() for one in each):
        try:
            ip_address(address)
        except ValueError:
            return address
    return ""


def _at_toxiproxy(target: Target) -> str:
    url = target.toxiproxy or ""
    if re.fullmatch(r"http://[^/@]+/?", url) or _VARIABLE.search(url):
        return ""
    wrong = "without credentials" if "@" in url else f"not '{url}'"  # a secret is not repeated
    return f"a URL such as http://127.0.0.1:8474 is expected for 'toxiproxy', {wrong}"


def _reached(target: Target) -> str:
    """What is wrong with the way a target is reached."""
    if target.as_ is not None and target.toxiproxy is None:
        return "'as' is a proxy's name at a Toxiproxy: it goes with 'toxiproxy'"
    if not target.proxied:
        return _chosen(target)
    if target.proxy is not None:
        return "a target has 'proxy', or 'listen' and 'upstream', not both" if target.listen or target.upstream else ""
    if target.listen and target.upstream:
        return ""
    return "a target needs 'listen' and 'upstream', or 'proxy'"
