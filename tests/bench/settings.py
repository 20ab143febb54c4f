"""What each setting of an alerting path costs, measured: the fast suite drilled with each of five settings varied. Run by `make settings`.

Every drill must pass, its stages sum to the whole within 50 ms both ways, each stage be what its own setting predicts, and no other setting
move it by more than one evaluation interval. Prints the table, and writes it into the file that is named; ends with 1 where that is not so.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from drilling import Outcome, Suite  # noqa: E402 - the tests' own way to drill a copy of the suite
from firedrill.core.phase import predicted, slot  # noqa: E402
from firedrill.core.units import Duration  # noqa: E402
from firedrill.core.verdicts import Exit  # noqa: E402

AT_A_TIME = 3
TRIES = 3
"""Drills of one variant until one is not inconclusive: on a busy machine something may go unseen, which proves nothing."""
SUM = 0.05
"""Seconds by which the stages may miss the whole."""
QUICK = 0.2
"""Seconds that a message between two programs takes at most, on a busy machine."""
OWN_STAGES = {"scrape-interval": "scrape", "evaluation-interval": "record", "for": "for", "group_wait": "group", "group_interval": "group"}


@dataclass(frozen=True)
class Settings:
    """One variant, in seconds. `for` holds a whole number of each evaluation interval, so that only its own setting moves it."""

    scrape: float = 0.2
    evaluation: float = 0.2
    for_: float = 1.0
    group_wait: float = 1.0
    group_interval: float = 1.0


USUAL = Settings()
VARIED: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "scrape-interval": ("scrape", (0.1, 0.2, 0.4)),
    "evaluation-interval": ("evaluation", (0.2, 0.5, 1.0)),
    "for": ("for_", (0.4, 1.0, 3.0)),
    "group_wait": ("group_wait", (0.3, 1.0, 3.0)),
    "group_interval": ("group_interval", (0.5, 1.0, 4.0)),
}


@dataclass(frozen=True)
class Measured:
    """A drill's stages there and back, and where the predictions of its own moments lie."""

    settings: Settings
    there: Mapping[str, float]
    back: Mapping[str, float | None]
    wrong: tuple[str, ...]
    code: int = 0


def drilled(settings: Settings) -> Measured:
    for left in reversed(range(TRIES)):
        measured = _drilled(settings)
        if measured.code != Exit.INCONCLUSIVE or not left:
            break
    return measured


def _drilled(settings: Settings) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        outcome = _suite(Path(folder), settings).run("latency")
        if outcome.code != 0:
            return Measured(settings, {}, {}, (f"the drill ended with {outcome.code}: {outcome.said}",), outcome.code)
        (detection,) = outcome.verdict["detections"]
        wrong = (*_sums(detection), *_as_predicted(detection, settings), *_moments(outcome, detection, settings))
        return Measured(settings, detection["stages"], detection["back"]["stages"], wrong)


def _suite(folder: Path, settings: Settings) -> Suite:
    home = folder / "tests" / "suite"
    shutil.copytree(ROOT / "tests" / "suite", home, ignore=shutil.ignore_patterns("results", "__pycache__"))
    (folder / "demo").symlink_to(ROOT / "demo")
    suite = Suite(home)
    intervals = (
        ("scrape-interval: 200ms", "scrape-interval", settings.scrape),
        ("evaluation-interval: 200ms", "evaluation-interval", settings.evaluation),
    )
    suite.edit("firedrill.yaml", *((old, f"{key}: {Duration(value)}") for old, key, value in intervals))
    suite.edit("alerts/negotiation.rules.yml", ("for: 200ms", f"for: {Duration(settings.for_)}"))
    waits = (("group_wait: 300ms", "group_wait", settings.group_wait), ("group_interval: 500ms", "group_interval", settings.group_interval))
    suite.edit("alerts/alertmanager.yml", *((old, f"{key}: {Duration(value)}") for old, key, value in waits))
    longer = (("    for: 2s", "    for: 8s"), ("within: 2s", "within: 15s"), ("resolved: 5s", "resolved: 20s"))
    suite.edit("experiments/latency.yaml", *longer)
    return suite


def _sums(detection: Mapping[str, Any]) -> Iterator[str]:
    for way, told in (("there", detection), ("back", detection["back"])):
        total = sum(took or 0.0 for took in told["stages"].values())
        if abs(total - told["total_s"]) > SUM:
            yield f"the stages {way} sum to {total:.3f}s, not {told['total_s']:.3f}s"
    if None in detection["boundaries"]:
        yield f"a boundary was not seen: {detection['boundaries']}"


