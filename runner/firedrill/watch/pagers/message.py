"""What every receiver's protocol is read to: one message, as its reader sees it, and what the protocol tells beside it.

Pure: types, and the few readings that several protocols share; times in Unix seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from firedrill.core import untrusted


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a message; `ends_at` is None while it fires, and both times are when nobody said."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float | None
    ends_at: float | None
    fingerprint: str

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")


@dataclass(frozen=True, slots=True)
class Message:
    """One message. What a protocol does not tell is empty here, and never guessed.

    `status` is firing or resolved; `group_key` names the thread: Alertmanager's group key, or the SHA-256 that some send for it;
    `alerts` is None where the protocol has no list of them.
    """

    receiver: str = ""
    status: str = ""
    group_key: str = ""
    group_labels: Mapping[str, str] = field(default_factory=dict)
    alerts: Sequence[Told] | None = None
    integration: str = "webhook"
    title: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the real service would answer."""

    status: int = 200
    body: str = ""
    type: str = "application/json"


def jsoned(body: bytes, headers: Mapping[str, str], what: str) -> Mapping[str, Any]:
    """The JSON object of a request; ValueError says why there is none."""
    kind = headers.get("Content-Type", "application/json")
    if "json" not in kind:
        raise ValueError(f"{what} is JSON, not {kind}")
    try:
        data = untrusted.parse(body)
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{what} is a JSON object")
    return data


def lines(parts: Iterable[str | None]) -> str:
    """Parts of a message under each other; those that are empty are not seen."""
    return "\n".join(tidy(part) for part in parts if part and part.strip())


def tidy(text: str) -> str:
    """Without spaces at the ends of lines, and with at most one empty line in a row, as a screen shows it."""
    shown: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (shown and shown[-1]):
            shown.append(line.rstrip())
    return "\n".join(shown)


def pairs(values: Mapping[str, Any]) -> list[str]:
    """`name: value` for each value that is not empty; a value of several lines stands below its name."""
    told = ((name, str(value).strip()) for name, value in values.items())
    return [f"{name}:\n{text}" if "\n" in text else f"{name}: {text}" for name, text in told if text]


def said_status(*texts: str) -> str:
    """firing or resolved as Alertmanager's own templates begin a title, `[FIRING:2]` or `[RESOLVED]`; else empty."""
    for text in texts:
        for status in ("firing", "resolved"):
            if text.lstrip().startswith(f"[{status.upper()}"):
                return status
    return ""


_UNSEEN = {"style", "script", "head", "title"}
_BREAKS = {"p", "div", "br", "tr", "table", "h1", "h2", "h3", "h4", "li", "ul", "ol", "hr", "body", "pre", "blockquote"}


class _Reading(HTMLParser):
    def __init__(self, typed: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden, self._typed = 0, int(typed)
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _UNSEEN
        self._typed += tag == "pre"
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _UNSEEN and self._hidden > 0
        self._typed -= tag == "pre" and self._typed > 0
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag == "a" and self._links:
            address, since = self._links.pop()
            if address and address not in "".join(self.parts[since:]):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data if self._typed else " ".join(_words(data)))


def _words(data: str) -> list[str]:
    """With a space at either end where there was any, so that words on both sides of a tag stay apart."""
    words = data.split()
    if not words:
        return ["", ""] if data else []
    return [*([""] if data[:1].isspace() else []), *words, *([""] if data[-1:].isspace() else [])]


def from_html(text: str, page: bool = True) -> str:
    """HTML as it is read: text and the addresses of its links. In a page only tags break lines; elsewhere lines are as typed."""
    reading = _Reading(typed=not page)
    reading.feed(text)
    reading.close()
    written = "".join(reading.parts)
    return "\n".join(line for each in written.split("\n") if (line := " ".join(each.split()))) if page else tidy(written)
