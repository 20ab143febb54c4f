"""The child that plays a Chaos Toolkit experiment: `python -m firedrill.faults.chaos.child`, the order on standard input's first line.

Runs chaoslib in its main thread as `chaos run` would, save that rollbacks always run and that nothing is written to the working
directory. Knows Chaos Toolkit; refuses to know what its activities mean. The order is `{"experiment": {...}}`; optional are
`strategy` and `frequency` (seconds between looks of a continuous hypothesis), over the file's own `runtime.hypothesis`, and `played`, a
file that is held while the child lives and gets the name of each rollback that succeeded, a JSON line each: it outlives the engine.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from firedrill.core.locks import held
from firedrill.faults.chaos import link as links
from firedrill.faults.chaos.link import Link, leave_group, private_streams
from firedrill.faults.chaos.teller import Secrets, Teller


def main() -> None:
    """Play the order, tell how it ended, and leave without waiting for anybody's threads."""
    orders, out, printed = private_streams()
    order = json.loads(orders.readline() or b"null")
    link = Link(orders, out)
    if order is None:
        os._exit(0)
    links.current = link
    sys.path.append(os.getcwd())  # last: what the suite has never stands in for a library
    secrets = Secrets(order["experiment"])
    played = held(Path(order["played"])) if order.get("played") else None
    threading.Thread(target=printed.copy, args=(secrets.hidden,), daemon=True).start()
    try:
        journal = _play(order, link, secrets, played)
    except BaseException as error:  # whatever leaves chaoslib, a KeyboardInterrupt too, ends the run and is told
        link.tell("chaos.failed", error=secrets.hidden(f"{type(error).__name__}: {error}"))
    else:
        # chaoslib may come to the method's end before it hears of the interruption.
        status = "interrupted" if link.stopping.is_set() else str(journal["status"])
        link.tell("chaos.ended", status=status, deviated=bool(journal["deviated"]))
    sys.stdout.flush()
    sys.stderr.flush()
    printed.finish()
    if link.orphaned:
        leave_group()
    os._exit(0)


def _play(order: Mapping[str, Any], link: Link, secrets: Secrets, played: IO[bytes] | None) -> Mapping[str, Any]:
    from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
    from chaoslib.log import configure_logger
    from chaoslib.run import RunEventHandler
    from chaoslib.types import Schedule, Strategy

    configure_logger()
    for handler in logging.getLogger("chaostoolkit").handlers:
        handler.addFilter(secrets)
    experiment = {key: value for key, value in order["experiment"].items() if key != "dry"}

    class Handler(Teller, RunEventHandler):  # type: ignore[misc]  # chaoslib has no types
        """What the teller does not tell, chaoslib's own handler ignores."""

    teller = Handler(link, secrets, played)
    teller.listen_to_signals()
    ensure_experiment_is_valid(experiment)
    threading.Thread(target=link.listen, daemon=True).start()
    hypothesis = (experiment.get("runtime") or {}).get("hypothesis") or {}
    strategy = Strategy.from_string(order.get("strategy") or hypothesis.get("strategy") or "default")
    settings = {"runtime": {"rollbacks": {"strategy": "always"}, "hypothesis": {"strategy": strategy.value}}}
    schedule = Schedule(continuous_hypothesis_frequency=order.get("frequency") or hypothesis.get("frequency") or 1.0)
    journal: Mapping[str, Any] = run_experiment(experiment, settings, strategy=strategy, schedule=schedule, event_handlers=[teller])
    return journal


if __name__ == "__main__":
    main()
