"""Whether users were well again while the fault was still there: what people achieved, not what the drill's own clearing did.

Knows windows of samples; refuses to call it mitigated when the fault went away first, or when nothing was hurt.
"""

from firedrill.core.model.slos import Slo
from firedrill.judge.drill import Facts
from firedrill.judge.moments import cleared, origin
from firedrill.judge.slo import Recovery, recovery


def mitigation(facts: Facts, slo: Slo) -> Recovery | None:
    """The recovery between the first active fault and the last clearing, or now while a fault is on; None before any fault."""
    start, clear = origin(facts), cleared(facts)
    return None if start is None else recovery(facts, slo, start.at, facts.now if clear is None else clear.at)


def hurt(slo: Slo, found: Recovery) -> bool:
    """Whether some window missed the objective, so that there was something to mitigate."""
    return found.worst is not None and found.worst < slo.objective - 1e-12


def mitigated(facts: Facts, slo: Slo) -> float | None:
    """Seconds from the first active fault until the SLO was met again and stayed met until the fault was cleared; else None."""
    start, found = origin(facts), mitigation(facts, slo)
    if start is None or found is None or found.at is None or cleared(facts) is None or not hurt(slo, found):
        return None
    return round(found.at - start.at, 6)


def mitigations(facts: Facts) -> dict[str, float | None]:
    """The same for each SLO that was hurt while a fault was on, by name; those that were not are left out."""
    found = {slo: mitigation(facts, slo) for slo in facts.plan.slos}
    return {slo.name: mitigated(facts, slo) for slo, one in found.items() if one is not None and hurt(slo, one)}


def mitigated_for_all(facts: Facts) -> float | None:
    """Seconds until the last of the SLOs that were hurt was mitigated; None while one is not, or where none was hurt."""
    took = mitigations(facts).values()
    known = [one for one in took if one is not None]
    return max(known, default=None) if len(known) == len(took) else None
