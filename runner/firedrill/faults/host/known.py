"""Every effect on this machine, by the name that its wire message has under `effect`; one for a proxy has none and is a Toxiproxy's."""

from collections.abc import Mapping

from firedrill.faults.host import clock, cpu, descriptors, disk, filters, io, kill, memory, pause, queues, toxiproxy
from firedrill.faults.host.effect import HostEffect

EFFECTS: Mapping[str, HostEffect] = {
    "clock": clock.EFFECT,
    "cpu": cpu.EFFECT,
    "descriptors": descriptors.EFFECT,
    "disk": disk.EFFECT,
    "filter": filters.EFFECT,
    "io": io.EFFECT,
    "kill": kill.KILL,
    "memory": memory.EFFECT,
    "pause": pause.EFFECT,
    "queue": queues.EFFECT,
    "restart": kill.RESTART,
    "toxiproxy": toxiproxy.EFFECT,
}
