"""`silences:` of an experiment, and what people are told of those that are wrong."""

from pathlib import Path

import pytest

from firedrill.cli.registry import kinds
from firedrill.core.model.experiment import Silence
from firedrill.spec.experiment import load_experiment

EVERYTHING = 'this would silence every alert; name a value that only some alerts have, such as team = "platform"'


def load(tmp_path: Path, text: str) -> tuple[tuple[Silence, ...], list[str]]:
    file = tmp_path / "x.yaml"
    file.write_text(f"title: x\nsilences:\n{text}", encoding="utf-8")
    experiment, problems = load_experiment(file, kinds())
    return experiment.silences if experiment else (), [str(each).partition("x.yaml:")[2] for each in problems]


def test_a_silence_is_read(tmp_path: Path) -> None:
    text = "  - matchers: ['team = \"platform\"', severity != page]\n    comment: They know\n"
    assert load(tmp_path, text) == ((Silence(matchers=('team = "platform"', "severity != page"), comment="They know"),), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  - matchers: [team]\n    comment: x\n",
         ["3:16: silences[0].matchers[0]: a matcher such as team = \"platform\" is expected here, not 'team'"]),
        ("  - matchers: ['team != a']\n    comment: x\n", [f"3:15: silences[0].matchers: {EVERYTHING}"]),
        ("  - matchers:\n      - alertname =~ .+\n      - team !~ a\n    comment: x\n", [f"4:7: silences[0].matchers: {EVERYTHING}"]),
        ("  - matchers: ['a =~ \"\\\\C\"']\n    comment: x\n",
         ["3:16: silences[0].matchers[0]: the expression '\\C' is not understood, so nobody can say how much it silences"]),
        ("  - matchers: []\n    comment: x\n", ["3:15: silences[0].matchers: at least 1 is expected here"]),
        ("  - matchers: [a = b]\n", ["3:5: silences[0]: 'comment' is missing"]),
        ("  - matchers: [a = b]\n    comment: ' '\n", [
            "4:14: silences[0].comment: say why, for those who find the silence at Alertmanager"]),
        ("  - matcher: [a = b]\n    comment: x\n", ["3:5: silences[0].matcher: unknown key; did you mean 'matchers'?",
                                                    "3:5: silences[0]: 'matchers' is missing"]),
        ("  - matchers: a = b\n    comment: x\n", ["3:15: silences[0].matchers: a list is expected here, not the text 'a = b'"]),
    ],
)  # fmt: skip
def test_a_silence_that_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: list[str]) -> None:
    assert sorted(load(tmp_path, text)[1]) == sorted(said)
