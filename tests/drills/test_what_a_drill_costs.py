"""What a drill costs beside what it measures: processor, memory, and the time around it."""

import psutil

from firedrill.core.events import FaultCleared, PhaseEntered

CORE_SHARE = 0.25
MEGABYTES = 150


def test_the_engine_stays_light_while_it_drills(suite) -> None:
    suite.edit("experiments/latency.yaml", ("    for: 2s", "    for: 6s"), ("resolved: 5s", "resolved: 8s"))
    running = suite.start("latency")
    steady = running.wait_for("phase.entered", phase="steady")
    engine = psutil.Process(running.process.pid)
    before = engine.cpu_times()
    end = running.wait_for("phase.entered", phase="end")
    after, memory = engine.cpu_times(), engine.memory_info()
    assert running.finish().code == 0
    used = after.user + after.system - before.user - before.system
    assert used / (end.t - steady.t) < CORE_SHARE
    assert memory.rss < MEGABYTES * 1024 * 1024


def test_little_time_is_spent_beyond_what_the_drill_asked_for(suite) -> None:
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    entered = {entry.event.phase: entry.at for entry in outcome.journal if isinstance(entry.event, PhaseEntered)}
    (cleared,) = [entry.at for entry in outcome.journal if isinstance(entry.event, FaultCleared)]
    (page,) = outcome.verdict["pages"]
    decided = max(cleared, page["resolved_s"])
    before_ramp = entered["ramp"]
    between_steady_and_fault = outcome.verdict["faults"][0]["injected_s"] - entered["play"]
    after_decision = outcome.journal[-1].t - decided
    assert before_ramp + between_steady_and_fault + after_decision < 5
