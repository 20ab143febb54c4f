"""What judging a storm takes: `python tests/bench/judging.py`, seconds of one core for 200 and for 2,000 pages of ten minutes."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent))

from firedrill.judge.facts import fold
from firedrill.judge.verdict import conclude
from judge.conftest import KINDS, ONCALL, expectation, second, tape_of
from judge.test_judge_storm import storm


def main() -> None:
    """A line for each number of pages."""
    script = SimpleNamespace(tape=tape_of, second=second, oncall=ONCALL)
    expected = (
        expectation("page", "A0", within="45s", resolved="90s"),
        expectation("slo", "latency", recovered="30s"),
        expectation("quiet"),
    )  # fmt: skip
    for pages in (200, 2000):
        entries = storm(script, pages, 1, *expected).entries
        began = time.process_time()
        facts = fold(entries)
        folded = time.process_time()
        conclude(facts, KINDS)
        print(f"{pages} pages, {len(entries)} entries: folded in {folded - began:.2f} s, judged in {time.process_time() - folded:.2f} s")


if __name__ == "__main__":
    main()
