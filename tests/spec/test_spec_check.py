"""What a sound suite becomes, and what holds for all problems together."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.cli.registry import kinds as registered
from firedrill.core.errors import Invalid, Severity
from firedrill.core.kinds import Kinds
from firedrill.core.model.slos import Source
from firedrill.spec.check import Checked, check
from firedrill.spec.experiment import load_experiment
from firedrill.spec.schema import schema
from firedrill.spec.suite import find_root, load_suite

Check = Callable[..., Checked]
Said = Callable[..., list[str]]
Write = Callable[[str, str | bytes], Path]

HEAVY = {"aiohttp", "locust", "chaoslib", "numpy", "plotly", "jinja2", "prometheus_client"}


def test_a_sound_suite_has_no_problem_and_becomes_models(checked: Check) -> None:
    found = checked()
    assert found.problems == ()
    experiment = found.experiments[0]
    assert (experiment.name, experiment.file, experiment.title) == ("slow", "experiments/slow.yaml", "The bureau is slow")
    fault = experiment.faults[0]
    assert (fault.kind, fault.name, fault.for_, fault.settings.delay, fault.line) == ("latency", "latency-bureau", 60.0, 0.5, 8)
    assert [each.words for each in experiment.expect] == [
        "page LatencyBudgetBurn to payments-oncall within 45s", "slo negotiation-latency, recovered 30s", "quiet",
    ]  # fmt: skip
    assert found.scenarios == {"negotiate": "scenarios/negotiate.py"}


def test_an_slo_of_the_load_counts_samples_under_its_limit(checked: Check) -> None:
    slo = checked().slos["negotiation-latency"]
    assert (slo.objective, slo.window, slo.title, slo.file) == (
        0.99, 28 * 86400, "Offers are quoted within 300 ms", "slos/negotiation-latency.yaml",
    )  # fmt: skip
    assert (slo.indicator.source, slo.indicator.name, slo.indicator.under) == (Source.LOAD, "negotiate", 0.3)


def test_python_and_yaml_probes_are_read_alike(checked: Check) -> None:
    probes = checked().probes
    assert (probes["offer-journey"].every, probes["offer-journey"].timeout, probes["offer-journey"].python) == (
        1,
        2,
        "probes/offer_journey.py",
    )
    health = probes["api-health"]
    assert health.http is not None
    assert (health.every, health.http.url, health.http.status) == (0.5, "http://<api>/health", (200,))


def test_rules_know_their_lines_and_waits(checked: Check) -> None:
    alerting = checked().alerting["local"]
    alert, record = alerting.alerts[0], alerting.records[0]
    assert (alert.for_, alert.interval, alert.labels, alert.group, alert.place.line) == (90, 1, {"severity": "page"}, "demo", 6)
    assert (record.record, record.expr, record.place.file, record.place.line) == (
        "demo:slow",
        "sum(rate(slow_total[20s]))",
        "alerts/demo.rules.yml",
        4,
    )


def test_a_route_holds_what_it_inherits(checked: Check) -> None:
    route = checked().alerting["local"].route
    assert route is not None
    below = route.routes[0]
    assert (route.receiver, route.group_wait, route.group_interval, route.group_by) == ("payments-oncall", 1, 300, ())
    assert (below.receiver, below.group_wait, below.group_by, below.matchers) == ("platform", 1, ("alertname",), ('team="platform"',))


def test_matchers_are_one_each_whatever_their_spelling(suite: Path, checked: Check) -> None:
    file = suite / "alerts/alertmanager.yml"
    matchers = "matchers:\n        - '{a=\"x,y\", b=~x{2}}'\n        - c != d"
    file.write_text(file.read_text().replace("match:\n        team: platform", matchers))
    route = checked().alerting["local"].route
    assert route is not None
    assert route.routes[0].matchers == ('a="x,y"', "b=~x{2}", "c != d")


def test_two_files_of_one_name_are_an_error(write: Write, suite: Path, said: Said) -> None:
    write("probes/offer-journey.yaml", "http:\n  url: http://<api>/\n")
    assert said() == ["probes/offer_journey.py:1:1: 'offer-journey' is also offer-journey.yaml; a name means one file"]


def test_other_openslo_documents_of_a_file_are_passed_over(write: Write, suite: Path, checked: Check) -> None:
    file = suite / "slos/negotiation-latency.yaml"
    file.write_text("apiVersion: openslo/v1\nkind: AlertPolicy\nmetadata: {name: x}\n---\n" + file.read_text())
    assert checked().problems == ()


def test_promql_slos_keep_their_queries(write: Write, suite: Path, checked: Check) -> None:
    source = "{metricSource: {type: prometheus, spec: {query: %s}}}"
    write(
        "slos/ratio.yaml",
        _slo("ratio", f"ratioMetric: {{counter: true, bad: {source % 'errors'}, total: {source % 'all'}}}", "target: 0.9"),
    )
    write("slos/queue.yaml", _slo("queue", f"thresholdMetric: {source % 'depth'}", "targetPercent: 95, op: lt, value: 10"))
    found = checked()
    assert found.problems == ()
    ratio, queue = found.slos["ratio"].indicator, found.slos["queue"].indicator
    assert (ratio.source, ratio.bad, ratio.total, ratio.good) == (Source.PROMQL, "errors", "all", None)
    assert (queue.value, queue.op, queue.limit, found.slos["queue"].objective) == ("depth", "lt", 10.0, 0.95)


@pytest.mark.parametrize(
    ("query", "why"),
    [("sum(", "not PromQL: unclosed left parenthesis"), ("up[5m]", "a query of numbers is expected here, not of a matrix")],
)
def test_a_query_that_prometheus_could_not_answer_is_a_problem_where_it_stands(write: Write, checked: Check, query: str, why: str) -> None:
    metric = f"thresholdMetric: {{metricSource: {{type: prometheus, spec: {{query: '{query}'}}}}}}"
    write("slos/queue.yaml", _slo("queue", metric, "target: 0.95, op: lt, value: 10"))
    (problem,) = checked().problems
    assert str(problem).startswith(f"slos/queue.yaml:6:87: spec.indicator.spec.thresholdMetric.metricSource.spec.query: {why}")


@pytest.mark.parametrize(
    ("good", "total", "why"),
    [
        ("max(up)", "sum(all)", "good.metricSource.spec.query: max(up) is no sum of counters: firedrill adds up what each counter grew by"),
        ("sum(good > 5)", "sum(all)", "good.metricSource.spec.query: good > 5 is no sum of counters"),
        ("sum(good)", "sum(all offset 5m)", "total.metricSource.spec.query: all offset 5m is no sum of counters"),
        ("sum(good)", 'sum({job=~"app"})', 'total.metricSource.spec.query: {job=~"app"} names no metric'),
        ("sum(rate(good[5m]))", "sum(rate(all[1m]))", "total.metricSource.spec.query: 'good' and 'total' look back differently"),
        ("sum(rate(good[5m]))", "sum(all)", "total.metricSource.spec.query: 'good' and 'total' look back differently"),
    ],
)
def test_what_is_no_sum_of_counters_is_refused_where_it_stands(write: Write, checked: Check, good: str, total: str, why: str) -> None:
    source = "{metricSource: {type: prometheus, spec: {query: '%s'}}}"
    write("slos/ratio.yaml", _slo("ratio", f"ratioMetric: {{good: {source % good}, total: {source % total}}}", "target: 0.9"))
    (problem,) = checked().problems
    assert f"spec.indicator.spec.ratioMetric.{why}" in str(problem)


@pytest.mark.parametrize("query", ["sum(rate(%s[5m]))", "sum by (job) (%s)", "(sum(%s) or vector(0))", "sum(%s) - sum(ignored)", "%s"])
def test_sums_of_counters_are_taken_as_people_write_them(write: Write, checked: Check, query: str) -> None:
    source = "{metricSource: {type: prometheus, spec: {query: '%s'}}}"
    both = [source % (query % name) for name in ("good", "all")]
    write("slos/ratio.yaml", _slo("ratio", f"ratioMetric: {{good: {both[0]}, total: {both[1]}}}", "target: 0.9"))
    assert checked().problems == ()


def test_what_is_no_counter_by_its_own_word_is_refused(write: Write, checked: Check) -> None:
    source = "{metricSource: {type: prometheus, spec: {query: all}}}"
    write("slos/ratio.yaml", _slo("ratio", f"ratioMetric: {{counter: false, good: {source}, total: {source}}}", "target: 0.9"))
    (problem,) = checked().problems
    assert "ratioMetric.counter: firedrill counts what counters grow by" in str(problem)


def _slo(name: str, metric: str, objective: str) -> str:
    return (
        f"apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {name}}}\n"
        f"spec:\n  service: x\n  indicator: {{spec: {{{metric}}}}}\n  objectives: [{{{objective}}}]\n"
    )


def test_our_values_stay_what_the_person_wrote(write: Write, suite: Path, kinds: Kinds) -> None:
    path = write(
        "experiments/raw.yaml",
        "title: off\ndescription: 1.10\ntags: [yes, 1:30, 2026-11-23, 007]\nfaults:\n- nothing:\n  for: 1s\n  name: no\n",
    )
    experiment, problems = load_experiment(path, kinds)
    assert problems == []
    assert experiment is not None
    assert (experiment.title, experiment.description, experiment.tags) == ("off", "1.10", ("yes", "1:30", "2026-11-23", "007"))
    assert experiment.faults[0].name == "no"


def test_chaos_toolkit_s_values_mean_what_they_mean_there(write: Write, suite: Path, kinds: Kinds) -> None:
    path = write("experiments/theirs.yaml", CHAOS.replace("verify_tls: yes", "verify_tls: off"))
    experiment, problems = load_experiment(path, kinds)
    assert problems == []
    assert experiment is not None
    assert experiment.chaos["method"][0]["provider"]["verify_tls"] is False
    assert experiment.chaos["steady-state-hypothesis"]["probes"][0]["tolerance"] == 200


def test_anchors_and_merge_keys_are_followed(write: Write, suite: Path, said: Said) -> None:
    write(
        "experiments/merged.yaml",
        """\
        title: Merged
        x-slow: &slow
          target: bureau
          delay: 1s
        faults:
          - latency:
              <<: *slow
              delay: 2s
            for: 1m
          - latency: *slow
            at: 5m
            for: 1m
            name: again
        """,
    )
    assert said() == []


def test_a_mistake_in_an_anchor_is_told_where_it_stands(write: Write, suite: Path, said: Said) -> None:
    write(
        "experiments/merged.yaml",
        "title: Merged\nx-slow: &slow\n  target: bureau\n  delay: 1\nfaults:\n  - latency:\n      <<: *slow\n    for: 1m\n",
    )
    assert said() == ["experiments/merged.yaml:4:10: faults[0].latency.delay: a duration needs a unit: write 1s"]


def test_notes_under_x_keys_are_allowed_and_dropped_but_labels_keep_theirs(write: Write, suite: Path, checked: Check) -> None:
    write("probes/noted.yaml", "x-owner: me\nhttp:\n  x-note: [1]\n  url: http://<api>/\n  headers:\n    x-token: abc\n")
    found = checked()
    assert found.problems == ()
    http = found.probes["noted"].http
    assert http is not None
    assert http.headers == {"x-token": "abc"}


def test_an_experiment_may_be_json_with_tabs(write: Write, suite: Path, checked: Check, said: Said) -> None:
    whole = {"title": "J \ud83d\ude00 /", "faults": [{"latency": {"target": "bureau", "delay": "1s"}, "for": "1m"}]}
    write("experiments/slow.json", json.dumps(whole, indent="\t").replace("/", "\\/").encode())
    found = checked("experiments/slow.json")
    assert found.problems == ()
    assert found.experiments[0].title == "J \U0001f600 /"
    write("experiments/slow.json", json.dumps(whole, indent="\t").replace('"1s"', '"1"').encode())
    assert said("experiments/slow.json") == ["experiments/slow.json:7:14: faults[0].latency.delay: a duration needs a unit: write 1s"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"title": "a",}', "1:15: JSON takes no comma after the last value"),
        ('{"title" "a"}', "1:10: ':' and a value are expected after a key"),
        ('{"title": a}', "1:11: a JSON value is expected here"),
        ('{"title": "a"', "1:14: ',' or '}' is expected here"),
        ('{"title": "a"} x', "1:16: nothing more is expected after the end of the JSON value"),
        ('{\n  title: "a"}', "2:3: a key in double quotes is expected here"),
        ("[" * 200, "1:101: the file is nested deeper than 100 levels"),
    ],
)
def test_broken_json_is_told_in_its_own_words(write: Write, suite: Path, said: Said, text: str, message: str) -> None:
    write("experiments/bad.json", text)
    assert said("experiments/bad.json") == [f"experiments/bad.json:{message}"]


CHAOS = """\
title: Plain
description: A Chaos Toolkit file
steady-state-hypothesis:
  title: Well
  probes:
    - type: probe
      name: answers
      tolerance: 200
      provider:
        type: http
        url: http://localhost/