def _as_predicted(detection: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    held = ceil(round(settings.for_ / settings.evaluation, 6)) * settings.evaluation
    bounds = {
        "scrape": (0.0, settings.scrape), "record": (0.0, settings.evaluation), "evaluate": (0.0, 0.0), "for": (held, held),
        "send": (0.0, QUICK), "group": (settings.group_wait, settings.group_wait + QUICK), "deliver": (0.0, QUICK),
    }  # fmt: skip
    for stage, (low, high) in bounds.items():
        took = detection["stages"][stage]
        if not low - SUM <= took <= high + settings.evaluation:
            yield f"{stage} took {took:.3f}s, predicted {low:g}s to {high:g}s"
    told = detection["back"]["stages"]["group"]
    if told is not None and not 0.0 <= told <= settings.group_interval + QUICK:
        yield f"group on the way back took {told:.3f}s, predicted 0s to {settings.group_interval:g}s"


def _moments(outcome: Outcome, detection: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """The recorded series is over the threshold at a slot of its group, to the millisecond, since its name says when those are."""
    journal = {entry.seq: entry for entry in outcome.journal}
    wall = journal[1].event.wall  # type: ignore[attr-defined]
    at = journal[detection["boundaries"][3]].at + wall
    due = slot(at + 0.01, predicted("rules/negotiation.rules.yml", "negotiation", settings.evaluation), settings.evaluation)
    if abs(due - at) > 0.01:
        yield f"the group was evaluated at {at:.3f}, its name says {due:.3f}"
    yield from _ticks(journal, detection, settings)


def _ticks(journal: Mapping[int, Any], detection: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """A resolved message leaves at a tick of its group, which go on from the first message."""
    left = detection["back"]["boundaries"][8]
    if left is not None:
        off = (journal[left].at - journal[detection["boundaries"][7]].at) % settings.group_interval
        if min(off, settings.group_interval - off) > QUICK:
            yield f"the resolved message left {off:.3f}s after a tick of its group"


def variants() -> list[Settings]:
    """The usual one first, then each that differs from it in one setting."""
    others = (replace(USUAL, **{field: value}) for field, values in VARIED.values() for value in values)
    return list(dict.fromkeys([USUAL, *others]))


def strays(usual: Measured, one: Measured) -> Iterator[str]:
    """Stages that a setting moved that is not theirs. A window is soft by a scrape as well: it is read between scrapes."""
    own = [OWN_STAGES[name] for name, (field, _) in VARIED.items() if getattr(one.settings, field) != getattr(USUAL, field)]
    soft = {"window": max(one.settings.scrape, USUAL.scrape)}
    for stage, took in one.there.items():
        most = USUAL.evaluation + SUM + soft.get(stage, 0.0)
        if (stage not in own or one.settings.group_interval != USUAL.group_interval) and abs(took - usual.there[stage]) > most:
            yield f"{stage} moved from {usual.there[stage]:.3f}s to {took:.3f}s"


def table(found: Mapping[Settings, Measured]) -> Iterator[str]:
    there = list(found[USUAL].there)
    yield f"| setting | value | {' | '.join(there)} | back: window | back: group |"
    yield f"|---|---|{'---:|' * (len(there) + 2)}"
    for name, (field, values) in VARIED.items():
        for value in values:
            one = found[replace(USUAL, **{field: value})]
            own = OWN_STAGES[name] if name != "group_interval" else ""
            cells = [_cell(one.there.get(stage), stage == own) for stage in there]
            back = [_cell(_forgetting(one.back), False), _cell(one.back.get("group"), name == "group_interval")]
            yield f"| `{name}` | {Duration(value)} | {' | '.join([*cells, *back])} |"


def _forgetting(back: Mapping[str, float | None]) -> float | None:
    """From the clearing until the window has forgotten: `recover` is within it where it was seen first."""
    return None if back.get("window") is None else (back.get("recover") or 0.0) + (back["window"] or 0.0)


def _cell(took: float | None, own: bool) -> str:
    text = "-" if took is None else f"{took:.3f}"
    return f"**{text}**" if own else text


PAGE = """\
# What each setting costs, measured

Written by `make settings`, which drills `tests/suite` on real parts: Prometheus {prometheus}, {cores} cores. Seconds of each stage from the
fault to the message, then of two stages of the way back. What is not varied is {usual}.
Bold is the stage that the setting is said to move.

{table}

In every one of these {drills} drills the stages sum to the whole within 50 ms both ways. A stage moves with its own setting by what that
predicts, and with no other by more than one evaluation interval:

- `scrape` and `record` lie anywhere between nothing and their interval; `record` ends at a moment that the group's name tells beforehand.
- `for` and `group_wait` are waited to the end, no more.
- `group_interval` moves nothing on the way to a first page: it is what a resolved message waits for, at most.
"""


def page(found: Mapping[Settings, Measured]) -> str:
    from firedrill.stack.install import programs

    usual = "scrape-interval 200ms, evaluation-interval 200ms, for 1s, group_wait 1s and group_interval 1s"
    version = programs()["prometheus"].version
    return PAGE.format(prometheus=version, cores=os.cpu_count(), usual=usual, table="\n".join(table(found)), drills=len(found))


def main(arguments: list[str]) -> int:
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        found = {one.settings: one for one in pool.map(drilled, variants())}
    usual = found[USUAL]
    wrong = [
        (one.settings, text) for one in found.values() for text in (*one.wrong, *(strays(usual, one) if one.there and usual.there else ()))
    ]
    for settings, text in wrong:
        print(f"{settings}: {text}", file=sys.stderr)
    if usual.there:
        print("\n".join(table(found)))
    if not wrong and arguments:
        Path(arguments[0]).write_text(page(found), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
