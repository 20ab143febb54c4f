"""Prometheus and Alertmanager on this machine: where they are, whether they are new enough, and how to get them.

Knows Debian's packages and their habit of starting and enabling what they install, and refuses to leave either behind; knows where programs
of upstream's releases go.
Run as `python -m firedrill.stack.install` it installs, as root; that is how a user with sudo does it.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from firedrill.core.errors import FiredrillError, Refused
from firedrill.stack import quietly

Say = Callable[[str], None]

DEBIAN_TEMPLATE = Path("/usr/share/prometheus/alertmanager/default.tmpl")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A program the embedded stack needs: the names it goes by and Debian's package."""

    commands: tuple[str, ...]
    package: str


MINIMUM: Mapping[str, str] = {"prometheus": "2.42", "alertmanager": "0.25"}
"""The oldest versions that drills were tried with."""

UPSTREAM: Mapping[str, str] = {"prometheus": "2.42.0", "alertmanager": "0.25.0"}
"""The releases that are fetched when nobody names one: those that drills were tried with."""

WANTED: Mapping[str, Wanted] = {
    "prometheus": Wanted(("prometheus",), "prometheus"),
    "alertmanager": Wanted(("alertmanager", "prometheus-alertmanager"), "prometheus-alertmanager"),
}


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was found; `trouble` says in a sentence why it cannot be used, and is empty when it can."""

    name: str
    path: Path
    version: str
    trouble: str = ""


def find(name: str) -> Program | None:
    """The program `name` (`prometheus` or `alertmanager`) in FIREDRILL_BIN, in the user's own folder or on PATH; None if it is in none."""
    path = located(name)
    return None if path is None else _examined(name, path)


def located(name: str) -> Path | None:
    """Where that program is, without asking it anything."""
    for folder in (os.environ.get("FIREDRILL_BIN"), own_folder(), os.environ.get("PATH", os.defpath)):
        for command in WANTED[name].commands if folder else ():
            if path := shutil.which(command, path=folder):
                return Path(path).absolute()
    return None


def own_folder() -> Path:
    """Where releases of upstream's go: FIREDRILL_BIN, or else $XDG_DATA_HOME/firedrill/bin, by default in ~/.local/share."""
    if named := os.environ.get("FIREDRILL_BIN"):
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "firedrill" / "bin"


def _examined(name: str, path: Path) -> Program:
    stat = path.stat()
    said = _version_text(path, stat.st_mtime_ns, stat.st_size)
    version = parse_version(said)
    return Program(name, path, version, _trouble(name, path, version, said))


@functools.lru_cache
def _version_text(path: Path, changed: int, size: int) -> str:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout + said.stderr


def parse_version(said: str) -> str:
    """`2.42.0` of what `--version` prints, `prometheus, version 2.42.0+ds (branch: ...`; empty if it says none."""
    match = re.search(r"version v?(\d+(?:\.\d+)*)", said)
    return match[1] if match else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _trouble(name: str, path: Path, version: str, said: str) -> str:
    if not version:
        return f"{path} does not say its version when asked with --version"
    if _numbers(version) < _numbers(MINIMUM[name]):
        return f"{path} is version {version}, and at least {MINIMUM[name]} is needed"
    if name == "alertmanager" and "debian" in said and not DEBIAN_TEMPLATE.exists():
        return f"{path} is Debian's, which ends at once without {DEBIAN_TEMPLATE}: install its package instead of unpacking it"
    return ""


def missing() -> list[str]:
    """What keeps the embedded stack from starting, a sentence each; empty when nothing does."""
    found = {name: find(name) for name in WANTED}
    return [_absent(name) if program is None else program.trouble for name, program in found.items() if program is None or program.trouble]


def _absent(name: str) -> str:
    return f"{name} {MINIMUM[name]} or newer is neither in the folder FIREDRILL_BIN nor on PATH"


def programs() -> Mapping[str, Program]:
    """Both programs by name; FiredrillError says what is missing and how to get it."""
    if lacking := missing():
        raise FiredrillError("; ".join(lacking) + ". `firedrill stack install` installs the distribution's packages")
    return {name: program for name in WANTED if (program := find(name))}


def program(name: str) -> Program:
    """One of them; FiredrillError says what is the matter with it and how to get it."""
    found = find(name)
    if found is None or found.trouble:
        raise FiredrillError(f"{found.trouble if found else _absent(name)}. `firedrill stack install` installs the distribution's packages")
    return found


def packages() -> list[str]:
    """The packages that would bring what is absent; Refused if a program is there but of no use, as a package would not change that."""
    found = {name: find(name) for name in WANTED}
    if useless := [program.trouble for program in found.values() if program and program.trouble]:
        raise Refused("; ".join(useless) + ". Remove it from PATH, or name a folder with a newer one in FIREDRILL_BIN")
    return [WANTED[name].package for name, program in found.items() if program is None]


