"""Chaos Toolkit experiments, each one change away from a sound one that has everything: what is put in place of what."""

# ruff: noqa: E501  (an edit is easier to read on one line)

SOUND = """\
title: Plain
description: One of everything
tags: [one, two]
configuration:
  word: literal
  port: {type: env, key: NO_SUCH_PORT, default: "80", env_var_type: int}
  found: {type: probe, name: find, provider: {type: process, path: "true"}}
secrets:
  team:
    token: {type: env, key: PATH}
    plain: s3cret
controls:
  - name: watcher
    provider: {type: python, module: no.such.control}
steady-state-hypothesis:
  title: Well
  probes:
    - type: probe
      name: mean
      tolerance: 2
      provider: {type: python, module: statistics, func: mean, arguments: {data: [1, 3]}}
method:
  - type: action
    name: call
    background: true
    timeout: 3
    pauses: {before: 0.1, after: "${word}"}
    controls:
      - name: inner
        provider: {type: python, module: no.such.control}
    provider: {type: http, url: "http://127.0.0.1:1/", headers: {a: b}, timeout: [1, 2]}
  - ref: mean
rollbacks:
  - type: action
    name: back
    provider: {type: process, path: "true", arguments: ["${word}"]}
extensions:
  - name: other
    anything: 1
runtime:
  hypothesis: {strategy: default}
"""

_TOP = ("title: Plain", "description: One of everything", "tags: [one, two]")
_MEAN = "provider: {type: python, module: statistics, func: mean, arguments: {data: [1, 3]}}"
_CALL = 'provider: {type: http, url: "http://127.0.0.1:1/", headers: {a: b}, timeout: [1, 2]}'
_BACK = 'provider: {type: process, path: "true", arguments: ["${word}"]}'
_PORT = 'port: {type: env, key: NO_SUCH_PORT, default: "80", env_var_type: int}'
_PAUSES = 'pauses: {before: 0.1, after: "${word}"}'
_HYPOTHESIS = SOUND[SOUND.index("steady-state-hypothesis:") : SOUND.index("method:")]
_METHOD = SOUND[SOUND.index("method:") : SOUND.index("rollbacks:")]
_ROLLBACKS = SOUND[SOUND.index("rollbacks:") : SOUND.index("extensions:")]
_SECRETS = SOUND[SOUND.index("secrets:") : SOUND.index("controls:")]
_CONFIGURATION = SOUND[SOUND.index("configuration:") : SOUND.index("secrets:")]
_CONTROLS = SOUND[SOUND.index("controls:") : SOUND.index("steady-state-hypothesis:")]
_EXTENSIONS = SOUND[SOUND.index("extensions:") : SOUND.index("runtime:")]

