"""Upstream's releases: which file is for this machine, fetched, checked against its published checksum, and one program taken out of it.

Knows the layout of the projects' release pages: `PROGRAM/releases/download/vVERSION/`, with `sha256sums.txt` beside the archives.
Refuses to put anything in its place that was not checked. The checksums come from the same page: they tell damage, not a page that lies.
"""

import hashlib
import http.client
import platform
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from firedrill.core.errors import FiredrillError, Refused

PAGE = "https://github.com/prometheus"
"""Where both projects publish their releases."""
TIMEOUT = 60.0
CHUNK = 1 << 16
_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {
    "x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "armv7", "armv6l": "armv6", "i386": "386",
    "i686": "386", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
}  # fmt: skip

Say = Callable[[str], None]
Try = Callable[[str, Path], None]
"""Tries a program before it is put in its place; raises FiredrillError if it is of no use."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of one program for one kind of machine, such as `linux-amd64`."""

    program: str
    version: str
    machine: str

    @property
    def archive(self) -> str:
        return f"{self.program}-{self.version}.{self.machine}.tar.gz"

    def folder(self, page: str) -> str:
        """Where its files are, without a slash at the end."""
        return f"{page.rstrip('/')}/{self.program}/releases/download/v{self.version}"


def this_machine(system: str = "", machine: str = "") -> str:
    """This machine as upstream's archives name it; Refused for one that they have no archive for."""
    system, machine = system or platform.system(), machine or platform.machine()
    if system not in _SYSTEMS or machine not in _MACHINES:
        raise Refused(f"upstream's releases have no archive that is known to be for {system} on {machine}")
    return f"{_SYSTEMS[system]}-{_MACHINES[machine]}"


def fetch(releases: Iterable[Release], page: str, folder: Path, trial: Try, say: Say) -> None:
    """Put the releases' programs into `folder`, all of them or none; FiredrillError says what was wrong with which file."""
    if not page.startswith(("http://", "https://")):
        raise Refused(f"{page} is no release page: a URL that begins with https:// is expected")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as aside:
            ready = [_fetched(release, page, Path(aside), trial, say) for release in releases]
            for program in ready:
                program.replace(folder / program.name)
    except OSError as error:
        raise FiredrillError(f"{folder} cannot be written: {error.strerror}") from error


def _fetched(release: Release, page: str, aside: Path, trial: Try, say: Say) -> Path:
    """The program, checked and tried, still aside."""
    folder = release.folder(page)
    wanted = _checksum(release, folder)
    say(f"Fetching {folder}/{release.archive}")
    archive = aside / release.archive
    found = _download(f"{folder}/{release.archive}", archive)
    if found != wanted:
        raise FiredrillError(
            f"{folder}/{release.archive} is not what was published: its SHA-256 is {found}, and sha256sums.txt says {wanted}; "
            "nothing was installed"
        )
    program = _extracted(release, archive, aside / release.program)
    trial(release.program, program)
    return program


def _checksum(release: Release, folder: str) -> str:
    with _opened(f"{folder}/sha256sums.txt") as answer:
        lines = [line.split() for line in _read(answer, f"{folder}/sha256sums.txt").decode(errors="replace").splitlines()]
    known = {words[1].removeprefix("*"): words[0].lower() for words in lines if len(words) == 2}
    if release.archive not in known:
        names = ", ".join(sorted(name for name in known if name.startswith(f"{release.program}-"))) or "nothing of it"
        raise FiredrillError(f"{folder}/sha256sums.txt does not list {release.archive}; it has {names}")
    return known[release.archive]


def _download(url: str, target: Path) -> str:
    """Write what `url` holds to `target`; its SHA-256."""
    digest = hashlib.sha256()
    with _opened(url) as answer, target.open("wb") as file:
        expected, came = answer.headers.get("Content-Length"), 0
        while chunk := _read(answer, url, CHUNK):
            came += len(chunk)
            digest.update(chunk)
            file.write(chunk)
    if expected is not None and came != int(expected):
        raise FiredrillError(f"{url} broke off after {came} of {expected} bytes; nothing was installed")
    return digest.hexdigest()


def _opened(url: str) -> http.client.HTTPResponse:
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(url, timeout=TIMEOUT)  # noqa: S310 - http and https alone get here
    except urllib.error.HTTPError as error:
        error.close()
        raise FiredrillError(f"{url} answers with status {error.code}; nothing was installed") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise FiredrillError(f"{url} cannot be fetched: {getattr(error, 'reason', error)}; nothing was installed") from error
    return answer


def _read(answer: http.client.HTTPResponse, url: str, size: int = -1) -> bytes:
    try:
        return answer.read(size) if size >= 0 else answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise FiredrillError(f"{url} broke off: {error or type(error).__name__}; nothing was installed") from error


def _extracted(release: Release, archive: Path, target: Path) -> Path:
    """The program alone, under its own name: whatever else an archive holds, and whatever paths it names, is not looked at."""
    inside = f"{release.archive.removesuffix('.tar.gz')}/{release.program}"
    try:
        with tarfile.open(archive) as tar, target.open("wb") as file:
            _copy(_member(tar, inside, release), file)
    except (tarfile.TarError, EOFError) as error:
        raise FiredrillError(f"{release.archive} is no archive that can be read: {error}") from error
    target.chmod(0o755)
    return target


def _member(tar: tarfile.TarFile, inside: str, release: Release) -> IO[bytes]:
    try:
        file = tar.extractfile(inside)
    except KeyError:
        file = None
    if file is None:
        raise FiredrillError(f"{release.archive} holds no file {inside}; nothing was installed")
    return file


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(CHUNK):
        target.write(chunk)
