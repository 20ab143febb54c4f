"""What people are told, word for word, at which line and column, when one thing is wrong in a sound suite."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from collections.abc import Callable
from pathlib import Path

import pytest

SLOW, SETTINGS, SLO = "experiments/slow.yaml", "firedrill.yaml", "slos/negotiation-latency.yaml"
RULES, ROUTES, PROBE, JOURNEY = "alerts/demo.rules.yml", "alerts/alertmanager.yml", "probes/api-health.yaml", "probes/offer_journey.py"

CASES = [
    # the experiment's own keys
    (SLOW, "- latency:", "- latencyy:", "8:5: faults[0].latencyy: unknown fault kind 'latencyy'; did you mean 'latency'?"),
    (SLOW, "delay: 500ms", "dealy: 500ms", [
        "9:7: faults[0].latency: 'delay' is missing", "10:7: faults[0].latency.dealy: unknown key; did you mean 'delay'?"]),
    (SLOW, "delay: 500ms", "delay: 500", "10:14: faults[0].latency.delay: a duration needs a unit: write 500s"),
    (SLOW, "delay: 500ms", "delay: 0.5s", "10:14: faults[0].latency.delay: durations take whole numbers: write 500ms"),
    (SLOW, "delay: 500ms", "delay: 5 m", "10:14: faults[0].latency.delay: no space within a duration: write 5m"),
    (SLOW, "delay: 500ms", "delay: 1:30", "10:14: faults[0].latency.delay: '1:30' is not a duration such as 500ms, 30s or 1m30s"),
    (SLOW, "delay: 500ms", "delay:", "10:13: faults[0].latency.delay: nothing stands here; write a value or leave the key out"),
    (SLOW, "delay: 500ms", "delay: [1s]", "10:14: faults[0].latency.delay: a duration such as 30s is expected here"),
    (SLOW, "      target: bureau", "      target: bureau\n      target: bureau",
        "10:7: faults[0].latency.target: duplicate key; the first one stands on line 9"),
    (SLOW, "target: bureau", "target: buraeu", "9:15: faults[0].latency.target: unknown target 'buraeu'; did you mean 'bureau'?"),
    (SLOW, "    for: 60s", "", "8:5: faults[0]: 'for' is missing"),
    (SLOW, "for: 60s", "for: 0s", "11:10: faults[0].for: a fault lasts longer than 0s"),
    (SLOW, "for: 60s", "fro: 60s", ["8:5: faults[0]: 'for' is missing", "11:5: faults[0].fro: unknown key; did you mean 'for'?"]),
    (SLOW, "      target: bureau", "    target: bureau", "10:12: a colon does not fit here; put quotes round a value that holds ': ', or check the indentation"),
    (SLOW, "      target: bureau\n      delay: 500ms", "    target: bureau\n    delay: 500ms", [
        "8:13: faults[0].latency: 'delay' is missing", "8:13: faults[0].latency: 'target' is missing",
        "9:5: faults[0].target: 'target' belongs to 'latency'; indent it further than 'latency'",
        "10:5: faults[0].delay: 'delay' belongs to 'latency'; indent it further than 'latency'"]),
    (SLOW, "    for: 60s", "    for: 60s\n  - nothing", "12:5: faults[1]: write 'nothing:' with a colon, and 'for:' with a duration below it"),
    (SLOW, "    for: 60s", "    for: 60s\n    down:\n      target: bureau",
        "12:5: faults[0].down: one fault for each entry; start 'down' with a dash of its own"),
    (SLOW, "  - latency:", "  - name: x\n    latency:", "8:5: faults[0].name: an entry starts with its kind; move 'latency' above 'name'"),
    (SLOW, "    for: 60s", "    for: 60s\n  - latency: {target: bureau, delay: 1s}\n    for: 1s",
        "12:5: faults[1]: the fault on line 8 is named 'latency-bureau' too; give one of them a 'name:' of its own"),
    (SLOW, "faults:", "faults: none\nx-faults:", "7:9: faults: a list is expected here, not the text 'none'"),
    (SLOW, "users: 20", "users: many", "6:10: load.users: a whole number such as 20 is expected, not 'many'"),
    (SLOW, "  users: 20\n", "", "5:3: load: 'users' is missing"),
    (SLOW, "title: The bureau is slow\n", "", "1:1: 'title' is missing"),
    (SLOW, "title: The bureau is slow", "title: [a]", "1:8: title: a text is expected here, not a list; put quotes round a text that starts with ["),
    (SLOW, "probes: [offer-journey]", "prboes: [offer-journey]", "3:1: prboes: unknown key; did you mean 'probes'?"),
    (SLOW, "probes: [offer-journey]", "probes: offer-journey", "3:9: probes: a list is expected here, not the text 'offer-journey'"),
    (SLOW, "probes: [offer-journey]", "probes: [offer-jorney]", "3:10: probes[0]: no probe 'offer-jorney' in probes/; did you mean 'offer-journey'?"),
    (SLOW, "probes: [offer-journey]", "probes: [offer-journey, offer-journey]", "3:25: probes[1]: 'offer-journey' stands here twice"),
    (SLOW, "scenario: negotiate", "scenario: haggle", [
        "2:8: slos[0]: 'negotiation-latency' is measured by the load 'negotiate', which this experiment lacks; add it under 'load'",
        "5:13: load.scenario: no scenario 'haggle' in scenarios/"]),
    (SLOW, "slos: [negotiation-latency]", "slos: [negotiation-latncy]", [
        "2:8: slos[0]: no SLO 'negotiation-latncy' in slos/; did you mean 'negotiation-latency'?",
        "16:10: expect[1].slo: 'negotiation-latency' is not among this experiment's slos; add it there"]),
    # expectations
    (SLOW, "- page: L", "- pgae: L", "13:5: expect[0].pgae: unknown expectation 'pgae'; did you mean 'page'?"),
    (SLOW, "- quiet", "- quite", "18:5: expect[2]: unknown expectation 'quite'; did you mean 'quiet'?"),
    (SLOW, "- quiet", "- page", "18:5: expect[2]: 'page' needs a value: write '- page: NAME'"),
    (SLOW, "- page: LatencyBudgetBurn", "- page: LatencyBudgetBurns",
        "13:11: expect[0].page: unknown alert 'LatencyBudgetBurns'; did you mean 'LatencyBudgetBurn'?"),
    (SLOW, "to: payments-oncall", "to: payment-oncall", "14:9: expect[0].to: unknown receiver 'payment-oncall'; did you mean 'payments-oncall'?"),
    (SLOW, "within: 45s", "within: 1s1m", "15:13: expect[0].within: units stand largest first and once each, such as 1m30s"),
    (SLOW, "within: 45s", "whitin: 45s", "15:5: expect[0].whitin: unknown key; did you mean 'within'?"),
    (SLOW, "- quiet", "- quiet:\n      except: [Nobody]", "19:16: expect[2].quiet.except[0]: unknown alert 'Nobody'; known: LatencyBudgetBurn"),
    # YAML
    (SLOW, "      target:", "\t  target:", "9:1: a tab stands here; indent with spaces"),
    (SLOW, "title: The bureau is slow", "title: {bureau} is slow", "1:8: a value that starts with { needs quotes round it"),
    (SLOW, "title: The", "title: *The", "1:8: no anchor &The stands above; if the value starts with *, put quotes round it"),
    (SLOW, "title: The", "title: * The", "1:8: a value that starts with * needs quotes round it"),
    (SLOW, "title: The", "title: @The", "1:8: a value that starts with @ needs quotes round it"),
    (SLOW, "title: The", "title: %The", "1:8: a value that starts with % needs quotes round it"),
    (SLOW, "title: The", "title: , The", "1:8: a value that starts with , needs quotes round it"),
    (SLOW, "title: The", "title: `The", "1:8: a value that starts with ` needs quotes round it"),
    (SLOW, "title: The bureau", "title: The bureau: it",
        "1:18: a colon does not fit here; put quotes round a value that holds ': ', or check the indentation"),
    (SLOW, "title: The", 'title: "The', "1:8: this quote is never closed"),
    (SLOW, "title: The", "title: !The x", "1:8: title: tags such as !The are not allowed"),
    (SLOW, "title: The", "title: \x07The", "1:8: the character U+0007 is not allowed in YAML"),
    (SLOW, "title: The bureau is slow", "title: x\n---\ntitle: y", "3:1: a second document starts here; this file takes one"),
    # firedrill.yaml
    (SETTINGS, "alerts/alertmanager.yml\n", "alerts/alertmanager.yml\n        alertmanager-at: 9093\n", "15:26: environments.local.stack.embedded.alertmanager-at: an address is host:port, such as 127.0.0.1:9093, not '9093'"),
    (SETTINGS, "alerts/alertmanager.yml\n", "alerts/alertmanager.yml\n        receivers:\n          platfrom:\n            answers: 500\n", "17:13: environments.local.stack.embedded.receivers.platfrom: unknown receiver 'platfrom'; did you mean 'platform'?"),
    (SETTINGS, "alerts/alertmanager.yml\n", "alerts/alertmanager.yml\n        receivers:\n          platform:\n            answers: 200\n", "17:22: environments.local.stack.embedded.receivers.platform.answers: an HTTP status from 400 to 599 is expected, not '200'"),
    (SETTINGS, "ready: http://<api>/health", "ready: http://<ipa>/health", "10:14: environments.local.system.ready: <ipa> names no address; there are <alertmanager>, <api>, <bureau>, <bureau-proxy>, <probes>, <prometheus> and <sink>"),
    (SETTINGS, "api: 127.0.0.1:0", "api: 127.0.0.1", "5:14: environments.local.system.addresses.api: an address is host:port, such as 127.0.0.1:0, not '127.0.0.1'"),
    (SETTINGS, "api: 127.0.0.1:0", "api: 0.0.0.0:0", "5:14: warning: environments.local.system.addresses.api: 0.0.0.0 listens on every network of this machine; write 127.0.0.1:0"),
    (SETTINGS, "rules: [alerts/demo.rules.yml]", "rules: [alerts/demo.rule.yml]",
        "13:17: environments.local.stack.embedded.rules[0]: no such file: alerts/demo.rule.yml; did you mean 'alerts/demo.rules.yml'?"),
    (SETTINGS, "        upstream: <bureau>\n", "", "21:9: environments.local.targets.bureau: a target needs 'listen' and 'upstream', or 'proxy'"),
    (SETTINGS, "        upstream: <bureau>\n", "        upstream: <bureau>\n      it:\n        process:\n          name: x\n          port: <api>\n",
        "24:9: environments.local.targets.it: a process is found by one of 'name', 'pid-file', 'port' and 'unit'"),
    (SETTINGS, "        upstream: <bureau>\n", "        upstream: <bureau>\n      it:\n        process:\n          name: x\n          start: x\n          supervised: true\n",
        "24:9: environments.local.targets.it: a process comes back in one way: 'start', 'restart-with', 'supervised', or as the 'unit' that it is"),
    (SETTINGS, "        upstream: <bureau>\n", "        upstream: <bureau>\n      it:\n        process:\n          name: x\n          start: x\n          all: true\n",
        "24:9: environments.local.targets.it: a process with 'start' is one process, not 'all'"),
    (SETTINGS, "        upstream: <bureau>\n", "        upstream: <bureau>\n      it:\n        machine: this\n        directory: .\n",
        "24:9: environments.local.targets.it: a target is one of 'toxiproxy', 'process', 'machine', 'directory', 'stack', 'receiver', 'dns', 'tls' and 'network'"),
    (SETTINGS, "        upstream: <bureau>\n", "        upstream: <bureau>\n      it:\n        directory: .\n        listen: <api>\n",
        "24:9: environments.local.targets.it: a target is a directory, or an address with a proxy, not both"),
    (SETTINGS, "        upstream: <bureau>\n", "        upstream: <bureau>\n      it:\n        machine: that\n",
        "24:18: environments.local.targets.it.machine: this is expected here, not 'that'"),
    (SETTINGS, "environments:", "default: lcoal\nenvironments:", "1:10: default: unknown environment 'lcoal'; did you mean 'local'?"),
    (SETTINGS, "  local:", "  staging:", "2:3: environments: none is named 'local'; say which is used, as in 'default: staging'"),
    (SETTINGS, "    targets:\n      bureau", "    limits:\n      methods: alow\n    targets:\n      bureau",
        "20:16: environments.local.limits.methods: allow or refuse is expected here, not 'alow'; did you mean 'allow'?"),
    (SETTINGS, "    targets:\n      bureau", "    limits:\n      faults: [latncy]\n    targets:\n      bureau",
        "20:16: environments.local.limits.faults[0]: unknown fault kind 'latncy'; did you mean 'latency'?"),
    # SLOs
    (SLO, "name: negotiation-latency", "name: other", "4:9: metadata.name: 'other' stands in a file named 'negotiation-latency'; give both the same name"),
    (SLO, "target: 0.99", "target: 99", "13:15: spec.objectives[0].target: a target is a share such as 0.99; a percentage is written targetPercent: 99"),
    (SLO, "target: 0.99", "target: 1", "13:15: spec.objectives[0].target: a target lies between 0 and 1: at 1 no error is allowed and there is no budget to watch"),
    (SLO, "Occurrences", "Timeslices", "8:20: spec.budgetingMethod: Occurrences is expected here, not 'Timeslices'"),
    (SLO, "    - duration: 28d\n      isRolling: true", "    - calendar: {}",
        "10:7: spec.timeWindow[0].calendar: calendar windows are not read; write a rolling one: 'duration: 28d' and 'isRolling: true'"),
    (SLO, "- target: 0.99", "- target: 0.99\n    - target: 0.9", "13:5: spec.objectives: exactly one objective is read, not 2; write one document for each"),
    (SLO, "duration < 300ms", "duration < 300",
        "23:21: spec.indicator.spec.ratioMetric.good.metricSource.spec.good: a duration needs a unit: write 300s"),
    (SLO, "duration < 300ms", "fast",
        "23:21: spec.indicator.spec.ratioMetric.good.metricSource.spec.good: \"duration < 300ms\" or \"succeeded\" is expected here, not 'fast'"),
    (SLO, "openslo/v1", "openslo/v1alpha", "1:13: apiVersion: an OpenSLO document starts with 'apiVersion: openslo/v1'"),
    (SLO, "kind: SLO", "kind: SLOO", "2:7: kind: 'kind: SLO' is expected here; did you mean 'SLO'?"),
    # rules and routes
    (RULES, "expr: demo:slow > 0.1", "exp: demo:slow > 0.1", [
        "6:9: groups[0].rules[1]: 'expr' is missing", "7:9: groups[0].rules[1].exp: unknown key; did you mean 'expr'?"]),
    (RULES, "expr: demo:slow > 0.1", "expr: sum(demo:slow", "7:15: groups[0].rules[1].expr: not PromQL: unclosed left parenthesis"),
    (RULES, "for: 1m30s", "for: 90", "8:14: groups[0].rules[1].for: a Prometheus duration such as 30s or 1h30m is expected here, not '90'"),
    (RULES, "alert: LatencyBudgetBurn", "x: y", "6:9: groups[0].rules[1]: 'alert' or 'record' is missing"),
    (ROUTES, "- receiver: platform", "- receiver: platfrom", "5:17: route.routes[0].receiver: unknown receiver 'platfrom'; did you mean 'platform'?"),
    (ROUTES, "webhook_configs:", "slak_configs:", "11:5: receivers[0].slak_configs: unknown integration 'slak'; did you mean 'slack'?"),
    (ROUTES, "webhook_configs:", "webhook_config:", "11:5: receivers[0].webhook_config: unknown key; did you mean 'webhook_configs'?"),
    (ROUTES, "webhook_configs:", "pushover_configs:", [
        "11:5: receivers[0].pushover_configs: a drill cannot catch what pushover sends, because its address is compiled into Alertmanager; "
        "`replace: [pushover]` in firedrill.yaml, under `embedded:`, has a webhook in its place"]),
    (ROUTES, "  group_wait: 1s", "  group_wiat: 1s", "3:3: route.group_wiat: unknown key; did you mean 'group_wait'?"),
    (ROUTES, "  receiver: payments-oncall\n", "", "2:3: route: 'receiver' is missing; the first route takes whatever no other takes"),
    # probes and scenarios
    (PROBE, "timeout: 2s", "timout: 2s", "2:1: timout: unknown key; did you mean 'timeout'?"),
    (PROBE, "<api>", "<apy>", "4:8: http.url: <apy> names no address; did you mean 'api'?"),
    (PROBE, "http://<api>/health", "<api>/health", "4:8: http.url: a URL such as http://<api>/health is expected here, not '<api>/health'"),
    (JOURNEY, 'EVERY = "1s"', "EVERY = 1", "1:9: EVERY: a duration in quotes is expected here, such as \"500ms\"; the file is read, not run"),
    (JOURNEY, '"2s"', '"2"', "2:16: TIMEOUT: a duration needs a unit: write 2s"),
    (JOURNEY, "async def", "def", "5:1: check: must be a coroutine: write async def check(session, addresses)"),
    (JOURNEY, "(session, addresses)", "(session)", "5:1: check: takes two parameters: write async def check(session, addresses)"),
    (JOURNEY, "def check", "def chek", "1:1: a Python probe defines async def check(session, addresses)"),
    ("scenarios/negotiate.py", "class Debtor", "clas Debtor", "4:6: not Python: invalid syntax"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "sound", "broken", "message"), CASES, ids=[f"{case[0]}: {case[2]!r}" for case in CASES])
def test_a_mistake_is_told_word_for_word(
    suite: Path, said: Callable[..., list[str]], file: str, sound: str, broken: str, message: str | list[str]
) -> None:
    path = suite / file
    text = path.read_text()
    assert sound in text
    path.write_text(text.replace(sound, broken, 1))
    told = [each.removeprefix(f"{file}:") for each in said() if each.startswith(file)]
    assert told == ([message] if isinstance(message, str) else message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1:1: the file is empty"),
        (b"# nothing yet\n", "1:1: the file holds nothing but comments"),
        (b"- a\n", "1:1: a mapping (key: value) is expected at the top of the file, not a list"),
        (b"hello\n", "1:1: a mapping (key: value) is expected at the top of the file, not a text"),
        (b"title: a\ntags: [caf\xe9]\n", "2:11: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (b"title: &x\n  - *x\n", "1:8: title[0]: this anchor holds an alias of itself"),
        (b"[" * 50_000, "1:101: the file is nested deeper than 100 levels"),
    ],
)
def test_a_file_that_is_no_mapping_gets_a_sentence(
    write: Callable[..., Path], suite: Path, said: Callable[..., list[str]], content: bytes, message: str
) -> None:
    write("experiments/bad.yaml", content)
    assert said("experiments/bad.yaml") == [f"experiments/bad.yaml:{message}"]


def test_a_flood_of_aliases_is_refused(write: Callable[..., Path], suite: Path, said: Callable[..., list[str]]) -> None:
    lines = ["x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    write("experiments/bad.yaml", "\n".join(lines))
    assert "aliases written out this file holds more than" in said("experiments/bad.yaml")[0]