_INSTEAD: dict[str, tuple[str, ...]] = {
    _TOP[0] + "\n": ("", "title: ''\n", "title:\n", "title: 5\n"),
    _TOP[1] + "\n": ("", "description: ''\n", "description:\n"),
    _TOP[2]: ("tags: []", "tags: word", "tags: ['']", "tags: [1]", "tags: [one, [two]]"),
    "tolerance: 2\n": (
        "", "tolerance: true\n", "tolerance: text\n", "tolerance: 0\n", "tolerance: -3\n", "tolerance: '2'\n", "tolerance: 0.5\n",
        "tolerance: null\n", "tolerance:\n", "tolerance: 2024-01-01\n", "tolerance: 2024-01-01T00:00:00Z\n", "tolerance: !!binary aGk=\n",
        "tolerance: [1, 2]\n", "tolerance: [1, 2, 3]\n", "tolerance: []\n", "tolerance: [a]\n", "tolerance: '${word}'\n", "tolerance: {}\n",
        "tolerance: {type: regex, pattern: '^a'}\n", "tolerance: {type: regex, pattern: '('}\n", "tolerance: {type: regex}\n",
        "tolerance: {type: regex, pattern: 5}\n", "tolerance: {type: regex, pattern: }\n", "tolerance: {type: regex, pattern: ''}\n",
        "tolerance: {type: regex, pattern: [a]}\n", "tolerance: {type: regex, pattern: a, target: stdout}\n",
        "tolerance: {type: range, range: [1, 2]}\n", "tolerance: {type: range, range: [0.5, 2.5]}\n", "tolerance: {type: range, range: [1]}\n",
        "tolerance: {type: range, range: [1, 2, 3]}\n", "tolerance: {type: range, range: ['1', '2']}\n", "tolerance: {type: range}\n",
        "tolerance: {type: range, range: ['${word}', 2]}\n", "tolerance: {type: range, range: {a: 1}}\n", "tolerance: {type: rnage}\n",
        "tolerance: {type: jsonpath, path: $.a}\n", "tolerance: {type: jsonpath}\n", "tolerance: {path: $.a}\n", "tolerance: {type: [a]}\n",
        f"tolerance: {{type: probe, name: t, {_MEAN}}}\n", f"tolerance: {{type: probe, {_MEAN}}}\n", "tolerance: {type: probe, name: t}\n",
    ),
    _MEAN: (
        "provider:", "provider: {}", "provider: python", "provider: [python]", "provider: {type: pyhton}", "provider: {type: }", "provider: {module: statistics}",
        "provider: {type: python, func: mean}", "provider: {type: python, module: statistics}", "provider: {type: python, module: '', func: mean}",
        "provider: {type: python, module: 5, func: mean}", "provider: {type: python, module: statistics, func: mean, arguments: {data: [1]}, more: 1}",
        "provider: {type: python, module: statistics, func: mean, arguments: [1]}", "provider: {type: python, module: statistics, func: mean, arguments: text}",
        "provider: {type: python, module: statistics, func: mean, arguments: }", "provider: {type: python, module: statistics, func: mean, arguments: {data: 1}, secrets: [team]}",
    ),
    "      name: mean\n": ("", "      name: ''\n", "      name:\n", "      name: mean\n      name: mean\n"),
    "    - type: probe\n": ("    - tpye: probe\n", "    - type: prboe\n", "    - type:\n", "    - type: [probe]\n", "    - type: action\n", "    - null\n    - type: probe\n", "    - word\n    - type: probe\n"),
    "  title: Well\n": ("", "  title:\n", "  title: ''\n", "  title: Well\n  controls: []\n", "  title: Well\n  controls:\n", "  title: Well\n  controls: [{name: c}]\n", "  title: Well\n  titel: x\n"),
    _HYPOTHESIS: ("", "steady-state-hypothesis:\n", "steady-state-hypothesis: {}\n", "steady-state-hypothesis: []\n", "steady-state-hypothesis: {title: x}\n",
                  "steady-state-hypothesis: {title: x, probes: }\n", "steady-state-hypothesis: {title: x, probes: []}\n", "steady-state-hypothesis: {title: x, probes: {}}\n"),
    _METHOD: ("method: []\n", "method:\n", "method: {}\n", "method: word\n", "method: [[]]\n", "method: [{}]\n", "method: [null]\n", "method: [1]\n"),
    "    background: true\n": ("", "    background: yes\n", "    background: 'yes'\n", "    background: 1\n", "    background:\n"),
    "    timeout: 3\n": ("    timeout: 0.5\n", "    timeout: '3'\n", "    timeout:\n", "    timeout: [1, 2]\n", "    timeuot: 3\n"),
    _PAUSES: ("pauses: {}", "pauses:", "pauses: []", "pauses: 3", "pauses: {before: x}", "pauses: {after: x}", "pauses: {before: }", "pauses: {before: '3'}", "pauses: {befor: 1}", "pauses: {before: '${a}'}"),
    _CALL: (
        "provider: {type: http}", "provider: {type: http, url: }", "provider: {type: http, url: ''}", 'provider: {type: http, url: "http://a/", headers: [a]}',
        'provider: {type: http, url: "http://a/", headers: }', 'provider: {type: http, url: "http://a/", headers: {}}', 'provider: {type: http, url: "http://a/", method: PSOT, verify_tls: no, max_retries: 3, arguments: {a: 1}}',
        'provider: {type: http, url: "${word}"}', 'provider: {type: htpp, url: "http://a/"}',
    ),
    "  - ref: mean\n": ("  - ref: maen\n", "  - ref: ''\n", "  - ref: 5\n", "  - ref:\n", "  - ref: [mean]\n", "  - ref: call\n", "  - {ref: mean, background: true}\n"),
    _BACK: (
        "provider: {type: process}", "provider: {type: process, path: ''}", "provider: {type: process, path: }", 'provider: {type: process, path: "true", arguments: "a b"}',
        'provider: {type: process, path: "true", arguments: {a: b}}', 'provider: {type: process, path: "true", arguments: }', 'provider: {type: process, path: "true", arguments: 5}',
        'provider: {type: process, path: 5}', 'provider: {type: process, path: ["true"]}', 'provider: {type: process, path: "true", timeout: 5}',
    ),
    _ROLLBACKS: ("", "rollbacks: []\n", "rollbacks:\n", "rollbacks: word\n", "rollbacks: [{ref: call}]\n", "rollbacks: [null]\n"),
    _PORT: (
        "port: {type: env}", "port: {type: env, key: PATH}", "port: {type: env, key: PATH, env_var_type: string}", "port: {type: env, key: NO_SUCH, default: x, env_var_type: int}",
        "port: {type: env, key: NO_SUCH, default: 8, env_var_type: imt}", "port: {type: env, key: NO_SUCH, default: '{', env_var_type: json}", "port: {type: env, key: NO_SUCH, default: '{}', env_var_type: json}",
        "port: {type: other, a: 1}", "port: {a: 1}", "port: [1]", "port:", "port: 1.5", "port: {type: env, key: NO_SUCH, default: 1.5, env_var_type: float}", "port: {type: env, key: NO_SUCH, default: no, env_var_type: bool}",
    ),
    _CONFIGURATION: ("", "configuration: {}\n", "configuration:\n", "configuration: []\n", "configuration: word\n"),
    _SECRETS: ("", "secrets: {}\n", "secrets:\n", "secrets: []\n", "secrets: {team: word}\n", "secrets: {team: {a: {type: env}}}\n", "secrets: {team: {type: env, key: PATH}}\n", "secrets: {team: {}}\n", "secrets: {team: [a]}\n", "secrets: {team: {a: 5, b: {c: d}}}\n"),
    _CONTROLS: (
        "", "controls: []\n", "controls:\n", "controls: [word]\n", "controls: [{name: a}]\n", "controls: [{provider: {type: python, module: a}}]\n", "controls: [{name: a, provider: }]\n",
        "controls: [{name: a, provider: {type: python}}]\n", "controls: [{name: a, provider: {type: python, module: no.such}, scope: before}]\n", "controls: [{name: a, provider: {type: python, module: no.such}, scope: befroe}]\n",
        "controls: [{name: a, provider: {type: http}}]\n", "controls: [{ref: a}]\n", "controls: [{name: b, ref: inner, provider: {type: python, module: no.such}}]\n", "controls: [{name: b, ref: nobody, provider: {type: python, module: no.such}}]\n",
        "controls: [{name: a, provider: python}]\n", "controls: [{name: a, provider: {type: python, module: no.such}, automatic: false}]\n",
    ),
    _EXTENSIONS: ("", "extensions: []\n", "extensions:\n", "extensions: {name: x}\n", "extensions: [{}]\n", "extensions: [{name: ' '}]\n", "extensions: [{name: 5}]\n", "extensions: [word]\n"),
    "runtime:\n  hypothesis: {strategy: default}\n": ("", "runtime: {rollbacks: {strategy: never}}\n", "runtime: {hypothesis: {strategy: continuously}}\n", "odd: 1\nversion: 1\ncontributions: {}\ndry: actions\n", "<<: {a: 1}\n"),
    SOUND: ("", "# nothing\n", "[]", "- a\n", "word", "null", "5", "{", "a: b: c", SOUND + "---\n" + SOUND, "\t" + SOUND, "a: !x b\n", "a: *b\n", SOUND.replace("call", "&x call").replace("name: back", "name: *x")),
}  # fmt: skip

