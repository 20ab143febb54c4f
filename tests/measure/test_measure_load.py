"""Locust as a real child against a real server."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram

from firedrill.core.errors import FiredrillError
from firedrill.core.events import BlindBegan, Covered, LoadEnded, LoadReady, LoadStarted, Noted
from firedrill.core.model.plan import PlannedLoad
from firedrill.measure.load.client import LoadRun

SCENARIO = """
from locust import FastHttpUser, constant, events, task

class Customer(FastHttpUser):
    wait_time = constant(0.005)

    @task(3)
    def ask(self):
        self.client.get("/ok")

    @task
    def fail(self):
        self.client.get("/bad")
"""


@asynccontextmanager
async def loading(recorded, site, root: Path, scenario: str, users: int = 4, rate: float = 50, **more) -> AsyncIterator[LoadRun]:
    (root / "negotiate.py").write_text(scenario)
    plan = PlannedLoad(name="negotiate", file="negotiate.py", users=users, spawn_rate=rate)
    running = await LoadRun.start(plan, root, f"http://{site.address}", (0.1, 10.0), recorded.clock, recorded, root)
    try:
        yield running
    finally:
        await running.stop()


def sums(recorded) -> tuple[int, int]:
    return sum(s.good for s in recorded.samples("negotiate")), sum(s.bad for s in recorded.samples("negotiate"))


async def test_counts_equal_locusts_and_the_servers_to_the_request(recorded, site, tmp_path) -> None:
    async with loading(recorded, site, tmp_path, SCENARIO) as running:
        await running.ready(10)
        await recorded.until(lambda e: len(recorded.samples("negotiate")) >= 2)
        assert running.lost() is None
    good, bad = sums(recorded)
    assert good > 0 < bad
    ended = recorded.of(LoadEnded)[0].event
    assert (ended.requests, ended.failures, ended.counted) == (good + bad, bad, good + bad)
    assert (site.answered["/ok"], site.answered["/bad"]) == (good, bad)
    assert not recorded.of(BlindBegan)
    assert [type(e.event) for e in recorded.entries[:2]] == [LoadStarted, LoadReady]
    assert recorded.of(LoadReady)[0].event.users == 4
    assert {e.source for e in recorded.entries} == {"locust"}
    for samples in recorded.samples("negotiate"):
        assert samples.of == "load"
        assert HdrHistogram.decode(samples.histogram).get_total_count() == samples.good + samples.bad
        assert samples.under["10"] == samples.good
    assert "BadStatusCode" in next(iter(recorded.samples("negotiate")[0].errors))
    covered = recorded.of(Covered)
    assert [e.source_at for e in covered[:-1]] == [e.event.since for e in covered[1:]]
    assert sum(e.event.looks for e in covered) == good + bad


async def test_requests_cut_off_at_the_end_are_in_neither_count(recorded, site, tmp_path) -> None:
    scenario = SCENARIO.replace("/bad", "/held")
    async with loading(recorded, site, tmp_path, scenario, users=6) as running:
        await recorded.until(lambda e: bool(recorded.samples("negotiate")) and len(site.arrived) >= 3)
        began = time.monotonic()
        await running.stop()
        assert time.monotonic() - began < 4
    ended = recorded.of(LoadEnded)[0].event
    assert ended.requests == ended.counted == sum(sums(recorded))
    assert ended.requests == site.answered["/ok"]
    assert not recorded.of(BlindBegan)


async def test_what_a_scenario_asks_for_before_the_test_starts_is_in_neither_count(recorded, site, tmp_path) -> None:
    early = "\n@events.init.add_listener\ndef early(environment, **_):\n    fire = environment.events.request.fire\n"
    early += "    fire(request_type='GET', name='x', response_time=1, response_length=0, exception=None)\n"
    async with loading(recorded, site, tmp_path, SCENARIO + early):
        await recorded.until(lambda e: bool(recorded.samples("negotiate")))
    ended = recorded.of(LoadEnded)[0].event
    assert ended.requests == ended.counted == sum(site.answered.values())


async def test_users_come_at_the_spawn_rate_and_ready_means_that_all_are_there(recorded, site, tmp_path) -> None:
    async with loading(recorded, site, tmp_path, SCENARIO, users=3, rate=2) as running:
        with pytest.raises(FiredrillError, match=r"Locust took longer than 0\.2 s"):
            await running.ready(0.2)
        await running.ready(10)
    started, ready = recorded.of(LoadStarted)[0], recorded.of(LoadReady)[0]
    assert ready.event.users == 3
    assert ready.source_at - started.source_at >= 0.9


async def test_a_killed_locust_is_a_blind_spot_within_two_seconds(recorded, site, tmp_path) -> None:
    async with loading(recorded, site, tmp_path, SCENARIO) as running:
        last = await recorded.until(lambda e: isinstance(e.event, Covered))
        os.kill(running._following.child.process.pid, signal.SIGKILL)
        killed = time.monotonic()
        blind = await recorded.until(lambda e: isinstance(e.event, BlindBegan))
        assert time.monotonic() - killed < 2
        assert running.lost() == blind.event.why == "Locust was killed by signal 9"
        assert (blind.event.what, blind.source_at >= last.source_at) == ("load negotiate", True)
    assert not recorded.of(LoadEnded)
    assert len(recorded.of(BlindBegan)) == 1


async def test_a_scenario_whose_users_all_stop_is_a_blind_spot(recorded, site, tmp_path) -> None:
    scenario = SCENARIO.replace('self.client.get("/ok")', 'self.client.get("/ok"); self.environment.runner.quit()')
    async with loading(recorded, site, tmp_path, scenario) as running:
        await recorded.until(lambda e: isinstance(e.event, BlindBegan))
        assert running.lost() == "every user of the scenario has stopped"
    ended = recorded.of(LoadEnded)[0].event
    assert ended.requests == ended.counted > 0


async def test_counts_that_differ_from_locusts_put_the_whole_load_in_doubt(recorded, site, tmp_path) -> None:
    scenario = SCENARIO.replace('self.client.get("/bad")', "self.environment.stats.clear_all()")
    async with loading(recorded, site, tmp_path, scenario):
        await recorded.until(lambda e: bool(recorded.samples("negotiate")))
    ended, blind = recorded.of(LoadEnded)[0].event, recorded.of(BlindBegan)[0]
    assert ended.counted > ended.requests
    assert blind.event.why == f"Locust counted {ended.requests} requests with 0 failures, but {ended.counted} with 0 were seen"
    assert blind.source_at == 0


async def test_exceptions_of_the_users_own_code_are_noted_once_and_counted(recorded, site, tmp_path) -> None:
    scenario = SCENARIO.replace('self.client.get("/bad")', "raise KeyError('offer')")
    async with loading(recorded, site, tmp_path, scenario) as running:
        await recorded.until(lambda e: isinstance(e.event, Noted))
        await recorded.until(lambda e: bool(recorded.samples("negotiate")))
    notes = [e.event.text for e in recorded.of(Noted)]
    raised = running.exceptions["KeyError: 'offer'"]
    assert notes == [
        "a user of the scenario negotiate raised KeyError: 'offer'",
        f"users of the scenario negotiate raised {raised} exceptions outside of requests",
    ]
    assert sums(recorded)[1] == 0


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        ("\ndef (\n", "negotiate.py:2: SyntaxError: invalid syntax"),
        ("import locust\nx = absent\n", "negotiate.py:2: NameError: name 'absent' is not defined"),
        ("import locust\n", "negotiate.py: it defines no Locust user (a class based on HttpUser or FastHttpUser)"),
    ],
)
async def test_a_scenario_that_cannot_be_used_says_why_and_where(recorded, site, tmp_path, scenario: str, message: str) -> None:
    with pytest.raises(FiredrillError) as refused:
        async with loading(recorded, site, tmp_path, scenario):
            raise AssertionError("it started")
    assert str(refused.value) == message
    assert not recorded.entries


async def test_the_engine_side_imports_nothing_heavy() -> None:
    code = (
        "import sys, firedrill.measure.load.client, firedrill.measure.probes.client; "
        "print(sorted({'locust', 'gevent', 'aiohttp', 'prometheus_client', 'hdrh'} & set(sys.modules)))"
    )
    import sys

    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert (await child.communicate())[0] == b"[]\n"
