"""Who answers a page and what they do: responders of an experiment, runbooks and their steps."""

from collections.abc import Mapping
from typing import Any

from firedrill.core.model.declared import Count, Declared, Flag
from firedrill.core.units import Duration


class Respond(Declared):
    """One responder, played by firedrill: who it is, when they acknowledge, which runbook they follow."""

    by: str | None = None
    """A person of oncall.yaml, who answers once they are told; whoever is told first when left out."""
    page: str | None = None
    """The alert whose pages they answer; every page when left out."""
    acknowledge: Duration | None = None
    """From being told until they acknowledge; they never do when left out."""
    runbook: str | None = None
    """`runbooks/NAME.md`, whose steps they follow, in order, after they have acknowledged (or were told, when they do not)."""
    start: Duration = Duration(0)
    """From then until the runbook's first step."""
    resolve: Duration | None = None
    """From the runbook's end until they resolve the page by hand; left to the alert when left out."""


class Call(Declared):
    """An HTTP request of a step."""

    url: str
    """`<name>` stands for an address of the environment."""
    method: str = "GET"
    headers: Mapping[str, str] = {}
    json_: Any = None
    """A JSON body."""
    body: str | None = None
    """A body as it is, instead."""
    token: str | None = None
    """Name of the environment variable that holds a bearer token."""
    status: Count | None = None
    """The answer's status when it went well; any below 400 when left out."""
    says: str | None = None
    """A text that the answer must hold."""


class Step(Declared):
    """One step of a runbook: one of `http`, `command` and `action`."""

    step: str
    """Its name, unique in the runbook."""
    after: Duration = Duration(0)
    """How long the responder takes before it: to read, to think, to type."""
    timeout: Duration = Duration(10)
    http: Call | None = None
    command: str | None = None
    """Split as a shell would split it, but run without one, in the suite's root; exit code 0 is success."""
    action: Mapping[str, Any] | None = None
    """A Chaos Toolkit action or probe: `type`, `provider` and, for a probe, `tolerance`."""
    back: Call | None = None
    """What takes it back once the drill is over, where the system outlives the drill."""
    optional: Flag = False
    """Whether the runbook goes on when it fails."""


class Runbook(Declared):
    """A runbook of runbooks/: prose for people, with steps that a responder can run."""

    name: str
    file: str
    title: str = ""
    steps: tuple[Step, ...] = ()
