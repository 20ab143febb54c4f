"""Coverage and blind spots, and wall stamps, with clocks that a test sets."""

import time
from dataclasses import dataclass

from firedrill.core.clock import DrillClock
from firedrill.core.events import BlindBegan, BlindEnded, Covered
from firedrill.watch.sight import Sight
from firedrill.watch.wall import Wall


@dataclass
class Hand:
    """A clock whose time a test sets."""

    time: float = 10.0

    def now(self) -> float:
        return self.time


def looks(book, *looked):
    """Each look is its time and whether it worked."""
    hand = Hand()
    sight = Sight("thing", "source", 1.0, hand, book.journal.append)
    for hand.time, worked in looked:
        if worked:
            sight.saw()
        else:
            sight.missed("no answer")
    sight.tell()
    return sight, [(type(entry.event), entry.at) for entry in book.entries]


def test_looks_are_told_of_once_a_second(book):
    looks(book, (10.5, True), (11.0, True), (11.5, True), (12.0, True), (12.4, True))
    told = [(entry.at, entry.event.since, entry.event.looks) for entry in book.of(Covered)]
    assert told == [(11.0, 10.0, 2), (12.0, 10.0, 4), (12.4, 10.0, 5)]


def test_a_blind_spot_begins_with_the_last_look_that_worked(book):
    sight, entries = looks(book, (10.5, True), (11.0, False), (11.6, False), (12.0, False))
    assert entries == [(Covered, 10.5), (BlindBegan, 10.5)]
    assert (sight.blind_since, sight.why) == (10.5, "no answer")


def test_a_short_silence_is_no_blind_spot(book):
    assert not [kind for kind, _ in looks(book, (10.5, True), (11.4, False), (11.5, True))[1] if kind is BlindBegan]


def test_sight_that_returns_is_covered_from_then_on(book):
    sight, entries = looks(book, (10.5, True), (12.0, False), (13.0, True), (13.5, True))
    assert entries == [(Covered, 10.5), (BlindBegan, 10.5), (BlindEnded, 13.0), (Covered, 13.5)]
    assert book.of(Covered)[-1].event.since == 13.0
    assert sight.blind_since is None


def test_when_nobody_looked_nothing_was_seen(book):
    assert looks(book, (10.5, True), (14.0, True))[1] == [(Covered, 10.5), (BlindBegan, 10.5), (BlindEnded, 14.0), (Covered, 14.0)]
    assert book.of(BlindBegan)[0].event.why == "nobody looked for 3.5 s"


def test_one_stamp_is_always_one_moment():
    wall, stamp = Wall(DrillClock()), time.time()
    assert len({wall.on_drill(stamp) for _ in range(1000)}) == 1


def test_a_wall_clock_that_was_set_is_followed():
    @dataclass
    class Stepped:
        value: float = 100.0

        def offset(self) -> float:
            return self.value

    clock = Stepped()
    wall = Wall(clock)
    clock.value = 100.0004
    assert wall.on_drill(103.5) == 3.5
    clock.value = 101.0
    assert wall.on_drill(103.5) == 2.5
