"""What `run` asks a running stack before it plans: the rules and routes that no local file gives."""

import asyncio
from dataclasses import replace
from pathlib import Path

from firedrill.core.alerting import Alerting
from firedrill.core.errors import FiredrillError, Refused
from firedrill.core.model.experiment import Experiment
from firedrill.core.model.suite import External
from firedrill.spec import told
from firedrill.spec.check import Checked
from firedrill.spec.environment import with_routes


def informed(files: Checked, name: str | None) -> Checked:
    """The same files, with what the stack of the environment `name` had to be asked for; FiredrillError when it does not answer."""
    chosen, environment = files.environment(name)
    known = files.alerting[chosen]
    if environment.stack.external is None or not known.unread:
        return files
    asked = _asked(files, environment.stack.external, known)
    return replace(files, alerting={**files.alerting, chosen: asked.model_copy(update={"unread": ()})})


def refuse_astray(files: Checked, name: str | None) -> None:
    """Refused when the drill route of a running Alertmanager leads elsewhere than to our sink; one that is silent is told of later."""
    from firedrill.stack.astray import astray
    from firedrill.stack.external import ExternalStack

    _, environment = files.environment(name)
    external = environment.stack.external
    if external is None or external.pages.sink is None:
        return
    try:
        stack = asyncio.run(ExternalStack.reach(files.root or Path.cwd(), external))
    except FiredrillError:
        return
    if found := astray(stack.told.routes, external.pages.sink):
        raise Refused("\n".join(f"Alertmanager at {stack.alertmanager}: {one.sentence}" for one in found))


def _asked(files: Checked, settings: External, known: Alerting) -> Alerting:
    from firedrill.stack.external import ExternalStack

    stack = asyncio.run(ExternalStack.reach(files.root or Path.cwd(), settings))
    if "rules" in known.unread:
        wanted = {name for experiment in files.experiments for name in _alerts(experiment)}
        running = told.rules(stack.told.groups)
        rules = told.only(running, wanted) if files.experiments else running
        known = known.model_copy(update={"alerts": rules.alerts, "records": rules.records})
    if "routes" in known.unread:
        known = with_routes(known, told.routes(stack.told.routes, f"alertmanager.yml of {stack.alertmanager}"))
    return known


ALERTS = ("page", "alert", "escalated", "resolved", "reopened", "of")
"""Keys by which an expectation names an alert."""


def _alerts(experiment: Experiment) -> set[str]:
    """The alerts that an experiment expects anything of."""
    declared = [each.declared for each in experiment.expect]
    return {name for one in declared for key in ALERTS if isinstance(name := getattr(one, key, None), str)}
