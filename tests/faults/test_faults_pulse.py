"""Who stood still, the holder or we."""

from firedrill.faults.holding.pulse import FROZEN, HEARTBEAT, NOTICED, SILENCE, TICK, Pulse


def test_a_holder_that_speaks_in_time_runs_however_late_that_is_heard() -> None:
    pulse = Pulse(10.0)
    assert [pulse.heard(10.0 + number * HEARTBEAT) for number in range(1, 200)] == [None] * 199


def test_a_holder_that_stood_still_is_told_since_when() -> None:
    pulse = Pulse(10.0)
    assert [pulse.heard(10.2), pulse.heard(11.19), pulse.heard(11.19 + FROZEN), pulse.heard(12.3)] == [None, None, 11.19, None]


def test_silence_counts_while_we_listen() -> None:
    pulse = Pulse(0.0)
    for number in range(9):
        pulse.tick(number * TICK)
    assert NOTICED <= pulse.silent < SILENCE
    pulse.heard(0.2)
    assert pulse.silent == 0


def test_silence_does_not_count_while_we_stood_still() -> None:
    pulse = Pulse(0.0)
    for now in (0.0, 0.2, 20.2, 20.4):
        pulse.tick(now)
    assert pulse.silent < NOTICED
