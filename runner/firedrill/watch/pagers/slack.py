"""Slack's incoming webhook, as Alertmanager speaks it: one attachment with title, text, fields and buttons.

Pure. Slack tells neither the group nor its alerts, and no status but what the words say.
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from firedrill.watch.pagers.message import Answer, Message, jsoned, lines, said_status

_LINK = re.compile(r"<((?:https?|mailto):[^|>\s]+)(?:\|([^>]+))?>")


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    return read(jsoned(body, headers, "a Slack message"), "slack")


def answer(path: str, body: bytes) -> Answer:
    return Answer(body="ok", type="text/plain")


def read(data: Mapping[str, Any], integration: str) -> Message:
    """A message with attachments, from top to bottom as the channel shows it."""
    shown = data.get("attachments") or []
    if not shown and not data.get("text"):
        raise ValueError(f"a {integration} message has text or attachments")
    title = next((seen(one["title"]) for one in shown if one.get("title")), "")
    text = lines([seen(data.get("text") or ""), *(part for one in shown for part in _attachment(one))])
    return Message(status=said_status(title, text), integration=integration, title=title, text=text)


def _attachment(one: Mapping[str, Any]) -> Iterator[str]:
    yield seen(one.get("pretext") or "")
    yield seen(one.get("text") or "")
    yield from (f"{seen(field.get('title') or '')}: {seen(field.get('value') or '')}" for field in one.get("fields") or [])
    yield from (f"{action.get('text') or ''}: {action.get('url') or action.get('name') or ''}" for action in one.get("actions") or [])
    yield seen(one.get("footer") or "")


def seen(text: str) -> str:
    """Links by their label and address, and the three characters that Slack has escaped; emphasis stays as typed."""
    return html.unescape(_LINK.sub(lambda link: f"{link[2]} ({link[1]})" if link[2] and link[2] != link[1] else link[1], text)).strip()
