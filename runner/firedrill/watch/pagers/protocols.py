"""Which protocol belongs to which kind of receiver, and one door to all of them that says why a request is no message.

Pure; knows no socket.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from firedrill.watch.pagers import (
    discord,
    email,
    incidentio,
    msteams,
    msteamsv2,
    opsgenie,
    pagerduty,
    rocketchat,
    slack,
    sns,
    telegram,
    victorops,
    webex,
    webhook,
    wechat,
)
from firedrill.watch.pagers.message import Answer, Message

Parse: TypeAlias = Callable[[bytes, Mapping[str, str], str], Message | None]


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a message is read, None for a request that is only part of one, and what the service answers to it."""

    parse: Parse
    answer: Callable[[str, bytes], Answer]


PROTOCOLS: Mapping[str, Protocol] = {
    "discord": Protocol(discord.parse, discord.answer),
    "email": Protocol(email.parse, email.answer),
    "incidentio": Protocol(incidentio.parse, incidentio.answer),
    "msteams": Protocol(msteams.parse, msteams.answer),
    "msteamsv2": Protocol(msteamsv2.parse, msteamsv2.answer),
    "opsgenie": Protocol(opsgenie.parse, opsgenie.answer),
    "pagerduty": Protocol(pagerduty.parse, pagerduty.answer),
    "rocketchat": Protocol(rocketchat.parse, rocketchat.answer),
    "slack": Protocol(slack.parse, slack.answer),
    "sns": Protocol(sns.parse, sns.answer),
    "telegram": Protocol(telegram.parse, telegram.answer),
    "victorops": Protocol(victorops.parse, victorops.answer),
    "webex": Protocol(webex.parse, webex.answer),
    "webhook": Protocol(webhook.parse, webhook.answer),
    "wechat": Protocol(wechat.parse, wechat.answer),
}


def understood(kind: str, body: bytes, headers: Mapping[str, str], path: str) -> tuple[Message | None, Answer]:
    """The message that a request to a receiver of `kind` brought, and the answer to it; ValueError says why it is none.

    `path` is what follows the receiver's own address.
    """
    protocol = PROTOCOLS[kind]
    try:
        return protocol.parse(body, headers, path), protocol.answer(path, body)
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error
    except (TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"not a {kind} message of Alertmanager's") from error
