"""What a file's own activities and controls name, and is not there: `validate --deep` says it, and `run` refuses it before it starts."""

from collections.abc import Iterator

from firedrill.core.errors import Invalid, Problem
from firedrill.spec.check import Checked
from firedrill.spec.yaml import shown

PATIENCE = 60.0
"""Seconds for one experiment's modules before a drill, which imports them as well and for as long as that takes."""


def refuse(files: Checked) -> None:
    """Invalid with all that Chaos Toolkit would refuse once it plays; the modules are imported in a process of their own."""
    if wrong := list(missing(files, PATIENCE)):
        raise Invalid(wrong)


def missing(files: Checked, within: float | None = None) -> Iterator[Problem]:
    """Modules, functions, arguments and programs that are not there, and what a control's own validation says."""
    from firedrill.faults.chaos import deep

    for experiment in files.experiments:
        assert files.root is not None
        for path, message in deep.missing(experiment.chaos, files.root, within or deep.WITHIN).items():
            place = next((at for each in (path, path.rpartition(".")[0]) if (at := experiment.chaos_places.get(each))), (1, 1))
            yield Problem(shown(files.root / experiment.file), *place, path, message)
