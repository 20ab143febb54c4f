"""Where people of oncall.yaml are told, beside the desk: URLs by the names of environment variables, secrets all of them."""

import os

from firedrill.core.model.oncall import OnCall


def urls(oncall: OnCall | None) -> dict[str, str]:
    """By person; a variable that is not set reaches nobody, and `run` has refused it."""
    people = {} if oncall is None else oncall.people
    return {name: os.environ[one.webhook] for name, one in people.items() if one.webhook is not None and one.webhook in os.environ}
