"""Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config), as parsed types.

Pure: bytes in, a message or a ValueError out; times in Unix seconds. A webhook is read by a program: title and text are the
alerts' names and annotations, which is all that it has for people.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from firedrill.watch.pagers.message import Answer, Message, Told, jsoned, pairs
from firedrill.watch.server import unix

__all__ = ["Message", "Told", "answer", "parse", "read"]


def parse(body: bytes, headers: Mapping[str, str], path: str = "") -> Message:
    """The message that a request brought; ValueError says why it is none."""
    data = jsoned(body, headers, "a webhook message")
    if _asked(data, "version") != "4":
        raise ValueError(f"version {data['version']} of the webhook message is not known, only 4")
    return read(data, "webhook")


def answer(path: str, body: bytes) -> Answer:
    return Answer(body="received\n", type="text/plain")


def read(data: Mapping[str, Any], integration: str) -> Message:
    """Alertmanager's own data, which other protocols carry too."""
    try:
        return _message(data, integration)
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ValueError("not an Alertmanager webhook message") from error


def _asked(data: Mapping[str, Any], key: str) -> Any:
    if key not in data:
        raise ValueError(f"{key} is missing")
    return data[key]


def _message(data: Mapping[str, Any], integration: str) -> Message:
    if data["status"] not in {"firing", "resolved"}:
        raise ValueError(f"status {data['status']!r} is neither firing nor resolved")
    alerts = [_told(alert) for alert in data["alerts"]]
    title, text = _title(data["status"], alerts), "\n\n".join("\n".join(pairs(told.annotations)) for told in alerts if told.annotations)
    return Message(data["receiver"], data["status"], data["groupKey"], dict(data["groupLabels"]), alerts, integration, title, text)


def _title(status: str, alerts: Sequence[Told]) -> str:
    firing = sum(told.status == "firing" for told in alerts)
    count = f":{firing}" if status == "firing" else ""
    return f"[{status.upper()}{count}] {', '.join(dict.fromkeys(told.name for told in alerts))}".strip()


def _told(alert: Mapping[str, Any]) -> Told:
    resolved = alert["status"] == "resolved"
    return Told(
        alert["status"],
        dict(alert["labels"]),
        dict(alert.get("annotations") or {}),
        unix(alert["startsAt"]),
        unix(alert["endsAt"]) if resolved else None,
        alert["fingerprint"],
    )
