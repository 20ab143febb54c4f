"""What firedrill.yaml says of those who have no part in a drill: that its messages are marked, and who hears of it.

Knows names of variables; refuses to read what they hold, which is a secret.
"""

import re
from collections.abc import Iterator, Mapping

from firedrill.core.errors import Problem, Severity
from firedrill.core.model.suite import Suite
from firedrill.spec.located import Document, Path, under

_VARIABLE = re.compile(r"[A-Za-z_]\w*")


def wrong(suite: Suite, document: Document) -> Iterator[Problem]:
    """Webhooks that are written out where the name of a variable is expected; none is repeated."""
    for name, environment in suite.environments.items():
        if environment.announce is not None and not _VARIABLE.fullmatch(environment.announce.webhook):
            said = "the name of the environment variable that holds the URL is expected here: whoever knows the URL can post there"
            yield from _at(document, ("environments", name, "announce", "webhook"), said)


def remarks(suite: Suite, document: Document, name: str | None, environ: Mapping[str, str], strict: bool) -> Iterator[Problem]:
    """What the environment `name` cannot do as it is: tell a webhook whose variable is not set, mark messages of somebody else's stack."""
    chosen = name or suite.default
    environment = suite.environments.get(chosen)
    if environment is None:
        return
    announce = environment.announce
    if announce is not None and _VARIABLE.fullmatch(announce.webhook) and not environ.get(announce.webhook):
        said, severity = f"the environment variable {announce.webhook} is not set", Severity.ERROR if strict else Severity.WARNING
        yield from _at(document, ("environments", chosen, "announce", "webhook"), said, severity)
    if environment.mark and environment.stack.external is not None:
        said = "messages of an external stack carry no mark: its own rules and receivers write them; only firedrill's own say it"
        yield from _at(document, ("environments", chosen, "mark"), said, Severity.WARNING)


def _at(document: Document, path: Path, words: str, severity: Severity = Severity.ERROR) -> Iterator[Problem]:
    at = under(document.tree, *path)
    if at is not None:
        yield document.problem(at, path, words, severity)
