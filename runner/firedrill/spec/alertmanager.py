"""alertmanager.yml to receivers and a routing tree in which every node holds what it inherits.

Alertmanager itself has the last word; here stands what a drill relies on.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from firedrill.core.alerting import Inhibition, Place, Receiver, Route, TimeInterval
from firedrill.core.errors import Problem, Severity
from firedrill.core.integrations import INTEGRATIONS, SUFFIX, kind_of
from firedrill.spec.located import Document, Items, Scalar, Table, Tree, column_of, line_of, raw, under
from firedrill.spec.located import Path as Where
from firedrill.spec.prometheus import Foreign, Seconds
from firedrill.spec.suggest import meant, unknown
from firedrill.spec.typed import expected, typed, unknown_key
from firedrill.spec.wrapped import read_alertmanager
from firedrill.spec.yaml import within

_TOP = ("global", "route", "receivers", "templates", "inhibit_rules", "time_intervals", "mute_time_intervals")
_ALIKE = re.compile(r'((?:"(?:\\.|[^"\\])*(?:"|\Z)|[^,"])+)')


class _Route(Foreign):
    receiver: str | None = None
    group_by: tuple[str, ...] | None = None
    group_wait: Seconds | None = None
    group_interval: Seconds | None = None
    repeat_interval: Seconds | None = None
    continue_: bool = Field(False, alias="continue")
    match: Mapping[str, str] = {}
    match_re: Mapping[str, str] = {}
    matchers: tuple[str, ...] = ()
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: object = ()


class _Inhibition(Foreign):
    source_match: Mapping[str, str] = {}
    source_match_re: Mapping[str, str] = {}
    source_matchers: tuple[str, ...] = ()
    target_match: Mapping[str, str] = {}
    target_match_re: Mapping[str, str] = {}
    target_matchers: tuple[str, ...] = ()
    equal: tuple[str, ...] = ()


_ROOT = {"receiver": "", "group_by": (), "group_wait": 30.0, "group_interval": 300.0, "repeat_interval": 14_400.0}


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """Who may be told, how an alert finds them, and what keeps it from them."""

    receivers: tuple[Receiver, ...]
    route: Route | None
    problems: tuple[Problem, ...]
    inhibitions: tuple[Inhibition, ...] = ()
    intervals: tuple[TimeInterval, ...] = ()


def load_alertmanager(file: Path, root: Path, replace: Collection[str] = (), captured: bool = True, name: str = "") -> Alertmanager:
    """The receivers and the routing tree of `file`; integrations of the kinds in `replace` become webhooks in a drill.

    Where its notifications are not `captured`, any integration will do. Its places call it `name`, when that is given.
    """
    document, problems = read_alertmanager(file)
    if document is None:
        return Alertmanager((), None, tuple(problems))
    reader = _Reader(document, name or within(root, file), frozenset(replace) if captured else None)
    receivers, intervals = reader.receivers(), tuple(reader.intervals())
    route, inhibitions = reader.whole_route(), tuple(reader.inhibitions())
    return Alertmanager(receivers, route, (*problems, *reader.problems), inhibitions, intervals)


class _Reader:
    def __init__(self, document: Document, file: str, replace: frozenset[str] | None) -> None:
        """`replace` is None where nothing is captured."""
        self.document, self.file, self.replace = document, file, replace
        self.problems = list(_unknown_keys(document))
        self.known: set[str] = set()
        self.known_intervals: set[str] = set()

    def receivers(self) -> tuple[Receiver, ...]:
        tree = under(self.document.tree, "receivers")
        if not isinstance(tree, Items):
            self._wrong(tree or self.document.tree, () if tree is None else ("receivers",),
                        "'receivers' is missing" if tree is None else expected("a list", tree))  # fmt: skip
            return ()
        found = [self._receiver(item, ("receivers", number)) for number, item in enumerate(tree.items)]
        return tuple(each for each in found if each is not None)

    def _receiver(self, tree: Tree, path: Where) -> Receiver | None:
        name = under(tree, "name")
        if not isinstance(tree, Table) or not isinstance(name, Scalar):
            self._wrong(tree, path, "'name' is missing" if isinstance(tree, Table) else expected("a mapping (key: value)", tree))
            return None
        if name.text in self.known:
            self._wrong(name, (*path, "name"), f"two receivers are named '{name.text}'")
        self.known.add(name.text)
        integrations = [key for key in tree.keys if key != "name"]
        for key in integrations:
            self._integration(tree, key, path)
        kinds = tuple(map(kind_of, integrations))
        return Receiver(name=name.text, integrations=kinds, place=self._place(tree))

    def _integration(self, tree: Table, key: str, path: Where) -> None:
        kind, value = kind_of(key), tree.values[key]
        if not key.endswith(SUFFIX):
            self._wrong(tree.keys[key], (*path, key), unknown_key(key, ["name", *(each + SUFFIX for each in INTEGRATIONS)]))
        elif isinstance(value, Scalar) and value.nothing:
            return
        elif not isinstance(value, Items):
            self._wrong(value, (*path, key), expected("a list", value))
        elif self.replace is not None and kind not in self.replace and (why := self._not_captured(kind)):
            self._wrong(tree.keys[key], (*path, key), why)
        elif self.replace is not None and kind == "pagerduty":
            self._first_events_api(value, (*path, key))

    def _not_captured(self, kind: str) -> str:
        if kind not in INTEGRATIONS:
            return unknown("integration", kind, INTEGRATIONS)
        why = INTEGRATIONS[kind].not_captured
        instead = f"`replace: [{kind}]` in firedrill.yaml, under `embedded:`, has a webhook in its place"
        return f"a drill cannot catch what {kind} sends, because {why}; {instead}" if why else ""

    def _first_events_api(self, tree: Items, path: Where) -> None:
        message = "the address of PagerDuty's Events API v1 is compiled into Alertmanager; in a drill v2 carries the same words"
        for number, one in enumerate(tree.items):
            for key in ("service_key", "service_key_file"):
                if isinstance(one, Table) and key in one.keys:
                    self.problems.append(self.document.problem(one.keys[key], (*path, number, key), message, Severity.WARNING))

    def whole_route(self) -> Route | None:
        tree = under(self.document.tree, "route")
        if tree is None:
            self._wrong(self.document.tree, (), "'route' is missing")
            return None
        if isinstance(tree, Table):
            self._check_root(tree)
        return self._route(tree, ("route",), _ROOT, {})

    def inhibitions(self) -> Iterator[Inhibition]:
        for at, tree in self._list("inhibit_rules"):
            declared, problems = typed(_Inhibition, tree, self.document, at)
            self.problems += problems
            if declared is not None:
                source = _matchers(declared.source_match, declared.source_match_re, declared.source_matchers)
                target = _matchers(declared.target_match, declared.target_match_re, declared.target_matchers)
                yield Inhibition(source=source, target=target, equal=declared.equal, place=self._place(tree))

    def intervals(self) -> Iterator[TimeInterval]:
        """Both spellings of the list; what is inside is Alertmanager's to check."""
        for at, tree in (*self._list("mute_time_intervals"), *self._list("time_intervals")):
            name, spec = under(tree, "name"), under(tree, "time_intervals")
            if not isinstance(name, Scalar):
                self._wrong(tree, at, "'name' is missing")
                continue
            self.known_intervals.add(name.text)
            yield TimeInterval(name=name.text, spec=None if spec is None else raw(spec), place=self._place(tree))

    def _list(self, key: str) -> Iterator[tuple[Where, Tree]]:
        tree = under(self.document.tree, key)
        if isinstance(tree, Items):
            yield from (((key, number), item) for number, item in enumerate(tree.items))
        elif tree is not None and not (isinstance(tree, Scalar) and tree.nothing):
            self._wrong(tree, (key,), expected("a list", tree))

    def _place(self, tree: Tree) -> Place:
        return Place(file=self.file, line=line_of(tree), column=column_of(tree))

    def _check_root(self, tree: Table) -> None:
        if "receiver" not in tree.keys:
            self._wrong(tree, ("route",), "'receiver' is missing; the first route takes whatever no other takes")
        for key in ("match", "match_re", "matchers", "continue"):
            if key in tree.keys:
                self._wrong(tree.keys[key], ("route", key), "the first route takes every alert and has no matchers")

    def _route(self, tree: Tree, path: Where, inherited: dict[str, Any], above: Mapping[str, Place]) -> Route | None:
        declared, problems = typed(_Route, tree, self.document, path)
        self.problems += problems
        receiver, below = under(tree, "receiver"), under(tree, "routes")
        if isinstance(receiver, Scalar) and receiver.text not in self.known:
            self._wrong(receiver, (*path, "receiver"), unknown("receiver", receiver.text, self.known))
        own = {key: getattr(declared, key) for key in _ROOT if declared is not None and getattr(declared, key) is not None}
        settings = inherited | own
        places = {**above, **{key: self._place(at) for key in _ROOT if (at := under(tree, key)) is not None}}
        routes = self._below(below, (*path, "routes"), settings, places)
        self._known_intervals(tree, path)
        if declared is None:
            return None
        return Route(
            **settings, matchers=_matchers(declared.match, declared.match_re, declared.matchers), continue_=declared.continue_,
            mute=declared.mute_time_intervals, active=declared.active_time_intervals, routes=tuple(routes),
            place=self._place(tree), places=places,
        )  # fmt: skip

    def _known_intervals(self, tree: Tree, path: Where) -> None:
        for key in ("mute_time_intervals", "active_time_intervals"):
            named = under(tree, key)
            for number, name in enumerate(named.items if isinstance(named, Items) else ()):
                if isinstance(name, Scalar) and name.text not in self.known_intervals:
                    self._wrong(name, (*path, key, number), unknown("time interval", name.text, self.known_intervals))

    def _below(self, tree: Tree | None, path: Where, settings: dict[str, Any], above: Mapping[str, Place]) -> list[Route]:
        if tree is None:
            return []
        if not isinstance(tree, Items):
            self._wrong(tree, path, expected("a list", tree))
            return []
        found = [self._route(each, (*path, number), settings, above) for number, each in enumerate(tree.items)]
        return [each for each in found if each is not None]

    def _wrong(self, at: Tree, path: Where, message: str) -> None:
        self.problems.append(self.document.problem(at, path, message))


def _unknown_keys(document: Document) -> Iterator[Problem]:
    assert isinstance(document.tree, Table)
    for key, at in document.tree.keys.items():
        if key not in _TOP:
            guess = meant(key, _TOP)
            yield document.problem(at, (key,), f"unknown key{guess}")


def _matchers(match: Mapping[str, str], match_re: Mapping[str, str], matchers: Sequence[str]) -> tuple[str, ...]:
    """One matcher a text, in today's spelling whatever the file's."""
    equal = [f'{name}="{_escaped(value)}"' for name, value in match.items()]
    alike = [f'{name}=~"{_escaped(value)}"' for name, value in match_re.items()]
    return (*equal, *alike, *_one_each(matchers))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _one_each(texts: Sequence[str]) -> Iterator[str]:
    """`{a="b", c=~"d,e"}` holds two."""
    for text in texts:
        inner = text.strip()
        inner = inner[1:-1] if inner.startswith("{") and inner.endswith("}") else inner
        yield from (part.strip() for part in _ALIKE.findall(inner) if part.strip())
