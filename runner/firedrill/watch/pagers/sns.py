"""Amazon SNS' Publish, as Alertmanager speaks it: a form with a subject and a message.

Pure. A FIFO topic's message group is the SHA-256 of Alertmanager's group key; any other topic tells neither group nor alerts.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs

from firedrill.watch.pagers.message import Answer, Message, said_status, tidy

_PUBLISHED = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>firedrill</MessageId></PublishResult>'
    "<ResponseMetadata><RequestId>firedrill</RequestId></ResponseMetadata></PublishResponse>"
)


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    if form.get("Action") != "Publish":
        raise ValueError("an SNS message is a Publish")
    title, text = form.get("Subject", ""), tidy(form["Message"])
    return Message(status=said_status(title, text), group_key=form.get("MessageGroupId", ""), integration="sns", title=title, text=text)


def answer(path: str, body: bytes) -> Answer:
    return Answer(body=_PUBLISHED, type="text/xml")
