"""Tells the engine what Chaos Toolkit does, and holds an action back until the engine has written its undo down.

Knows chaoslib's events (chaoslib.run.RunEventHandler, called in the thread that plays), though it does not import it; refuses to
tell what activities return, but for a probe of the hypothesis that missed.
"""

import json
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import FrameType
from typing import IO, Any

from firedrill.core.redaction import Redaction, values_of
from firedrill.faults.chaos import activities
from firedrill.faults.chaos import link as links
from firedrill.faults.chaos.link import Link, NotGranted

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BROKEN_OFF = {("chaoslib.activity", "execute_activity"), ("chaoslib.hypothesis", "run_steady_state_hypothesis")}
"""Where chaoslib may be at work for long, and passes a KeyboardInterrupt on to `chaoslib.run.Runner._run`, which plays the rollbacks."""
WHOLE = {links.__name__, "logging"}
"""Modules whose work is done as a whole or not at all."""
MOST = 400
"""Letters of what a probe gave that are told."""
METHOD = "method"
"""The name under which a method of the user's is intended, as one fault."""


class Secrets(logging.Filter):
    """Values that nobody may read in a log or a journal; empty until Chaos Toolkit has resolved them."""

    def __init__(self, experiment: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._before = tuple(values_of(experiment or {}, os.environ))
        self._redaction = Redaction(self._before)

    def learn(self, secrets: object) -> None:
        self._redaction = Redaction({*self._before, *_texts(secrets)})

    def hidden(self, text: str) -> str:
        return self._redaction.text(text)

    def filter(self, record: logging.LogRecord) -> bool:
        trace = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        record.msg, record.args = self.hidden("\n".join(filter(None, (record.getMessage(), trace)))), ()
        record.exc_info = record.exc_text = None
        return True


class Teller:
    """To be mixed into chaoslib's handler, which may raise nothing but a KeyboardInterrupt: all else is swallowed.

    That is how an activity is kept from starting.
    """

    def __init__(self, link: Link, secrets: Secrets, played: IO[bytes] | None = None) -> None:
        self._link, self._secrets, self._played = link, secrets, played
        self._thread = threading.local()
        self._rolling = False
        self._listening = False
        self._asking, self._granted = threading.Lock(), False

    def listen_to_signals(self) -> None:
        """chaoslib 1.44 swallows a SIGTERM that meets a Python activity and plays the next one: it must not get it."""
        for number in ENDS:
            signal.signal(number, self._heard)
        if not self._listening:
            self._listening = True
            heard, hears = os.pipe()
            os.set_blocking(hears, False)
            signal.set_wakeup_fd(hears, warn_on_full_buffer=False)
            threading.Thread(target=self._listen, args=(heard,), daemon=True).start()

    def _listen(self, heard: int) -> None:
        """In a thread of its own, which hears of a signal whatever the main thread is at, and whatever lock it holds."""
        while number := os.read(heard, 1):
            if number[0] in ENDS:
                self._link.end()

    def _heard(self, number: int, frame: FrameType | None) -> None:
        """Break off what the main thread plays, each time anew while it is at it: an interrupt may meet a weak reference's callback,
        which swallows it, and chaoslib pauses after an activity that was broken off as after any other.
        """
        if self._link.stopping.is_set() and not self._rolling and _may_break_off(frame):
            raise KeyboardInterrupt

    def started(self, experiment: object, journal: object) -> None:
        self.listen_to_signals()  # chaoslib has just set its own

    def running(self, experiment: object, journal: object, configuration: object, secrets: object, *rest: object) -> None:
        self._secrets.learn(secrets)

    def start_hypothesis_before(self, experiment: object) -> None:
        self._thread.stage = "hypothesis"

    def hypothesis_before_completed(self, experiment: object, state: Mapping[str, Any], journal: object) -> None:
        self._checked("before", state)

    def start_hypothesis_after(self, experiment: object) -> None:
        self._thread.stage = "hypothesis"

    def hypothesis_after_completed(self, experiment: object, state: Mapping[str, Any], journal: object) -> None:
        self._checked("after", state)

    def start_continuous_hypothesis(self, frequency: object) -> None:
        self._thread.stage = "hypothesis"

    def continuous_hypothesis_iteration(self, index: int, state: Mapping[str, Any]) -> None:
        self._looked("during", state)

    def _checked(self, when: str, state: Mapping[str, Any] | None) -> None:
        self._thread.stage = "method"
        if state is not None:
            self._looked(when, state)

    def _looked(self, when: str, state: Mapping[str, Any]) -> None:
        missed = [_missed(run, self._secrets.hidden) for run in state.get("probes") or () if not run.get("tolerance_met", True)]
        self._link.tell("hypothesis.checked", when=when, met=bool(state["steady_state_met"]), missed=missed)

    def start_method(self, experiment: object) -> None:
        activities.begin()

    def method_completed(self, experiment: object, state: object = None) -> None:
        self._link.tell("method.ended")

    def start_rollbacks(self, experiment: MutableMapping[str, Any]) -> None:
        """A method whose first action was never let go broke nothing: only ours are played then."""
        self._rolling = True
        acts = any(each.get("type") == "action" and not _ours(each) for each in experiment["method"])
        if acts and not self._granted:
            experiment["rollbacks"] = [each for each in experiment.get("rollbacks") or () if _ours(each)]

    def rollbacks_completed(self, experiment: object, journal: object) -> None:
        self._link.tell("rollbacks.ended")

    def start_activity(self, activity: Mapping[str, Any]) -> None:
        ours = _ours(activity)
        if not self._rolling:
            self._hold_back(activity, ours)
        if not ours:  # ours say so themselves, once their time has come
            self._link.tell("activity.started", name=activity.get("name", ""), type=activity["type"], stage=self._stage())

    def _hold_back(self, activity: Mapping[str, Any], ours: bool) -> None:
        if self._link.stopping.is_set():
            raise KeyboardInterrupt
        if ours or activity["type"] != "action":
            return
        with self._asking:
            if not self._granted:
                self._granted = self._grant()

    def _grant(self) -> bool:
        try:
            self._link.ask(METHOD)
        except NotGranted:
            raise KeyboardInterrupt from None
        return True

    def activity_completed(self, activity: Mapping[str, Any], run: Mapping[str, Any]) -> None:
        status, error = run.get("status"), _error(run)
        if status is None:  # chaoslib lets such an activity vanish
            status, error = "failed", _raised(sys.exc_info()[1])
        elif status == "succeeded" and (declined := _declined(activity, run)):
            status, error = "failed", declined
        if self._played is not None and self._rolling and status == "succeeded" and not _ours(activity):
            self._played.write(json.dumps(self._secrets.hidden(str(activity.get("name", "")))).encode() + b"\n")
            os.fsync(self._played.fileno())
        self._link.tell(
            "activity.ended",
            name=activity.get("name", ""),
            type=activity["type"],
            stage=self._stage(),
            status=status,
            error=None if error is None else self._secrets.hidden(error),
            ours=_ours(activity),
        )

    def _stage(self) -> str:
        return "rollbacks" if self._rolling else getattr(self._thread, "stage", METHOD)


def _may_break_off(frame: FrameType | None) -> bool:
    """Whether an interrupt met here makes chaoslib go on to its rollbacks, and breaks neither a line to the engine nor a log's lock.

    One that meets chaoslib between its stages, or while it deals with an earlier one, would end it without a rollback; one that meets
    an activity's own tidying up after an earlier one would leave that half done.
    """
    places = [(each.f_globals.get("__name__"), each.f_code.co_name) for each in _up_from(frame)]
    if BROKEN_OFF.isdisjoint(places) or WHOLE & {module for module, _ in places}:
        return False
    return places[0] in BROKEN_OFF or not isinstance(sys.exception(), KeyboardInterrupt)


def _up_from(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _ours(activity: Mapping[str, Any]) -> bool:
    return bool(activity.get("provider", {}).get("module") == activities.__name__)


def _declined(activity: Mapping[str, Any], run: Mapping[str, Any]) -> str | None:
    """chaoslib takes an action for done whatever its program or its server answers; a probe may ask for just that."""
    output, provider = run.get("output"), activity.get("provider", {}).get("type")
    status = output.get("status") if isinstance(output, Mapping) else None
    if activity["type"] != "action" or not isinstance(status, int):
        return None
    if provider == "process" and status != 0:
        return f"it ended with the exit status {status}"
    return f"it was answered with the status {status}" if provider == "http" and status > 399 else None


def _error(run: Mapping[str, Any]) -> str | None:
    lines = [line.strip() for line in run.get("exception") or ()]
    return lines[-1].removeprefix("chaoslib.exceptions.ActivityFailed: ") if lines else None


def _missed(run: Mapping[str, Any], hidden: Callable[[str], str]) -> dict[str, str]:
    """A probe that did not hold: what it gave beside what it should have given, or why it gave nothing."""
    probe = run.get("activity") or {}
    error = _error(run) if run.get("status") == "failed" else None
    told = {
        "probe": str(probe.get("name", "")),
        "tolerance": _text(probe["tolerance"]) if "tolerance" in probe else "",
        "value": "" if error is not None else _given(run.get("output"), probe.get("tolerance")),
        "error": error or "",
    }
    return {name: _clipped(hidden(text)) for name, text in told.items()}


def _given(output: object, tolerance: object) -> str:
    """What chaoslib held against the tolerance: of an answer or a program its status, where the tolerance is about numbers."""
    statuses = isinstance(tolerance, int) or (isinstance(tolerance, list) and all(isinstance(one, int) for one in tolerance))
    if isinstance(output, Mapping) and "status" in output and statuses:
        return f"the status {output['status']}"
    return _text(output)


def _text(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _clipped(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST else f"{line[: MOST - 3]}..."


def _raised(error: BaseException | None) -> str:
    return "interrupted" if error is None or isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _texts(value: object) -> Iterator[str]:
    """The strings in a nest of mappings and lists; one that is very short would hide half of any sentence."""
    match value:
        case str() if len(value) > 3:
            yield value
        case Mapping():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
