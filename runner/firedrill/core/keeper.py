"""Keeps a program that would not stop at end-of-file: when our standard input ends, its whole process group does too.

Run as a file by path, standard library only: `python keeper.py PROGRAM ARG...`. The group gets SIGTERM, and SIGKILL after a
second. If the keeper itself is killed, the kernel kills the program and the keeper's own guard, a process that does nothing
else, kills the rest of the group. What left the group is adopted by the keeper and killed last. Linux only.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE = 1.0
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def keep(argv: list[str]) -> int:
    """Run `argv` until it ends or our standard input does; the exit code is the program's, 128 and more for a signal."""
    # Orphans of the program come to us: only so can they be reaped and an empty group be told from one of zombies.
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    signals = _signals_as_bytes()
    guard, leash = _guard()
    group = _start(argv)
    os.write(leash, b"%d\n" % group)
    codes: dict[int, int] = {}
    _until_it_ends_or_we_must(group, signals, codes)
    _end_group(group, signals, codes)
    os.write(leash, b"done\n")
    _end_strays(guard, codes)
    os.close(leash)  # the guard's end of file: nothing of ours may be left when we are gone
    if guard not in codes:
        os.waitpid(guard, 0)
    return codes.get(group, 137)


def _signals_as_bytes() -> int:
    """A descriptor that becomes readable, one byte a signal, so that no signal is lost between two looks."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in (*_STOPS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return read


def _start(argv: list[str]) -> int:
    keeper = os.getpid()

    def die_with_keeper() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:  # killed before the line above took hold
            os._exit(1)

    started = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_keeper)
    started.returncode = 0  # we wait for every child ourselves
    return started.pid


def _until_it_ends_or_we_must(group: int, signals: int, codes: dict[int, int]) -> None:
    while group not in codes:
        ready, _, _ = select.select([0, signals], [], [])
        if 0 in ready and not os.read(0, 4096):
            return
        if signals in ready and any(number in _STOPS for number in os.read(signals, 4096)):
            return
        _reap(codes)


def _end_group(group: int, signals: int, codes: dict[int, int]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + GRACE
        _tell(group, number)
        while _has_members(group, codes) and time.monotonic() < deadline:
            if select.select([signals], [], [], 0.01)[0]:
                os.read(signals, 4096)


def _tell(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # members that changed their user
        pass
    return True


def _has_members(group: int, codes: dict[int, int]) -> bool:
    _reap(codes)
    return _tell(group, 0)


def _reap(codes: dict[int, int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        codes[pid] = code if code >= 0 else 128 - code


def _end_strays(guard: int, codes: dict[int, int]) -> None:
    """Kill what went into a session of its own; once its parents are gone the kernel lists it as our child."""
    deadline = time.monotonic() + GRACE
    while (strays := _children() - {guard}) and time.monotonic() < deadline:
        for pid in strays:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
        _reap(codes)


def _children() -> set[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return set(map(int, listed.read_text().split())) if listed.exists() else set()


def _guard() -> tuple[int, int]:
    """Fork the process that outlives a killed keeper by a moment; gives its id and the pipe that ties us to it."""
    read, write = os.pipe()
    if pid := os.fork():
        os.close(read)
        return pid, write
    os.close(write)
    os.setsid()
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    _watch_over(read)
    os._exit(0)


def _watch_over(leash: int) -> None:
    """Until the keeper says `done` or is gone without having said so: then its program's group is killed."""
    said = b""
    while word := os.read(leash, 4096):
        said += word
    words = said.split()
    if words and b"done" not in words:
        _tell(int(words[0]), signal.SIGKILL)


if __name__ == "__main__":
    try:
        exit_code = keep(sys.argv[1:])
    except OSError as error:
        print(f"cannot start {sys.argv[1]}: {error.strerror}", file=sys.stderr)
        exit_code = 127
    sys.exit(exit_code)
