"""What people are told, word for word, about the built-in expectations: a misspelt name, a key too many, two that cannot stand together."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from pathlib import Path

import pytest

from firedrill.cli.registry import kinds as registered
from firedrill.spec.check import check
from firedrill.spec.schema import schema

PAGE, ALERT, QUIET = "- page: LatencyBudgetBurn", "- alert: LatencyBudgetBurn", "- quiet:"

CASES = [
    # names
    ([PAGE, "  after: LatencyBudgetBern"], "14:12: expect[0].after: unknown alert 'LatencyBudgetBern'; did you mean 'LatencyBudgetBurn'?"),
    ([PAGE, "  grouped-with: [BureauDown, BureauUp]"], "14:32: expect[0].grouped-with[1]: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    ([PAGE, "  grouped-with: BureauUp"], "14:19: expect[0].grouped-with: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    ([ALERT, "  inhibited-by: BureauUp"], "14:19: expect[0].inhibited-by: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    (["- pages:", "    at-most: 1", "    to: platfrom"], "15:11: expect[0].pages.to: unknown receiver 'platfrom'; did you mean 'platform'?"),
    ([QUIET, "    except: BureauUp"], "14:15: expect[0].quiet.except: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    ([QUIET, "    except-to: [platfrom]"], "14:19: expect[0].quiet.except-to[0]: unknown receiver 'platfrom'; did you mean 'platform'?"),
    # keys
    ([PAGE, "  stay: 5s"], "14:5: expect[0].stay: unknown key; did you mean 'stays'?"),
    ([PAGE, "  grouped_with: BureauDown"], "14:5: expect[0].grouped_with: unknown key; did you mean 'grouped-with'?"),
    ([PAGE, "  annotation:", "    summary: x"], "14:5: expect[0].annotation: unknown key; did you mean 'annotations'?"),
    ([PAGE, "  inhibited-by: BureauDown"], "14:5: expect[0].inhibited-by: 'inhibited-by' belongs to 'alert', not to 'page'"),
    ([ALERT, "  to: platform"], "14:5: expect[0].to: 'to' belongs to 'page', not to 'alert'"),
    ([ALERT, "  inhibited-by: BureauDown", "  to: platform"], "15:5: expect[0].to: 'to' belongs to 'page', not to 'alert'"),
    ([PAGE, "  quiet:"], "14:5: expect[0].quiet: one expectation for each entry; start 'quiet' with a dash of its own"),
    (["- pages:", "    at-mots: 3"], [
        "14:7: expect[0].pages: 'at-most' is missing", "14:7: expect[0].pages.at-mots: unknown key; did you mean 'at-most'?"]),
    # values
    ([PAGE, "  links: reachabel"], "14:12: expect[0].links: reachable is expected here, not 'reachabel'; did you mean 'reachable'?"),
    ([PAGE, "  stays: 5"], "14:12: expect[0].stays: a duration needs a unit: write 5s, or until-cleared"),
    ([PAGE, "  stays: until-clear"], "14:12: expect[0].stays: 'until-clear' is not a duration such as 500ms, 30s or 1m30s, or until-cleared"),
    ([PAGE, "  stays: [5s]"], "14:12: expect[0].stays: a duration such as 30s, or until-cleared, is expected here"),
    ([PAGE, "  says:", "    a: b"], "15:7: expect[0].says: a list is expected here, not a mapping"),
    ([ALERT, "  silenced: maybe"], "14:15: expect[0].silenced: true or false is expected, not 'maybe'"),
    (["- pages: 3"], "13:12: expect[0].pages: a mapping (key: value) is expected here, not the text '3'"),
    (["- pages"], "13:5: expect[0]: 'pages' needs settings: write '- pages:' and below it 'at-most:' with a value"),
    (["- pages:", "    at-most: few"], "14:16: expect[0].pages.at-most: a whole number such as 20 is expected, not 'few'"),
    # what cannot stand together
    ([PAGE, "  within: 5s", "  times: 0"], "14:5: expect[0].within: with 'times: 0' no page may come, so there is nothing to ask of one"),
    ([PAGE, "  times: 0", "  says: x"], "15:5: expect[0].says: with 'times: 0' no page may come, so there is nothing to ask of one"),
    ([ALERT, "  times: 0", "  stays: until-cleared"], "15:5: expect[0].stays: with 'times: 0' it may not fire, so there is nothing to ask of its firing"),
    ([PAGE, "  after: LatencyBudgetBurn"], "14:5: expect[0].after: LatencyBudgetBurn cannot come after itself; name another alert"),
    ([PAGE, "  grouped-with: [LatencyBudgetBurn]"], "14:5: expect[0].grouped-with: LatencyBudgetBurn is in its own page anyway; name other alerts"),
    ([ALERT, "  inhibited-by: LatencyBudgetBurn"], "14:5: expect[0].inhibited-by: LatencyBudgetBurn cannot hold itself back; name another alert"),
]  # fmt: skip


def told(suite: Path, entry: list[str]) -> list[str]:
    """Problems of the sound suite, with a second alert and this one expectation."""
    experiment, rules = suite / "experiments" / "slow.yaml", suite / "alerts" / "demo.rules.yml"
    head = experiment.read_text().split("  - page:")[0]
    experiment.write_text(head + "".join(f"  {line}\n" for line in entry))
    rules.write_text(rules.read_text() + "      - alert: BureauDown\n        expr: up == 0\n")
    return [str(each).removeprefix("experiments/slow.yaml:") for each in check([suite / "experiments"], registered(), {}).problems]


@pytest.mark.parametrize(("entry", "message"), CASES, ids=[" / ".join(case[0]) for case in CASES])
def test_a_mistake_in_an_expectation_is_told_word_for_word(suite: Path, entry: list[str], message: str | list[str]) -> None:
    assert told(suite, entry) == ([message] if isinstance(message, str) else message)


def test_everything_that_can_be_expected_is_sound(suite: Path) -> None:
    page = [
        PAGE, "  to: payments-oncall", "  labels:", "    severity: page", "  within: 45s", "  not-before: 1s", "  times: 1",
        "  after: BureauDown", "  grouped-with: [BureauDown]", "  has: [summary]", "  annotations:", "    summary: Slow",
        "  says: Slow", "  links: reachable", "  stays: until-cleared", "  resolved: 90s",
    ]  # fmt: skip
    alert = [ALERT, "  within: 5s", "  times: 1", "  after: BureauDown", "  inhibited-by: BureauDown", "  silenced: true", "  stays: 20s"]
    rest = ["- pages:", "    at-most: 3", "    to: platform", QUIET, "    except: BureauDown", "    except-to: platform"]
    assert told(suite, [*page, *alert, *rest, "    except-labels:", "      severity: info"]) == []


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("https://runbooks.example.org/x", "a host is expected here, as runbooks.example.org or loopback, not 'https://runbooks.example.org/x'; write runbooks.example.org"),
        ("a b", "a host is expected here, as runbooks.example.org or loopback, not 'a b'"),
    ],
)  # fmt: skip
def test_links_are_allowed_by_host(suite: Path, host: str, message: str) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text() + f"    links: [loopback, runbooks.example.org, 'boards.example.org:8443', '{host}']\n")
    assert [str(each) for each in check([suite / "experiments"], registered(), {}).problems if each.file == "firedrill.yaml"] == [
        f"firedrill.yaml:23:72: environments.local.links[3]: {message}"
    ]


def test_an_editor_is_told_that_one_name_or_a_list_stands_and_how_long_a_stay_is() -> None:
    entries = schema(registered())["experiment"]["properties"]["expect"]["items"]["anyOf"]
    page = next(one for one in entries if "page" in one.get("properties", {}))["properties"]
    assert [one["type"] for one in page["says"]["anyOf"]] == ["string", "array"]
    assert page["stays"]["anyOf"][0] == {"const": "until-cleared"}
