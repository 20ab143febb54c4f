"""Randomised kill trials: `make trials TRIALS=100`.

Each trial is a drill of one kind of fault whose engine or one of whose children gets a signal at a random moment; then it is looked
for leftovers at the targets and in /proc. Ends with `N passed, M failed` and the worst time to clear. The seed makes the draws
repeatable; the times are of this machine.
"""

import argparse
import os
import queue
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from firedrill.cli.registry import kinds as known_kinds
from firedrill.core.kinds import FaultKind
from trials.bystanders import bystanders
from trials.trial import WITHIN, Result, draw, figure, played

PRIVILEGED = {"network"}
"""Kinds of target that need privileges; they have tests of their own."""

NOT_FOR_PYTHON = {"clock"}
"""Kinds of fault that the demo, which is written in Python, is not to be given."""


def main() -> int:
    """Play the trials that were asked for; 0 when nothing was left by any."""
    chosen = _options()
    kinds = {name: kind for name, kind in known_kinds().faults.items() if not PRIVILEGED & set(kind.acts_on) and name not in NOT_FOR_PYTHON}
    if chosen.kinds:
        kinds = {name: kind for name, kind in kinds.items() if name in chosen.kinds}
    numbers: queue.Queue[int] = queue.Queue()
    for number in range(chosen.first, chosen.first + chosen.trials):
        numbers.put(number)
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="trials-") as folder:
        threads = [
            threading.Thread(target=_work, args=(Path(folder) / str(worker), numbers, chosen.seed, kinds, results))
            for worker in range(chosen.workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    summary = list(_summary(results, chosen.seed))
    print("\n".join(summary))
    if chosen.write is not None:
        chosen.write.write_text(page(summary, chosen.trials), encoding="utf-8")
    return int(any(result.left for result in results) or len(results) != chosen.trials)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trials", description=__doc__.splitlines()[0])
    parser.add_argument("trials", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first trial, to repeat one")
    parser.add_argument("--workers", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--write", type=Path, help="a page of the documentation to write")
    parser.add_argument("--kinds", nargs="*", default=(), help="only these kinds of fault")
    return parser.parse_args()


def page(summary: list[str], trials: int) -> str:
    """The documentation's page on a run, from its summary."""
    return f"""# Kill trials

Each trial drills one kind of fault with its own example, on the fast suite's system: half of them on a system that the drill
starts, half on one that outlives it. At a random moment, mostly around the fault, the engine or one of its children gets SIGKILL,
SIGTERM, SIGINT or SIGHUP. Then it is looked for what was left, at the targets and in `/proc`, never in the drill's own records:
whether the bureau answers as it does without the proxy, and as fast; whether the target's process runs, and with its own limits;
whether files are left; whether any process of the drill lives. Faults on packets need privileges and `clock` a program that is
not written in Python: they have tests of their own, and are not among these.

This is the end of the last run that was kept, on 2 cores, with as many drills at a time as they bear. It was made by
`make trials TRIALS={trials}`.

```text
{chr(10).join(line for line in summary if line)}
```

With none left in {trials} trials, fewer than {300 / trials:.1f} % leave anything, at 95 % confidence (the rule of three). The
time to clear counts from the signal until the targets were clear for good; until gone, until the drill had judged and its last
process had ended. Where a child was hit, the drill may rightly go on with its fault, and both count from its end.
"""


def _work(folder: Path, numbers: "queue.Queue[int]", seed: int, kinds: Mapping[str, FaultKind], results: list[Result]) -> None:
    with bystanders(folder) as around:
        while True:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                return
            what = draw(number, seed, kinds)
            try:
                result = played(around, what, kinds[what.kind])
            except Exception as error:  # a broken trial is a failed one
                result = Result(what, left=[f"the trial broke: {type(error).__name__}: {error}"])
            results.append(result)
            _tell(result, len(results), around.folder / f"trial-{number}.log")


def _tell(result: Result, count: int, log: Path) -> None:
    what = result.draw
    words = f"{count}: trial {what.number}, {what.kind} {what.environment}, {what.signal} to {result.hit or what.victim}"
    if not result.left:
        print(f"{words}: clear after {result.clear:.2f} s, gone after {result.gone:.2f} s", flush=True)
        log.unlink(missing_ok=True)
        return
    print(f"{words} at {'start' if what.early else 'fault'} {what.moment:+.2f} s: FAILED", flush=True)
    print("".join(f"    {line}\n" for line in (*result.left, *(figure(log).splitlines()[-12:] if log.exists() else ()))), flush=True)


def _summary(results: list[Result], seed: int) -> Iterator[str]:
    passed = [result for result in results if not result.left]
    yield ""
    for title, key in (("kind", lambda one: one.draw.kind), ("hit", lambda one: f"{one.draw.signal} to {one.hit}")):
        counts = Counter(map(key, results))
        for name in sorted(counts):
            clear = max((one.clear for one in passed if key(one) == name), default=0.0)
            gone = max((one.gone for one in passed if key(one) == name), default=0.0)
            failed = sum(1 for one in results if key(one) == name and one.left)
            times = f"worst time to clear {clear:.2f} s, until gone {gone:.2f} s"
            yield f"{title:5} {name:24} {counts[name]:5} trials, {failed} failed, {times}"
    worst = max((result.clear for result in passed), default=0.0)
    yield f"in {sum(1 for one in results if one.on)} of them the fault was on when the signal came"
    yield f"seed {seed}; the targets had {WITHIN:g} s to be clear, and the drill's processes as long after its end"
    yield f"{len(passed)} passed, {len(results) - len(passed)} failed; worst time to clear {worst:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
