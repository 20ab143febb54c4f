"""A page that is expected and silenced by the same experiment is said before anything starts."""

from types import SimpleNamespace as Suite
from typing import Any

import pytest

from firedrill.core.model.experiment import Silence

SAID = "page Burn: cannot be, as this experiment silences severity = page, alertname =~ B.*"


@pytest.mark.parametrize(
    ("matchers", "expected", "said"),
    [
        (("severity = page", "alertname =~ B.*"), {"page": "Burn"}, [SAID]),
        (("severity = ticket",), {"page": "Burn"}, []),
        (("severity = page", "instance = one"), {"page": "Burn"}, []),
        (("severity = page",), {"page": "Burn", "times": "0"}, []),
    ],
)
def test_a_page_that_every_rule_of_its_name_has_silenced_cannot_be(suite: Suite, matchers: Any, expected: Any, said: list[str]) -> None:
    silences = (Silence(matchers=matchers, comment="They know"),)
    page = suite.expectation("page", **expected)
    plan = suite.plan(suite.fault("down", target="bureau"), expect=[page], silences=silences)
    assert [each for each in plan.warnings if "silences" in each] == said


def test_silences_stand_on_the_time_line(suite: Suite) -> None:
    from firedrill.plan.rows import describe

    rows = describe(suite.plan(silences=(Silence(matchers=("team = x", "severity = page"), comment="They know"),)))
    assert [(row.what, row.start, row.end) for row in rows if row.of == "silence"] == [("team = x and severity = page", -20.0, None)]
