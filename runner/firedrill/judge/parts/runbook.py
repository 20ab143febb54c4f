"""How a runbook is judged: by the steps that its followers ended; a step that failed is named with what it said."""

from collections.abc import Sequence

from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.answering import unsettled
from firedrill.judge.drill import Facts, RunbookRun, StepDone
from firedrill.judge.expectations.runbook import RunbookExpectation
from firedrill.judge.grounds import Check, finding, settle, shaken
from firedrill.judge.moments import origin
from firedrill.judge.wording import both, clipped, quoted, seconds


def judged(declared: RunbookExpectation, words: str, facts: Facts) -> Finding:
    """Judge one runbook; pending, while the drill runs, until it was followed or a step failed."""
    if (reason := shaken(facts)) is not None:
        return finding(words, Check(reason.verdict, f"The runbook {declared.runbook} {reason.words}", reason.evidence))
    return settle(words, f"The runbook {declared.runbook}", [_followed(declared, facts)])


def _followed(declared: RunbookExpectation, facts: Facts) -> Check:
    runs = [run for run in facts.runbooks if run.runbook == declared.runbook]
    meant = [run for run in runs if declared.by in (None, run.by)]
    checks = [_of_run(declared, run) for run in meant]
    failed = next((check for run, check in zip(meant, checks, strict=True) if run.status == "failed"), None)
    good = next((check for check in checks if check.verdict is Verdict.PASS), None)
    if failed is not None or good is not None:
        return failed or good or checks[0]
    return _open(facts, runs) or (checks[-1] if checks else _nobody(declared, runs))


def _open(facts: Facts, runs: Sequence[RunbookRun]) -> Check | None:
    """That it may still be followed, or that the drill ended too early to tell."""
    start = origin(facts)
    if start is None:
        return Check(Verdict.PENDING, "is to be followed once there is a page")
    seqs = [run.seq for run in runs]
    waits = f"is followed by {runs[-1].by}" if runs and runs[-1].ended is None else "is to be followed until the drill ends"
    return unsettled(facts, start.at, None, waits, "it could be followed", seqs)


def _of_run(declared: RunbookExpectation, run: RunbookRun) -> Check:
    """What became of one run, as if it were the only one."""
    evidence = [run.seq, *(step.seq for step in run.steps)]
    broken = next((step for step in run.steps if step.status == "failed" and (run.status == "failed" or step.step in declared.steps)), None)
    if broken is not None:
        detail = f": {clipped(broken.detail)}" if broken.detail else ""
        words = f"was not followed to its end by {run.by}: step {broken.number}, {quoted(broken.step)}, failed{detail}"
        return Check(Verdict.FAIL, words, [run.seq, broken.seq])
    if run.status != "followed":
        how = "stopped when the drill ended" if run.status == "stopped" else "not ended"
        return Check(Verdict.FAIL, f"was begun by {run.by} at {seconds(run.started)} and {how}: {_last(run)}", evidence)
    if (wrong := _wrong_steps(declared.steps, run.steps)) is not None:
        return Check(Verdict.FAIL, f"was followed by {run.by}, but {wrong}", evidence)
    took = "" if run.ended is None else f" in {seconds(run.ended - run.started)}"
    order = f", with {both(map(quoted, declared.steps))}" + (" in this order" if declared.steps[1:] else "") if declared.steps else ""
    return Check(Verdict.PASS, f"was followed by {run.by}{took}{order}", evidence)


def _last(run: RunbookRun) -> str:
    return f"its last step was {run.steps[-1].number}, {quoted(run.steps[-1].step)}" if run.steps else "no step of it was done"


def _wrong_steps(wanted: Sequence[str], steps: Sequence[StepDone]) -> str | None:
    """Which of the wanted steps was not done, or came before one that it should follow."""
    done = [step.step for step in steps if step.status == "succeeded"]
    lacking = [name for name in wanted if name not in done]
    if lacking:
        return f"without {both(map(quoted, lacking))}"
    found = sorted(wanted, key=done.index)
    if found == list(wanted):
        return None
    first = next(number for number, name in enumerate(wanted) if found[number] != name)
    return f"{quoted(found[first])} came before {quoted(wanted[first])}"


def _nobody(declared: RunbookExpectation, runs: Sequence[RunbookRun]) -> Check:
    if not runs:
        return Check(Verdict.FAIL, "was never begun" + ("" if declared.by is None else f" by {declared.by}"))
    who = both(dict.fromkeys(run.by for run in runs))
    return Check(Verdict.FAIL, f"was begun by {who}, not by {declared.by}", [run.seq for run in runs])