def install(say: Say) -> None:
    """Install what is absent from the distribution, as root or through sudo; nothing that it installs is started or enabled."""
    wanted = packages()
    if not wanted:
        say("Prometheus and Alertmanager are installed already: nothing to do.")
        return
    _apt_or_refuse(wanted)
    _root_or_refuse(wanted)
    say(f"Installing {' and '.join(wanted)} with apt-get; no service is started or enabled.")
    with quietly.signals_waiting(say):
        as_root(wanted, say) if os.geteuid() == 0 else _through_sudo(wanted, say)
    _check_installed(say)


def has_packages() -> bool:
    """Whether this machine has packages that we know how to install."""
    return shutil.which("apt-get") is not None


def install_upstream(page: str, versions: Mapping[str, str], say: Say) -> None:
    """Fetch the named versions, or else what is absent or of no use here, from a release page into the user's own folder."""
    wanted = dict(versions) or {name: UPSTREAM[name] for name in WANTED if (found := find(name)) is None or found.trouble}
    if not wanted:
        say("Prometheus and Alertmanager are installed already: nothing to do. Name a release with --version to have it all the same.")
        return
    from firedrill.stack import releases

    machine, folder = releases.this_machine(), own_folder()
    chosen = [releases.Release(name, version.removeprefix("v"), machine) for name, version in wanted.items()]
    asked = {one.program: one.version for one in chosen}
    releases.fetch(chosen, page, folder, lambda name, path: _tried(name, path, asked[name]), say)
    _check_installed(say)


def _tried(name: str, path: Path, version: str) -> None:
    program = _examined(name, path)
    if program.trouble:
        raise FiredrillError(f"the program of {name} {version} cannot be used: {program.trouble}; nothing was installed")
    if program.version != version.partition("-")[0]:
        raise FiredrillError(f"the program of {name} {version} says that it is version {program.version}; nothing was installed")


def _apt_or_refuse(wanted: Sequence[str]) -> None:
    if shutil.which("apt-get") is None:
        raise Refused(
            f"there is no apt-get here to install {' and '.join(wanted)}: "
            "fetch upstream's releases with `firedrill stack install --upstream`, "
            "or install Prometheus and Alertmanager your own way and put them on PATH or into the folder FIREDRILL_BIN"
        )


def _root_or_refuse(wanted: Sequence[str]) -> None:
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
        raise Refused(
            f"installing {' and '.join(wanted)} needs root, and sudo without a password is not available: "
            "run `firedrill stack install` as root, `firedrill stack install --upstream` without it, "
            f"or `apt-get install --no-install-recommends {' '.join(wanted)}`"
        )


def _through_sudo(wanted: Sequence[str], say: Say) -> None:
    with subprocess.Popen(["sudo", "-n", sys.executable, "-P", "-m", __name__, *wanted], stdout=subprocess.PIPE, text=True) as sudo:
        assert sudo.stdout is not None
        for line in sudo.stdout:
            say(line.rstrip())
    if sudo.returncode:
        raise FiredrillError("the installation through sudo failed: see its own words above")


def _check_installed(say: Say) -> None:
    if lacking := missing():
        raise FiredrillError("installed, but still not usable: " + "; ".join(lacking))
    for name in WANTED:
        if program := find(name):
            say(f"{name} {program.version} is at {program.path}.")


def as_root(wanted: Sequence[str], say: Say, root: Path = Path("/")) -> None:
    """Install packages with starts denied, and disable again the units that they enabled."""
    with quietly.nothing_newly_enabled(root, say), quietly.starts_denied(root):
        if not _have_candidates(wanted):
            say("Reading the distribution's package lists first (apt-get update).")
            _apt(["update"])
        _apt(["install", "-y", "--no-install-recommends", *wanted])


def _have_candidates(wanted: Sequence[str]) -> bool:
    known = subprocess.run(["apt-cache", "show", "--no-all-versions", *wanted], capture_output=True, check=False)
    return known.returncode == 0


def _apt(arguments: Sequence[str]) -> None:
    """Run apt-get in a session of its own, where Ctrl-C cannot leave a package half installed; waits for another apt's lock."""
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments]
    ran = subprocess.run(
        command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        last = "\n".join(ran.stdout.splitlines()[-12:])
        raise FiredrillError(f"`{' '.join(command)}` failed with exit code {ran.returncode}:\n{last}")


def _main(wanted: Sequence[str]) -> int:
    def say(sentence: str) -> None:
        with suppress(OSError):  # whoever asked may be gone, and the rest must be done all the same
            print(sentence, flush=True)

    try:
        with quietly.signals_waiting(say):
            as_root(wanted, say)
    except FiredrillError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
