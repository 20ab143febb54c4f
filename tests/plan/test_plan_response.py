"""Expectations about people on the time line: their keys mean something else than those of a page or an SLO."""

from types import SimpleNamespace as Suite

from firedrill.plan.rows import describe


def test_what_is_expected_of_people_has_its_place_and_warns_of_nothing(suite: Suite) -> None:
    expect = [
        suite.expectation("resolved", resolved="Burn", within="20s"),
        suite.expectation("mitigated", mitigated="availability", within="40s"),
        suite.expectation("told", told=["first-on-call"], of="Burn", within="5s"),
        suite.expectation("hook", hook="status-page", within="30s"),
    ]
    plan = suite.plan(suite.fault("down", "60s", "5s", target="bureau"), expect=expect)
    assert plan.warnings == ()
    assert [(row.what, row.start, row.end) for row in describe(plan) if row.of == "expectation"] == [
        ("Burn resolved within 20s after it paged", 5.0, None),
        ("availability mitigated within 40s", 5.0, 45.0),
        ("first-on-call told of Burn within 5s", 5.0, None),
        ("hook status-page told within 30s", 5.0, 35.0),
    ]


def test_a_mitigation_without_a_fault_or_under_one_too_short_is_warned_of(suite: Suite) -> None:
    expect = [suite.expectation("mitigated", mitigated="availability")]
    assert suite.plan(suite.fault("nothing"), expect=expect).warnings == ("availability mitigated: nothing is broken in this drill",)
    assert suite.plan(suite.fault("down", "5s", target="bureau"), expect=expect).warnings == (
        "availability mitigated: the faults last 5s, and users are well again only after 5s on end",
    )
    assert suite.plan(suite.fault("down", "30s", target="bureau"), expect=expect).warnings == ()
