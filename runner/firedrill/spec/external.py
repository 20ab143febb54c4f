"""What firedrill.yaml says of a stack that runs already: that it is one stack, that it can be asked, and that nobody else can speak for it.

Knows URLs, credentials by name, and the sink's door; refuses to know whether anybody answers.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from urllib.parse import urlsplit

from firedrill.core.errors import Problem, Severity
from firedrill.core.model.suite import Door, Environment, External, Pages, Server, Stack, Suite
from firedrill.spec.located import Document, Path, under

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<port>\d{1,5})")


def wrong(suite: Suite, document: Document, root: File) -> Iterator[Problem]:
    """All that is wrong with the stacks of a suite, at its place."""
    for name, environment in suite.environments.items():
        place: Path = ("environments", name, "stack")
        if sentence := _not_one(environment.stack):
            yield _at(document, place, sentence)
        if environment.stack.external is not None:
            yield from _of(environment.stack.external, document, (*place, "external"), root)


def unset(suite: Suite, document: Document, name: str | None, environ: Mapping[str, str], strict: bool) -> Iterator[Problem]:
    """Variables that the credentials of the environment `name` are to be found in and that are not set; of no other environment."""
    chosen = name or suite.default
    environment = suite.environments.get(chosen)
    for path, variable in _variables(environment) if environment else ():
        if variable not in environ:
            severity = Severity.ERROR if strict else Severity.WARNING
            yield _at(
                document, ("environments", chosen, "stack", "external", *path), f"the environment variable {variable} is not set", severity
            )


def _variables(environment: Environment) -> Iterator[tuple[Path, str]]:
    external = environment.stack.external
    if external is None:
        return
    for key, server in (("prometheus", external.prometheus), ("alertmanager", external.alertmanager)):
        for field, variable in (("token", server.token), ("password", server.password)):
            if variable is not None:
                yield (key, field), variable
    pages = external.pages
    for key, way in (("sink", pages.sink), ("pagerduty", pages.pagerduty), ("opsgenie", pages.opsgenie)):
        if way is not None and way.token is not None:
            yield ("pages", key, "token"), way.token
    if pages.sink is not None and pages.sink.pager is not None:
        yield ("pages", "sink", "pager"), pages.sink.pager


def _not_one(stack: Stack) -> str:
    if stack.embedded is None and stack.external is None:
        return "'embedded' or 'external' is missing"
    return "'embedded' and 'external' stand here; a stack is one of them" if stack.embedded and stack.external else ""


def _of(external: External, document: Document, place: Path, root: File) -> Iterator[Problem]:
    for key, server in (("prometheus", external.prometheus), ("alertmanager", external.alertmanager)):
        for path, sentence in _of_server(server, root):
            yield _at(document, (*place, key, *path), sentence)
    if external.rules_url is not None and (sentence := _no_url(external.rules_url)):
        yield _at(document, (*place, "rules-url"), sentence)
    for path, sentence in _of_pages(external.pages):
        yield _at(document, (*place, "pages", *path), sentence)


def _of_server(server: Server, root: File) -> Iterator[tuple[Path, str]]:
    if sentence := _no_url(server.url):
        yield ("url",), sentence
    if (server.username is None) != (server.password is None):
        yield (), "'username' and 'password' go together"
    if server.token is not None and server.username is not None:
        yield (), "'token' and 'username' stand here; a server is asked with one of them"
    if (server.cert is None) != (server.key is None):
        yield (), "'cert' and 'key' go together"
    yield from _files(server, root)


def _files(server: Server, root: File) -> Iterator[tuple[Path, str]]:
    for key, file in (("cert", server.cert), ("key", server.key), ("ca", server.ca)):
        if file is not None and not (root / file).is_file():
            yield (key,), f"no such file: {file}"
        elif file is not None and server.url.startswith("http://"):
            yield (key,), "certificates are for a URL that starts with https://"


def _no_url(text: str) -> str:
    """What is wrong with a URL; what `${NAME}` left open is said elsewhere."""
    if "${" in text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"a URL such as https://prometheus.example.org is expected here, not '{text}'"
    if parts.username is not None:
        return "credentials do not stand in a URL; give 'username', and for 'password' the name of an environment variable"
    return "a URL without a query is expected here" if parts.query or parts.fragment else ""


def _of_pages(pages: Pages) -> Iterator[tuple[Path, str]]:
    given = [one for one in (pages.sink, pages.pagerduty, pages.opsgenie) if one is not None]
    if len(given) != 1:
        yield (), "pages are seen in one of three ways: 'sink', 'pagerduty' or 'opsgenie'"
    if pages.sink is not None:
        yield from ((("sink", *path), sentence) for path, sentence in _of_door(pages.sink))
    if pages.pager is not None and pages.pager[1].url is not None and (sentence := _no_url(pages.pager[1].url)):
        yield (pages.pager[0], "url"), sentence


def _of_door(door: Door) -> Iterator[tuple[Path, str]]:
    address = _ADDRESS.fullmatch(door.listen)
    if "${" not in door.listen and (address is None or not 0 < int(address["port"]) < 65536):
        yield ("listen",), f"an address with a port of its own, such as 127.0.0.1:9099, is expected here, not '{door.listen}'"
    elif address is not None and not _loopback(address["host"].strip("[]")) and door.token is None:
        yield ("listen",), f"others can reach {address['host']}: give 'token', the name of an environment variable, or listen on 127.0.0.1"
    if door.url is not None and (sentence := _no_url(door.url)):
        yield ("url",), sentence


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _at(document: Document, place: Path, message: str, severity: Severity = Severity.ERROR) -> Problem:
    """A problem at the deepest part of `place` that the file has."""
    while (at := under(document.tree, *place)) is None:
        place = place[:-1]
    return document.problem(at, place, message, severity)
