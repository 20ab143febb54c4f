"""Rules and routes within Kubernetes resources are read like plain ones, and their problems stand where they stand in the file."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

import wild_files as wild
from firedrill.spec.alertmanager import load_alertmanager
from firedrill.spec.rules import load_rules

Write = Callable[[str, str | bytes], Path]
GROUPS, NAMED = "spec:\n  groups:\n", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: x\n"


@pytest.fixture
def read(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """What is wrong with a file of rules or, by the name `routes`, of routes."""
    monkeypatch.chdir(tmp_path)

    def read(source: str, name: str = "rules") -> list[str]:
        file = write(f"{name}.yaml", source.encode())
        problems = load_rules(file, tmp_path, 60).problems if name == "rules" else load_alertmanager(file, tmp_path).problems
        return [str(each).removeprefix(f"{name}.yaml:") for each in problems]

    return read


@pytest.mark.parametrize("source", wild.RULES.values(), ids=list(wild.RULES))
def test_rules_as_tools_write_them_have_no_problem(source: str, read: Callable[..., list[str]]) -> None:
    assert read(source) == []


def test_a_rule_knows_its_line_and_column_in_the_resource(write: Write, tmp_path: Path) -> None:
    rules = load_rules(write("r.yaml", wild.PYRRA_RESOURCE), tmp_path, 60)
    burn = rules.alerts[1]
    assert (burn.alert, burn.for_, burn.group, burn.interval) == ("ErrorBudgetBurn", 120, "shop-errors", 30)
    assert [(at.line, at.column) for at in (burn.place, burn.places["expr"], burn.places["for"], burn.places["interval"])] == [
        (40, 7), (43, 13), (45, 12), (29, 15)]  # fmt: skip


def test_a_rule_in_a_config_map_knows_its_line_and_column_in_the_file(write: Write, tmp_path: Path) -> None:
    (burn,) = load_rules(write("r.yaml", wild.PYRRA_CONFIG_MAP), tmp_path, 60).alerts
    assert [(at.line, at.column) for at in (burn.place, burn.places["expr"], burn.places["for"], burn.places["interval"])] == [
        (12, 9), (13, 15), (14, 14), (5, 17)]  # fmt: skip


def test_every_document_and_every_item_of_a_list_counts(write: Write, tmp_path: Path) -> None:
    found = load_rules(write("r.yaml", wild.RULES_IN_A_LIST), tmp_path, 60)
    assert [(each.alert, each.group, each.place.line) for each in found.alerts] == [("One", "one", 17), ("Two", "two", 31)]


RULE_CASES = [
    ("a rule that is none", NAMED + GROUPS + "  - name: a\n    rules:\n    - alrt: X\n      expr: 1\n",
        ["9:7: groups[0].rules[0]: 'alert' or 'record' is missing"]),
    ("PromQL that is none, in a config map", wild.PYRRA_CONFIG_MAP.replace("> (14 * (1-0.99))", "> (14"),
        ["13:15: groups[0].rules[1].expr: not PromQL: "]),
    ("no groups", NAMED + "spec: {}\n", ["1:1: 'groups' is missing; a PrometheusRule has its groups under spec.groups"]),
    ("groups that are no list", NAMED + "spec:\n  groups: none\n", ["6:11: a list is expected here; a PrometheusRule has its groups under spec.groups"]),
    ("another kind", "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\n",
        ["1:1: no rules are in here: Service is neither a PrometheusRule nor a ConfigMap with rule files"]),
    ("what Sloth reads", "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\nspec: {}\n",
        ["1:1: this is what Sloth reads, not the rules that it writes: run `sloth generate` and name its output"]),
    ("what Pyrra reads", "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nspec: {}\n",
        ["1:1: this is what Pyrra reads, not the rules that it writes: run `pyrra generate` and name its output"]),
    ("a config map that holds no YAML", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a.yaml: |\n    groups: [\n",
        ["4:11: a.yaml is not YAML: "]),
    ("two groups of one name in two documents", (NAMED + GROUPS + "  - name: a\n    rules: []\n---\n") * 2,
        ["16:11: groups[1].name: two groups of this file are named 'a'"]),
    ("Helm around rules", "{{- if .Values.rules }}\n" + NAMED + GROUPS + "  - name: a\n{{- end }}\n",
        ["1:1: this is a template, not yet what it makes; render it first, as with `helm template`"]),
    ("Helm within a resource", NAMED + "  labels:\n    {{- include \"labels\" . | nindent 4 }}\n" + GROUPS,
        ["6:5: this is a template, not yet what it makes; render it first, as with `helm template`"]),
    ("Jinja", "groups:\n{% for x in y %}\n- name: a\n{% endfor %}\n",
        ["2:1: this is a template, not yet what it makes; render it first, as with `helm template`"]),
    ("a wait that Helm fills in", NAMED + GROUPS + "  - name: a\n    rules:\n    - alert: X\n      expr: up\n      for: {{ .Values.wait }}\n",
        ["11:12: this is a template, not yet what it makes; render it first, as with `helm template`"]),
    ("a text with templates above another mistake", NAMED + GROUPS + "  - name: a\n    rules:\n    - alert: X\n      annotations:\n        a: |\n          {{ $value }}\n      expr: up: down\n",
        ["13:15: a colon does not fit here; put quotes round a value that holds ': ', or check the indentation"]),
    ("Helm within an expression", NAMED + GROUPS + "  - name: a\n    rules:\n    - alert: X\n      expr: up < {{ .Values.least }}\n",
        ["10:13: groups[0].rules[0].expr: this is a template, not yet what it makes; render it first, as with `helm template`"]),
    ("an anchor that holds itself", NAMED + "spec: &a\n  groups: *a\n", ["5:7: spec.groups: this anchor holds an alias of itself"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "said"), [case[1:] for case in RULE_CASES], ids=[case[0] for case in RULE_CASES])
def test_what_is_wrong_with_wrapped_rules_is_said_at_its_place(source: str, said: list[str], read: Callable[..., list[str]]) -> None:
    found = read(source)
    assert len(found) == len(said)
    assert all(each.startswith(start) for each, start in zip(found, said, strict=True)), found


def test_a_configuration_in_a_secret_is_read_with_its_lines(write: Write, tmp_path: Path) -> None:
    found = load_alertmanager(write("a.yaml", wild.SECRET_IN_CLEAR), tmp_path)
    assert found.problems == ()
    assert found.route is not None
    below = found.route.routes[0]
    assert (below.receiver, below.matchers, below.place.line, below.place.column) == ("null", ("alertname = Watchdog",), 29, 9)
    assert (found.route.places["group_wait"].line, found.route.places["group_wait"].column) == (26, 21)
    assert [each.name for each in found.receivers] == ["Default", "null"]
    assert found.inhibitions[0].equal == ("namespace", "alertname")


def test_an_alertmanager_config_is_read_with_its_lines(write: Write, tmp_path: Path) -> None:
    found = load_alertmanager(write("a.yaml", wild.BETA), tmp_path)
    assert found.problems == ()
    assert found.route is not None
    below = found.route.routes[0]
    assert (found.route.receiver, below.receiver, below.matchers, below.active) == ("outside", "team", ('team="shop"',), ("days",))
    assert below.places["receiver"].line == 7


ROUTE_CASES = [
    ("a receiver that is not there, in a secret", wild.SECRET_IN_CLEAR.replace('"receiver": "null"', '"receiver": "nil"'),
        ["31:21: route.routes[0].receiver: unknown receiver 'nil'; known: Default, null"]),
    ("a receiver that is not there, in base64", "apiVersion: v1\nkind: Secret\ndata:\n  alertmanager.yaml: "
        + base64.b64encode(wild.INNER.replace("receiver: team", "receiver: taem").encode()).decode() + "\n",
        ["4:22: route.receiver: unknown receiver 'taem'; did you mean 'team'?"]),
    ("a secret of another kind", "apiVersion: v1\nkind: Secret\ndata:\n  password: eA==\n", ["1:1: the Secret holds no alertmanager.yaml; it holds password"]),
    ("a secret that is encrypted", "apiVersion: v1\nkind: Secret\ndata:\n  alertmanager.yaml: ENC[AES256,x]\n",
        ["4:22: alertmanager.yaml of the Secret is not text in base64"]),
    ("no YAML in a secret", "apiVersion: v1\nkind: Secret\nstringData:\n  alertmanager.yaml: 'a: ['\n", ["4:22: the configuration in the Secret is not YAML: "]),
    ("no mapping in a secret", "apiVersion: v1\nkind: Secret\nstringData:\n  alertmanager.yaml: a\n",
        ["4:22: the configuration in the Secret is not one mapping with `route` and `receivers`"]),
    ("a loop in a secret", "apiVersion: v1\nkind: Secret\nstringData:\n  alertmanager.yaml: |\n    route: &a\n      routes: [*a]\n",
        ["5:12: route.routes[0]: this anchor holds an alias of itself"]),
    ("too deep in a secret", "apiVersion: v1\nkind: Secret\nstringData:\n  alertmanager.yaml: '" + "[" * 3000 + "]" * 3000 + "'\n",
        ["4:22: the configuration in the Secret is not YAML: it is nested too deeply"]),
    ("another kind", "apiVersion: v1\nkind: Service\n", ["1:1: no configuration is in here: Service is neither a Secret nor an AlertmanagerConfig"]),
    ("a misspelt key of an AlertmanagerConfig", wild.BETA.replace("activeTimeIntervals", "activeTimesInterval"),
        ["12:5: route.routes[0].active_times_interval: unknown key; did you mean 'active_time_intervals'?"]),
    ("bare placeholders", wild.INNER.replace("https://pager.example.org/hook", "{{ .Values.url }}"), []),
    ("a template around routes", "{{ if .Values.x }}\n" + wild.INNER, ["1:1: this is a template, not yet what it makes; render it first, as with `helm template`"]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "said"), [case[1:] for case in ROUTE_CASES], ids=[case[0] for case in ROUTE_CASES])
def test_what_is_wrong_with_wrapped_routes_is_said_at_its_place(source: str, said: list[str], read: Callable[..., list[str]]) -> None:
    found = read(source, "routes")
    assert len(found) == len(said), found
    assert all(each.startswith(start) for each, start in zip(found, said, strict=True)), found


WHOLE = {**wild.RULES, "secret": wild.SECRET_IN_CLEAR, "v1alpha1": wild.ALPHA, "v1beta1": wild.BETA, "plain": wild.PLAIN_ROUTES}


@pytest.mark.parametrize("source", WHOLE.values(), ids=list(WHOLE))
def test_a_file_that_ends_anywhere_is_never_a_stumble(source: str, write: Write, tmp_path: Path) -> None:
    for end in range(0, len(source), 61):
        file = write("cut.yaml", source[:end].encode())
        assert load_rules(file, tmp_path, 60) is not None
        assert load_alertmanager(file, tmp_path) is not None
