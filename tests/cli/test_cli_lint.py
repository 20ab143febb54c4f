"""What `validate` warns of in a suite without errors: word for word, at its line and column; and nothing in a sound one."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from firedrill.cli import main
from firedrill.cli.linting import doubts
from firedrill.cli.registry import kinds
from firedrill.core.model.suite import Allowed
from firedrill.plan import lint
from firedrill.spec.check import check

RULES, ROUTES, SLOW, SETTINGS = "alerts/negotiation.rules.yml", "alerts/alertmanager.yml", "experiments/slow-bureau.yaml", "firedrill.yaml"
RESPONSE = re.compile(r"respond:\n(?:  .*\n)+|    acknowledged: .*\n|  - mitigated: .*\n    within: .*\n")
"""What slow-bureau expects of people, which is not what is told here."""
SLOW_PAGE = "page NegotiationLatencyBudgetBurn to payments-oncall within 45s once with summary and runbook_url, resolved within 1m30s"
DOWN_PAGE = "page NegotiationAvailabilityBudgetBurn to payments-oncall within 30s once with summary and runbook_url, resolved within 1m"

LATENCY = "expr: negotiation:offers_slow:ratio20s > 14.4 * 0.01 and negotiation:offers_slow:ratio5s > 14.4 * 0.01\n        for: 2s"
TWO_GROUPS = "\n  - name: alerts\n    rules:\n      - alert: NegotiationLatencyBudgetBurn"
PAGE_HOLDS_PAGE = "inhibit_rules:\n  - source_matchers: [alertname = NegotiationAvailabilityBudgetBurn]\n    target_matchers: [severity = page]\n    equal: [{equal}]\n"

LEFT = {"bureau-down", "placebo", "slow-bureau"}
ALLOWED = "".join(f"    - lint: unexercised\n      of: {alert}\n      because: Not here.\n" for alert in ("NegotiationApiDown", "Watchdog"))
Edit = tuple[str, str, str]

CASES: list[tuple[str, list[Edit], list[str]]] = [
    (
        "a page expected sooner than the rule can fire",
        [(SLOW, "within: 45s", "within: 5s")],
        [
            f"{SLOW}:16:5: warning: cannot-pass: {SLOW_PAGE.replace('45s', '5s')}: the earliest possible page is 5s880ms after the fault (window 2s880ms, for 2s, group_wait 1s), even with every request bad"
        ],
    ),
    (
        "too few samples in the play phase",
        [("probes/offer_journey.py", 'EVERY = "500ms"', 'EVERY = "2s"')],
        [
            "experiments/placebo.yaml:1:1: warning: cannot-pass: slo offer-journey: 90 % needs 29 samples with none bad, and one every 2s gives 20 in the play phase (40s)"
        ],
    ),
    (
        "a threshold over 100 % in one of two windows",
        [
            (
                RULES,
                "ratio5s > 14.4 * 0.01\n        for: 2s\n        labels:\n          severity: page\n          team: payments\n        annotations:\n          summary: Offers",
                "ratio5s > 14.4 * 0.1\n        for: 2s\n        labels:\n          severity: page\n          team: payments\n        annotations:\n          summary: Offers",
            )
        ],
        [f"{RULES}:25:15: warning: over-100: NegotiationLatencyBudgetBurn can never fire: it asks for more than 144 % of bad requests"],
    ),
    (
        "a threshold over 100 % in an alternative",
        [
            (
                RULES,
                'expr: up{job="negotiation"} == 0',
                "expr: negotiation:requests_failed:ratio20s > 0.5 or negotiation:requests_failed:ratio5s > 1.44",
            )
        ],
        [
            f"{RULES}:47:15: warning: label-left-out: NegotiationApiDown: description names $labels.instance, which the expression leaves out: it stays empty",
            f"{RULES}:47:15: warning: over-100: a part of NegotiationApiDown can never hold: it asks for more than 144 % of bad requests",
        ],
    ),
    (
        "records in another group, evaluated 393 ms before the alert",
        [(RULES, "\n      - alert: NegotiationLatencyBudgetBurn", TWO_GROUPS)],
        [
            f"{RULES}:27:15: warning: late-record: NegotiationLatencyBudgetBurn reads negotiation:offers_slow:ratio20s and negotiation:offers_slow:ratio5s from the group negotiation: it sees values 393ms old at every evaluation; list records above the alert in one group",
            f"{RULES}:38:15: warning: late-record: NegotiationAvailabilityBudgetBurn reads negotiation:requests_failed:ratio20s and negotiation:requests_failed:ratio5s from the group negotiation: it sees values 393ms old at every evaluation; list records above the alert in one group",
        ],
    ),
    (
        "records in a group with an interval of its own",
        [
            (RULES, "  - name: negotiation\n", "  - name: negotiation\n    interval: 5s\n"),
            (RULES, "\n      - alert: NegotiationAvailabilityBudgetBurn", TWO_GROUPS.replace("Latency", "Availability")),
        ],
        [
            f"{RULES}:39:15: warning: late-record: NegotiationAvailabilityBudgetBurn reads negotiation:requests_failed:ratio20s and negotiation:requests_failed:ratio5s from the group negotiation: it sees values up to 4s393ms old; list records above the alert in one group"
        ],
    ),
    (
        "a record below the alert that reads it",
        [
            (
                RULES,
                "          runbook_url: https://runbooks.example.org/api-down\n",
                "          runbook_url: https://runbooks.example.org/api-down\n      - record: negotiation:down\n        expr: up == bool 0\n",
            ),
            (RULES, 'expr: up{job="negotiation"} == 0', "expr: negotiation:down > 0"),
        ],
        [
            f"{RULES}:47:15: warning: late-record: NegotiationApiDown reads negotiation:down, recorded below it in its group: it sees values 1s old at every evaluation"
        ],
    ),
    (
        "`for` longer than an experiment's fault is held",
        [(RULES, LATENCY, LATENCY[:-2] + "10s"), (SLOW, "for: 60s", "for: 5s"), (SLOW, "within: 45s", "within: 50s")],
        [
            f"{SLOW}:16:5: warning: for-too-long: {SLOW_PAGE.replace('45s', '50s')}: the faults last 5s and keep NegotiationLatencyBudgetBurn over its threshold for 6s400ms at most, even with every request bad, and `for` is 10s ({RULES}:26); the shortest fault that fires it is 8s600ms"
        ],
    ),
    (
        "`for` that hides short total failures",
        [(RULES, LATENCY, LATENCY[:-2] + "30s")],
        [
            f"{RULES}:26:14: warning: for-too-long: NegotiationLatencyBudgetBurn is over its thresholds 2s880ms into a total failure and below them 4s280ms after its end: with `for: 30s`, one that lasts less than 28s600ms never fires it"
        ],
    ),
    (
        "less history than the longest window",
        [(SLOW, "steady: 20s", "steady: 5s")],
        [
            f'{RULES}:12:15: warning: short-history: slow-bureau: negotiation:offers_slow:ratio20s looks back 20s on http_request_duration_seconds_bucket{{route="/offers",le="0.3"}}, of which Prometheus has at most 15s, three times `steady: 5s` (3 more selectors are looked back on for longer than that); on a shorter history a window is only as long as the history, and fires sooner than in production'
        ],
    ),
    (
        "a receiver without integrations",
        [
            (
                ROUTES,
                "  - name: platform\n    webhook_configs:\n      - url: https://pager.example.org/hooks/platform\n",
                "  - name: platform\n",
            )
        ],
        [f"{ROUTES}:14:17: warning: nobody-told: the receiver platform has no integrations, so nobody is told of NegotiationApiDown"],
    ),
    (
        "a route that no alert has the labels for",
        [
            (
                ROUTES,
                "    - receiver: platform\n",
                '    - receiver: unrouted\n      matchers: [team =~ "pay|web", severity = page]\n    - receiver: platform\n',
            )
        ],
        [
            f'{ROUTES}:14:7: warning: unreachable-route: no alert of these rules takes the route to unrouted: their own labels rule it out (team =~ "pay|web" and severity = page)'
        ],
    ),
    (
        "a route behind one that takes the same",
        [
            (
                ROUTES,
                "    - receiver: platform\n",
                '    - receiver: platform\n      matchers: [team = payments, severity = "page", job = x]\n    - receiver: platform\n',
            )
        ],
        [
            f"{ROUTES}:14:7: warning: unreachable-route: the route to platform is never taken: the route before it (line 10) takes all that it would, without `continue: true`"
        ],
    ),
    (
        "a route whose alerts the routes before it take",
        [
            (
                ROUTES,
                "        - team = platform\n",
                '        - team = platform\n    - receiver: unrouted\n      matchers: [team =~ "plat.*", severity = page]\n',
            )
        ],
        [
            f"{ROUTES}:17:7: warning: unreachable-route: no alert of these rules takes the route to unrouted: routes before it, without `continue: true`, take NegotiationApiDown"
        ],
    ),
    (
        "an expected page held back by another that is expected",
        [
            (ROUTES, "receivers:\n", PAGE_HOLDS_PAGE.format(equal="team") + "receivers:\n"),
            (SLOW, "  - slo:", "  - alert: NegotiationAvailabilityBudgetBurn\n  - slo:"),
        ],
        [
            f"{ROUTES}:26:5: warning: hidden-page: {SLOW_PAGE}: NegotiationAvailabilityBudgetBurn, which slow-bureau expects too, holds this page back"
        ],
    ),
    (
        "an expected page held back by an alert on the same series",
        [
            (ROUTES, "receivers:\n", PAGE_HOLDS_PAGE.format(equal="team, region, zone").replace("Negotiation", "Slow") + "receivers:\n"),
            (
                RULES,
                "      - alert: NegotiationApiDown",
                "      - alert: SlowAvailabilityBudgetBurn\n        expr: negotiation:requests_failed:ratio5s > 0.001\n        labels:\n          team: payments\n      - alert: NegotiationApiDown",
            ),
            (
                SETTINGS,
                "lint:\n  allow:\n",
                "lint:\n  allow:\n    - lint: unexercised\n      of: SlowAvailabilityBudgetBurn\n      because: it holds back\n",
            ),
        ],
        [
            f"{ROUTES}:26:5: warning: hidden-page: {DOWN_PAGE}: SlowAvailabilityBudgetBurn, which fires on the same fault if it fires at all (both read http_requests_total), holds this page back where their region and zone are the same"
        ],
    ),
    (
        "an inhibit rule whose sides are the same alerts",
        [
            (
                ROUTES,
                "receivers:\n",
                'inhibit_rules:\n  - source_matchers: [severity = page]\n    target_matchers: [severity =~ "page|ticket"]\n    equal: [alertname]\nreceivers:\n',
            )
        ],
        [
            f"{ROUTES}:26:5: warning: idle-inhibition: source and target of this inhibit rule both match NegotiationLatencyBudgetBurn, NegotiationAvailabilityBudgetBurn and NegotiationApiDown: alerts that match both sides do not hold one another back, so it does nothing"
        ],
    ),
    (
        "a group_interval longer than the expected resolution",
        [(ROUTES, "  group_interval: 2s", "  group_interval: 5m")],
        [
            f"{ROUTES}:7:19: warning: late-resolve: {DOWN_PAGE}: a resolved alert is told of at its group's next tick only, and group_interval is 5m: this holds by luck at best",
            f"{ROUTES}:7:19: warning: late-resolve: {SLOW_PAGE}: a resolved alert is told of at its group's next tick only, and group_interval is 5m: this holds by luck at best",
        ],
    ),
    (
        "a page without a runbook",
        [(RULES, "          runbook_url: https://runbooks.example.org/api-down\n", "")],
        [f"{RULES}:46:9: warning: no-runbook: NegotiationApiDown has no runbook_url, and its severity is page"],
    ),
    (
        "an alert that no experiment expects",
        [(SETTINGS, "of: NegotiationApiDown", "of: SomethingElse")],
        [
            f"{RULES}:46:9: warning: unexercised: no experiment expects NegotiationApiDown, so nothing shows that it works",
            f"{SETTINGS}:1:1: warning: lint.allow[0]: unexercised says nothing of SomethingElse; leave it out",
        ],
    ),
    (
        "a receiver without an address",
        [(ROUTES, "- url: https://pager.example.org/hooks/platform", "- send_resolved: true")],
        [f"{ROUTES}:35:9: warning: given-at-deployment: webhook of platform has no address (url): the deployment has to provide it"],
    ),
    (
        "a record that is a range of samples",
        [(RULES, "  - name: negotiation\n    rules:\n", "  - name: negotiation\n    rules:\n      - record: odd\n        expr: up[5s]\n")],
        [
            f"{RULES}:12:15: warning: not-a-vector: odd yields a range of samples; a function such as max_over_time() makes a value of it: Prometheus fails it at every evaluation"
        ],
    ),
    (
        "a text that names a label which the expression leaves out",
        [(RULES, "summary: Offers are slow", 'summary: "Offers of {{ $labels.instance }} are slow"')],
        [
            f"{RULES}:25:15: warning: label-left-out: NegotiationLatencyBudgetBurn: summary names $labels.instance, which the expression leaves out: it stays empty"
        ],
    ),
    (
        "a rule's label that replaces its series'",
        [
            (
                RULES,
                "          severity: page\n          team: platform",
                "          severity: page\n          team: platform\n          instance: api",
            )
        ],
        [
            f"{RULES}:47:15: warning: same-labels: NegotiationApiDown: its label instance: api replaces the instance of its series, where two of them differ in nothing else, Prometheus fails the whole rule (vector contains metrics with the same labelset), and nobody is paged"
        ],
    ),
]


@pytest.fixture
def suite(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped suite with a few of its experiments, with the working directory at its root."""
    shutil.copyfile(root / "oncall.yaml", tmp_path / "oncall.yaml")
    for name in ("alerts", "slos", "probes", "scenarios", "experiments", "runbooks"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (tmp_path / "experiments").glob("*.yaml"):
        if file.stem not in LEFT:
            file.unlink()
    slow = tmp_path / "experiments" / "slow-bureau.yaml"
    slow.write_text(RESPONSE.sub("", slow.read_text(encoding="utf-8")), encoding="utf-8")
    (tmp_path / SETTINGS).write_text((root / SETTINGS).read_text(encoding="utf-8") + f"lint:\n  allow:\n{ALLOWED}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def warned(suite: Path) -> Callable[..., list[str]]:
    """What is said of the suite once one thing in it has changed."""

    def warned(edits: list[Edit], *paths: str) -> list[str]:
        for name, old, new in edits:
            text = (suite / name).read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{name} has no single {old!r}"
            (suite / name).write_text(text.replace(old, new), encoding="utf-8")
        found = check([Path(path) for path in paths or ("experiments",)], kinds(), os.environ)
        assert found.problems == ()
        return [str(each) for each in doubts(found, kinds(), None)]

    return warned


@pytest.mark.parametrize(("edits", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_cannot_work_is_said_with_the_reason_and_the_place(
    edits: list[Edit], said: list[str], warned: Callable[..., list[str]]
) -> None:
    assert warned(edits) == said


SILENT: list[tuple[str, list[Edit]]] = [
    ("as it stands", []),
    ("a route on a label that a series may bring", [(ROUTES, "        - team = platform\n", "        - team = platform\n        - zone = a\n")]),
    ("a route on a label that a template sets", [
        (RULES, "team: platform", "team: \"{{ $labels.job }}\""), (ROUTES, "        - team = platform", "        - team = negotiation")]),
    ("a silent receiver for what a series' label may send elsewhere", [
        (ROUTES, "    webhook_configs:\n      - url: https://pager.example.org/hooks/unrouted\n", ""), (ROUTES, "team = platform", "zone = a")]),
    ("an inhibition by an alert that must not fire", [
        (ROUTES, "receivers:\n", PAGE_HOLDS_PAGE.format(equal="team") + "receivers:\n"), (SLOW, "  - slo:", "  - page: NegotiationAvailabilityBudgetBurn\n    times: 0\n  - slo:")]),
    ("an inhibition of another team's alerts", [
        (ROUTES, "receivers:\n", PAGE_HOLDS_PAGE.format(equal="team").replace("NegotiationAvailabilityBudgetBurn", "NegotiationApiDown") + "receivers:\n"),
        (SLOW, "  - slo:", "  - alert: NegotiationApiDown\n  - slo:"), (SETTINGS, ALLOWED, ALLOWED[ALLOWED.rindex("    - lint"):])]),
    ("a single window with a long `for`", [
        (RULES, LATENCY, LATENCY.split(" and ")[0] + "\n        for: 30s")]),
]  # fmt: skip


@pytest.mark.parametrize("edits", [case[1] for case in SILENT], ids=[case[0] for case in SILENT])
def test_what_may_work_is_left_to_the_drill(edits: list[Edit], warned: Callable[..., list[str]]) -> None:
    assert warned(edits) == []


@pytest.mark.parametrize("folder", [".", "tests/suite"])
def test_the_shipped_suites_are_silent(root: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / folder)
    assert doubts(check([Path("experiments")], kinds(), os.environ), kinds(), None) == []


def test_an_alert_that_no_experiment_expects_is_said_only_of_a_whole_suite(warned: Callable[..., list[str]]) -> None:
    assert warned([(SETTINGS, "of: NegotiationApiDown", "of: SomethingElse")], SLOW) == []


def test_a_warning_is_an_error_when_strict(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (suite / ROUTES).read_text(encoding="utf-8")
    (suite / ROUTES).write_text(text.replace("group_interval: 2s", "group_interval: 5m"), encoding="utf-8")
    for words, code in (([], 0), (["--strict"], 2)):
        with pytest.raises(SystemExit) as ended:
            main(["validate", *words])
        assert ended.value.code == code
        said = capsys.readouterr()
        assert said.out.startswith(f"{ROUTES}:7:19: warning: late-resolve: ")
        assert said.err == "3 experiments understood, 0 errors, 2 warnings\n"


def test_a_plan_says_what_concerns_its_own_alerts(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (suite / ROUTES).read_text(encoding="utf-8")
    (suite / ROUTES).write_text(text.replace("group_interval: 2s", "group_interval: 5m"), encoding="utf-8")
    main(["plan", SLOW])
    warnings = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert warnings == [
        f"  warning: {SLOW_PAGE}: a resolved alert is told of at its group's next tick only, and group_interval is 5m: this holds by luck at best ({ROUTES}:7)"
    ]


def test_every_lint_can_be_allowed_by_its_name() -> None:
    assert [check.name for check in lint.CHECKS] == list(get_args(Allowed.model_fields["lint"].annotation))


def test_a_misspelt_lint_is_an_error(suite: Path) -> None:
    text = (suite / SETTINGS).read_text(encoding="utf-8")
    line = text[: text.index("lint: unexercised")].count("\n") + 1
    (suite / SETTINGS).write_text(text.replace("lint: unexercised", "lint: unexercized", 1), encoding="utf-8")
    (said,) = check([Path("experiments")], kinds(), os.environ).errors
    assert str(said).startswith(f"{SETTINGS}:{line}:13: lint.allow[0].lint: ")
    assert str(said).endswith("; did you mean 'unexercised'?")
