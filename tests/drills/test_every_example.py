"""Every kind of fault's own example is played, takes effect, and is gone afterwards; looked at from outside, at the targets."""

from pathlib import Path

from firedrill.cli.registry import kinds
from firedrill.core.kinds import FaultKind
from trials.bystanders import bystanders
from trials.tour import toured

ELSEWHERE = {"network"}
"""Kinds of target that a tour cannot have: their examples are played by tests of their own."""

NOT_FOR_PYTHON = {"clock"}
"""Kinds of fault that the demo, which is written in Python, is not to be given: they have tests of their own too."""


def _fits(kind: FaultKind) -> bool:
    return bool(kind.acts_on) and not ELSEWHERE & set(kind.acts_on) and kind.name not in NOT_FOR_PYTHON


def test_each_example_is_felt_and_gone(tmp_path: Path) -> None:
    known = [kind for name, kind in sorted(kinds().faults.items()) if _fits(kind)]
    with bystanders(tmp_path / "tour") as around:
        tour = toured(around, "tour", known)
    assert not list(tour.wrong()), tour.said
    assert tour.code in {0, 1}, tour.said
