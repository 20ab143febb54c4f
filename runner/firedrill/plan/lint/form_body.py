"""A body that is not sent as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.lint.toolkit import deeds

NAME = "form-body"


def look(linted: Linted) -> Iterator[Remark]:
    """Each HTTP call with arguments and a JSON content type that is not spelt as Chaos Toolkit compares it."""
    for plan in linted.plans:
        for deed in deeds(plan):
            if deed.provider.get("arguments") and str(deed.provider.get("method", "GET")).upper() != "GET" and _misses(deed.provider):
                said = f"the arguments of {deed.name!r} are sent as a form; only the header Content-Type: application/json makes them JSON"
                yield deed.remark(NAME, "provider.headers", said)


def _misses(provider: Mapping[str, Any]) -> bool:
    headers = provider.get("headers") or {}
    means = any(str(key).lower() == "content-type" and "json" in str(value).lower() for key, value in headers.items())
    return means and headers.get("Content-Type") != "application/json"


CHECK = Check(
    NAME,
    __doc__,
    "Chaos Toolkit compares the header letter by letter: `content-type`, or `application/json; charset=utf-8`, and the "
    "arguments go as a form under a header that says JSON. An answer's body is parsed by the same rule.",
    look,
)
