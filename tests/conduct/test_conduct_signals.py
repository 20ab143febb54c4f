"""The first signal stops what runs, whenever it comes; those after it change nothing."""

import asyncio
import os
import signal

import pytest

from firedrill.conduct.signals import first_signal


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_only_the_first_signal_stops_and_it_is_known_which_it_was(number: signal.Signals) -> None:
    calls: list[str] = []
    with first_signal() as stop:
        stop.acts_on(lambda: calls.append("stopped"))
        for each in (number, signal.SIGINT, signal.SIGTERM):
            os.kill(os.getpid(), each)
            await asyncio.sleep(0)
            await asyncio.sleep(0.01)
        assert (calls, stop.by) == (["stopped"], number.name)


async def test_a_signal_that_came_before_there_was_anything_to_stop_is_not_forgotten() -> None:
    calls: list[str] = []
    with first_signal() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        while stop.by is None:  # noqa: ASYNC110 - a signal has no Event for us
            await asyncio.sleep(0)
        stop.acts_on(lambda: calls.append("stopped"))
    assert calls == ["stopped"]
