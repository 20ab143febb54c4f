"""Where each kind of receiver is pointed so that its messages come to the sink: a line an integration, no more.

Knows the keys that say where an integration sends to and how it proves who it is; refuses to touch what it says.
In the values `{url}` is the receiver's own address at the sink, `{path}` that address without its host, `{mail}` the sink's
SMTP address. What the file had for these keys is gone, so that no secret of the original is needed, kept or written down.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

PLACEHOLDER = "captured"
"""Stands where a key, token or password stood."""

Value: TypeAlias = "str | Mapping[str, Value]"


@dataclass(frozen=True, slots=True)
class Redirect:
    """`sets` replaces keys of an integration, `drops` takes them away: other ways to name the address, and credentials."""

    sets: Mapping[str, Value]
    drops: frozenset[str] = frozenset()
    kept: Mapping[str, str] = field(default_factory=dict)
    """Keys that stay if they can be used, with what stands in for a placeholder: `number` or `address`."""


def _redirect(sets: Mapping[str, Value], *drops: str, **kept: str) -> Redirect:
    return Redirect(sets, frozenset({"http_config", *drops}), kept)


REDIRECTS: Mapping[str, Redirect] = {
    "discord": _redirect({"webhook_url": "{url}"}, "webhook_url_file"),
    "email": _redirect(
        # The greeting is the one thing of SMTP that tells us whose mail it is and no reader ever sees.
        {"smarthost": "{mail}", "hello": "{path}", "require_tls": "false"},
        *("auth_username", "auth_password", "auth_password_file", "auth_secret", "auth_secret_file", "auth_identity"),
        *("tls_config", "force_implicit_tls"),
        **{"from": "address", "to": "address"},
    ),
    "incidentio": _redirect({"url": "{url}", "alert_source_token": PLACEHOLDER}, "url_file", "alert_source_token_file"),
    "msteams": _redirect({"webhook_url": "{url}"}, "webhook_url_file"),
    "msteamsv2": _redirect({"webhook_url": "{url}"}, "webhook_url_file"),
    "opsgenie": _redirect({"api_url": "{url}/", "api_key": PLACEHOLDER}, "api_key_file"),
    # An integration key of Events API v1 goes to an address that is compiled in; v2 carries the same words.
    "pagerduty": _redirect({"url": "{url}", "routing_key": PLACEHOLDER}, "routing_key_file", "service_key", "service_key_file"),
    "rocketchat": _redirect({"api_url": "{url}", "token": PLACEHOLDER, "token_id": PLACEHOLDER}, "token_file", "token_id_file"),
    "slack": _redirect({"api_url": "{url}"}, "api_url_file", "app_token", "app_token_file", "app_url"),
    "sns": _redirect({"api_url": "{url}", "sigv4": {"region": "us-east-1", "access_key": PLACEHOLDER, "secret_key": PLACEHOLDER}}),
    "telegram": _redirect({"api_url": "{url}", "bot_token": PLACEHOLDER}, "bot_token_file", "chat_id_file", chat_id="number"),
    "victorops": _redirect({"api_url": "{url}/", "api_key": PLACEHOLDER}, "api_key_file"),
    # Alertmanager refuses a Webex receiver without credentials.
    "webex": _redirect({"api_url": "{url}", "http_config": {"authorization": {"credentials": PLACEHOLDER}}}),
    "webhook": _redirect({"url": "{url}"}, "url_file"),
    "wechat": _redirect({"api_url": "{url}/", "api_secret": PLACEHOLDER, "corp_id": PLACEHOLDER}, "api_secret_file"),
}

STAND_INS: Mapping[str, str] = {"number": "1", "address": "captured@firedrill.invalid"}


def usable(text: str, what: str) -> bool:
    """Whether Alertmanager could use a value as it stands: a number, or a mail address, which may come from a template."""
    return text.lstrip("-").isdigit() and int(text) != 0 if what == "number" else "@" in text or "{{" in text
