"""One trial: a drill whose engine or child is sent a signal at a random moment, and a look at what is left.

What is drawn depends on the seed and the trial's number alone. When things happen depends on the machine.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from firedrill.core.journal import NAME
from firedrill.core.kinds import FaultKind
from trials.bystanders import OUTSIDE, OWN, Bystanders
from trials.leftovers import MARK, at_the_targets, beside, marked
from trials.mishaps import Mishap, befallen, drawn, tear

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1")
FROZEN = ("SIGSTOP, SIGCONT", "SIGSTOP, SIGKILL")
"""A process that stands still for a while, and then goes on, or not."""
TIDY = {0, 1, 2, 3, 130}
"""Exit codes of an engine that has ended by itself, and says that nothing may be left."""
WITH_THE_DRILL = {"receiver", "dns", "tls"}
"""Kinds of target that end with the drill, whatever it broke."""
VICTIMS: Mapping[str, str] = {
    "engine": "firedrill.cli run",
    "chaos": "firedrill.faults.chaos.child",
    "locust": "firedrill.measure.load.child",
    "proxy": "firedrill.faults.proxy.child",
    "host": "firedrill.faults.host.child",
}
"""Who is hit, by what its command line holds."""

LASTS = 3.0
"""Seconds of each fault."""

WITHIN = 10.0
"""Seconds after the drill's end, or after its engine's, in which all must be clear."""

ENDS_WITHIN = 90.0
"""Seconds in which a drill that was hit must have ended by itself."""


@dataclass(frozen=True)
class Draw:
    """What a trial does. `moment` is seconds after the fault was intended, or, where `early`, after the start."""

    number: int
    kind: str
    outlives: bool
    """Whether what it breaks outlives the drill, in the environment outside."""
    environment: str
    victim: str
    signal: str
    frozen: float
    """Seconds between two signals."""
    early: bool
    moment: float
    mishap: Mishap


@dataclass
class Result:
    """What became of it: seconds from the signal until the targets were clear for good, and until all of the drill was gone; what was left.

    A drill that may rightly go on with its fault, since another than its engine is hit, or its engine goes on: there the seconds count
    from its engine's end.
    """

    draw: Draw
    clear: float = 0.0
    gone: float = 0.0
    left: list[str] = field(default_factory=list)
    hit: str = ""
    on: bool = False
    """Whether the fault was on, or on its way, when the signal came, as far as the journal says."""

    @property
    def telling(self) -> bool:
        """Whether it could show something: the fault was on at a system that outlives the drill, and the engine was hit."""
        return self.on and self.hit == "engine" and self.draw.environment == OUTSIDE and self.draw.outlives


def draw(number: int, seed: int, kinds: Mapping[str, FaultKind]) -> Draw:
    """The trial's draw. Most of them hit the engine while a fault is on at a system outside; kinds come in turn, the rest by chance."""
    chance = random.Random(f"{seed} {number}")
    outliving = sorted(name for name, kind in kinds.items() if set(kind.acts_on) - WITH_THE_DRILL)
    others = sorted(set(kinds) - set(outliving))
    outlives = bool(outliving) and (not others or number % 12 != 0)
    names, turn = (outliving, number - number // 12) if outlives else (others, number // 12)
    return Draw(
        number=number,
        kind=names[turn % len(names)],
        outlives=outlives,
        environment=OUTSIDE if chance.random() < 0.95 else OWN,
        victim="engine" if chance.random() < 0.88 else chance.choice([name for name in VICTIMS if name != "engine"]),
        signal=chance.choice((*SIGNALS, "SIGKILL", *FROZEN)),
        frozen=round(chance.uniform(0.2, 5.0), 2),
        early=(early := chance.random() < 0.08),
        moment=chance.uniform(0.1, 8.0) if early else chance.uniform(-0.05, LASTS + 0.2),
        mishap=drawn(chance),
    )


def experiment(kind: FaultKind, victim: str = "locust") -> str:
    """The kind's own example as a short experiment of the fast suite; with users only where somebody is to hit them."""
    (fault,) = yaml.safe_load(kind.example)
    told = {
        "title": f"Trial of {kind.name}",
        "probes": ["api-health"],
        **({"load": {"scenario": "negotiate", "users": 2}} if victim == "locust" else {}),
        "steady": "1s",
        "faults": [{**fault, "for": f"{LASTS:g}s"}],
        "expect": ["quiet"],
    }
    return yaml.safe_dump(told, sort_keys=False)


def played(around: Bystanders, what: Draw, kind: FaultKind) -> Result:
    """Run the drill, hit it, and look until all is clear or WITHIN is over."""
    mark, file = f"{os.getpid()}-{what.number}", around.folder / "experiments" / f"trial-{what.number}.yaml"
    file.write_text(experiment(kind, what.victim), encoding="utf-8")
    command = [sys.executable, "-m", "firedrill.cli", "run", str(file), "--environment", what.environment, "--yes"]
    log = around.folder / f"trial-{what.number}.log"
    with log.open("wb") as out:
        engine = subprocess.Popen(
            command, cwd=around.folder, env=around.environ | {MARK: mark}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            preexec_fn=_as_from_a_terminal,
        )  # fmt: skip
    result = Result(what)
    try:
        with befallen(around.mishap, what.number, what.mishap):
            _wait_for_the_moment(around, what, engine)
            result.on = _says(around, what, b'"fault.intended"') and not _says(around, what, b'"fault.cleared"')
            result.hit, hit = _hit(what, mark), time.monotonic()
            if result.hit != "engine" or what.signal == FROZEN[0]:
                engine.wait(ENDS_WITHIN)
                hit = time.monotonic()
            _look(around, engine, mark, hit, result)
        if engine.returncode in TIDY:
            result.left += beside(around)
        _undo(around, what, result)
    finally:
        _sweep(engine, mark)
        for left in list(around.open.glob("*")):
            left.unlink()
    return result


def _wait_for_the_moment(around: Bystanders, what: Draw, engine: "subprocess.Popen[bytes]") -> None:
    if not what.early:
        while engine.poll() is None and not _says(around, what, b'"fault.intended"'):
            time.sleep(0.02)
    until = time.monotonic() + max(what.moment, 0.0)
    while engine.poll() is None and time.monotonic() < until:
        time.sleep(0.005)


def _says(around: Bystanders, what: Draw, kind: bytes) -> bool:
    """Whether the drill's journal has an entry of that kind by now."""
    found = (around.folder / "results" / f"trial-{what.number}").glob(f"trial-*/{NAME}")
    return any(kind in journal.read_bytes() for journal in found)


def _hit(what: Draw, mark: str) -> str:
    """Send the signal to the victim, or to the engine while there is no such victim; who was hit."""
    there = list(marked(mark))
    for victim in (what.victim, "engine"):
        for pid, words in there:
            if VICTIMS[victim] in words and "core/keeper" not in words:
                first, *then = what.signal.split(", ")
                os.kill(pid, getattr(signal, first))
                for number in then:
                    time.sleep(what.frozen)
                    with suppress(ProcessLookupError):
                        os.kill(pid, getattr(signal, number))
                return victim
    return "nobody"


def _as_from_a_terminal() -> None:
    """A shell that starts the trials in the background may have these ignored, and children inherit that."""
    for name in SIGNALS[1:]:
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def _look(around: Bystanders, engine: "subprocess.Popen[bytes]", mark: str, hit: float, result: Result) -> None:
    """Look over and over: at the targets, which have WITHIN seconds, and at the drill's processes; an engine may take longer to judge."""
    while True:
        began = time.monotonic()
        ill = list(at_the_targets(around))
        alive = [f"process {pid} of the drill still runs: {words}" for pid, words in marked(mark)]
        if ill:
            result.clear = time.monotonic() - hit
        result.left, result.gone = [*ill, *alive], began - hit
        late = began - hit > WITHIN and (ill or engine.poll() is not None or began - hit > ENDS_WITHIN)
        if not result.left or late:
            return
        time.sleep(0.02)


def _undo(around: Bystanders, what: Draw, result: Result) -> None:
    """`firedrill undo` puts all back and tidies all up, so that the next drill may start. Pages that cannot be used are named, and keep
    nothing else from that; with them removed, as it says, nothing is left.
    """
    bad = tear(around.open, what.mishap)
    if bad:
        done = _undone(around)
        unnamed = [page for page in bad if page.stem not in done.stdout]
        if done.returncode != 4 or unnamed or (around.open / "z-sound-1.json").exists():
            result.left.append(f"firedrill undo, with pages that cannot be used, exits with {done.returncode}: {done.stdout} {done.stderr}")
        for page in bad:
            page.unlink()
    done = _undone(around)
    if done.returncode != 0 or "Traceback" in done.stderr:
        result.left.append(f"firedrill undo says {done.stdout.strip()} {done.stderr.strip()}")
    result.left += beside(around)
    result.left += at_the_targets(around)


def _undone(around: Bystanders) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "firedrill.cli", "undo", "--all"]
    return subprocess.run(words, cwd=around.folder, env=around.environ, capture_output=True, text=True, check=False)


def _sweep(engine: "subprocess.Popen[bytes]", mark: str) -> None:
    """Nothing of a failed trial disturbs the next."""
    if engine.poll() is None:
        engine.kill()
        engine.wait()
    for pid, _ in list(marked(mark)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def figure(path: Path) -> str:
    """The end of a trial's log, for whoever wants to know why it failed."""
    return path.read_text(encoding="utf-8", errors="replace")[-2000:]
