"""Thousands of rule files, alertmanager.yml and SLOs through `firedrill validate`: a sentence at once, and nothing run but the tools.

`make fuzz FILES=10000 SEED=...` reads more of them than the tests do.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fuzzing_configuration as fuzzing
from firedrill.cli.validate import command
from firedrill.stack import culprits, tools

FILES = min(int(os.environ.get("FIREDRILL_FUZZ_FILES", "90")), 100_000)
SEED = int(os.environ.get("FIREDRILL_FUZZ_SEED", "25"))
BATCH = 90
SAMPLE = 17
"""One of so many is validated with both tools, and the place of what is refused looked for; the tools are asked about all in batches."""
TOLD = 1_000
"""Files after which is said how far it is."""
LONGEST, LONGEST_BIG, BIG = 2.0, 5.0, 50_000
STARTS = {"os.fork", "os.exec", "os.posix_spawn", "os.system", "socket.connect", "socket.bind", "socket.sendto"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

started: list[str] = []
watching = False


def _watch(event: str, args: Sequence[object]) -> None:
    """Whatever is started but the two tools, and whatever file is opened to be written; no name of this module's may be gone at the end."""
    if not watching:
        return
    if event == "subprocess.Popen" and Path(os.fsdecode(args[0])).name not in {"promtool", "amtool"}:  # type: ignore[arg-type]
        started.append(f"{event} {args[0]}")
    elif event in STARTS:
        started.append(event)
    elif event == "open" and isinstance(args[0], str | bytes) and args[0] != os.devnull and int(args[2] or 0) & WRITES:  # type: ignore[call-overload]
        started.append(f"{event} {args[0]!r}")


sys.addaudithook(lambda event, args, watch=_watch: watch(event, args) if watch is not None else None)


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The fast suite with one experiment."""
    home = tmp_path / "suite"
    shutil.copytree(fuzzing.SUITE, home, ignore=shutil.ignore_patterns("results", "__pycache__", "gamedays"))
    for other in (home / "experiments").iterdir():
        if other.name != "latency.yaml":
            other.unlink()
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def bare(tmp_path: Path) -> str:
    """A folder of programs without tools."""
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in ("prometheus", "alertmanager"):
        (folder / name).write_text("")
        (folder / name).chmod(0o755)
    return str(folder)


def validate(**env: str) -> tuple[Result, float]:
    global watching
    begun = time.process_time()
    watching = True
    try:
        done = CliRunner(env=env).invoke(command, [])
    finally:
        watching = False
    return done, time.process_time() - begun


def _batches(count: int, seed: int) -> Iterator[list[tuple[str, bytes]]]:
    batch = []
    for each in fuzzing.mutants(count, seed):
        batch.append(each)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _refused(batch: Sequence[tuple[str, bytes]], folder: Path) -> list[bool | None]:
    """What promtool and amtool say of each, one process for all of a batch; None for an SLO, of which they know nothing."""
    folder.mkdir(exist_ok=True)
    named: dict[str, list[Path]] = {fuzzing.RULES: [], fuzzing.ROUTES: []}
    for number, (file, content) in enumerate(batch):
        if file in named:
            named[file].append(folder / f"{number}.yml")
            named[file][-1].write_bytes(content.decode("utf-8", "replace").encode())
    rules = iter(_told(tools.find("promtool"), ("check", "rules", "--lint=none"), named[fuzzing.RULES]))
    routes = iter(_told(tools.find("amtool"), ("check-config",), named[fuzzing.ROUTES]))
    return [next(rules) if file == fuzzing.RULES else next(routes) if file == fuzzing.ROUTES else None for file, _ in batch]


def _told(tool: Path | None, words: Sequence[str], files: Sequence[Path]) -> list[bool]:
    """Whether each file is refused: what is taken is said to be a success after its name."""
    assert tool, "the tests need Prometheus' and Alertmanager's own tools"
    if not files:
        return []
    done = subprocess.run([tool, *words, *files], capture_output=True, timeout=120, check=False)
    said = done.stdout.decode(errors="replace")
    if done.returncode == 2:  # it ended in a panic over one of them
        return [True] if len(files) == 1 else [each for file in files for each in _told(tool, words, [file])]
    refused = [not said.partition(str(file))[2].lstrip("'\n ").startswith("SUCCESS") for file in files]
    assert (done.returncode != 0) == any(refused), said[-500:]
    return refused


def test_no_configuration_ends_in_a_traceback_a_wait_or_a_process_and_none_that_is_refused_is_taken(
    suite: Path, bare: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, slowest, broken, number = Counter[str](), 0.0, [], 0
    sound = {file: (suite / file).read_bytes() for file in fuzzing.FILES}
    validate()
    started.clear()
    for batch in _batches(FILES, SEED):
        for (file, content), refused in zip(batch, _refused(batch, tmp_path / "asked"), strict=True):
            number += 1
            (suite / file).write_bytes(content)
            alone, took = validate(FIREDRILL_BIN=bare, PATH=bare)
            results = [alone]
            if number % SAMPLE == 0 or (refused and alone.exit_code == 0):
                monkeypatch.setattr(culprits, "PATIENCE", 3.0 if number % SAMPLE == 0 else 0.0)
                results.append(validate()[0])
            (suite / file).write_bytes(sound[file])
            slowest = max(slowest, took)
            broken += [f"{number} ({file}): {one.exception!r}" for one in results if not isinstance(one.exception, SystemExit | None)]
            broken += [f"{number} ({file}) took {took:.1f}s"] if took > (LONGEST_BIG if len(content) > BIG else LONGEST) else []
            broken += [f"{number} ({file}) ended with {one.exit_code}" for one in results if one.exit_code not in {0, 2}]
            given = "given-at-deployment" in results[-1].output or b"${" in content
            taken = refused and results[-1].exit_code == 0 and not given
            broken += [f"{number} ({file}) is refused and was taken: {results[-1].output[-300:]}"] if taken else []
            ended[
                f"{'SLO' if refused is None else 'refused by its tool' if refused else 'taken by its tool'}, {results[-1].exit_code}"
            ] += 1
            assert len(broken) < 20, "\n".join(broken)
            if number % TOLD == 0:
                print(f"{number} files: {dict(ended)}, the slowest {slowest:.1f}s", *broken, sep="\n", flush=True)
    done, _ = validate()
    print(
        f"{number} files, seed {SEED}: {dict(ended)}, the slowest {slowest:.1f}s, {len(broken)} broken, {len(started)} started or written"
    )
    assert not broken, "\n".join(broken)
    assert not started, started[:5]
    assert done.exit_code == 0, "the suite as it was is sound"
    judged = sum(count for what, count in ended.items() if "tool" in what)
    assert sum(count for what, count in ended.items() if what.startswith("taken")) >= judged / 3, dict(ended)
