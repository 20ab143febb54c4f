"""Alertmanager's webhook, version 4 (prometheus.io/docs/alerting/latest/configuration/#webhook_config), as parsed types.

Pure: bytes in, a message or a ValueError out; times in Unix seconds.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from firedrill.watch.server import unix


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a message; `ends_at` is None while it fires."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: float
    ends_at: float | None
    fingerprint: str

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `status` is firing or resolved, `group_key` names its thread."""

    receiver: str
    status: str
    group_key: str
    group_labels: Mapping[str, str]
    alerts: Sequence[Told]


def parse(body: bytes, headers: Mapping[str, str]) -> Message:
    """The message that a request brought; ValueError says why it is none."""
    kind = headers.get("Content-Type", "application/json")
    if "json" not in kind:
        raise ValueError(f"a webhook message is JSON, not {kind}")
    try:
        data = json.loads(body)
        if data["version"] != "4":
            raise ValueError(f"version {data['version']} of the webhook message is not known, only 4")
        return _message(data)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ValueError("not an Alertmanager webhook message") from error


def _message(data: Mapping[str, Any]) -> Message:
    if data["status"] not in {"firing", "resolved"}:
        raise ValueError(f"status {data['status']!r} is neither firing nor resolved")
    alerts = [_told(alert) for alert in data["alerts"]]
    return Message(data["receiver"], data["status"], data["groupKey"], dict(data["groupLabels"]), alerts)


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
