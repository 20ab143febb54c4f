"""Every effect on this machine, by the name that its wire message has under `effect`."""

from collections.abc import Mapping

from firedrill.faults.host import filters, pause, queues
from firedrill.faults.host.effect import HostEffect

EFFECTS: Mapping[str, HostEffect] = {"pause": pause.EFFECT, "filter": filters.EFFECT, "queue": queues.EFFECT}
