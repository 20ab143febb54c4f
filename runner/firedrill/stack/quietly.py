"""Installing packages without the noise that Debian adds: services started, units enabled, a signal leaving things half done.

Knows policy-rc.d, the links that enable a unit, and how to put each back; refuses to know which packages are installed.
Every function takes the root folder it works under.
"""

import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = "#!/bin/sh\n# Written by firedrill while it installs packages: no service starts meanwhile.\nexit 101\n"
_ABOUT = re.compile(r"(?:prometheus|victoria-metrics)[\w.@-]*")


@contextmanager
def signals_waiting(say: Callable[[str], None]) -> Iterator[None]:
    """Hold back SIGINT, SIGTERM and SIGHUP until the end of the block, then deliver the first that came."""
    came: list[int] = []

    def hold(number: int, _frame: object) -> None:
        came.append(number)
        say("Finishing the installation first, so that nothing is left half done.")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, hold) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def starts_denied(root: Path) -> Iterator[None]:
    """A policy-rc.d that denies every start; the one that stood there is moved aside and moved back, so nothing of it changes.

    What an earlier installation left when it was killed is put right first.
    """
    policy = root / "usr/sbin/policy-rc.d"
    aside = policy.with_name("policy-rc.d.kept-by-firedrill")
    _restore(policy, aside)
    if _is_there(policy):
        policy.rename(aside)
    try:
        _write_policy(policy)
        yield
    finally:
        _restore(policy, aside)


def _write_policy(policy: Path) -> None:
    # Complete before it takes its place: a killed installation must not leave a part of it, which would allow starts.
    new = policy.with_name("policy-rc.d.new-by-firedrill")
    new.write_text(OURS)
    new.chmod(0o755)
    new.rename(policy)


def _restore(policy: Path, aside: Path) -> None:
    policy.with_name("policy-rc.d.new-by-firedrill").unlink(missing_ok=True)
    if _is_there(aside):
        aside.replace(policy)
    elif _is_there(policy) and policy.is_file() and policy.read_bytes() == OURS.encode():
        policy.unlink()


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


@contextmanager
def nothing_newly_enabled(root: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Disable, at the end of the block, what it enabled of Prometheus and its like; what was enabled before stays so."""
    before = enabled(root)
    try:
        yield
    finally:
        new = sorted(name for name in enabled(root) - before if _ABOUT.fullmatch(name))
        for name in new:
            _disable(root, name)
        if new:
            say(f"Disabled again, as the packages had enabled them: {', '.join(new)}.")


def enabled(root: Path) -> frozenset[str]:
    """Services that start with the machine, by the links that say so: `NAME.service` of systemd, `NAME` of init scripts."""
    return frozenset({link.name for link in _unit_links(root)} | {link.name[3:] for link in _script_links(root)})


def _unit_links(root: Path, name: str = "") -> list[Path]:
    system = root / "etc/systemd/system"
    return [link for folder in ("*.wants/*", "*.requires/*") for link in system.glob(folder) if name in ("", link.name)]


def _script_links(root: Path, name: str = "") -> list[Path]:
    return [link for link in (root / "etc").glob("rc[2-5].d/S[0-9][0-9]*") if name in ("", link.name[3:])]


def _disable(root: Path, name: str) -> None:
    """The system's own tools do it, so that a later upgrade respects it; a link that they leave is removed."""
    if name.endswith((".service", ".timer", ".socket")):
        _try("systemctl", f"--root={root}", "disable", name)
        left = _unit_links(root, name)
    else:
        if root == Path("/"):
            _try("update-rc.d", name, "disable")
        left = _script_links(root, name)
    for link in left:
        link.unlink(missing_ok=True)


def _try(*command: str) -> None:
    if shutil.which(command[0]):
        subprocess.run(command, capture_output=True, check=False)
