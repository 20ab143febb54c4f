"""The kinds of receiver that Alertmanager has: since when, what they send of their own accord, and which a drill can catch.

Knows names and versions; refuses to know how an address is replaced (stack) and how a message is read (watch).
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Integration:
    """One `NAME_configs` of a receiver. `not_captured` says in a clause why a drill cannot catch it; empty when it can."""

    since: tuple[int, int] = (0, 25)
    """The first version of Alertmanager that has it, of those that drills run on."""
    resolves: bool = True
    """Whether it says when a group is resolved, unless `send_resolved` says otherwise."""
    not_captured: str = ""


INTEGRATIONS: Mapping[str, Integration] = {
    "discord": Integration(),
    "email": Integration(resolves=False),
    "incidentio": Integration((0, 29)),
    "jira": Integration((0, 28), not_captured="it asks Jira before it tells it anything, which firedrill does not answer"),
    "msteams": Integration((0, 26)),
    "msteamsv2": Integration((0, 28)),
    "opsgenie": Integration(),
    "pagerduty": Integration(),
    "pushover": Integration(not_captured="its address is compiled into Alertmanager"),
    "rocketchat": Integration((0, 28), resolves=False),
    "slack": Integration(resolves=False),
    "sns": Integration(),
    "telegram": Integration(),
    "victorops": Integration(),
    "webex": Integration(),
    "webhook": Integration(),
    "wechat": Integration(resolves=False),
}

SUFFIX = "_configs"


def kind_of(key: str) -> str:
    """`slack` of `slack_configs`."""
    return key.removesuffix(SUFFIX)
