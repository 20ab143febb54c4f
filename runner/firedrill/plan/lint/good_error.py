"""A probe that calls an error a good answer."""

from collections.abc import Iterator

from firedrill.core.alerting import Place
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import listed

NAME = "good-error"
ERRORS = 500
"""The first status by which a server says that it failed."""


def look(linted: Linted) -> Iterator[Remark]:
    """Each probe whose `status` holds server errors, once for each experiment that lists it."""
    for plan in linted.plans:
        for name, probe in plan.probes.items():
            errors = [str(status) for status in (probe.http.status if probe.http is not None else ()) if status >= ERRORS]
            if errors:
                yield Remark(
                    NAME, plan.experiment, Place(file=plan.file, line=1),
                    f"{plan.experiment}: the probe {name} counts {listed(errors)} as good, so it would miss a fault that causes it",
                )  # fmt: skip


CHECK = Check(
    NAME,
    __doc__,
    "A failing server answers with a status of 500 or above. A probe that counts this as good measures only that something answers, and "
    "an SLO on it is met while users get errors.",
    look,
)
