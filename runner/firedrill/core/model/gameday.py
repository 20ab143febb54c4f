"""A game day: several experiments in one sitting, led from a briefing to a debrief. One file of gamedays/."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from firedrill.core.model.declared import Declared, clash
from firedrill.core.units import Duration

KINDS = ("experiment", "pause", "blind")
"""What an entry of `rounds` can be."""


class Roles(Declared):
    """Who does what. A name is a person of oncall.yaml, or any text; on a terminal those left out are asked for at the start."""

    incident_commander: str = ""
    """Decides, and keeps everybody else free to work."""
    operations: str = ""
    """Looks, and changes things."""
    scribe: str = ""
    """Writes down what people see, think and do."""

    def taken(self) -> Iterator[tuple[str, str]]:
        """Each role that somebody has, with who."""
        for name, field in type(self).model_fields.items():
            if getattr(self, name):
                yield str(field.alias), getattr(self, name)


class Round(Declared):
    """One entry of `rounds`: an experiment, a pause, or a blind round."""

    experiment: str | None = None
    """NAME of `experiments/NAME.yaml`."""
    pause: str | None = None
    """What is to happen now; it goes on when a person says so."""
    blind: tuple[str, ...] = Field(default=(), min_length=1)
    """Names of experiments, one of which is drawn by the seed and told only afterwards."""
    window: Duration | None = None
    """How long a blind round may take to strike; the moment is drawn too. 1m when left out."""
    briefing: str = ""
    """Said before it."""
    questions: tuple[str, ...] = ()
    """Asked about it in the debrief."""

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if len(given := [key for key in KINDS if getattr(self, key)]) > 1:
            raise clash(given[1], f"a round is one thing: give '{given[1]}' an entry of its own")
        if not given:
            raise ValueError("a round is an 'experiment', a 'pause' or 'blind'")
        if self.window is not None and not self.blind:
            raise clash("window", "only a blind round has a window")
        if self.pause is not None and self.questions:
            raise clash("questions", "a pause has no questions; ask them at 'debrief'")
        return self

    @property
    def kind(self) -> str:
        """experiment, pause or blind."""
        return next(key for key in KINDS if getattr(self, key))

    @property
    def names(self) -> tuple[str, ...]:
        """The experiments that it may drill; none in a pause."""
        return self.blind or ((self.experiment,) if self.experiment else ())


class Debrief(Declared):
    """How a game day closes."""

    questions: tuple[str, ...] = ()
    """Asked at the end, about all of it."""


class GameDay(Declared):
    """One file of gamedays/."""

    title: str
    """One line: what this day is about."""
    briefing: str = ""
    """Said first: what is drilled, what is safe, how to stop."""
    responders: Literal["people", "scripted"] = "people"
    """Who answers the pages: the people who are there, or the responders that the experiments script, to try the day without people."""
    roles: Roles = Roles()
    """Who does what."""
    rounds: tuple[Round, ...] = Field(min_length=1)
    """In order."""
    debrief: Debrief = Debrief()
    """What is asked once it is over."""
