"""What is told of a mark and of announcements, word for word and at its place."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from pathlib import Path

import pytest

from firedrill.cli.registry import kinds
from firedrill.spec.check import check

ANNOUNCE = "    announce:\n      webhook: {}\n"
CASES = {
    "    mark: DRILL\n": "",
    "    mark: DRÜLL of the payments team\n": "",
    ANNOUNCE.format("IS_SET"): "",
    ANNOUNCE.format("NOT_SET"): "24:16: warning: environments.local.announce.webhook: the environment variable NOT_SET is not set",
    ANNOUNCE.format("IS_EMPTY"): "24:16: warning: environments.local.announce.webhook: the environment variable IS_EMPTY is not set",
    ANNOUNCE.format("https://chat.example.org/hooks/a-secret"): (
        "24:16: environments.local.announce.webhook: the name of the environment variable that holds the URL is expected here: whoever knows the URL can post there"
    ),
    ANNOUNCE.format("IS_SET")
    + "      required: maybe\n": "25:17: environments.local.announce.required: true or false is expected, not 'maybe'",
    f"    mark: {'x' * 41}\n": "23:11: environments.local.mark: a mark is one line of at most 40 characters, such as DRILL",
    '    mark: "two\\nlines"\n': "23:11: environments.local.mark: a mark is one line of at most 40 characters, such as DRILL",
    '    mark: ""\n': "23:11: environments.local.mark: a mark is one line of at most 40 characters, such as DRILL",
}


@pytest.mark.parametrize("lines", CASES)
def test_what_is_said_of_it(suite: Path, lines: str) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text().rstrip("\n") + "\n" + lines)
    problems = check([suite / "experiments"], kinds(), {"IS_SET": "x", "IS_EMPTY": ""}).problems
    said = [str(one).partition("firedrill.yaml:")[2] for one in problems if ".mark" in one.path or ".announce" in one.path]
    assert said == ([CASES[lines]] if CASES[lines] else [])


def test_a_drill_does_not_start_where_nobody_could_be_told(suite: Path) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text().rstrip("\n") + "\n" + ANNOUNCE.format("NOT_SET"))
    errors = check([suite / "experiments"], kinds(), {}, strict_env=True).errors
    assert [one.message for one in errors] == ["the environment variable NOT_SET is not set"]