method:
  - type: action
    name: call
    background: yes
    pauses:
      after: 1.5
    provider:
      type: http
      url: http://localhost/
      verify_tls: yes
  - ref: answers
rollbacks:
  - ref: call
"""


def test_a_plain_chaos_toolkit_file_is_sound(write: Write, suite: Path, said: Said) -> None:
    write("experiments/plain.yaml", CHAOS)
    assert said() == []


def test_unknown_and_duplicate_keys_of_a_plain_chaos_toolkit_file_are_warnings(write: Write, suite: Path, said: Said) -> None:
    write(
        "experiments/plain.yaml",
        CHAOS.replace("rollbacks:", "contrllos: []\nrollbacks:").replace(
            "    name: call\n", "    name: call\n    name: call\n    timout: 3\n"
        ),
    )
    assert said("experiments/plain.yaml") == [
        "experiments/plain.yaml:15:5: warning: method[0].name: duplicate key; the first one stands on line 14",
        "experiments/plain.yaml:16:5: warning: method[0].timout: unknown key; did you mean 'timeout'?",
        "experiments/plain.yaml:25:1: warning: contrllos: unknown key; did you mean 'controls'?",
    ]


def test_the_same_mistakes_are_errors_once_a_key_of_ours_stands_there(write: Write, suite: Path, said: Said) -> None:
    write("experiments/mixed.yaml", CHAOS.replace("rollbacks:", "steady: 5s\ncontrllos: []\nrollbacks:"))
    assert said("experiments/mixed.yaml") == ["experiments/mixed.yaml:24:1: contrllos: unknown key; did you mean 'controls'?"]


def test_our_block_under_extensions_is_strict_in_a_plain_file(write: Write, suite: Path, said: Said, checked: Check) -> None:
    block = "extensions:\n  - name: other\n    anything: 1\n  - name: firedrill\n    steady: 5s\n    steady: 6s\n    fualts: []\n"
    write("experiments/plain.yaml", CHAOS + "odd: 1\n" + block)
    assert said("experiments/plain.yaml") == [
        "experiments/plain.yaml:25:1: warning: odd: unknown key; known here: title, description, tags, method, rollbacks, "
        "steady-state-hypothesis, configuration, secrets, controls, extensions, runtime",
        "experiments/plain.yaml:31:5: extensions[1].steady: duplicate key; the first one stands on line 30",
        "experiments/plain.yaml:32:5: extensions[1].fualts: unknown key; did you mean 'faults'?",
    ]


def test_our_keys_under_extensions_are_read(write: Write, suite: Path, checked: Check) -> None:
    write("experiments/plain.yaml", CHAOS + "extensions:\n  - name: firedrill\n    steady: 5s\n    probes: [api-health]\n")
    experiment = checked("experiments/plain.yaml").experiments[0]
    assert (experiment.steady, experiment.probes) == (5, ("api-health",))


def test_our_keys_stand_in_one_place_only(write: Write, suite: Path, said: Said) -> None:
    write("experiments/both.yaml", CHAOS + "steady: 5s\nextensions:\n  - name: firedrill\n    steady: 5s\n")
    assert said("experiments/both.yaml") == [
        "experiments/both.yaml:25:1: steady: firedrill's keys stand in extensions[0] too; keep them in one place"
    ]


@pytest.mark.parametrize(
    ("sound", "broken", "message"),
    [
        ("      tolerance: 200\n", "", "6:7: steady-state-hypothesis.probes[0]: 'tolerance' is missing; a probe of a hypothesis says what is normal"),
        ("tolerance: 200", "tolerance: 0.5", "8:18: steady-state-hypothesis.probes[0].tolerance: Chaos Toolkit takes no fraction here; write a range, such as [0, 0.5]"),
        ("tolerance: 200", "tolerance: {type: rnage}", "8:25: steady-state-hypothesis.probes[0].tolerance.type: probe, regex, range or jsonpath is expected here, not the text 'rnage'; did you mean 'range'?"),
        ("- type: action", "- type: acton", "13:11: method[0].type: probe or action is expected here, not the text 'acton'; did you mean 'action'?"),
        ("    name: call\n", "", ["13:5: method[0]: 'name' is missing", "23:10: rollbacks[0].ref: no activity is named 'call'"]),
        ("type: http\n      url: http://localhost/\n", "type: http\n", "19:7: method[0].provider: 'url' is missing"),
        ("type: http", "type: htp", "10:15: steady-state-hypothesis.probes[0].provider.type: python, process or http is expected here, not the text 'htp'; did you mean 'http'?"),
        ("background: yes", "background: maybe", "15:17: method[0].background: true or false is expected here, not the text 'maybe'"),
        ("after: 1.5", "after: -1", "17:14: method[0].pauses.after: a number of seconds or a variable such as ${pause} is expected here, not the text '-1'"),
        ("- ref: answers", "- ref: anwsers", "22:10: method[1].ref: no activity is named 'anwsers'; did you mean 'answers'?"),
        ("rollbacks:", "runtime: {rollbacks: {strategy: never}}\nrollbacks:", "23:33: warning: runtime.rollbacks.strategy: a drill always plays its rollbacks; 'never' is overridden"),
        ("rollbacks:", "extensions: {name: x}\nrollbacks:", "23:13: extensions: a list of mappings, each with a name, is expected here, not a mapping"),
        ("title: Plain\n", "", "1:1: 'title' is missing"),
        ("description: A Chaos Toolkit file\n", "", "1:1: 'description' is missing; Chaos Toolkit requires one"),
        ("type: http\n      url: http://localhost/\n      verify_tls: yes\n", "type: process\n      path: false\n", "20:13: method[0].provider.path: a text is expected here, not the text 'false'; put quotes round it"),
        ("tolerance: 200", "tolerance: {type: regex, pattern: 5}", "8:41: steady-state-hypothesis.probes[0].tolerance.pattern: a regular expression, as a text in quotes, is expected here, not the text '5'"),
        ("rollbacks:", "runtime: {hypothesis: {strategy: contniuously}}\nrollbacks:", "23:34: runtime.hypothesis.strategy: default, before-method-only, after-method-only, during-method-only, continuously or skip is expected here, not the text 'contniuously'; did you mean 'continuously'?"),
        ("rollbacks:", "controls: [{name: a, ref: b, provider: {type: python, module: m}}]\nrollbacks:", "23:27: controls[0].ref: no control is named 'b'"),
        ("rollbacks:", "configuration: {a: {type: env}}\nrollbacks:", "23:20: configuration.a: 'key' is missing"),
        ("rollbacks:", "configuration: {a: {type: env, key: NO_SUCH}}\nrollbacks:", "23:37: warning: configuration.a.key: the environment variable NO_SUCH is not set"),
    ],
)  # fmt: skip
def test_what_chaos_toolkit_refuses_is_told_with_its_place(
    write: Write, suite: Path, said: Said, sound: str, broken: str, message: str | list[str]
) -> None:
    assert sound in CHAOS
    write("experiments/plain.yaml", CHAOS.replace(sound, broken, 1))
    told = [each.removeprefix("experiments/plain.yaml:") for each in said("experiments/plain.yaml")]
    assert told == ([message] if isinstance(message, str) else message)


def test_an_unset_variable_is_a_warning_to_validate_and_an_error_to_run(suite: Path, checked: Check) -> None:
    settings = suite / "firedrill.yaml"
    settings.write_text(settings.read_text().replace("scrape:", "scrape-interval: ${SCRAPE}\n        scrape:"))
    problem = "firedrill.yaml:{}: {}environments.local.stack.embedded.scrape-interval: the environment variable SCRAPE is not set"
    assert [str(each) for each in checked().problems if "SCRAPE" in each.message] == [problem.format("15:26", "warning: ")]
    assert [str(each) for each in checked(strict_env=True).problems if "SCRAPE" in each.message] == [problem.format("15:26", "")]
    suite_, problems = load_suite(suite, {"SCRAPE": "2s"})
    assert problems == []
    assert suite_ is not None
    assert suite_.environments["local"].stack.embedded.scrape_interval == 2


def test_the_root_is_the_nearest_folder_upwards(suite: Path, write: Write, tmp_path_factory: pytest.TempPathFactory) -> None:
    inner = write("deep/er/firedrill.yaml", "x").parent
    assert find_root(inner / "experiments" / "x.yaml") == inner
    assert find_root(suite / "experiments" / "slow.yaml") == suite
    with pytest.raises(Invalid, match=r"no firedrill\.yaml here or in any folder above; it marks the root of a suite"):
        find_root(tmp_path_factory.mktemp("nowhere"))


def test_a_file_of_another_suite_is_refused(write: Write, suite: Path, said: Said) -> None:
    write("other/firedrill.yaml", "environments: {}")
    write("other/x.yaml", "title: x")
    assert said("experiments/slow.yaml", "other/x.yaml") == [
        f"other/x.yaml:1:1: belongs to the suite {suite / 'other'}, the files before it to {suite}; one suite at a time"
    ]


def test_a_missing_file_and_an_empty_folder_are_told(suite: Path, said: Said) -> None:
    assert said("experiments/slwo.yaml", "scenarios") == [
        "experiments/slwo.yaml:1:1: no such file; did you mean 'slow.yaml'?",
        "scenarios:1:1: no experiment in this folder; they are files that end in .yaml, .yml or .json",
    ]


def test_all_problems_of_all_files_come_at_once_sorted_by_place_and_always_alike(write: Write, suite: Path, checked: Check) -> None:
    for name in ("b", "a"):
        write(f"experiments/{name}.yaml", "title: x\nsteady: 5\nslots: []\nfaults:\n  - laten: {}\n    for: 1\n")
    write("slos/bad.yaml", "kind: SLO\n")
    first = checked().problems
    assert [(each.file, each.line) for each in first] == sorted((each.file, each.line) for each in first)
    assert {each.file for each in first} == {"experiments/a.yaml", "experiments/b.yaml", "slos/bad.yaml"}
    assert len([each for each in first if each.file == "experiments/a.yaml"]) == 4
    assert checked("experiments/b.yaml", "experiments").problems == first


def test_a_broken_experiment_is_left_out_and_its_neighbour_stays(write: Write, suite: Path, checked: Check) -> None:
    write("experiments/broken.yaml", "title: x\nsteady: 5\n")
    found = checked()
    assert [each.name for each in found.experiments] == ["slow"]
    assert [each.severity for each in found.errors] == [Severity.ERROR]


def test_an_unknown_environment_is_refused_with_the_names_there_are(checked: Check) -> None:
    assert checked().environment()[0] == "local"
    with pytest.raises(Invalid, match=r"unknown environment 'lcoal'; did you mean 'local'"):
        checked().environment("lcoal")


@pytest.mark.parametrize("folder", ["experiments", "tests/suite/experiments"])
def test_the_shipped_suites_have_no_problem(root: Path, folder: str) -> None:
    found = check([root / folder], registered(), {})
    assert [str(each) for each in found.problems] == []
    assert len(found.experiments) == len(list((root / folder).glob("*.yaml"))) > 0


def test_checking_the_shipped_suite_imports_nothing_heavy(root: Path) -> None:
    code = (
        "import sys, os; from pathlib import Path; from firedrill.cli.registry import kinds; from firedrill.spec.check import check; "
        "check([Path('experiments')], kinds(), os.environ); print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert HEAVY & set(ran.stdout.split()) == set()


def test_the_schema_knows_every_kind(kinds: Kinds) -> None:
    experiment = schema(kinds)["experiment"]
    faults = experiment["properties"]["faults"]["items"]["anyOf"]
    assert [next(iter(each["properties"])) for each in faults] == ["latency", "down", "nothing"]
    assert {"const": "quiet", "description": "quiet"} in experiment["properties"]["expect"]["items"]["anyOf"]
    assert schema(kinds)["suite"]["properties"]["environments"]["minProperties"] == 1
