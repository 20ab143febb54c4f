"""The child that plays one activity: `python -m firedrill.respond.action_child`, the order on standard input's first line.

The order is `{"activity", "configuration", "secrets"}`, as an experiment has them; the answer is one line, `{"kind", "well", "detail"}`.
When its standard input ends before that, it ends its whole process group. Knows Chaos Toolkit; refuses to know why the activity is played.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any, BinaryIO

MOST = 60_000
"""Characters of an answer."""


def main() -> None:
    """Play it, answer, and leave without waiting for anybody's threads."""
    orders, out = os.fdopen(os.dup(0), "rb", buffering=0), os.dup(1)
    # What the activity reads is nothing, and what it prints is no answer of ours.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    order = json.loads(_line(orders) or b"null")
    if order is None:
        os._exit(0)
    threading.Thread(target=_end_with, args=(orders,), daemon=True).start()
    sys.path.append(os.getcwd())  # last: what the suite has never stands in for a library
    well, detail = _played(order)
    line = json.dumps({"kind": "action.ended", "well": well, "detail": detail[:MOST]}).encode() + b"\n"
    while line:
        line = line[os.write(out, line) :]
    os._exit(0)


def _line(orders: BinaryIO) -> bytes:
    held = b""
    while not held.endswith(b"\n") and (more := orders.read(65_536)):
        held += more
    return held


def _end_with(orders: BinaryIO) -> None:
    while orders.read(4096):
        pass
    os.killpg(0, signal.SIGKILL)


def _played(order: Mapping[str, Any]) -> tuple[bool, str]:
    try:
        from chaoslib.activity import ensure_activity_is_valid, run_activity
        from chaoslib.configuration import load_configuration
        from chaoslib.secret import load_secrets

        activity = order["activity"]
        ensure_activity_is_valid(activity)
        configuration = load_configuration(order["configuration"])
        secrets = load_secrets(order["secrets"], configuration)
        return _judged(activity, run_activity(activity, configuration, secrets), configuration, secrets)
    except BaseException as error:  # an activity is other people's code: whatever it raises is how it went
        return False, f"{type(error).__name__}: {error}"


def _judged(activity: Mapping[str, Any], answer: Any, configuration: Any, secrets: Any) -> tuple[bool, str]:
    """Without a tolerance a program succeeds by its exit code and a request by its status, whatever Chaos Toolkit says of them."""
    said = answer if isinstance(answer, str) else json.dumps(answer, default=str)
    if "tolerance" in activity:
        from chaoslib.hypothesis import within_tolerance

        well = bool(within_tolerance(activity["tolerance"], answer, configuration, secrets))
        return well, f"{'within' if well else 'not within'} its tolerance: {said}"
    status = answer.get("status") if isinstance(answer, Mapping) else None
    match activity["provider"]["type"]:
        case "process":
            return status == 0, f"it gave {said}"
        case "http":
            return isinstance(status, int) and status < 400, f"it gave {said}"
    return True, f"it gave {said}"


if __name__ == "__main__":
    main()
