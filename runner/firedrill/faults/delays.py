"""What every fault that makes something late can be told. Knows these settings; refuses to know what is late."""

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from firedrill.core.model.declared import Declared
from firedrill.core.units import Duration


class Delayed(Declared):
    """A delay, and how far each one may be from it."""

    delay: Duration
    """How much later."""
    jitter: Duration = Duration(0)
    """Each delay is drawn evenly from `delay` minus to `delay` plus this."""

    @field_validator("delay")
    @classmethod
    def _delays_something(cls, delay: Duration) -> Duration:
        if not delay:
            raise PydanticCustomError("delay", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")
        return delay

    @field_validator("jitter")
    @classmethod
    def _at_most_the_delay(cls, jitter: Duration, info: ValidationInfo) -> Duration:
        delay = info.data.get("delay")
        if delay is not None and jitter > delay:
            words = {"jitter": str(jitter), "delay": str(delay)}
            raise PydanticCustomError("delay", "a jitter of {jitter} is more than the delay of {delay}: nothing arrives early", words)
        return jitter
