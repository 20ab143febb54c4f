"""The prober as a real child against a real server."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from firedrill.core.errors import FiredrillError
from firedrill.core.events import BlindBegan, BlindEnded, Covered
from firedrill.core.model.probes import HttpCheck, Probe
from firedrill.core.units import Duration
from firedrill.measure.probes.client import Probes


def http(path: str, every: float = 0.05, timeout: float = 2, **more: Any) -> Probe:
    return Probe(every=Duration(every), timeout=Duration(timeout), http=HttpCheck(url=f"http://<api>{path}", **more))


@asynccontextmanager
async def probing(
    recorded, site, root: Path, probes: dict[str, Probe], cap: int = 256, **thresholds: tuple[float, ...]
) -> AsyncIterator[Probes]:
    addresses = {"api": site.address, "probes": "127.0.0.1:0"}
    running = await Probes.start(probes, root, addresses, thresholds, recorded.clock, recorded, root, addresses["probes"], cap)
    try:
        yield running
    finally:
        await running.stop()


def counted(recorded, name: str) -> tuple[int, int]:
    return sum(s.good for s in recorded.samples(name)), sum(s.bad for s in recorded.samples(name))


def all_are_counted(recorded, site) -> bool:
    """Whether every answer is a sample; a sample without an answer never is."""
    ok, bad = counted(recorded, "ok")[0] + counted(recorded, "words")[1], counted(recorded, "bad")[1]
    assert ok <= site.answered["/ok"]
    assert bad <= site.answered["/bad"]
    return (ok, bad) == (site.answered["/ok"], site.answered["/bad"])


async def metrics(port: int) -> dict[tuple[str, ...], float]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(await answer.text())
    return {(s.name, s.labels.pop("probe"), *s.labels.values()): s.value for family in families for s in family.samples}


async def test_bins_hold_every_sample_that_the_server_counted_and_coverage_has_no_hole(recorded, site, tmp_path) -> None:
    probes = {"ok": http("/ok", timeout=60, contains="ok"), "bad": http("/bad", timeout=60)}
    probes |= {"words": http("/ok", timeout=60, contains="absent")}
    async with probing(recorded, site, tmp_path, probes, ok=(5.0, 0.0000001)):
        await recorded.until(lambda e: isinstance(e.event, Covered) and e.event.since >= 1 and e.event.what == "probe words")
        # Once nobody is answered any more, what was answered and is still on its way arrives, and nothing else does.
        site.closed = True
        await recorded.until(lambda _: all_are_counted(recorded, site))
        good, none = counted(recorded, "ok")
        assert (none, counted(recorded, "bad")[0]) == (0, 0)
    assert good > 20
    assert {key for s in recorded.samples("ok") for key in s.under} == {"5", "1e-07"}
    assert sum(s.under["5"] for s in recorded.samples("ok")) == good
    assert recorded.samples("bad")[0].errors.keys() == {"status 503"}
    assert recorded.samples("words")[0].errors.keys() == {"the body does not contain 'absent'"}
    covered = [e for e in recorded.of(Covered) if e.event.what == "probe ok"]
    assert [e.source_at for e in covered[:-1]] == [e.event.since for e in covered[1:]]
    assert sum(e.event.looks for e in covered) == good


async def test_a_stalled_server_never_delays_the_next_sample_and_timeouts_are_bad(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"held": http("/held", every=0.1, timeout=0.7)}):
        await recorded.until(lambda e: bool(recorded.samples("held")) and len(site.arrived) >= 12)
    good, bad = counted(recorded, "held")
    assert (good, bad > 0) == (0, True)
    assert {cause for s in recorded.samples("held") for cause in s.errors} == {"no answer within 700ms"}
    first = site.arrived[0]
    # On the grid, not one timeout apart: the twelfth comes after 1.1 s and not after 7.7 s.
    assert 0.9 < site.arrived[11] - first < 3.0
    assert recorded.samples("held")[0].first_bad > recorded.clock.at(first)


async def test_a_sample_that_could_not_start_because_too_many_are_on_their_way_is_bad(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"held": http("/held", every=0.05, timeout=9)}, cap=3):
        await recorded.until(lambda e: bool(recorded.samples("held")))
    assert len(site.arrived) == 3
    assert {cause for s in recorded.samples("held") for cause in s.errors} == {"dropped: 3 samples were still on their way"}


async def test_a_python_journey_runs_and_one_that_raises_is_bad_with_the_teams_own_message(recorded, site, tmp_path) -> None:
    (tmp_path / "journey.py").write_text(
        "from aiohttp import ClientSession\n"
        "async def check(session: ClientSession, addresses):\n"
        "    print('this must not disturb the events', end='')\n"
        "    for _ in range(2):\n"
        "        async with session.get(f\"http://{addresses['api']}/ok\") as answer:\n"
        "            assert answer.status == 200\n"
    )
    (tmp_path / "wrong.py").write_text("async def check(session, addresses):\n    raise LookupError('the offer is lost\\nfor ever')\n")
    probes = {name: Probe(every=Duration(0.1), timeout=Duration(2), python=f"{name}.py") for name in ("journey", "wrong")}
    async with probing(recorded, site, tmp_path, probes):
        await recorded.until(lambda e: bool(recorded.samples("wrong") and recorded.samples("journey")))
    assert counted(recorded, "journey")[1] == 0
    assert recorded.samples("wrong")[0].errors.keys() == {"LookupError: the offer is lost"}
    assert "must not disturb" in (tmp_path / "probes.log").read_text()


async def test_a_probe_that_cannot_be_used_is_a_blind_spot_with_its_line_and_the_others_go_on(recorded, site, tmp_path) -> None:
    (tmp_path / "broken.py").write_text("X = 1\nY = absent\n")
    (tmp_path / "torn.py").write_text("\ndef (\n")
    (tmp_path / "empty.py").write_text("def check(session, addresses): ...\n")
    files = {name: Probe(python=f"{name}.py") for name in ("broken", "torn", "empty")}
    nowhere = Probe(http=HttpCheck(url="http://<apy>/ok"))
    async with probing(recorded, site, tmp_path, files | {"nowhere": nowhere, "ok": http("/ok")}):
        await recorded.until(lambda e: bool(recorded.samples("ok")))
    blind = {e.event.what: e.event.why for e in recorded.of(BlindBegan) if not e.event.why.startswith("prober-limited")}
    assert blind == {
        "probe broken": "the probe cannot be used: broken.py:2: NameError: name 'absent' is not defined",
        "probe torn": "the probe cannot be used: torn.py:2: SyntaxError: invalid syntax",
        "probe empty": "the probe cannot be used: empty.py: it must define `async def check(session, addresses)`",
        "probe nowhere": "the probe cannot be used: no address is called 'apy' in firedrill.yaml; there are: api, probes",
    }


async def test_prometheus_can_scrape_the_probes_under_the_ecosystems_names(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"ok": http("/ok"), "bad": http("/bad")}) as running:
        await recorded.until(lambda e: bool(recorded.samples("ok") and recorded.samples("bad")))
        seen = await metrics(running.port)
    assert (seen["probe_success", "ok"], seen["probe_success", "bad"]) == (1, 0)
    assert (seen["probe_http_status_code", "ok"], seen["probe_http_status_code", "bad"]) == (200, 503)
    assert seen["probe_attempts_total", "ok", "good"] > 0 == seen["probe_attempts_total", "ok", "bad"]
    phases = {phase: seen["probe_http_duration_seconds", "ok", phase] for phase in ("resolve", "connect", "processing", "transfer")}
    assert phases["connect"] > 0 < phases["processing"]
    assert sum(phases.values()) <= seen["probe_duration_seconds", "ok"]
    assert not [key for key in seen if key[0].endswith("_created")]


async def test_an_exporter_whose_port_is_taken_is_an_error_that_says_so(recorded, site, tmp_path) -> None:
    with pytest.raises(FiredrillError, match=f"the probes' exporter cannot listen on {site.address}: "):
        await Probes.start({}, tmp_path, {}, {}, recorded.clock, recorded, tmp_path, site.address)


async def test_a_killed_prober_is_a_blind_spot_for_every_probe_from_when_it_was_last_seen(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"ok": http("/ok"), "bad": http("/bad")}) as running:
        last = await recorded.until(lambda e: isinstance(e.event, Covered))
        assert running.lost() is None
        os.kill(running._following.child.process.pid, signal.SIGKILL)
        killed = time.monotonic()
        blind = await recorded.until(lambda e: isinstance(e.event, BlindBegan) and "killed" in e.event.why)
        assert time.monotonic() - killed < 2
        assert running.lost() == blind.event.why == "the prober was killed by signal 9"
        assert blind.source_at >= last.source_at
    assert {e.event.what for e in recorded.of(BlindBegan) if "killed" in e.event.why} == {"probe ok", "probe bad"}


async def test_a_prober_that_is_held_up_is_blind_for_just_those_seconds(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"ok": http("/ok")}) as running:
        await recorded.until(lambda e: bool(recorded.samples("ok")))
        os.kill(running._following.child.process.pid, signal.SIGSTOP)
        stopped = recorded.clock.now()
        silent = await recorded.until(lambda e: isinstance(e.event, BlindBegan) and "silent" in e.event.why)
        assert running.lost() == "the prober has been silent for over 3 s"
        os.kill(running._following.child.process.pid, signal.SIGCONT)
        resumed = recorded.clock.now()
        back = await recorded.until(lambda e: isinstance(e.event, BlindEnded) and e.source_at > stopped + 1)
        assert running.lost() is None
    assert silent.source_at <= stopped
    assert resumed - 1 <= back.source_at


async def test_probes_end_soon_after_their_input(recorded, site, tmp_path) -> None:
    async with probing(recorded, site, tmp_path, {"held": http("/held", timeout=30)}) as running:
        await asyncio.wait_for(site.came.wait(), 10)
        began = time.monotonic()
        await running.stop()
    assert time.monotonic() - began < 2
    assert running._following.child.process.returncode == 0
    assert running.lost() is None
