"""What a person reads: the text of a notification, and the links in it.

Knows where each receiver's text stands; refuses to guess it where nobody kept it.
"""

from collections.abc import Iterator, Mapping

from firedrill.core import links
from firedrill.judge.drill import Link, Notification
from firedrill.judge.pages import instances

TOLD_BY_WEBHOOK = ("summary", "description")
"""Annotations that make the text of a webhook's message: it has none of its own, and its reader makes one of them."""


def text_of(note: Notification, alert: str, labels: Mapping[str, str]) -> str | None:
    """Title and text on one line; of a webhook without any, what its alerts' annotations say; None when nobody knows."""
    told = " ".join(f"{note.title} {note.text}".split())
    if not told and note.integration == "webhook":
        told = " ".join(word for text in _annotations(note, alert, labels, TOLD_BY_WEBHOOK) for word in text.split())
    return told or None


def links_of(note: Notification, alert: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Every link in the message's text and in the annotations of the alert."""
    return links.find([note.title, note.text, *_annotations(note, alert, labels)])


def is_broken(link: Link) -> bool:
    """Whether whoever follows it comes to nothing."""
    return link.status is None or link.status >= 400


def became(link: Link) -> str:
    """`answers 404`, or why it gave no answer."""
    return f"answers {link.status}" if link.status is not None else f"cannot be reached ({link.error})"


def _annotations(note: Notification, alert: str, labels: Mapping[str, str], names: tuple[str, ...] | None = None) -> Iterator[str]:
    for one in instances(note, alert, labels):
        told: Mapping[str, str] = one.get("annotations", {})
        yield from (str(told[name] or "") for name in (told if names is None else names) if name in told)
