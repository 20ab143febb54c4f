"""What samples do not show, from real children against a real server: requests on their way, unreported answers, broken journeys."""

from contextlib import asynccontextmanager

import pytest

from firedrill.core.events import BlindBegan, Traffic
from firedrill.core.model.plan import PlannedLoad
from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.core.units import Duration
from firedrill.measure.load.client import LoadRun
from firedrill.measure.probes.client import Probes


@asynccontextmanager
async def loading(recorded, site, root, scenario):
    (root / "negotiate.py").write_text(scenario)
    plan = PlannedLoad(name="negotiate", file="negotiate.py", users=4, spawn_rate=50)
    running = await LoadRun.start(plan, root, f"http://{site.address}", (), recorded.clock, recorded, root)
    yield running
    await running.stop()


@asynccontextmanager
async def probing(recorded, site, root, probes):
    addresses = {"api": site.address, "probes": "127.0.0.1:0"}
    running = await Probes.start(probes, root, addresses, {}, recorded.clock, recorded, root, addresses["probes"])
    yield running
    await running.stop()


def http(path: str, every: float = 0.05, timeout: float = 2, **more) -> Probe:
    return Probe(every=Duration(every), timeout=Duration(timeout), http=HttpCheck(url=f"http://<api>{path}", **more))


SCENARIO = """
from locust import {user}, constant, task

class Customer({user}):
    wait_time = constant(0.05)

    @task
    def ask(self):
        {deed}
"""


@pytest.mark.parametrize("user", ["HttpUser", "FastHttpUser"])
async def test_answers_that_are_caught_and_never_reported_are_counted(recorded, site, tmp_path, user) -> None:
    deed = 'self.client.get("/ok", catch_response=True)'
    async with loading(recorded, site, tmp_path, SCENARIO.format(user=user, deed=deed)):
        await recorded.until(lambda e: isinstance(e.event, Traffic) and e.event.unreported > 0)
    assert 0 <= site.answered["/ok"] - sum(e.event.unreported for e in recorded.of(Traffic)) <= 4
    assert not recorded.samples("negotiate")


@pytest.mark.parametrize("user", ["HttpUser", "FastHttpUser"])
async def test_answers_that_are_caught_and_reported_are_none_of_those(recorded, site, tmp_path, user) -> None:
    deed = 'with self.client.get("/ok", catch_response=True) as answer: answer.success()'
    async with loading(recorded, site, tmp_path, SCENARIO.format(user=user, deed=deed)):
        await recorded.until(lambda e: len(recorded.samples("negotiate")) >= 2)
    assert not any(e.event.unreported or e.event.broken for e in recorded.of(Traffic))


async def test_journeys_that_raise_after_each_answer_are_counted_with_their_cause(recorded, site, tmp_path) -> None:
    deed = 'self.client.get("/ok"); {}["offer"]'
    async with loading(recorded, site, tmp_path, SCENARIO.format(user="FastHttpUser", deed=deed)):
        await recorded.until(lambda e: isinstance(e.event, Traffic) and e.event.broken > 10)
    told = [e.event for e in recorded.of(Traffic)]
    assert sum(one.broken for one in told) > 10
    assert sum(one.journeys for one in told) - sum(one.broken for one in told) <= 8
    assert {cause for one in told for cause in one.causes or ()} == {"KeyError: 'offer'"}


async def test_users_whose_requests_hang_are_told_while_they_do(recorded, site, tmp_path) -> None:
    async with loading(recorded, site, tmp_path, SCENARIO.format(user="FastHttpUser", deed='self.client.get("/held")')):
        told = await recorded.until(lambda e: isinstance(e.event, Traffic) and e.event.hanging == 4 and e.event.oldest > 1.5)
        assert told.event.name == "negotiate"
        site.release.set()


async def test_a_probes_samples_on_their_way_and_the_errors_that_it_takes_for_good_are_told(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"held": http("/held", 0.2, 10), "lax": http("/bad", status=(200, 503))}):
        await recorded.until(lambda e: isinstance(e.event, Traffic) and e.event.name == "held" and e.event.hanging > 2)
        await recorded.until(lambda e: isinstance(e.event, Traffic) and (e.event.statuses or {}).get("503", 0) > 5)
        site.release.set()
    assert not [one for one in recorded.of(BlindBegan) if "cannot be used" in one.event.why]
