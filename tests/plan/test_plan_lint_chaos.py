"""Each trap of Chaos Toolkit that a lint knows: said at the key it is about, and not said of a sound file."""

# ruff: noqa: E501  (a message is easier to compare when it stands on one line)

from pathlib import Path

import pytest

from firedrill.core.alerting import Alerting
from firedrill.core.kinds import Kinds
from firedrill.core.model.plan import Plan
from firedrill.core.model.suite import Allowed
from firedrill.plan import lint
from firedrill.spec.experiment import load_experiment

SOUND = """\
title: Plain
description: Nothing to warn of
configuration: {word: a, port: {type: env, key: PORT}}
secrets: {team: {token: {type: env, key: TOKEN}}}
steady-state-hypothesis:
  title: Well
  probes:
    - {type: probe, name: first, tolerance: [1, 2, 3], provider: {type: python, module: m, func: f}}
    - type: probe
      name: second
      tolerance: {type: probe, name: t, provider: {type: python, module: m, func: f, arguments: {}}}
      provider: {type: python, module: m, func: f}
method:
  - type: action
    name: call
    provider:
      type: http
      url: http://${word}/$$word/$other
      timeout: 3
      method: POST
      headers: {Content-Type: application/json, Authorization: "${token}"}
      arguments: {a: b}
  - ref: second
rollbacks:
  - type: action
    name: back
    provider: {type: process, path: x, arguments: ["a; b"]}
"""
ROLLBACKS = SOUND[SOUND.index("rollbacks:") :]


def said(text: str, folder: Path) -> list[str]:
    (folder / "plain.yaml").write_text(text)
    experiment, problems = load_experiment(folder / "plain.yaml", Kinds({}, {}))
    assert experiment is not None, problems
    plan = Plan(
        experiment="plain", file="plain.yaml", title="t", environment="local", steady=1,
        chaos=experiment.chaos, chaos_places=experiment.chaos_places,
    )  # fmt: skip
    remarks = lint.remarks(lint.Linted(Alerting(), (plan,)))
    assert all(lint.is_allowed(each, [Allowed(lint=each.lint, of="plain", because="meant")]) for each in remarks)  # type: ignore[arg-type]
    return [f"{each.place.line}:{each.place.column}: {each.lint}: {each.message}" for each in remarks]


def test_a_sound_file_is_not_warned_of(tmp_path: Path) -> None:
    assert said(SOUND, tmp_path) == []


@pytest.mark.parametrize(
    ("sound", "trap", "message"),
    [
        ("  - ref: second", "  - {ref: second, tolerance: 2}", "23:19: unjudged-tolerance: method[1].tolerance: the tolerance of 'second' is never evaluated; put the probe into the hypothesis"),
        ("    name: call\n", "    name: call\n    timeout: 3\n", "16:5: idle-timeout: method[0].timeout: the timeout of 'call' is never used; write it under provider"),
        ("      name: second\n", "      name: second\n      timeout: 3\n", "11:7: idle-timeout: steady-state-hypothesis.probes[1].timeout: the timeout of 'second' is never used; no timeout can end a Python function"),
        ("      timeout: 3\n", "", "16:5: no-timeout: method[0].provider: 'call' waits for ever when nobody answers; write timeout: 3 under provider"),
        ('arguments: ["a; b"]', "arguments: a; b", "27:40: shell-arguments: rollbacks[0].provider.arguments: the arguments of 'back' go through a shell; write a list to hand them over as they are"),
        ('["a; b"]', '["--token", "${token}"]', "27:63: shown-secret: rollbacks[0].provider.arguments[1]: everybody on the machine can read token while 'back' runs; hand it over in its environment"),
        ("{type: env, key: TOKEN}", "s3cret", "4:18: literal-secret: secrets.team.token: a secret stands in the file; name the variable that holds it: {type: env, key: NAME}"),
        ("http://${word}/", "http://${wrod}/", "18:7: unknown-variable: method[0].provider.url: ${wrod} stays as it is: nothing in the configuration or the secrets is called wrod"),
        ('["a; b"]', '["a", "b$word"]', "27:57: unknown-variable: rollbacks[0].provider.arguments[1]: $word is replaced by a variable; write $$word to keep it, or ${word} to mean it"),
        ("tolerance: [1, 2, 3]", "tolerance: [1, 3]", "8:34: two-numbers: steady-state-hypothesis.probes[0].tolerance: 'first' is well with anything from 1 to 3; write {type: range, range: [1, 3]} if that is meant"),
        ("[1, 2, 3], provider: {type: python, module: m, func: f}", "[0, 2], provider: {type: process, path: x}", "8:34: two-numbers: steady-state-hypothesis.probes[0].tolerance: 'first' is well with the status 0 or 2, and with none between; add one more to the list, or ask for a range"),
        ("name: first", "name: second", "23:5: same-name: method[1].ref: 2 activities are called 'second'; the last one is meant"),
        ("title: Plain\n", "title: Plain\ndry: actions\n", "2:1: idle-dry: dry: the actions are played all the same"),
        ("    name: back\n", "    name: back\n    dry: actions\n", "27:5: idle-dry: rollbacks[0].dry: 'back' is played all the same"),
        ("{Content-Type: application/json,", "{content-type: application/json,", "21:7: form-body: method[0].provider.headers: the arguments of 'call' are sent as a form; only the header Content-Type: application/json makes them JSON"),
        (ROLLBACKS, "", "13:1: no-rollbacks: method: 'call' acts, and no rollbacks put it back if the drill is cut short"),
        ("method:\n", "runtime: {hypothesis: {strategy: continuously}}\nmethod:\n", "7:3: first-miss: steady-state-hypothesis.probes: after the first probe that misses its tolerance the others are not looked at"),
        ("word: a", "word: {type: probe, provider: {type: python, module: m, func: f}}", "3:17: silent-configuration: configuration.word: if this probe fails, ${word} stays as it is and the method is played with it"),
        ("word: a", "word: {type: evn, key: A}", "3:17: silent-configuration: configuration.word: the type 'evn' means nothing here: the value is this mapping itself"),
        ("func: f, arguments: {}}", "func: f}", "11:7: no-value: steady-state-hypothesis.probes[1].tolerance: the tolerance of 'second' ends the run in an error; write arguments: {} under its provider"),
    ],
)  # fmt: skip
def test_a_trap_is_said_at_its_key(sound: str, trap: str, message: str, tmp_path: Path) -> None:
    assert sound in SOUND
    assert said(SOUND.replace(sound, trap, 1), tmp_path) == [message]