DELIBERATE: tuple[tuple[str, str, str, str], ...] = (
    (_METHOD, "", "refuses", "a file of firedrill's own needs no method"),
    (_ROLLBACKS, "rollbacks: {}\n", "takes", "an empty mapping is no list, and the next key in it would be a traceback"),
    (_CONTROLS, "controls: {}\n", "takes", "the same"),
    (_PAUSES, "pauses: {before: -1}", "takes", "it ends the method in its middle"),
    (_PAUSES, "pauses: {after: [1]}", "takes", "the same"),
    (_BACK, "provider: {type: process, path: no-such-program}", "refuses", "another machine may have it; `validate --deep` looks"),
    (_MEAN, "provider: {type: python, module: no.such.module, func: mean}", "refuses", "the same"),
    (_MEAN, "provider: {type: python, module: statistics, func: maen}", "refuses", "the same"),
    (_MEAN, _MEAN.replace("data", "dtaa"), "refuses", "the same"),
    (_BACK, 'provider: {type: process, path: "true", arguments: [!!binary aGk=]}', "takes", "the journal is lost over it"),
    (_BACK, 'provider: {type: process, path: "true", arguments: ["\\ud800"]}', "takes", "the same"),
    (_ROLLBACKS, "rollbacks: [{ref: nobody}]\n", "takes", "the rollbacks end in a traceback and the journal is lost"),
    (_HYPOTHESIS, _HYPOTHESIS + "    - {ref: nobody, tolerance: 1}\n", "takes", "nothing is ever looked at"),
    (_PORT, "port: {type: env, key: NO_SUCH}", "refuses", "the file is sound: a warning, and an error of `run`"),
    (_PORT, "port: {type: probe, name: find}", "takes", "the run ends in a traceback"),
    ("title: Plain", "title: ' '", "takes", "a report without a title says nothing"),
    ("{strategy: default}", "{strategy: contniuously}", "takes", "the run ends in a traceback"),
)
"""Changes on which we differ: what Chaos Toolkit's own validation does with it, and why we do otherwise."""

CORPUS: tuple[str, ...] = (SOUND, *(SOUND.replace(old, new, 1) for old, several in _INSTEAD.items() for new in several))
"""Every file on which we agree, the sound one first."""

DIFFERENT: tuple[str, ...] = tuple(SOUND.replace(old, new, 1) for old, new, _, _ in DELIBERATE)

assert all(SOUND.count(old) >= 1 for old in _INSTEAD)


def changed(file: str) -> str:
    """In which lines a file of the corpus differs from the sound one, to know it by."""
    return "\n".join(line for line in file.splitlines() if line not in SOUND.splitlines()) or f"{len(file.splitlines())} lines"
