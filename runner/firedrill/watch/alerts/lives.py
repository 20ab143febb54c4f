"""The lives of alert instances, read from their ALERTS samples: each evaluation that found one pending or firing left one.

Pure: Unix seconds in, changes out. Between two looks nothing is lost, because samples stay when the alert has gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

JITTER = 0.02
"""By what share of the interval evaluations may be off their steps."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an instance became (`pending`, `firing` or `resolved`), by the evaluation at `at`; `was` says what it was before."""

    became: str
    at: float
    was: str = ""


@dataclass(slots=True)
class Life:
    """An instance as last seen: `state` is pending, firing or nothing; `last` is its newest sample known."""

    state: str = ""
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look showed of an instance. `samples` are (evaluation, state), in order; `evaluated` is when its rule was last."""

    samples: Sequence[tuple[float, str]]
    interval: float
    evaluated: float
    active_at: float | None
    """When it became active, if the rule says that it is."""
    for_: float = 0.0
    """How long it has to be active before it fires."""


def snapped(samples: Sequence[tuple[float, str]], evaluation: float, interval: float) -> list[tuple[float, str]]:
    """Samples with the times of the evaluations that left them, where they are stamped in whole seconds only, as vmalert's are.

    Evaluations follow `evaluation`, a known one, in steps of `interval`: of at least a second, so that each stamp fits one of them.
    """
    if interval < 1 or any(at % 1 for at, _ in samples):
        return list(samples)
    return [(round(evaluation + ceil((at - evaluation) / interval - JITTER) * interval, 3), state) for at, state in samples]


def follow(life: Life, look: Look) -> Iterator[Change]:
    """The changes that a look adds to a life, which is brought up to date."""
    for at, state in look.samples:
        if at > life.last:
            yield from _lived(life, at, state, look)
    if life.state and look.active_at is None and look.evaluated - life.last > look.interval / 2:
        # An alert that has gone leaves no sample: it went with the evaluation after its last one.
        yield _end(life, life.last + look.interval)


def _lived(life: Life, at: float, state: str, look: Look) -> Iterator[Change]:
    if life.state and _broke_off(life, at, state, look):
        yield _end(life, min(at, life.last + look.interval))
    fired = at
    if not life.state:
        began = _began(life, at, look)
        if began < at:
            # The first evaluation that we saw is not its first: it fires as soon as `for` is over.
            fired = min(at, round(began + ceil(look.for_ / look.interval - JITTER) * look.interval, 3))
        yield Change("pending", began)
        life.state = "pending"
    if state == "firing" and life.state == "pending":
        yield Change("firing", fired)
    life.state, life.last = state, at


def _broke_off(life: Life, at: float, state: str, look: Look) -> bool:
    """A hole is an end, unless the rule says that the alert has been active since before it: then evaluations were missed."""
    held_on = look.active_at is not None and look.active_at <= life.last + 0.001
    return (life.state == "firing" and state == "pending") or (at - life.last > 1.5 * look.interval and not held_on)


def _began(life: Life, at: float, look: Look) -> float:
    """Its first sample's evaluation, or an earlier one that we came too late to see."""
    earlier = look.active_at is not None and life.last < look.active_at < at - look.interval / 2
    return look.active_at if earlier and look.active_at is not None else at


def _end(life: Life, at: float) -> Change:
    change = Change("resolved", round(at, 3), life.state)
    life.state = ""
    return change
