"""Neither child outlives an engine that was killed."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import psutil

ENGINE = """
import asyncio, json, sys
from pathlib import Path
from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry
from firedrill.core.model.plan import PlannedLoad
from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.measure.load.client import LoadRun
from firedrill.measure.probes.client import Probes

async def engine(root, address):
    clock = DrillClock()
    record = lambda event, source='', source_at=None: Entry(0, 0.0, source, source_at, event)
    probe = Probe(http=HttpCheck(url='http://<api>/held'))
    probes = await Probes.start({'held': probe}, root, {'api': address}, {}, clock, record, root, '127.0.0.1:0')
    plan = PlannedLoad(name='s', file='s.py', users=2, spawn_rate=9)
    load = await LoadRun.start(plan, root, f'http://{address}', (), clock, record, root)
    await load.ready(10)
    print(json.dumps([part._following.child.process.pid for part in (probes, load)]), flush=True)
    await asyncio.sleep(60)

asyncio.run(engine(Path(sys.argv[1]), sys.argv[2]))
"""
SCENARIO = """
from locust import HttpUser, task

class Stubborn(HttpUser):
    @task
    def never_yields(self):
        time.sleep(0.5)
        while time.monotonic(): pass
"""


async def test_children_end_within_two_seconds_of_an_engine_that_was_killed_even_while_a_scenario_never_yields(
    site, tmp_path: Path
) -> None:
    (tmp_path / "s.py").write_text(SCENARIO)
    engine = await asyncio.create_subprocess_exec(sys.executable, "-c", ENGINE, str(tmp_path), site.address, stdout=asyncio.subprocess.PIPE)
    children = [psutil.Process(pid) for pid in json.loads(await engine.stdout.readline())]
    assert all(child.is_running() for child in children)
    os.kill(engine.pid, signal.SIGKILL)
    assert await asyncio.to_thread(_all_end, children, 2.0)
    await engine.communicate()


def _all_end(processes: list[psutil.Process], within: float) -> bool:
    deadline = time.monotonic() + within
    while any(_runs(one) for one in processes):
        if time.monotonic() > deadline:
            return False
        psutil.wait_procs(processes, timeout=0.02)
    return True


def _runs(process: psutil.Process) -> bool:
    """Whether it still does anything: an orphan stays a zombie for as long as init likes."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
