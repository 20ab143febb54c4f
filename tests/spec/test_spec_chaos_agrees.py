"""What Chaos Toolkit itself takes and refuses, file by file, beside what we say of the same file."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from chaos_files import CORPUS, DELIBERATE, DIFFERENT, changed
from firedrill.core.errors import Problem
from firedrill.core.kinds import Kinds
from firedrill.spec.check import check

Verdicts = Callable[[Sequence[str]], Iterator[tuple[str | None, Sequence[Problem]]]]

ASK = """
import json, logging, sys
from chaoslib.experiment import ensure_experiment_is_valid, load_experiment
logging.disable(logging.CRITICAL)
for file in json.load(sys.stdin):
    try:
        ensure_experiment_is_valid(load_experiment(file))
    except BaseException as error:
        print(json.dumps(f"{type(error).__name__}: {error}"))
    else:
        print(json.dumps(None))
"""


def _theirs(files: list[Path]) -> list[str | None]:
    """In a process of its own, since it imports what the files name."""
    command = [sys.executable, "-W", "ignore", "-c", ASK]
    told = subprocess.run(command, input=json.dumps([str(file) for file in files]), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in told.stdout.splitlines()]


@pytest.fixture
def verdicts(suite: Path, kinds: Kinds) -> Callable[[Sequence[str]], Iterator[tuple[str | None, Sequence[Problem]]]]:
    """What either says of each file: their error or None, and our problems that are errors."""

    def both(texts: Sequence[str]) -> Iterator[tuple[str | None, Sequence[Problem]]]:
        files = [suite / f"experiments/file{number}.yaml" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text)
        for file, theirs in zip(files, _theirs(files), strict=True):
            yield theirs, check([file], kinds, os.environ).errors

    return both


def test_we_take_what_chaos_toolkit_takes_and_refuse_what_it_refuses(verdicts: Verdicts) -> None:
    told = [(changed(text), theirs, ours) for text, (theirs, ours) in zip(CORPUS, verdicts(CORPUS), strict=True)]
    differ = [f"{change!r}: Chaos Toolkit says {theirs}, we say {ours}" for change, theirs, ours in told if (theirs is None) != (not ours)]
    assert not differ
    assert {theirs is None for _, theirs, _ in told} == {True, False}
    assert all(error.line >= 1 and error.column >= 1 and error.message for _, _, ours in told for error in ours)


def test_we_differ_where_it_is_meant_and_nowhere_else(verdicts: Verdicts) -> None:
    for (_, new, verb, _), (theirs, ours) in zip(DELIBERATE, verdicts(DIFFERENT), strict=True):
        assert ("takes" if theirs is None else "refuses") == verb, f"{new!r}: {theirs}"
        assert (not ours) == (verb == "refuses"), f"{new!r}: {ours}"
