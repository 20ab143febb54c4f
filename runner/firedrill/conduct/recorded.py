"""A recorded drill's facts, from a folder that anybody may have made."""

from pathlib import Path

from firedrill.core.errors import FiredrillError, Invalid, Problem
from firedrill.core.journal import NAME
from firedrill.core.recorded import recorded
from firedrill.judge.drill import Facts
from firedrill.judge.facts import Unplanned, fold


def facts_of(folder: Path) -> Facts:
    """What its journal says; Invalid, with the place, when that says nothing of any drill."""
    file = folder / NAME
    try:
        return fold(recorded(file))
    except Unplanned as error:
        raise Invalid([Problem(str(file), 1, 1, "plan", str(error))]) from error
    except OSError as error:
        raise FiredrillError(f"{file} cannot be read: {error.strerror or error}") from error
