"""Why a watchdog did not page: whatever was broken, its messages went on, or none had ever come.

Knows when its messages came; refuses to know what sends them.
"""

from itertools import pairwise

from firedrill.judge.drill import Facts, Notification
from firedrill.judge.moments import Moment
from firedrill.judge.unfired import Cause
from firedrill.judge.wording import seconds


def heard(facts: Facts) -> list[Notification]:
    """The messages that keep the watchdog quiet, in order."""
    watchdog = facts.plan.watchdog
    return [
        note for note in facts.notifications if watchdog is not None and note.receiver == watchdog.receiver and note.status != "resolved"
    ]


def unsilenced(facts: Facts, start: Moment, until: float) -> Cause:
    """The longest silence between `start` and `until`, which was too short."""
    watchdog = facts.plan.watchdog
    assert watchdog is not None, "asked of a watchdog only"
    notes = [note for note in heard(facts) if note.at <= until]
    if not notes or notes[0].at > start.at:
        return f"no message for {watchdog.receiver} had come before {start.name}, and the first one arms it", []
    times = [*(note.at for note in notes), until]
    longest = max(after - before for before, after in pairwise(times) if after > start.at)
    said = f"its messages went on: the longest silence was {seconds(longest)}, and it pages after {seconds(watchdog.within)}"
    return said, [notes[0].seq, notes[-1].seq]
