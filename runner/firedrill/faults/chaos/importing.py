"""The child that imports what activities name, as Chaos Toolkit does before it plays: `python -m firedrill.faults.chaos.importing`.

The order on standard input is a JSON list of `[path, activity]`; each answer is one line, `[path, what is wrong or null]`. It calls no
function, but importing a module runs whatever stands at its top: hence a process of its own.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any

from firedrill.faults.chaos.link import private_streams


def main() -> None:
    """Answer for each activity, then leave without waiting for what modules may have started."""
    orders, out, printed = private_streams()
    threading.Thread(target=printed.copy, args=(str,), daemon=True).start()
    sys.path.append(os.getcwd())  # last: what the suite has never stands in for a library
    logging.disable(logging.CRITICAL)
    from chaoslib.log import configure_logger

    configure_logger()
    for path, activity in json.loads(orders.read()):
        os.write(out, json.dumps([path, _wrong(activity)]).encode() + b"\n")
    printed.finish()
    os._exit(0)


def _wrong(activity: Mapping[str, Any]) -> str | None:
    from chaoslib.activity import ensure_activity_is_valid
    from chaoslib.control import validate_controls
    from chaoslib.exceptions import ChaosException

    of_controls = "controls" in activity and "provider" not in activity
    try:
        validate_controls(activity) if of_controls else ensure_activity_is_valid(activity)
    except ChaosException as error:
        return str(error)
    except BaseException as error:  # a module may end the process while it is imported
        what = "the controls" if of_controls else activity.get("provider", {}).get("module")
        return f"importing {what} ends in {type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    main()
