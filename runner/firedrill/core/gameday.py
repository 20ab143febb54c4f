"""What a game day leaves, gameday.json: who had which role, each round with its drill, each pause, what was said between drills.

It grows as the day goes on and is whole at any moment. Knows no drill's findings: those stand in each drill's own folder.
"""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from firedrill.core.units import Duration

FILE = "gameday.json"
FOLDER = "gamedays"
"""Where game days stand under results/."""
SCHEMA = 1


def _in_the_calendar(moment: datetime) -> datetime:
    """In every time zone, and after any time that is added to it."""
    if not 1970 <= moment.year <= 9000:
        raise ValueError("no year of any game day")
    return moment


Moment = Annotated[datetime, AfterValidator(_in_the_calendar)]


class _Kept(BaseModel):
    """A newer firedrill may have written more."""

    model_config = ConfigDict(extra="ignore")


class RoundKept(_Kept):
    """One entry of the file's `rounds` as it went; times are wall time, UTC, and None while they have not come."""

    kind: str
    """experiment, pause or blind."""
    number: int | None = None
    """Among the drills, from 1; None for a pause."""
    what: str
    """The experiment's name, or the pause's words; empty for a blind round that has not told it yet."""
    title: str = ""
    """The experiment's."""
    briefing: str = ""
    questions: tuple[str, ...] = ()
    window_s: float | None = None
    """Of a blind round."""
    started_at: Moment | None = None
    ended_at: Moment | None = None
    took_s: float | None = None
    waited: bool | None = None
    """Of a pause: whether a person was waited for."""
    drill: str = ""
    """The drill's id, once it has ended."""
    folder: str = ""
    """Of the drill, from the results folder."""
    verdict: str = ""
    reason: str = ""
    """The verdict in one sentence, or why there was no drill."""
    exit_code: int | None = None

    @property
    def is_drill(self) -> bool:
        """Whether it drills something."""
        return self.kind != "pause"

    @property
    def played(self) -> bool:
        """Whether its turn came."""
        return self.started_at is not None


class NoteKept(_Kept):
    """Words written between drills; those written during one stand in its journal."""

    at: Moment
    by: str
    role: str = ""
    text: str


class GameDayKept(_Kept):
    """gameday.json as a whole."""

    version: int = SCHEMA
    """Of this shape."""
    game_day: str
    """Its id, the name of its folder."""
    name: str
    """The file's name without its ending."""
    title: str
    briefing: str = ""
    environment: str
    seed: int
    """What blind rounds are drawn by."""
    roles: dict[str, str] = {}
    """Role -> who has it."""
    rounds: list[RoundKept]
    notes: list[NoteKept] = []
    questions: tuple[str, ...] = ()
    started_at: Moment
    ended_at: Moment | None = None
    ended: str = ""
    """finished, interrupted or broken off; empty while it goes on, or when it was killed."""
    stopped_by: str = ""
    """A person, or a signal's name."""
    detail: str = ""
    """Why it ended before its last round."""
    exit_code: int | None = None

    @property
    def drills(self) -> list[RoundKept]:
        """Its rounds without its pauses."""
        return [one for one in self.rounds if one.is_drill]

    @property
    def took(self) -> Duration | None:
        """From its start to its end, in whole seconds."""
        return None if self.ended_at is None else Duration(round((self.ended_at - self.started_at).total_seconds()))

    def role_of(self, person: str) -> str:
        """The role that a person has; nothing when they have none."""
        return next((role for role, who in self.roles.items() if who == person), "")
