"""Every kind of fault's own example is played, takes effect, and is gone afterwards; looked at from outside, at the targets."""

from pathlib import Path

from firedrill.cli.registry import kinds
from trials.bystanders import bystanders
from trials.tour import toured

ELSEWHERE = {"network"}
"""Kinds of target that a tour cannot have: their examples are played by tests of their own."""


def test_each_example_is_felt_and_gone(tmp_path: Path) -> None:
    known = [kind for name, kind in sorted(kinds().faults.items()) if kind.acts_on and not ELSEWHERE & set(kind.acts_on)]
    with bystanders(tmp_path / "tour") as around:
        tour = toured(around, "tour", known)
    assert not list(tour.wrong()), tour.said
    assert tour.code in {0, 1}, tour.said
