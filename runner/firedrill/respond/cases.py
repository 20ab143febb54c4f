"""A page at the desk: who has been told of it, what is due next, and whether anybody has taken it.

Pure: told what happened and when, by the drill's clock. Refuses to know who is on call.
"""

from dataclasses import dataclass, field

from firedrill.core.model.oncall import Policy
from firedrill.respond.escalation import Step, goes_on, step


@dataclass(slots=True)
class Case:
    """One page, from its opening to its resolution, and again when it is reopened. Times are drill times."""

    page: str
    policy: Policy
    alerts: tuple[str, ...]
    opened: float
    """When it was opened, or reopened."""
    summary: str = ""
    open: bool = True
    acknowledged: bool = False
    """Since it was opened, or reopened."""
    by: str = ""
    """Who acknowledged it last."""
    reached: list[int] = field(default_factory=list)
    """Levels that were told since it was opened, or reopened."""
    owed: bool = False
    """Whether whoever had acknowledged it is to be told that it is open again."""
    _done: int = 0
    _at_once: bool = False
    _first: str = "opened"

    def reopen(self, at: float, known: bool) -> None:
        """It asks for people again; `known` is whether who acknowledged it can be told. Nobody has acknowledged it then."""
        self.opened, self.open, self.acknowledged, self.reached = at, True, False, []
        self.owed = known
        # Whoever knows the page already stands for the first level; the others follow as if it were new.
        self._done, self._at_once, self._first = (1 if known else 0), False, "reopened"

    def due(self) -> float | None:
        """When the next thing is to be done, or None while nothing is."""
        if not self.open:
            return None
        if self.owed:
            return self.opened
        following = None if self.acknowledged else step(self.policy, self._done)
        return None if following is None else self.opened + (0.0 if self._at_once else following.after)

    def following(self, now: float) -> Step | None:
        """The level to be told by `now`, if one is."""
        due = self.due()
        found = None if due is None or due > now or self.owed else step(self.policy, self._done)
        return found and (Step(found.after, found.level, self._first) if self._done == 0 else found)

    def told(self, level: int, *, anybody: bool) -> None:
        """That the level was told; when it has nobody, the next one of the round is told at once."""
        self._at_once = not anybody and goes_on(self.policy, self._done)
        self._done += 1
        if level not in self.reached:
            self.reached.append(level)
