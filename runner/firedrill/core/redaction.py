"""Secrets out of what people read: known values however they are quoted, and credentials that a text itself shows. Pure.

Knows values and places; what a secret is called and looks like stands in `secrecy` and `forms`.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from html.entities import codepoint2name
from typing import Any

from firedrill.core.forms import found
from firedrill.core.secrecy import BESIDES, IN_PLAN, LAST, PLACES, SHORTEST, is_named_as_secret, is_no_value, is_opaque, is_secret

HIDDEN = "***"
_IN_BASE64 = re.compile(r"[A-Za-z0-9+_-]")
_WHOLLY = re.compile(
    r"(?:%(?:25)*[0-9a-fA-F]{2}){4}|(?:\\{1,16}(?:x..|u....|0?\d\d\d)){4}|(?:=[0-9A-F]{2}){4}|(?:&(?:amp;)*#x?[0-9a-fA-F]+;){4}"
)
_RUNS = re.compile(r"[A-Za-z0-9]+")


class Redaction:
    """Hides known values, however they are quoted, and credentials that a text shows."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        known = {
            part
            for value in values
            for part in _parts(value)
            if len(part) >= SHORTEST and not is_no_value(part) and part.lower() not in LAST
        }
        # Longest first: a value that is part of another must not leave the other's rest.
        self._known = [_Known(value) for value in sorted(known, key=lambda value: (-len(value), value))]
        self._drawn = [one for one in self._known if _looks_drawn(one.value)]

    def text(self, text: str) -> str:
        """The same text with every secret as `***`."""
        return _without(text, self._known)

    def entry(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A journal entry's JSON with free text hidden; the very same where there is nothing to hide."""
        hidden = {key: self._placed(str(data.get("kind", "")), key, value) for key, value in data.items()}
        return data if hidden == data else hidden

    def _placed(self, kind: str, key: str, value: Any) -> Any:
        if key == "plan" and isinstance(value, Mapping):
            return {name: self.data(part) if name in IN_PLAN else part for name, part in value.items()}
        if key in PLACES or (kind, key) in BESIDES:
            return value
        if (kind, key) == ("link.checked", "url"):
            return self.data(value)
        if key == "alerts" and isinstance(value, list | tuple):
            return [self._alert(alert) for alert in value]
        return self._texts(value)

    def _alert(self, alert: Any) -> Any:
        if not isinstance(alert, Mapping):
            return alert
        # Links of annotations are fetched: a path in one stays what it is.
        return {key: value if key in PLACES else self.data(value) for key, value in alert.items()}

    def _texts(self, data: Any) -> Any:
        """Every text in it hidden; keys that are names stay."""
        match data:
            case str():
                return self.text(data)
            case Mapping():
                return {self.text(key) if " " in str(key) else key: self._under(str(key), value) for key, value in data.items()}
            case list() | tuple():
                return [self._texts(each) for each in data]
        return data

    def _under(self, key: str, value: Any) -> Any:
        return HIDDEN if isinstance(value, str) and is_secret(key, value) else self._texts(value)

    def data(self, data: Any) -> Any:
        """The same JSON data, which a later command reads: its meaning stays.

        Values under keys that are named as secrets are hidden whole, references to the environment stay. Of known values only those
        are hidden that were plainly drawn: no path, label or word is one by chance.
        """
        match data:
            case str():
                return _without(data, self._drawn)
            case Mapping():
                return {key: self._of(str(key), value) for key, value in data.items()}
            case list() | tuple():
                return [self.data(each) for each in data]
        return data

    def _of(self, key: str, value: Any) -> Any:
        written = isinstance(value, str) and value and "${" not in value
        return HIDDEN if written and is_named_as_secret(key) and not is_no_value(value) else self.data(value)


class _Known:
    """One value, and how it is found in a text in every quoting."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.runs = tuple(sorted(_RUNS.findall(value), key=len, reverse=True)[:2])
        """What no quoting changes: a text that lacks it does not have the value."""
        self.encoded = tuple(sorted(set(_base64_of(value))))

    @cached_property
    def shape(self) -> re.Pattern[str]:
        return re.compile("".join(map(_quotings, self.value)))

    @cached_property
    def wholly(self) -> re.Pattern[str]:
        return re.compile("".join(_quoted(char) for char in self.value))

    @cached_property
    def hexadecimal(self) -> tuple[str, str]:
        plain = self.value.encode(errors="surrogatepass").hex()
        return plain, plain.upper()

    def hidden(self, text: str, wholly: bool) -> str:
        """The same text without the value; `wholly` says whether anything in the text is quoted letter by letter."""
        if all(run in text for run in self.runs):
            text = self.shape.sub(HIDDEN, text)
        if wholly:
            text = self.wholly.sub(HIDDEN, text)
        for written in self.hexadecimal:
            text = text.replace(written, HIDDEN) if written in text else text
        for shape in self.encoded:
            run = _longest_run(shape)
            if run in text:
                text = _hide_encoded(text, shape, self.value)
        return text


def _without(text: str, known: Iterable[_Known]) -> str:
    wholly = _WHOLLY.search(text) is not None
    for one in known:
        text = one.hidden(text, wholly)
    spans = found(text)
    if not spans:
        return text
    parts, at = [], 0
    for begin, end in spans:
        parts += [text[at:begin], HIDDEN]
        at = end
    return "".join([*parts, text[at:]])


def _parts(value: str) -> Iterator[str]:
    """The value, and what of it a text may show alone: its lines, what follows its scheme, what stands in it under names of secrets."""
    whole = value.strip()
    yield whole
    lines = [line.strip() for line in whole.splitlines()]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= 8 and not line.startswith("-----"))
    scheme, _, rest = whole.partition(" ")
    if scheme.lower() in {"basic", "bearer", "token", "digest", "apikey", "geniekey"} and rest:
        yield rest.strip()
        whole = _decoded(rest.strip()) or whole if scheme.lower() == "basic" else whole
    if (pair := re.fullmatch(r"[^\s:/@]{1,64}:([^\s:]{4,})", whole)) is not None and not pair[1].startswith("//"):
        yield pair[1]
    if whole.startswith(("{", "[")):
        yield from _in_json(whole)
    yield from (whole[begin:end] for begin, end in found(whole) if end - begin >= SHORTEST)
    if "://" in whole:
        last = re.split(r"[?#]", whole)[0].rstrip("/").rpartition("/")[2]
        yield from [last] if is_opaque(last) and "." not in last else []


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_").decode()
    except ValueError:
        return ""


def _in_json(text: str) -> Iterator[str]:
    try:
        yield from written_out(json.loads(text))
    except (ValueError, RecursionError):
        return


def _looks_drawn(value: str) -> bool:
    """Whether this is a value that nobody writes by chance, and no path, label or word."""
    if len(value) < 8 or value.startswith(("/", "./", "../", "~")):
        return False
    return bool(re.search(r"\d", value) and re.search(r"[^\d.:/]", value)) or bool(re.search(r"[a-z][A-Z]|[^\w./:-]", value))


def values_of(chaos: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[str]:
    """Every secret value that Chaos Toolkit's keys of a file write out or name, and those that the environment's names give away."""
    for group in _mappings(chaos.get("secrets")):
        for secret in group.values():
            yield from _value(secret, environ)
    for name, given in (chaos.get("configuration") or {}).items():
        if is_named_as_secret(str(name)) or (isinstance(given, Mapping) and is_named_as_secret(str(given.get("key", "")))):
            yield from _value(given, environ)
    yield from written_out(chaos)
    for name, value in environ.items():
        if is_secret(name, value):
            yield value
        elif "://" in value or "=" in value:
            yield from written_out(value)


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
    """Texts written out under keys that are named as secrets, and credentials that a text shows, anywhere in the data."""
    match data:
        case str():
            yield from (data[begin:end] for begin, end in found(data) if "${" not in data[begin:end])
        case Mapping():
            for key, value in data.items():
                if isinstance(value, str) and is_named_as_secret(str(key)) and "${" not in value:
                    yield value
                yield from written_out(value)
        case list() | tuple():
            for each in data:
                yield from written_out(each)


_NAMED = {chr(code): name for code, name in codepoint2name.items()} | {"'": "apos"}
_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\0": "0"}


def _quotings(char: str) -> str:
    """A pattern of one character as it stands in a text, whoever quoted it how often; letters and digits are never quoted alone."""
    if char.isascii() and (char.isalnum() or char == "_"):
        return char
    ways = [rf"\\{{0,16}}{re.escape(char)}", _quoted(char)]
    match char:
        case "\\":
            ways[0] = r"\\{1,16}"
        case " ":
            ways.append(r"\+")
        case "'":
            ways += [r"'\\{1,4}''", "'\"'\"'", "''"]
        case "&":
            ways.append("&(?:amp;)+")
        case "\n":
            ways.append(r"\r?\n[ \t]*")
    if char in _ESCAPES:
        ways.append(rf"\\{{1,16}}{_ESCAPES[char]}")
    if char in _NAMED:
        ways.append(f"&(?:amp;)*{_NAMED[char]};")
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


def _quoted(char: str) -> str:
    """A pattern of one character by its number: in a URL, HTML, JSON, a repr, a mail."""
    code, octets = ord(char), char.encode(errors="surrogatepass")
    units = char.encode("utf-16-be", errors="surrogatepass")
    utf16 = "".join(rf"\\{{1,16}}u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    ways = [
        "".join(f"%(?:25)*{octet:02x}" for octet in octets),
        "".join(rf"\\{{1,16}}x{octet:02x}" for octet in octets),
        "".join(rf"\\{{1,16}}0?{octet:03o}" for octet in octets),
        "".join(f"={octet:02x}" for octet in octets),
        utf16,
        f"&(?:amp;)*#(?:0*{code}|x0*{code:x});",
    ]
    if code > 0x7F:
        ways += [rf"\\{{1,16}}U{code:08x}", *([rf"\\{{1,16}}x{code:02x}"] if code <= 0xFF else [])]
    return f"(?i:{'|'.join(ways)})"


def _base64_of(value: str) -> Iterator[str]:
    """What is certain of the value's base64, wherever in something longer it begins."""
    octets = value.encode(errors="surrogatepass")
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + octets).decode().rstrip("=")
        first, last = (before * 8 + 5) // 6, (before + len(octets)) * 8 // 6
        if last - first >= SHORTEST:
            yield whole[first:last]


def _longest_run(shape: str) -> str:
    return max(_RUNS.findall(shape), key=len, default="")


def _hide_encoded(text: str, shape: str, value: str) -> str:
    """Hide every token that holds this piece of base64; a short piece may be there by chance, and the token is then read first."""
    pattern = re.compile("".join({"+": "(?:[+-]|%(?:25)*2[bB])", "/": "(?:[/_]|%(?:25)*2[fF])"}.get(char, char) for char in shape))
    parts, at = [], 0
    for piece in pattern.finditer(text):
        if piece.start() < at:
            continue
        begin, end = piece.span()
        while begin > at and _IN_BASE64.match(text[begin - 1]):
            begin -= 1
        while end < len(text) and _IN_BASE64.match(text[end]):
            end += 1
        if len(shape) < 8 and value.encode(errors="surrogatepass") not in _octets(text[begin:end]):
            continue
        while end < len(text) and text[end] == "=":
            end += 1
        parts += [text[at:begin], HIDDEN]
        at = end
    return "".join([*parts, text[at:]])


def _octets(token: str) -> bytes:
    plain = token.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        return b""
