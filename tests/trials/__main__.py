"""Randomised kill trials: `make trials TRIALS=100 SEED=1`, and `WRITE=docs/trials.md` for the page on them.

Each trial is a drill of one kind of fault whose engine or one of whose children gets a signal at a random moment, or stands still for a
while; counting and clearing may fail, and pages of the ledger may be torn. Then it is looked for leftovers at the targets, in /proc,
and wherever a drill keeps files. Ends with `N passed, M failed` and the worst time to clear. The seed makes the draws repeatable; the
times are of this machine.
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
        chosen.write.write_text(page(summary, chosen.trials, chosen.seed), encoding="utf-8")
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


def page(summary: list[str], trials: int, seed: int) -> str:
    """The documentation's page on a run, from its summary."""
    return f"""# Kill trials

Each trial drills one kind of fault with its own example, on the fast suite's system: nearly always one that outlives the drill, since
what a drill started itself ends with it. At a random moment, mostly while the fault is on, the engine, or now and then one of its
children, gets SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT or SIGUSR1, or is stopped for up to 5 s and then goes on or is killed. In a
quarter of the trials each count of what the fault touches fails, and in a quarter each try to clear it does, for up to 2.5 s, with
whatever class of error. Before `firedrill undo --all`, pages of the ledger are torn, or a page that is none is laid beside them: undo
has to name them, and to do all the rest.

Then it is looked for what was left, at the targets, in `/proc` and where drills keep their files, never in the drill's own records:
whether the bureau answers as it does without the proxy, and as fast; whether the target's process runs, and with its own limits;
whether files are left, temporary folders, sockets and pages among them; whether any process of the drill lives. A trial *could show
something* when the fault was on at a system that outlives the drill and the engine was hit. Faults on packets need privileges and
`clock` a program that is not written in Python: they have tests of their own, and are not among these.

This is the end of the last run that was kept, on {os.cpu_count()} cores, with as many drills at a time as they bear. It was made by
`make trials TRIALS={trials} SEED={seed} WRITE=docs/trials.md`.

```text
{chr(10).join(line for line in summary if line)}
```

With none left in {trials} trials, fewer than {300 / trials:.1f} % leave anything, at 95 % confidence (the rule of three). The
time to clear counts from the signal until the targets were clear for good; until gone, until the drill had judged and its last
process had ended. Where another than the engine was hit, or the engine went on, the drill may rightly go on with its fault, and both
count from its end.
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
    beside = "".join(f", {each}" for each in what.mishap.words())
    words = f"{count}: trial {what.number}, {what.kind} {what.environment}, {what.signal} to {result.hit or what.victim}{beside}"
    if not result.left:
        print(
            f"{words}: {'could show something, ' * result.telling}clear after {result.clear:.2f} s, gone after {result.gone:.2f} s",
            flush=True,
        )
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
            yield f"{title:5} {name:28} {counts[name]:5} trials, {failed} failed, {times}"
    worst = max((result.clear for result in passed), default=0.0)
    befell = Counter(name for result in results for name in result.draw.mishap.words())
    yield f"with   {', '.join(f'{name} in {befell[name]}' for name in sorted(befell))}"
    yield f"{sum(1 for one in results if one.on)} had the fault on when the signal came"
    telling = sum(1 for one in results if one.telling)
    yield f"{telling} of {len(results)} could show something: the fault on at a system outside, its engine hit"
    yield f"seed {seed}; the targets had {WITHIN:g} s to be clear, and the drill's processes as long after its end"
    yield f"{len(passed)} passed, {len(results) - len(passed)} failed; worst time to clear {worst:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
