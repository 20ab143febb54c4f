"""What people are told, word for word, about the built-in expectations: a misspelt name, a key too many, two that cannot stand together."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from pathlib import Path

import pytest

from firedrill.cli.registry import kinds as registered
from firedrill.core.model.oncall import OnCall
from firedrill.spec.check import check
from firedrill.spec.environment import load_alerting
from firedrill.spec.experiment import read_experiment
from firedrill.spec.probes import load_probes
from firedrill.spec.references import Place, of_experiment
from firedrill.spec.scenarios import load_scenarios
from firedrill.spec.schema import schema
from firedrill.spec.slos import load_slos
from firedrill.spec.suite import read_settings

PAGE, ALERT, QUIET = "- page: LatencyBudgetBurn", "- alert: LatencyBudgetBurn", "- quiet:"

RUNBOOK = "# Slow\n" + "".join(f"```yaml step\nstep: {name}\ncommand: 'true'\n```\n" for name in ("one", "two"))

CASES = [
    # names
    ([PAGE, "  after: LatencyBudgetBern"], "14:12: expect[0].after: unknown alert 'LatencyBudgetBern'; did you mean 'LatencyBudgetBurn'?"),
    ([PAGE, "  grouped-with: [BureauDown, BureauUp]"], "14:32: expect[0].grouped-with[1]: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    ([PAGE, "  grouped-with: BureauUp"], "14:19: expect[0].grouped-with: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    ([ALERT, "  inhibited-by: BureauUp"], "14:19: expect[0].inhibited-by: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    (["- pages:", "    at-most: 1", "    to: platfrom"], "15:11: expect[0].pages.to: unknown receiver 'platfrom'; did you mean 'platform'?"),
    ([QUIET, "    except: BureauUp"], "14:15: expect[0].quiet.except: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    ([QUIET, "    except-to: [platfrom]"], "14:19: expect[0].quiet.except-to[0]: unknown receiver 'platfrom'; did you mean 'platform'?"),
    (["- escalated: BureauUp"], "13:16: expect[0].escalated: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    (["- resolved: BureauUp"], "13:15: expect[0].resolved: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    (["- reopened: BureauUp"], "13:15: expect[0].reopened: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    (["- told: first-on-call", "  of: BureauUp"], "14:9: expect[0].of: unknown alert 'BureauUp'; did you mean 'BureauDown'?"),
    (["- mitigated: negotiation-latancy"], "13:16: expect[0].mitigated: no SLO 'negotiation-latancy' in slos/; did you mean 'negotiation-latency'?"),
    (["- runbook: slow-bureau", "  steps: [one, tow]"],
     "14:18: expect[0].steps[1]: unknown step of runbooks/slow-bureau.md 'tow'; did you mean 'two'?"),
    (["- runbook: slow-burau"], "13:14: expect[0].runbook: no runbook 'slow-burau' in runbooks/; did you mean 'slow-bureau'?"),
    (["- hook: status-page"], "13:11: expect[0].hook: no hook 'status-page': the environment 'local' has none; list it under 'hooks'"),
    # keys
    ([PAGE, "  stay: 5s"], "14:5: expect[0].stay: unknown key; did you mean 'stays'?"),
    ([PAGE, "  grouped_with: BureauDown"], "14:5: expect[0].grouped_with: unknown key; did you mean 'grouped-with'?"),
    ([PAGE, "  annotation:", "    summary: x"], "14:5: expect[0].annotation: unknown key; did you mean 'annotations'?"),
    ([PAGE, "  inhibited-by: BureauDown"], "14:5: expect[0].inhibited-by: 'inhibited-by' belongs to 'alert', not to 'page'"),
    ([ALERT, "  to: platform"], "14:5: expect[0].to: 'to' belongs to 'escalated', 'handed-over' and 'page', not to 'alert'"),
    ([ALERT, "  inhibited-by: BureauDown", "  to: platform"], "15:5: expect[0].to: 'to' belongs to 'escalated', 'handed-over' and 'page', not to 'alert'"),
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
    (["- escalated"], "13:5: expect[0]: 'escalated' needs a value: write '- escalated: NAME'"),
    (["- escalated: BureauDown", "  within: 12"], "14:13: expect[0].within: a duration needs a unit: write 12s"),
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
    (suite / "runbooks").mkdir(exist_ok=True)
    (suite / "runbooks" / "slow-bureau.md").write_text(RUNBOOK)
    rules.write_text(rules.read_text() + "      - alert: BureauDown\n        expr: up == 0\n")
    return [str(each).removeprefix("experiments/slow.yaml:") for each in check([suite / "experiments"], registered(), {}).problems]


@pytest.mark.parametrize(("entry", "message"), CASES, ids=[" / ".join(case[0]) for case in CASES])
def test_a_mistake_in_an_expectation_is_told_word_for_word(suite: Path, entry: list[str], message: str | list[str]) -> None:
    assert told(suite, entry) == ([message] if isinstance(message, str) else message)


def test_everything_that_can_be_expected_is_sound(suite: Path) -> None:
    page = [
        PAGE, "  to: payments-oncall", "  labels:", "    severity: page", "  within: 45s", "  not-before: 1s", "  times: 1",
        "  after: BureauDown", "  grouped-with: [BureauDown]", "  has: [summary]", "  annotations:", "    summary: Slow",
        "  says: Slow", "  links: reachable", "  stays: until-cleared", "  acknowledged: 30s",
        "  by: first-on-call", "  resolved: 90s",
    ]  # fmt: skip
    alert = [ALERT, "  within: 5s", "  times: 1", "  after: BureauDown", "  inhibited-by: BureauDown", "  silenced: true", "  stays: 20s"]
    rest = ["- pages:", "    at-most: 3", "    to: platform", QUIET, "    except: BureauDown", "    except-to: platform"]
    assert told(suite, [*page, *alert, *rest, "    except-labels:", "      severity: info"]) == []


def test_everything_that_can_be_expected_of_people_is_sound(suite: Path) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text() + "    hooks: [status-page]\n")
    assert told(suite, [
        "- escalated: BureauDown", "  to: [second-on-call, team-lead]", "  after: 10s", "  within: 12s",
        "- mitigated: negotiation-latency", "  within: 40s", "- resolved: BureauDown", "  within: 2m", "  by: first-on-call",
        "- runbook: slow-bureau", "  steps: [one, two]", "  by: first-on-call",
        "- told: [first-on-call]", "  of: BureauDown", "  within: 5s", "  only: true",
        "- handed-over: payments", "  to: night-shift", "  of: BureauDown",
        "- hook: status-page", "  within: 40s", "  says: [slow]", "  times: 1", "- reopened: BureauDown", "  times: 1",
    ]) == []  # fmt: skip


def test_a_hook_is_called_by_a_word_and_a_misspelt_one_is_told(suite: Path) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text() + "    hooks: [status-page, my/tickets]\n")
    said = [str(each) for each in check([suite / "experiments"], registered(), {}).problems]
    assert said == ["firedrill.yaml:23:26: environments.local.hooks[1]: a hook's name is a word such as status-page, not 'my/tickets'"]
    assert told(suite, ["- hook: statuspage"])[0] == "13:11: expect[0].hook: unknown hook 'statuspage'; did you mean 'status-page'?"


ONCALL = OnCall.model_validate({
    "people": {"first-on-call": {}, "second-on-call": {}}, "schedules": {"payments": {}},
    "policies": {"payments-oncall": {"levels": [{"notify": "payments"}]}},
})  # fmt: skip

PEOPLE = [
    ([PAGE, "  acknowledged: 5s", "  by: first-on-cal"], "15:9: expect[0].by: unknown person 'first-on-cal'; did you mean 'first-on-call'?"),
    (["- escalated: BureauDown", "  to: [secnd-on-call]"], "14:10: expect[0].to[0]: unknown person 'secnd-on-call'; did you mean 'second-on-call'?"),
    (["- resolved: BureauDown", "  by: nobody"], "14:9: expect[0].by: unknown person 'nobody'; known: first-on-call, second-on-call"),
    (["- runbook: slow-bureau", "  by: second"], "14:9: expect[0].by: unknown person 'second'; did you mean 'second-on-call'?"),
    (["- told: [first]"], "13:12: expect[0].told[0]: unknown person 'first'; known: first-on-call, second-on-call"),
    (["- handed-over: payment", "  to: second-on-call"], "13:18: expect[0].handed-over: unknown schedule 'payment'; did you mean 'payments'?"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "message"), PEOPLE, ids=[" / ".join(case[0]) for case in PEOPLE])
def test_who_is_on_call_is_asked_about_people_and_schedules(suite: Path, entry: list[str], message: str) -> None:
    assert told(suite, entry) == [], "where nobody knows who is on call"
    settings, file = read_settings(suite, {}), suite / "experiments" / "slow.yaml"
    read = read_experiment(file, registered(), suite)
    alerting, _ = load_alerting(settings)
    of_experiment(read, Place(settings, None, load_slos(suite), load_probes(suite), load_scenarios(suite), alerting, ONCALL))
    assert [str(each).removeprefix("experiments/slow.yaml:") for each in read.problems] == [message]


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
