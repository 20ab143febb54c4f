"""A credential, an address or a file that alertmanager.yml leaves to its deployment, without which Alertmanager reaches nobody."""

from collections.abc import Iterator

from firedrill.plan.lint.remark import Check, Linted, Remark

NAME = "given-at-deployment"


def look(linted: Linted) -> Iterator[Remark]:
    """Each of them, at its place."""
    for gap in linted.alerting.gaps:
        yield Remark(NAME, gap.of, gap.place, f"{gap.words}: the deployment has to provide it")


CHECK = Check(
    NAME,
    __doc__,
    "A drill points every receiver at its own sink, so that it needs no credential and no address, and a drill that passes says nothing of "
    "either. Without them Alertmanager does not start: `missing URL in webhook config`. Everything else of the file is judged by amtool as "
    "it is written, with a stand-in for what is missing.",
    look,
)
