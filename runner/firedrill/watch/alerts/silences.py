"""Silences at Alertmanager: made with a short end, renewed, found by who made them, ended, and proved to have ended.

Knows /api/v2/silences (github.com/prometheus/alertmanager, api/v2/openapi.yaml) and how an undo of them is described and performed; refuses
to know journals. Blocks for some seconds at most, since `firedrill undo` calls it without a loop.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from firedrill.core.errors import FiredrillError, LeftOver
from firedrill.core.matching import matcher

UNDO = "silences"
"""The kind of their undo."""
TIMEOUT = 5.0

Undo = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A silence that stands at Alertmanager; `body` is what it was told, so that it can be told again with a later end."""

    id: str
    body: Mapping[str, Any]


class _Nobody(Exception):
    """Nobody listens there."""


class _Failed(Exception):
    """It answered, and not as asked, or did not answer in time."""


def undo_of(url: str, author: str, lease: float, ends_with_drill: bool) -> dict[str, Any]:
    """The undo of all silences that `author` makes at the Alertmanager at `url`, which may end with the drill."""
    return {"kind": UNDO, "url": url, "author": author, "lease": lease, "ends_with_drill": ends_with_drill}


def make(url: str, author: str, matchers: Sequence[str], comment: str, lease: float) -> Made:
    """Make a silence that ends by itself after `lease` seconds; FiredrillError in Alertmanager's words if it does not take it."""
    now = time.time()
    body = {
        "matchers": [_matcher(text) for text in matchers], "createdBy": author, "comment": comment,
        "startsAt": _stamp(now), "endsAt": _stamp(now + lease),
    }  # fmt: skip
    try:
        answer = _call("POST", f"{url}/api/v2/silences", body)
        made = _call("GET", f"{url}/api/v2/silence/{answer['silenceID']}")
    except (_Nobody, _Failed, KeyError, TypeError) as error:
        raise FiredrillError(f"no silence for {' and '.join(matchers)} could be made at {url}: {error}") from error
    # Alertmanager renews a silence in place only when it is told the start that it has.
    return Made(answer["silenceID"], body | {"id": answer["silenceID"], "startsAt": made["startsAt"]})


def renew(url: str, made: Made, lease: float) -> None:
    """Let it end `lease` seconds from now; FiredrillError says why it could not be."""
    try:
        answer = _call("POST", f"{url}/api/v2/silences", {**made.body, "endsAt": _stamp(time.time() + lease)})
    except (_Nobody, _Failed) as error:
        raise FiredrillError(f"the silence {made.id} could not be renewed at {url}: {error}") from error
    if answer.get("silenceID") != made.id:
        raise FiredrillError(
            f"the silence {made.id} has ended at {url} before its time; another, {answer.get('silenceID')}, took its place"
        )


def present(undo: Undo) -> bool:
    """Whether silences of the undo's author are there; where nobody answers they end by themselves within their lease."""
    try:
        return bool(_standing(undo))
    except _Nobody:
        return False
    except _Failed:
        return True


def perform(undo: Undo) -> str:
    """End every silence of the undo's author and ask Alertmanager whether it has; how, in words. LeftOver says what to do by hand."""
    try:
        standing = _standing(undo)
        for silence in standing:
            _call("DELETE", f"{undo['url']}/api/v2/silence/{quote(silence, safe='')}")
        left = _standing(undo)
    except _Nobody as error:
        if undo["ends_with_drill"]:
            return f"the drill's Alertmanager at {undo['url']} has ended, and its silences with it"
        raise LeftOver(_by_hand(undo, str(error))) from error
    except _Failed as error:
        raise LeftOver(_by_hand(undo, str(error))) from error
    if left:
        raise LeftOver(_by_hand(undo, f"{' and '.join(left)} still stands after it was ended"))
    return f"{_count(len(standing))} of the drill ended at {undo['url']}; Alertmanager has none of them any more"


def _count(number: int) -> str:
    return "no silence" if not number else "1 silence" if number == 1 else f"{number} silences"


def _standing(undo: Undo) -> list[str]:
    """Ids of the author's silences that have not expired."""
    answer = _call("GET", f"{undo['url']}/api/v2/silences")
    try:
        return [one["id"] for one in answer if one["createdBy"] == undo["author"] and one["status"]["state"] != "expired"]
    except (KeyError, TypeError) as error:
        raise _Failed("not an answer of Alertmanager's") from error


def _by_hand(undo: Undo, why: str) -> str:
    return (
        f"silences made by {undo['author']!r} may still stand at {undo['url']}: {why}\n"
        f"  each ends by itself {undo['lease']:g} s after the drill renewed it last\n"
        f"  or try `firedrill undo` again, or expire them at {undo['url']}/#/silences"
    )


def _matcher(text: str) -> dict[str, object]:
    read = matcher(text)
    if read is None:
        raise FiredrillError(f"{text!r} is no matcher")
    return {"name": read.label, "value": read.value, "isRegex": read.op.endswith("~"), "isEqual": not read.op.startswith("!")}


def _call(method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - settings name it
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            text = response.read()
    except urllib.error.HTTPError as error:
        raise _Failed(f"status {error.code}: {error.read().decode(errors='replace').strip()}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            raise _Nobody("nobody listens there") from error
        raise _Failed(str(error.reason)) from error
    except OSError as error:
        raise _Failed(str(error) or type(error).__name__) from error
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise _Failed("not an answer of Alertmanager's") from error


def _stamp(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat()
