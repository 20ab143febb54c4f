"""Faults on this machine's resources: used as much as was said, never below a floor, and free again however the holder ends."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from firedrill.faults.holding.calls import CallFailed
from firedrill.faults.host import memory, processes, worker
from firedrill.faults.host.undo import present, put_back
from firedrill.faults.kinds import disk
from hosting import Holder, holding, until

CPU = {"effect": "cpu", "load": 0.3, "cores": 1}
DISK = {"effect": "disk", "size": 20_000_000, "share": None}
IO = {"effect": "io", "size": 2_000_000, "writers": 2}


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[Holder]:
    (tmp_path / "scratch").mkdir()
    targets = {"machine": {"machine": "this"}, "scratch": {"directory": "scratch"}, "nowhere": {"directory": "nowhere"}}
    with holding(targets, tmp_path) as held:
        yield held


def workers(undo: dict[str, Any]) -> list[psutil.Process]:
    """Without their keeper and its guard."""
    marked = [psutil.Process(each["pid"]) for each in processes.marked(undo["aimed"]["mark"])]
    return [each for each in marked if worker.__file__ in each.cmdline()[:3]]


def why_not(holder: Holder, target: str, **wire: Any) -> str:
    with pytest.raises(CallFailed) as refused:
        holder.aim(target, **wire)
    return str(refused.value)


def seconds_used(undo: dict[str, Any]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in workers(undo))


@pytest.mark.parametrize(("target", "wire"), [("machine", CPU), ("scratch", DISK), ("scratch", IO)], ids=["cpu", "disk", "io"])
def test_it_is_there_and_then_it_is_not_by_each_way_out(holder: Holder, target: str, wire: dict[str, Any]) -> None:
    undo = holder.inject(target, **wire)
    assert present(undo)
    assert (holder.touched() or 0) > 0 or wire is CPU
    holder.clear()
    holder.clear()
    assert not present(undo)
    assert not put_back(undo), "it was gone already"
    undo = holder.inject(target, lease=0.2, **wire)
    until(lambda: not present(undo))
    never = holder.aim(target, **wire)["undo"]
    assert not put_back(never)
    undo = holder.inject(target, **wire)
    holder.die()
    until(lambda: not present(undo))


def test_anybody_with_the_data_ends_it_while_its_holder_lives(holder: Holder) -> None:
    undo = holder.inject("machine", **CPU)
    assert put_back(undo)
    assert not present(undo)
    holder.clear()


def test_a_core_is_loaded_by_its_share_alone(holder: Holder) -> None:
    undo = holder.inject("machine", **CPU)
    (one,) = workers(undo)
    began = seconds_used(undo)
    until(lambda: seconds_used(undo) >= began + 0.3)
    wall = time.time() - one.create_time()
    assert seconds_used(undo) <= 0.3 * wall + 0.3, "three tenths of the time, the start and one slice aside"
    holder.clear()


def test_there_is_a_worker_for_each_core_that_is_asked_for_or_there(holder: Holder) -> None:
    there = len(os.sched_getaffinity(0))
    undo = holder.inject("machine", effect="cpu", load=0.05, cores=None)
    until(lambda: len(workers(undo)) == there)
    holder.clear()
    assert f"cores: {there + 1} is more than the {there} that there are" in why_not(
        holder, "machine", effect="cpu", load=1, cores=there + 1
    )


def test_memory_is_held_and_given_back(holder: Holder) -> None:
    share = 100 * memory.MIB / worker.available()
    undo = holder.inject("machine", effect="memory", share=share)
    (one,) = workers(undo)
    assert 90 <= one.memory_info().rss / memory.MIB <= 150
    assert 90 <= (holder.touched() or 0) <= 150
    assert Path(f"/proc/{one.pid}/oom_score_adj").read_text() == "1000\n", "the kernel takes it first"
    holder.clear()
    assert not present(undo)


def test_memory_that_others_need_is_refused(holder: Holder) -> None:
    assert "would leave less than the" in why_not(holder, "machine", effect="memory", share=0.99)


def test_memory_is_let_go_when_others_come_to_need_it(holder: Holder) -> None:
    aimed = holder.aim("machine", effect="memory", share=32 * memory.MIB / worker.available())
    aimed["wire"]["aimed"]["argv"][2] = str(worker.available() * 2)  # a floor that is not kept
    with pytest.raises(CallFailed, match="ended with exit code 0"):
        holder.inject_aimed("machine", aimed)
    assert not present(aimed["undo"])


def test_a_disk_has_less_space_and_nothing_lies_there(holder: Holder, tmp_path: Path) -> None:
    undo = holder.inject("scratch", **DISK)
    (one,) = workers(undo)
    (file,) = [path for path in Path(f"/proc/{one.pid}/fd").iterdir() if ".firedrill-" in os.readlink(path)]
    assert file.stat().st_blocks * 512 >= DISK["size"]
    assert 20 <= (holder.touched() or 0) <= 22
    assert list((tmp_path / "scratch").iterdir()) == []
    holder.clear()


def test_a_disk_is_not_filled_below_its_floor(holder: Holder) -> None:
    assert "would leave less than 1000 MB free" in why_not(holder, "scratch", effect="disk", size=None, share=1.0)
    assert "is fuller than that already" in why_not(holder, "scratch", effect="disk", size=None, share=0.0001)
    assert "nowhere is no folder that can be written to" in why_not(holder, "nowhere", **DISK)


def test_another_file_system_keeps_a_twentieth_or_256_megabytes() -> None:
    from firedrill.faults.host import disk as effect

    elsewhere = Path("/dev/shm")
    whole = effect._floor(elsewhere, 10**9), effect._floor(elsewhere, 10**12)
    assert whole == (50_000_000, 256_000_000)


def test_io_writes_more_than_it_takes_up(holder: Holder) -> None:
    undo = holder.inject("scratch", **IO)
    until(lambda: sum(each.io_counters().write_chars for each in workers(undo)) > 3 * IO["size"])
    assert len(workers(undo)) == 2
    sizes = {Path(f"/proc/{each.pid}/fd/{fd.fd}").stat().st_size for each in workers(undo) for fd in each.open_files()}
    assert max(sizes, default=0) <= IO["size"]
    holder.clear()


def test_a_disk_is_filled_to_a_share_or_by_a_size() -> None:
    for settings in ({}, {"share": "90%", "size": "1GB"}):
        with pytest.raises(ValueError, match="'share' or by a 'size'"):
            disk.Disk.model_validate({"target": "it", **settings})
