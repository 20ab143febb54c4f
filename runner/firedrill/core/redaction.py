"""Secrets out of what people read: known values, and what a text itself shows to be one. Pure.

Knows where secrets stand and how they look when they have been quoted on the way; refuses to keep one.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
SHORTEST = 4
"""Characters; a shorter value would hide half of any sentence."""

_NAME = re.compile(
    r"(?i)(token|secret|passw(or)?d|passphrase|credentials?|private_?key|api_?key|access_?key|(routing|service|user)_key"
    r"|(^|_|-)(auth|authorization|pwd|pin))$"
)
_WORDS = r"token|access_token|id_token|refresh_token|api[-_]?key|apikey|key|secret|client_secret|password|passwd|pwd|sig|signature|auth"
_IN_URL = re.compile(r"(?P<before>\b[a-zA-Z][\w+.-]*://[^\s/@:\"']*:)(?P<value>[^\s/@\"']+)(?=@)")
_IN_QUERY = re.compile(rf"(?i)(?P<before>[?&;](?:{_WORDS})=)(?P<value>[^&\s\"'#<>\\]+)")
_IN_HEADER = re.compile(r"(?i)(?P<before>\b(?:bearer|basic)\s+)(?P<value>[\w+/=.~-]{8,})")


def is_named_as_secret(name: str) -> bool:
    """Whether a key or a variable of this name is expected to hold a secret."""
    return _NAME.search(name.replace("-", "_")) is not None


class Redaction:
    """Hides known values, however they are quoted, and credentials that a URL or a header shows."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values if len(value) >= SHORTEST for form in _forms(value)}
        # Longest first: a value that is part of another must not leave the other's rest.
        self._known = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None

    def text(self, text: str) -> str:
        """The same text with every secret as `***`."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for shape in (_IN_URL, _IN_QUERY, _IN_HEADER):
            text = shape.sub(rf"\g<before>{HIDDEN}", text)
        return text

    def entry(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A journal entry's JSON with every text in it hidden; the very same where there is nothing to hide. Keys that are names stay."""
        line = json.dumps(data, default=str)
        return data if self.text(line) == line else self._texts(data)

    def _texts(self, data: Any) -> Any:
        match data:
            case str():
                return self.text(data)
            case Mapping():
                return {self.text(key) if " " in key else key: self._texts(value) for key, value in data.items()}
            case list() | tuple():
                return [self._texts(each) for each in data]
        return data

    def data(self, data: Any) -> Any:
        """The same JSON data; values under keys that are named as secrets are hidden whole, references to the environment stay."""
        match data:
            case str():
                return self.text(data)
            case Mapping():
                return {key: self._under(str(key), value) for key, value in data.items()}
            case list() | tuple():
                return [self.data(each) for each in data]
        return data

    def _under(self, key: str, value: Any) -> Any:
        written_out = isinstance(value, str) and not value.startswith("${")
        return HIDDEN if written_out and value and is_named_as_secret(key) else self.data(value)


def values_of(chaos: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[str]:
    """Every secret value that Chaos Toolkit's keys of a file write out or name, and those that the environment's names give away."""
    for group in _mappings(chaos.get("secrets")):
        for secret in group.values():
            yield from _value(secret, environ)
    for name, given in (chaos.get("configuration") or {}).items():
        if is_named_as_secret(str(name)) or (isinstance(given, Mapping) and is_named_as_secret(str(given.get("key", "")))):
            yield from _value(given, environ)
    yield from written_out(chaos)
    yield from (value for name, value in environ.items() if is_named_as_secret(name) and len(value) > SHORTEST + 1)


def _mappings(secrets: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(secrets, Mapping):
        yield from (group for group in secrets.values() if isinstance(group, Mapping))


def _value(secret: object, environ: Mapping[str, str]) -> Iterator[str]:
    match secret:
        case str():
            yield secret
        case {"type": "env", "key": str(key), **rest}:
            yield environ.get(key, str(rest.get("default", "")))
        case {"type": "vault"}:
            return
        case Mapping():
            for each in secret.values():
                yield from _value(each, environ)


def written_out(data: object) -> Iterator[str]:
    """Texts written out under keys that are named as secrets, and credentials in URLs, anywhere in the file."""
    match data:
        case str():
            yield from (
                found["value"] for shape in (_IN_URL, _IN_QUERY, _IN_HEADER) for found in shape.finditer(data) if "${" not in found["value"]
            )
        case Mapping():
            for key, value in data.items():
                if isinstance(value, str) and is_named_as_secret(str(key)) and "${" not in value:
                    yield value
                yield from written_out(value)
        case list() | tuple():
            for each in data:
                yield from written_out(each)


def _forms(value: str) -> set[str]:
    """The value, and as JSON, a URL, base64 and Python's repr write it."""
    encoded = {base64.b64encode(value.encode()).decode(), base64.urlsafe_b64encode(value.encode()).decode()}
    written = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return {form for form in written | {quote(value, safe=""), quote(value), quote_plus(value)} | encoded if len(form) >= SHORTEST}
