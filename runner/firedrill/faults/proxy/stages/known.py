"""Every type of toxic with the stage that does it."""

from collections.abc import Mapping

from firedrill.faults.proxy.stages.bandwidth import Bandwidth
from firedrill.faults.proxy.stages.latency import Latency
from firedrill.faults.proxy.stages.limit_data import LimitData
from firedrill.faults.proxy.stages.reset_peer import ResetPeer
from firedrill.faults.proxy.stages.slicer import Slicer
from firedrill.faults.proxy.stages.slow_close import SlowClose
from firedrill.faults.proxy.stages.stage import Stage
from firedrill.faults.proxy.stages.timeout import Timeout

STAGES: Mapping[str, type[Stage]] = {
    "noop": Stage,
    "latency": Latency,
    "bandwidth": Bandwidth,
    "slow_close": SlowClose,
    "timeout": Timeout,
    "reset_peer": ResetPeer,
    "slicer": Slicer,
    "limit_data": LimitData,
}
