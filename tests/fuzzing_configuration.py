"""Rule files, alertmanager.yml and SLOs that nobody would write, and some that somebody might: the same seed, the same files."""

# ruff: noqa: E501  (what files are made of is read as lists)

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

import fuzzing

SUITE = Path(__file__).parent / "suite"
RULES, ROUTES, SLO = "alerts/negotiation.rules.yml", "alerts/alertmanager.yml", "slos/negotiation-latency.yaml"
FILES = (RULES, ROUTES, SLO)
METRICS = ("up", "http_requests_total", "negotiation:offers_slow:ratio2s", "a:b", "process_open_fds", "x" * 300)
LABELS = ("job", "code", "instance", "route", "le", "_a", "__name__", "alertname", "severity")
PATTERNS = (
    ".*",
    "5..",
    "a|b",
    "([a-z]+)+!",
    "(?i)x",
    "[[:alpha:]]",
    "\\\\pL+",
    "(",
    "\\\\C",
    "(?<n>a)",
    "a{1000}",
    "|".join(map(str, range(300))),
)
TEXTS = (
    "{{ $value }}", "{{ $labels.job }} is down", "{{ $label.job }}", "{{ nosuch . }}", "{{ if true }}x", "{{ $labels.job } x", "plain", "é\U0001f525",
    '{{ range query "up" }}{{ .Value }}{{ end }}', "${X}", "x" * 3000, "{{ humanizePercentage 0.5 }}", "",
)  # fmt: skip
DURATIONS = ("5s", "1m", "0s", "1h30m", "500y", "1" + "0" * 400 + "s", "9" * 5000 + "d", "5", "-1s", "1.5s", "1d", "292y", "300y")
KINDS: dict[str, tuple[dict[str, Any], ...]] = {
    "webhook": ({"url": "http://127.0.0.1:9/"}, {}, {"url": "nope"}, {"url_file": "/x"}, {"url": "${URL}", "max_alerts": 3}),
    "slack": ({"api_url": "http://x"}, {"channel": "#x"}, {"api_url": "http://x", "api_url_file": "/x"}, {"api_url": "http://x", "actions": [{}]}),
    "pagerduty": ({"routing_key": "x"}, {"service_key": "x"}, {}, {"routing_key": "x", "severity": "{{ .Status }}"}),
    "email": ({"to": "a@b", "from": "c@d", "smarthost": "h:25"}, {"to": "a@b"}, {"smarthost": "h"}),
    "opsgenie": ({"api_key": "x"}, {}, {"api_key": "x", "responders": [{"type": "team"}]}),
    "victorops": ({"api_key": "x", "routing_key": "y"}, {"routing_key": "y"}, {}),
    "telegram": ({"bot_token": "x", "chat_id": 1}, {"bot_token": "x"}, {"chat_id": 1}, {"bot_token": "x", "chat_id": "${C}"}),
    "discord": ({"webhook_url": "http://x"}, {}),
    "webex": ({"room_id": "x", "http_config": {"authorization": {"credentials": "y"}}}, {"room_id": "x"}, {}),
    "wechat": ({"api_secret": "x", "corp_id": "y"}, {}),
    "sns": ({"topic_arn": "x"}, {}, {"topic_arn": "x", "sigv4": {"access_key": "a"}}),
    "pushover": ({"user_key": "x", "token": "y"}, {}),
    "msteams": ({"webhook_url": "http://x"}, {}),
    "nosuch": ({},),
}  # fmt: skip


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` pairs of one of the suite's files and what to put in its place. Most are changed as their authors might; two of a hundred are big."""
    chance = random.Random(seed)
    sources = {file: (SUITE / file).read_text(encoding="utf-8") for file in FILES}
    for number in range(count):
        file = FILES[number % 3] if number % 6 != 5 else RULES
        text = sources[file]
        match number % 5:
            case 0 | 1 | 2:
                text = _plausible(file, text, chance)
            case 3:
                text = fuzzing.restructured(text, chance)
            case _:
                text = fuzzing.scrapped(text if chance.random() < 0.5 else _plausible(file, text, chance), chance)
        if number % 50 == 7:
            text = _big(file, chance)
        yield file, text.encode("utf-8", "surrogatepass")


def _plausible(file: str, text: str, chance: random.Random) -> str:
    tree = yaml.load(text, Loader=yaml.CSafeLoader)
    change = {RULES: _rules, ROUTES: _routes, SLO: _slo}[file]
    change = {RULES: _sound_rules, ROUTES: _sound_routes, SLO: _slo}[file] if chance.random() < 0.5 else change
    for _ in range(chance.choice((1, 1, 1, 2))):
        change(tree, chance)
    return yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=chance.choice((80, 100_000)))


def expression(chance: random.Random, depth: int = 0) -> str:
    """PromQL, most of it sound."""
    if depth > 4 or chance.random() < 0.3:
        matchers = [
            f'{chance.choice(LABELS)}{chance.choice(("=", "!=", "=~", "!~"))}"{chance.choice(PATTERNS[:8])}"'
            for _ in range(chance.choice((0, 0, 1, 2)))
        ]
        return chance.choice(METRICS) + (f"{{{','.join(matchers)}}}" if matchers else "")
    inner = expression(chance, depth + 1)
    label = chance.choice(LABELS[:5])
    return chance.choice(
        (
            f"sum by ({label}) ({inner})", f"sum({inner})", f"({inner}) > 0.5", f"({inner}) + on ({label}) ({expression(chance, depth + 1)})",
            f"max_over_time(({inner})[5s:1s])", f"rate({chance.choice(METRICS)}[5s])", f"({inner}) and ({inner})", f"({inner}) or vector(0)",
            f"-({inner})", f"absent({inner})", f"topk(2, {inner})", f'label_replace({inner}, "x", "$1", "{label}", "(.*)")', f"{inner} offset 5s",
            "up[5m]", '"hello"', "1 > bool 0", f"nosuch({inner})", f"{inner} ==", "(" * 150 + "up" + ")" * 150, "+".join(["up"] * 300),
        )
    )  # fmt: skip


def _rules(tree: Any, chance: random.Random) -> None:
    group = chance.choice(tree["groups"])
    rule = chance.choice(group["rules"])
    match chance.randrange(8):
        case 0 | 1:
            group["rules"].append({"alert": f"New{chance.random()}", "expr": expression(chance)})
        case 2:
            group["rules"].append({"record": chance.choice(("a:b", "bad-name", "a:b:c", "")), "expr": expression(chance)})
        case 3 if "alert" in rule:
            rule["for"] = chance.choice((*DURATIONS[:4], *DURATIONS[:4], *DURATIONS))
        case 4:
            rule.setdefault("labels", {})[chance.choice((*LABELS, "sev-erity"))] = chance.choice(
                (*TEXTS, *TEXTS[:2], "page", "page", "page", "page")
            )
        case 5 if "alert" in rule:
            rule.setdefault("annotations", {})[chance.choice(("summary", "runbook_url", "summary", "sum-mary"))] = chance.choice(
                (*TEXTS[:2], *TEXTS)
            )
        case 6:
            group[chance.choice(("interval", "limit", "foo", "query_offset"))] = chance.choice((*DURATIONS, 3))
        case _:
            rule["expr"] = expression(chance)


def _routes(tree: Any, chance: random.Random) -> None:
    route = chance.choice([tree["route"], *tree["route"]["routes"]])
    receiver = chance.choice(tree["receivers"])
    match chance.randrange(7):
        case 0 | 1:
            kind = chance.choice(tuple(KINDS))
            given = KINDS[kind][0] if chance.random() < 0.6 else chance.choice(KINDS[kind])
            receiver.setdefault(f"{kind}_configs", []).append(dict(given))
        case 2:
            label, operator = chance.choice(LABELS), chance.choice(("=", "!=", "=~", "=~", "!~", "==", ""))
            route.setdefault("matchers", []).append(f"{label}{operator}{chance.choice((*PATTERNS[:5], *PATTERNS))}")
        case 3:
            route[chance.choice(("group_wait", "group_interval", "repeat_interval"))] = chance.choice(
                (*DURATIONS[:4], *DURATIONS[:4], *DURATIONS)
            )
        case 4:
            route["group_by"] = chance.sample(("a", "b", "...", "a", "a-b", "alertname"), 2)
        case 5:
            said = {"times": [{"start_time": chance.choice(("09:00", "25:00", "24:00")), "end_time": "24:00"}]}
            tree["time_intervals"] = [
                {"name": "t", "time_intervals": [chance.choice((said, {"weekdays": ["mon"]}, {"location": "X/Y"}, {"months": ["1:3"]}))]}
            ]
        case _:
            given = {
                "slack_api_url": "http://x",
                "slack_api_url_file": "/x",
                "smtp_smarthost": "x",
                "resolve_timeout": "5m",
                "smtp_from": "a@b",
                "foo": 1,
            }
            tree["global"] = dict(chance.sample(list(given.items()), 2))


def _sound_rules(tree: Any, chance: random.Random) -> None:
    """A rule more, or another one, as somebody might write it."""
    label, metric, seconds = (
        chance.choice(("job", "code", "route")),
        chance.choice(("up", "http_requests_total", "a_b")),
        chance.choice((5, 60, 3600)),
    )
    expr = chance.choice(
        (
            f"sum by ({label}) (rate({metric}[{seconds}s])) > {chance.random()}", f"{metric} == 0", f"absent({metric})", f"{metric}[{seconds}s]", '"hello"',
            f'{{__name__=~"{metric}|b"}} > 1', f"({metric} > 1) and on ({label}) (b < 2) or vector(1)", "(" * seconds + metric + ")" * seconds, "+".join([metric] * seconds),
            f"{metric}{{{label}=~`a.*|{'b|' * seconds}c`}} offset 1m > 1", f"count_values('v', {metric})", f"quantile_over_time(0.9, {metric}[1m:5s] offset 1d)",
        )
    )  # fmt: skip
    group = chance.choice(tree["groups"])
    added = {"alert": f"New{chance.random()}", "expr": expr, "for": chance.choice(DURATIONS[:4])}
    added["labels"] = {label: chance.choice(("page", "{{ $value }}", ""))}
    added["annotations"] = {"summary": chance.choice((TEXTS[0], TEXTS[1], "{{ .Labels.gone }}", *TEXTS[8:]))}
    group["rules"].insert(
        chance.randrange(len(group["rules"]) + 1), chance.choice((added, {"record": "a:b", "expr": "up" if '"' in expr else expr}))
    )
    group["interval"] = chance.choice(DURATIONS[:2])


def _sound_routes(tree: Any, chance: random.Random) -> None:
    """A receiver with an integration and a route to it."""
    kind, name = chance.choice([each for each in KINDS if each not in {"msteams", "nosuch"}]), f"new {chance.random()}"
    tree["receivers"].append({"name": name, f"{kind}_configs": [dict(KINDS[kind][0])]})
    route = chance.choice([tree["route"], *tree["route"]["routes"]])
    pattern = chance.choice(("a|b", "([a-z]+)+!", "(?i)x", "[[:alpha:]]", "|".join(map(str, range(3_000)))))
    below = {
        "receiver": name,
        "matchers": [f'{chance.choice(LABELS[:3])}{chance.choice(("=", "=~", "!~"))}"{pattern}"'],
        "continue": chance.random() < 0.5,
    }
    route.setdefault("routes", []).insert(0, below | {"group_wait": chance.choice(DURATIONS[:4]), "group_by": [chance.choice(LABELS[:3])]})
    if chance.random() < 0.3:
        tree["inhibit_rules"] = [{"source_matchers": ["a=b"], "target_matchers": ["c!=d"], "equal": ["e"]}]


def _slo(tree: Any, chance: random.Random) -> None:
    objective = tree["spec"]["objectives"][0]
    match chance.randrange(3):
        case 0:
            objective["target"] = chance.choice((0.9, 1, 0, -1, 1e400, float("nan"), "99%", 10**400, "0.99"))
        case 1:
            tree["spec"]["timeWindow"] = [{"duration": chance.choice(("28d", "9" * 5000 + "d", "1Q", "0d", "4w")), "isRolling": True}]
        case _:
            query = {"metricSource": {"type": "prometheus", "spec": {"query": expression(chance)}}}
            tree["spec"]["indicator"] = {"spec": {"ratioMetric": {"counter": True, "good": query, "total": query}}}


def _big(file: str, chance: random.Random) -> str:
    """Something that is deep or long: up to a megabyte."""
    deep: tuple[Callable[[], str], ...] = (
        lambda: f"groups: [{{name: g, rules: [{{alert: A, expr: '{'(' * 20_000}up{')' * 20_000}'}}]}}]",
        lambda: f"groups: [{{name: g, rules: [{{alert: A, expr: '{'+'.join(['up'] * 20_000)}'}}]}}]",
        lambda: "groups:\n- name: g\n  rules:\n" + "".join(f"  - {{record: 'a:b{n}', expr: 'a:b{n - 1} + a:b{n - 1}'}}\n" for n in range(5_000)),
        lambda: "groups: " + "[" * 20_000,
        lambda: "groups:\n- name: g\n  rules:\n" + "".join(f"  - {{alert: A{n}, expr: 'sum by (a) (rate(x{n}[5m])) > {n}'}}\n" for n in range(5_000)),
        lambda: "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)),
    )  # fmt: skip
    wide: tuple[Callable[[], str], ...] = (
        lambda: "route: {receiver: a, routes: [" + "{receiver: a, matchers: ['x=~\"(a+)+b\"']}, " * 3_000 + "]}\nreceivers: [{name: a}]",
        lambda: "route: {receiver: a}\nreceivers:\n" + "".join(f"- {{name: '{'a' if n == 0 else n}', webhook_configs: [{{}}]}}\n" for n in range(3_000)),
        lambda: f"route: {{receiver: a, matchers: ['x=~\"{'|'.join(map(str, range(20_000)))}\"']}}\nreceivers: [{{name: a}}]",
        lambda: "route: {receiver: a, routes: [" * 90 + "]}" * 90 + "\nreceivers: [{name: a}]",
    )  # fmt: skip
    return chance.choice(wide if file == ROUTES else deep)()
