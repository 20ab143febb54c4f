"""Processors are kept busy. Knows how many there are and /proc/PID/stat; refuses to know who works on them."""

import os
from pathlib import Path

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host.effect import Data
from firedrill.faults.host.workers import Workers


def _measured(target: Data, wire: Data) -> list[str]:
    """`{"effect": "cpu", "load": 0.8, "cores": null}`: all processors that we may use, when it names none."""
    there = len(os.sched_getaffinity(0))
    cores = wire["cores"] or there
    if cores > there:
        raise Rejected(400, f"cores: {cores} is more than the {there} that there are")
    return [str(cores), str(wire["load"])]


def _milliseconds(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return round((int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK"))


EFFECT = Workers("cpu", _measured, _milliseconds)
"""`touched` is processor time, in milliseconds."""
