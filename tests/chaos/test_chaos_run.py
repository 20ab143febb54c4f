"""Real Chaos Toolkit children: what is played, what is recorded, and what is never believed."""

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace as Words
from typing import Any

import pytest

from firedrill.core.errors import Refused
from firedrill.core.events import ChaosEnded, FaultCleared
from firedrill.faults.chaos import rollbacks
from firedrill.faults.chaos.client import Ending
from firedrill.faults.chaos.link import AGAIN, Link
from firedrill.faults.holding.pulse import HEARTBEAT

TOKEN = "chaos-tests"
FAILS = {"type": "action", "name": "fails", "provider": {"type": "http", "url": "http://127.0.0.1:1/"}}


async def test_a_fault_is_injected_and_cleared_at_its_own_times(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    run = await start(words.made([words.inject(at=0.1), words.clear(at=0.6)], [words.clear()]))
    await seen.until("activity.ended", name="inject cut")
    assert await proxy.faults() == ["cut"]
    outcome = await run.wait()
    assert (outcome.ending, outcome.failed, await proxy.faults()) == (Ending.OK, (), [])
    injected, cleared = (seen.of("activity.started", name=name)[0].source_at for name in ("inject cut", "clear cut"))
    assert cleared - injected == pytest.approx(0.5, abs=0.2)


async def test_a_slow_activity_of_the_users_shifts_no_fault(words: Words, start: Any, seen: Any) -> None:
    ours = [{**words.inject(at=0.1), "background": True}, {**words.clear(at=0.4), "background": True}]
    await (await start(words.made([*ours, words.theirs("slow", "sleep", "0.8")]))).wait()
    assert seen.of("activity.started", name="clear cut")[0].source_at < seen.of("activity.ended", name="slow")[0].source_at


async def test_nothing_is_injected_before_its_undo_is_written_down(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    asked, written = asyncio.Event(), asyncio.Event()

    async def intend(fault: str) -> None:
        asked.set()
        await written.wait()

    run = await start(words.made([words.inject()], [words.clear()]), intend)
    await asyncio.wait_for(asked.wait(), 10)
    assert await proxy.injected() == 0
    written.set()
    assert (await run.wait()).failed == ()
    assert await proxy.injected() == 1


async def test_a_fault_whose_undo_could_not_be_written_is_not_injected(words: Words, start: Any, proxy: Any) -> None:
    async def intend(fault: str) -> None:
        raise OSError("no space left on device")

    outcome = await (await start(words.made([words.inject()]), intend)).wait()
    assert (outcome.ending, outcome.error, await proxy.injected()) == (Ending.FAILED, "OSError: no space left on device", 0)


@pytest.mark.parametrize("background", [False, True])
async def test_a_fault_that_is_refused_is_not_waited_for(words: Words, start: Any, proxy: Any, background: bool) -> None:
    async def intend(fault: str) -> None:
        raise Refused("it is another user's")

    method = [{**each, "background": background} for each in (words.inject(), words.clear(at=60.0))]
    async with asyncio.timeout(20):
        outcome = await (await start(words.made(method, [words.clear()]), intend)).wait()
    assert (outcome.ending, await proxy.injected()) == (Ending.OK, 0)
    assert outcome.failed == ("inject cut: firedrill.faults.chaos.link.NotGranted: cut was not injected: it is another user's",)


async def test_a_chaos_toolkit_that_stood_still_is_a_blind_spot_of_that_time(words: Words, start: Any, seen: Any) -> None:
    run = await start(words.made([words.theirs("waits", "sleep", "2")]))
    await seen.until("activity.started", name="waits")
    stopped_at = seen.clock.now()
    os.kill(run._child.process.pid, signal.SIGSTOP)
    await asyncio.sleep(1.1)
    os.kill(run._child.process.pid, signal.SIGCONT)
    began, ended = await seen.until("blind.began", what="chaos"), await seen.until("blind.ended", what="chaos")
    assert re.fullmatch(r"did not run for 1\.\ds: Chaos Toolkit, which plays the faults", began.event.why)
    assert stopped_at - 0.5 < began.source_at <= stopped_at + 0.1
    assert ended.source_at >= stopped_at + 1.1
    assert (await run.wait()).ending is Ending.OK


async def test_an_engine_that_stood_still_does_not_blame_chaos_toolkit(words: Words, start: Any, seen: Any) -> None:
    run = await start(words.made([words.theirs("waits", "sleep", "2")]))
    await seen.until("activity.started", name="waits")
    time.sleep(1.7)  # noqa: ASYNC251 - the very loop is what stands still
    await run.wait()
    assert seen.of("blind.began") == []


async def test_an_engine_that_ends_instead_of_answering_leaves_the_system_alone(
    words: Words, start: Any, proxy: Any, seen: Any, tmp_path: Path
) -> None:
    asked, too_late = asyncio.Event(), asyncio.Event()

    async def intend(fault: str) -> None:
        asked.set()
        await too_late.wait()

    method = [{**words.inject(), "background": True}, words.theirs("touch", "touch", str(tmp_path / "touched"))]
    run = await start(words.made(method, [words.theirs("back", "touch", str(tmp_path / "back"))]), intend)
    await asyncio.wait_for(asked.wait(), 10)
    run._child.close_input()
    await words.until(lambda: run._child.ended, 5)
    too_late.set()
    await run.wait()
    assert await proxy.injected() == 0
    assert not (tmp_path / "touched").exists()
    assert not (tmp_path / "back").exists(), "a method that was never let go needs no rollback"


async def test_a_method_of_the_users_is_intended_once_and_active_from_the_start_of_its_first_successful_action_on(
    words: Words, start: Any, seen: Any, tmp_path: Path
) -> None:
    intended: list[str] = []

    async def intend(fault: str) -> None:
        intended.append(fault)

    method = [
        words.theirs("look", "true", kind="probe"), FAILS,
        words.theirs("works", "true"), words.theirs("works too", "true"),
    ]  # fmt: skip
    await (await start(words.made(method, [words.theirs("back", "true")]), intend)).wait()
    assert intended == ["method"]
    active, cleared = seen.of("fault.active", fault="method"), seen.of("fault.cleared", fault="method")
    assert [entry.source_at for entry in active] == [seen.of("activity.started", name="works")[0].source_at]
    assert [entry.event for entry in cleared] == [FaultCleared("method", "played")]
    assert cleared[0].source_at >= seen.of("activity.ended", name="back")[0].source_at


async def test_a_method_is_not_cleared_when_its_rollback_failed(words: Words, start: Any, seen: Any) -> None:
    broken = {"type": "action", "name": "back", "provider": {"type": "http", "url": "http://127.0.0.1:1/"}}
    outcome = await (await start(words.made([words.theirs("works", "true")], [broken]))).wait()
    assert (outcome.ending, outcome.status) == (Ending.OK, "completed"), "Chaos Toolkit calls this completed"
    assert outcome.failed[0].startswith("back: ")
    assert seen.of("activity.ended", name="back", stage="rollbacks", status="failed")
    assert not seen.of("fault.cleared")


async def test_an_action_that_is_declined_has_failed_and_broke_nothing(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    refused = {"type": "action", "name": "refused", "provider": {"type": "http", "url": f"{proxy.api}/nothing-here", "timeout": 3}}
    asked = words.theirs("asked", "sh", "-c", "exit 3", kind="probe")
    method = [words.theirs("exits", "sh", "-c", "exit 3"), refused, asked]
    outcome = await (await start(words.made(method))).wait()
    assert outcome.status == "completed", "Chaos Toolkit calls this completed"
    assert outcome.failed == ("exits: it ended with the exit status 3", "refused: it was answered with the status 404")
    assert seen.of("activity.ended", name="asked", status="succeeded")
    assert not seen.of("fault.active")


async def test_a_background_activity_that_crashes_has_failed(words: Words, start: Any, seen: Any) -> None:
    crash = {
        "type": "probe", "name": "crash", "background": True,
        "provider": {"type": "http", "url": "http://127.0.0.1:1/", "timeout": 1, "max_retries": "many"},
    }  # fmt: skip
    outcome = await (await start(words.made([crash]))).wait()
    assert (outcome.status, len(outcome.failed)) == ("completed", 1)
    assert seen.of("activity.ended", name="crash", status="failed")[0].event.error


async def test_a_placebo_marks_its_window_and_asks_nobody(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    async def intend(fault: str) -> None:
        raise AssertionError(fault)

    quiet = words.made([words.inject("nothing", wire=None), words.clear("nothing", 0.3, None)], [words.clear("nothing", target=None)])
    outcome = await (await start(quiet, intend)).wait()
    (active,), (cleared,) = seen.of("fault.active", fault="nothing"), seen.of("fault.cleared", fault="nothing", why="played")
    assert (outcome.failed, await proxy.injected()) == ((), 0)
    assert cleared.source_at - active.source_at == pytest.approx(0.3, abs=0.2)


async def test_a_hypothesis_that_is_not_met_plays_no_method_and_says_so(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    probe = words.theirs("is fine", "false", kind="probe", tolerance=0)
    outcome = await (await start(words.made([words.inject()], **{"steady-state-hypothesis": {"title": "h", "probes": [probe]}}))).wait()
    (look,) = [each.event for each in seen.of("hypothesis.checked")]
    assert (look.when, look.met) == ("before", False)
    assert look.missed == [{"probe": "is fine", "tolerance": "0", "value": "the status 1", "error": ""}]
    assert seen.of("activity.ended", name="is fine")[0].event.stage == "hypothesis"
    assert (outcome.status, await proxy.injected()) == ("completed", 0)


async def test_a_probe_of_the_hypothesis_that_fails_is_told_with_why(words: Words, start: Any, seen: Any) -> None:
    provider = {"type": "http", "url": "http://127.0.0.1:1/", "timeout": 1}
    probe = {"type": "probe", "name": "answers", "tolerance": [200, 204], "provider": provider}
    await (await start(words.made([], **{"steady-state-hypothesis": {"title": "h", "probes": [probe]}}))).wait()
    (missed,) = seen.of("hypothesis.checked")[0].event.missed
    assert (missed["probe"], missed["tolerance"], missed["value"]) == ("answers", "[200, 204]", "")
    assert "refused" in missed["error"]


@pytest.mark.parametrize(
    ("strategy", "looks"),
    [
        ("default", {"before", "after"}),
        ("before-method-only", {"before"}),
        ("after-method-only", {"after"}),
        ("during-method-only", {"during"}),
        ("continuously", {"before", "during", "after"}),
        ("skip", set()),
    ],
)
async def test_a_hypothesis_that_breaks_is_seen_whenever_it_is_looked_at(
    strategy: str, looks: set[str], words: Words, start: Any, seen: Any, tmp_path: Path
) -> None:
    probe = words.theirs("is whole", "test", "!", "-e", str(tmp_path / "broken"), kind="probe", tolerance=0)
    method = [words.theirs("break", "touch", str(tmp_path / "broken")), words.theirs("wait", "sleep", "0.5")]
    runtime = {"hypothesis": {"strategy": strategy, "frequency": 0.1}}
    experiment = words.made(method, runtime=runtime, **{"steady-state-hypothesis": {"title": "h", "probes": [probe]}})
    await (await start(experiment)).wait()
    said = [each.event for each in seen.of("hypothesis.checked")]
    assert {each.when for each in said} == looks
    assert {each.when for each in said if not each.met} == looks - {"before"}
    during = [each for each in said if each.when == "during"]
    assert len(during) >= 3 if "during" in looks else not during, "one every 100 ms, half a second long"


async def test_an_experiment_that_chaos_toolkit_cannot_play_says_why(words: Words, start: Any) -> None:
    experiment = words.made([], configuration={"needed": {"type": "env", "key": "FIREDRILL_NOT_SET"}})
    run = await start(experiment)
    outcome = await run.wait()
    assert outcome.ending is Ending.FAILED
    assert outcome.error.startswith("InvalidExperiment: ")
    assert "FIREDRILL_NOT_SET" in (run.lost() or "")


async def test_stopping_interrupts_the_activity_and_plays_the_rollbacks(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    experiment = words.made([words.inject(), words.theirs("long", "sleep", "60"), words.inject("never")], [words.clear()])
    run = await start(experiment)
    await seen.until("activity.started", name="long")
    assert await proxy.faults() == ["cut"]
    outcome = await run.stop()
    assert (outcome.ending, outcome.status) == (Ending.OK, "interrupted")
    assert (await proxy.faults(), await proxy.injected()) == ([], 1)
    assert seen.of("activity.ended", name="clear cut", stage="rollbacks", status="succeeded")
    assert await run.stop() == outcome


async def test_an_action_that_was_broken_off_is_cleared_by_the_rollbacks_that_were_played_for_it(
    words: Words, start: Any, seen: Any
) -> None:
    """As when the system dies while an action stops it: the rollbacks ran, and nobody has to play them again."""
    run = await start(words.made([words.theirs("stop it", "sleep", "30")], [words.theirs("start it", "true")]))
    await seen.until("activity.started", name="stop it")
    await run.stop()
    assert [entry.event.status for entry in seen.of("activity.ended")] == ["failed", "succeeded"]
    assert seen.of("fault.active", fault="method") == []
    assert [entry.event.why for entry in seen.of("fault.cleared", fault="method")] == ["played"]


async def test_stopping_ends_background_faults_that_still_wait(words: Words, start: Any, seen: Any, proxy: Any) -> None:
    method = [{**words.inject(at=0.0), "background": True}, {**words.clear(at=60.0), "background": True}, words.theirs("works", "true")]
    run = await start(words.made(method, [words.clear()]))
    await seen.until("activity.ended", name="works")
    await seen.until("activity.ended", name="inject cut")
    async with asyncio.timeout(5):
        outcome = await run.stop()
    assert (outcome.status, await proxy.faults()) == ("interrupted", [])


async def _answers_nothing(asks: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
    await asks.read()  # until whoever asks is gone
    answers.close()


@pytest.mark.parametrize("what", ["a function", "a program", "a call", "a pause before", "a pause after"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_whatever_is_played_and_the_rollbacks_run(
    what: str, number: signal.Signals, words: Words, start: Any, seen: Any, proxy: Any, tmp_path: Path
) -> None:
    (tmp_path / "naps.py").write_text("import time\n\ndef nap():\n    time.sleep(60)\n")
    nap = {"type": "action", "name": "nap", "provider": {"type": "python", "module": "naps", "func": "nap"}}
    server = await asyncio.start_server(_answers_nothing, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    played: dict[str, list[Any]] = {
        "a function": [nap],
        "a program": [words.theirs("nap", "sleep", "60")],
        "a call": [{"type": "action", "name": "nap", "provider": {"type": "http", "url": url}}],
        "a pause before": [words.theirs("first", "true"), words.theirs("nap", "true", pauses={"before": 60})],
        "a pause after": [words.theirs("nap", "true", pauses={"after": 60})],
    }
    told = {"a pause before": ("activity.ended", "first"), "a pause after": ("activity.ended", "nap")}.get(
        what, ("activity.started", "nap")
    )
    run = await start(words.made([*played[what], words.inject()], [words.theirs("back", "true")]))
    async with server:
        await seen.until(told[0], name=told[1])
        os.kill(run._child.process.pid, number)
        outcome = await asyncio.wait_for(run.wait(), 10)
    assert await proxy.injected() == 0
    assert seen.of("activity.ended", name="back", stage="rollbacks", status="succeeded"), outcome


async def test_an_activity_that_is_broken_off_tidies_up_to_its_end(words: Words, start: Any, seen: Any, tmp_path: Path) -> None:
    tidy = f"    finally:\n        time.sleep({3 * AGAIN})\n        open({str(tmp_path / 'tidied')!r}, 'w').close()\n"
    (tmp_path / "naps.py").write_text(f"import time\n\ndef nap():\n    try:\n        time.sleep(60)\n{tidy}")
    nap = {"type": "action", "name": "nap", "provider": {"type": "python", "module": "naps", "func": "nap"}, "pauses": {"after": 60}}
    run = await start(words.made([nap], [words.theirs("back", "true")]))
    await seen.until("activity.started", name="nap")
    os.kill(run._child.process.pid, signal.SIGTERM)
    outcome = await asyncio.wait_for(run.wait(), 10)
    assert (tmp_path / "tidied").exists()
    assert seen.of("activity.ended", name="back", stage="rollbacks", status="succeeded"), outcome


async def test_signals_that_keep_coming_do_not_keep_the_rollbacks_from_running(words: Words, start: Any, seen: Any) -> None:
    paused = words.theirs("nap", "true", pauses={"after": 60})
    run = await start(words.made([paused], [words.theirs("back", "sleep", "0.3")]))
    await seen.until("activity.started", name="nap")
    ended = asyncio.ensure_future(run.wait())
    for _ in range(1000):
        with contextlib.suppress(ProcessLookupError):
            for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                run._child.process.send_signal(number)
        if (await asyncio.wait({ended}, timeout=0.003))[0]:
            break
    outcome = await asyncio.wait_for(ended, 10)
    assert (outcome.ending, outcome.status) == (Ending.OK, "interrupted")
    assert seen.of("activity.ended", name="back", stage="rollbacks", status="succeeded"), outcome


async def test_a_killed_child_is_lost_and_so_is_what_its_activities_started(words: Words, start: Any, seen: Any, tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); print(flush=True); time.sleep(60)"
    run = await start(words.made([words.theirs("long", sys.executable, "-c", code)]))
    await seen.until("activity.started", name="long")
    await words.until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(run._child.process.pid, signal.SIGKILL)
    outcome = await run.wait()
    assert (outcome.ending, outcome.error) == (Ending.LOST, "the Chaos Toolkit process ended by itself, by SIGKILL")
    assert not any(isinstance(entry.event, ChaosEnded) for entry in seen.entries)
    await words.until(lambda: not _alive(int((tmp_path / "pid").read_text())))


async def test_a_rollback_that_hangs_ends_with_its_grace(words: Words, start: Any, seen: Any) -> None:
    run = await start(words.made([words.theirs("long", "sleep", "60")], [words.theirs("hangs", "sleep", "60")]))
    await seen.until("activity.started", name="long")
    async with asyncio.timeout(8):
        outcome = await run.stop(0.5)
    assert outcome.ending is Ending.LOST


async def test_what_activities_print_or_return_reaches_neither_link_nor_journal(
    words: Words, start: Any, seen: Any, tmp_path: Path
) -> None:
    code = 'def talk():\n    print(\'{"kind": "fault.active", "fault": "forged"}\', flush=True)\n    return \'returned\'\n'
    (tmp_path / "talks.py").write_text(code)
    talk = {"type": "action", "name": "talk", "provider": {"type": "python", "module": "talks", "func": "talk"}}
    await (await start(words.made([talk]))).wait()
    assert not seen.of("fault.active", fault="forged")
    assert "returned" not in repr(seen.entries)
    assert sorted(name for name in os.listdir(tmp_path) if "." in name) == ["chaos.log", "talks.py"]


async def test_a_secret_in_an_error_is_hidden_in_journal_and_log(words: Words, start: Any, seen: Any, tmp_path: Path) -> None:
    (tmp_path / "leaks.py").write_text("def leak(secrets=None):\n    raise RuntimeError('refused for ' + secrets['password'])\n")
    provider = {"type": "python", "module": "leaks", "func": "leak", "secrets": ["cloud"]}
    secrets = {"cloud": {"password": {"type": "env", "key": "LEAKY"}}}
    experiment = words.made([{"type": "action", "name": "leak", "provider": provider}], secrets=secrets)
    outcome = await (await start(experiment, LEAKY="hunter22")).wait()
    assert seen.of("activity.ended", name="leak")[0].event.error == "RuntimeError: refused for ***"
    assert "hunter22" not in repr(outcome) + (tmp_path / "chaos.log").read_text()


async def test_plain_chaos_run_plays_the_same_file_through_a_proxy(words: Words, proxy: Any, tmp_path: Path) -> None:
    configuration = {"firedrill_proxy": {"type": "env", "key": "FIREDRILL_PROXY", "default": ""}}
    experiment = words.made([words.inject(), words.clear(at=0.2)], [words.clear()], configuration=configuration)
    (tmp_path / "e.json").write_text(json.dumps(experiment))
    argv = [str(Path(sys.executable).parent / "chaos"), "--no-version-check", "--no-log-file", "run", "e.json"]
    env = os.environ | {"FIREDRILL_PROXY": proxy.api, "FIREDRILL_PROXY_TOKEN": TOKEN}
    chaos = await asyncio.create_subprocess_exec(*argv, cwd=tmp_path, env=env, stderr=asyncio.subprocess.DEVNULL)
    assert await asyncio.wait_for(chaos.wait(), 20) == 0
    activities = json.loads((tmp_path / "journal.json").read_text())
    assert [each["status"] for each in activities["run"] + activities["rollbacks"]] == ["succeeded"] * 3
    assert (await proxy.injected(), await proxy.faults()) == (1, [])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


BREAKS = """
import asyncio, json, pathlib
ERRORS = {
    "os": OSError(5, "x"), "permission": PermissionError(1, "x"), "key": KeyError("x"), "value": ValueError("x"),
    "type": TypeError("x"), "runtime": RuntimeError("x"), "assertion": AssertionError(), "timeout": TimeoutError(),
    "json": json.JSONDecodeError("x", "", 0), "cancelled": asyncio.CancelledError(), "exit": SystemExit(3),
    "interrupt": KeyboardInterrupt(),
}
def broken(path, error):
    pathlib.Path(path, error).touch()
    raise ERRORS[error]
def put_back(path):
    for each in pathlib.Path(path).iterdir():
        each.unlink()
"""


@pytest.mark.parametrize(
    "errors",
    [("os", "permission", "key", "value", "type", "runtime", "assertion", "json", "timeout"), ("cancelled",), ("exit",), ("interrupt",)],
    ids=lambda errors: errors[0],
)
async def test_whatever_an_action_of_the_users_raises_what_it_broke_is_put_back(
    words: Words, start: Any, tmp_path: Path, errors: tuple[str, ...]
) -> None:
    (tmp_path / "breaks.py").write_text(BREAKS)
    (folder := tmp_path / "target").mkdir()

    def theirs(func: str, **arguments: str) -> dict[str, Any]:
        provider = {"type": "python", "module": "breaks", "func": func, "arguments": {"path": str(folder), **arguments}}
        return {"type": "action", "name": f"{func} {arguments}", "provider": provider}

    experiment = words.made([theirs("broken", error=error) for error in errors], [theirs("put_back")])
    outcome = await (await start(experiment)).wait()
    if outcome.ending is not Ending.OK:  # then the drill plays the rollbacks from its ledger
        await asyncio.to_thread(rollbacks.perform, rollbacks.undo_of(experiment), tmp_path)
    assert outcome.ending is not Ending.OK or len(outcome.failed) >= len(errors)
    assert list(folder.iterdir()) == []


def test_a_link_that_is_closed_writes_nothing_into_what_has_its_descriptor_next(tmp_path: Path) -> None:
    orders, (hears, tells) = io.BytesIO(), os.pipe()
    link = Link(orders, tells)
    threading.Thread(target=link._beat, daemon=True).start()
    assert b"heartbeat" in os.read(hears, 4096)
    link.close()
    theirs = os.open(tmp_path / "theirs", os.O_WRONLY | os.O_CREAT)
    os.dup2(theirs, tells)
    link.tell("heartbeat")
    time.sleep(2 * HEARTBEAT)
    for each in (theirs, tells, hears):
        os.close(each)
    assert (tmp_path / "theirs").read_bytes() == b""


async def test_a_stop_whose_caller_is_cancelled_goes_on_and_the_next_caller_waits_for_the_same(words: Words, start: Any, seen: Any) -> None:
    run = await start(words.made([words.theirs("waits", "sleep", "30")], [words.theirs("back", "true")]))
    await seen.until("activity.started", name="waits")
    first = asyncio.create_task(run.stop(3.0))
    await asyncio.sleep(0)
    stopping = run._stopping
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (stopping.done(), first.cancelled()) == (False, True)
    outcome = await run.stop(3.0)
    assert (outcome.status, run._stopping is stopping, stopping.done()) == ("interrupted", True, True)
