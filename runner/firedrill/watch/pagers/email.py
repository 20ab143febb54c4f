"""A mail as its reader sees it: the subject, and the HTML part as text, or the plain part where there is no HTML.

Pure. Mail tells neither the group nor its alerts, and no status but what the subject says.
"""

from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage

from firedrill.watch.pagers.message import Answer, Message, from_html, said_status, tidy


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    mail = message_from_bytes(body, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    if mail["subject"] is None and not mail.keys():
        raise ValueError("a mail has headers")
    title = str(mail["subject"] or "")
    return Message(status=said_status(title), integration="email", title=title, text=_text(mail))


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("html", "plain"))
    if part is None:
        return ""
    try:
        content = part.get_content()
    except (LookupError, ValueError) as error:
        raise ValueError(f"its text cannot be read: {error}") from error
    return from_html(content) if part.get_content_subtype() == "html" else tidy(content)


def answer(path: str, body: bytes) -> Answer:
    return Answer(250, "OK", "text/plain")
