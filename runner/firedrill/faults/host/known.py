"""Every effect on this machine, by the name that its wire message has under `effect`; one for a proxy has none and is a Toxiproxy's."""

from collections.abc import Mapping

from firedrill.faults.host import pause, toxiproxy
from firedrill.faults.host.effect import HostEffect

EFFECTS: Mapping[str, HostEffect] = {"pause": pause.EFFECT, "toxiproxy": toxiproxy.EFFECT}
