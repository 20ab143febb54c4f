"""`firedrill explain` over a recorded drill: the table for people, the JSON for machines, and how it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from firedrill.cli import main
from firedrill.core import events as ev
from firedrill.core.journal import NAME

ALERT = "NegotiationLatencyBudgetBurn"
TABLE = """\
NegotiationLatencyBudgetBurn: 7.272s from the fault to payments-oncall

  stage          took  at best expected   set by
  window       2.876s        -        -   expr at alerts/negotiation.rules.yml:24
                                          no burn rate that firedrill can read
  scrape       0.759s       0s     0.5s   scrape-interval: 1s
                                          scraped 0.297s into each 1s, an offset drawn anew for each Prometheus
  record       0.562s       0s     0.5s   evaluation-interval: 1s
                                          group negotiation is evaluated 0.859s into each 1s, as was seen
  evaluate         0s       1s       1s   offers_slow:ratio20s stands below NegotiationLatencyBudgetBurn, so it is read a round later at \
alerts/negotiation.rules.yml:24
  for              2s       2s       2s   for: 2s
  send         0.046s       0s       0s
  group        1.006s       1s       1s   group_wait: 1s
  deliver      0.023s       0s       0s   the receiver's own time to answer

the way back: 7.236s from the fault's clearing

  stage          took  at best expected   set by
"""


@pytest.fixture
def explain(recording: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs the command over the recorded drill; exit code, standard output, standard error."""
    (tmp_path / NAME).write_text("".join(f"{json.dumps(entry.to_json())}\n" for entry in recording.entries), encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        code = 0
        try:
            main(["explain", str(tmp_path), *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_table_shows_each_stage_with_what_sets_it(explain: Callable[..., tuple[int, str, str]]) -> None:
    code, said, _ = explain(ALERT)
    assert code == 0
    assert said.startswith(TABLE)
    assert "  to acknowledge        -   the page to somebody who takes it\n" in said
    assert said.endswith("  evaluate        -1s   put offers_slow:ratio20s above NegotiationLatencyBudgetBurn\n")


def test_machines_get_the_same_as_json(explain: Callable[..., tuple[int, str, str]]) -> None:
    told = json.loads(explain("--json")[1])
    assert list(told) == [
        "drill", "alert", "labels", "receiver", "total_s", "best_s", "hurt_s", "acknowledge_s", "reset_s", "resolve_s", "stages", "back",
        "notes",
    ]  # fmt: skip
    held = told["stages"][4]
    assert held == {
        "stage": "for", "took_s": 2.0, "best_s": 2.0, "expected_s": 2.0, "holds": [],
        "set_by": [{"setting": "for: 2s", "file": None, "line": None}], "notes": [], "advice": None,
    }  # fmt: skip
    assert sum(one["took_s"] for one in told["stages"]) == pytest.approx(told["total_s"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NegotiationLatencyBudgetBurns"], f"Error: unknown alert 'NegotiationLatencyBudgetBurns'; did you mean '{ALERT}'?\n"),
        (["--to", "payment-oncall"], "Error: unknown receiver 'payment-oncall'; did you mean 'payments-oncall'?\n"),
    ],
)
def test_a_misspelt_name_is_guessed(explain: Callable[..., tuple[int, str, str]], words: list[str], said: str) -> None:
    code, _, error = explain(*words)
    assert code == 2
    assert error.endswith(said)


def test_a_drill_without_a_page_has_nothing_to_explain(explain: Any, recording: Any, tmp_path: Path) -> None:
    kept = [one for one in recording.entries if not isinstance(one.event, ev.NotificationReceived | ev.PageOpened | ev.PageResolved)]
    (tmp_path / NAME).write_text("".join(f"{json.dumps(entry.to_json())}\n" for entry in kept), encoding="utf-8")
    code, _, error = explain()
    assert code == 2
    assert error.endswith("has no detection: no page came since its first active fault\n")
