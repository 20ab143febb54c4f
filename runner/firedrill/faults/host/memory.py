"""Memory is held. Knows what is available and what has to stay so; refuses to know who holds it."""

from pathlib import Path

import psutil

from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host.effect import Data
from firedrill.faults.host.worker import available
from firedrill.faults.host.workers import Workers

FLOOR_BYTES, FLOOR_SHARE = 512 * 1024**2, 0.1
MIB = 1024**2


def _measured(target: Data, wire: Data) -> list[str]:
    """`{"effect": "memory", "share": 0.2}`: of what is available now. The greater floor stays available."""
    there, floor = available(), max(FLOOR_BYTES, int(psutil.virtual_memory().total * FLOOR_SHARE))
    wanted = int(there * wire["share"])
    if there - wanted < floor:
        raise Rejected(
            409, f"{wanted // MIB} MiB of the {there // MIB} MiB available would leave less than the {floor // MIB} MiB that have to stay"
        )
    return [str(wanted), str(floor)]


def _mebibytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


EFFECT = Workers("memory", _measured, _mebibytes, lambda aimed, used: used >= int(aimed["argv"][1]) // MIB)
"""`touched` is resident memory, in MiB."""
