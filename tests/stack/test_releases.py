"""Upstream's releases from a page on loopback: whole, damaged, cut short, missing, and never half installed."""

import hashlib
import http.server
import io
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from firedrill.core.errors import FiredrillError, Refused
from firedrill.stack import install, releases
from firedrill.stack.releases import Release

BOTH = {"prometheus": "2.53.1", "alertmanager": "0.27.0"}
MACHINE = releases.this_machine()


def archive(release: Release, says: str, inside: str = "") -> bytes:
    """A release with a program that prints its version, and with files that nobody asked for."""
    made = io.BytesIO()
    folder = release.archive.removesuffix(".tar.gz")
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in ((f"{folder}/LICENSE", "free"), ("../../escaped", "no"), (inside or f"{folder}/{release.program}", says)):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


@dataclass
class Page:
    """A release page: what it holds by path, and which answers break off in the middle."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)

    def publish(self, program: str, version: str, says: str = "", inside: str = "", machine: str = MACHINE) -> str:
        release = Release(program, version, machine)
        script = f"#!/bin/sh\necho '{says or f'{program}, version {version} (branch: HEAD)'}'\n"
        path = release.folder("") + f"/{release.archive}"
        self.files[path] = archive(release, script, inside)
        digest = hashlib.sha256(self.files[path]).hexdigest()
        self.files[f"{release.folder('')}/sha256sums.txt"] = f"{'0' * 64}  other.tar.gz\n{digest}  {release.archive}\n".encode()
        return path


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The page, served from a thread on a free port."""
    made = Page()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = made.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write((content or b"")[: len(content or b"") // 2 if self.path in made.cut else None])

        def log_message(self, *arguments: object) -> None:
            return None

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the programs, and the folder into which releases go."""
    monkeypatch.delenv("FIREDRILL_BIN", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path / "data" / "firedrill" / "bin"


def left(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*")) if folder.exists() else []


Fetch = Callable[..., list[str]]


@pytest.fixture
def fetch(page: Page, own: Path) -> Fetch:
    """Installs from the page; what was said."""

    def fetched(**versions: str) -> list[str]:
        said: list[str] = []
        install.install_upstream(page.url, versions or BOTH, said.append)
        return said

    return fetched


def test_both_programs_are_fetched_checked_and_found_afterwards(page: Page, own: Path, fetch: Fetch) -> None:
    for program, version in BOTH.items():
        page.publish(program, version)
    said = fetch()
    assert left(own) == ["alertmanager", "prometheus"]
    assert {name: found.version for name, found in install.programs().items()} == BOTH
    assert install.find("prometheus") == install.Program("prometheus", own / "prometheus", "2.53.1")
    assert said == [
        f"Fetching {page.url}/prometheus/releases/download/v2.53.1/prometheus-2.53.1.{MACHINE}.tar.gz",
        f"Fetching {page.url}/alertmanager/releases/download/v0.27.0/alertmanager-0.27.0.{MACHINE}.tar.gz",
        f"prometheus 2.53.1 is at {own}/prometheus.", f"alertmanager 0.27.0 is at {own}/alertmanager.",
    ]  # fmt: skip


def test_without_a_version_what_is_absent_is_fetched_as_drills_were_tried_with_it(page: Page, own: Path, fetch: Fetch) -> None:
    page.publish("prometheus", "2.53.1")
    page.publish("alertmanager", "0.25.0")
    page.publish("prometheus", "2.42.0")
    install.install_upstream(page.url, {}, lambda _: None)
    assert {name: found.version for name, found in install.programs().items()} == {"prometheus": "2.42.0", "alertmanager": "0.25.0"}
    said: list[str] = []
    install.install_upstream(page.url, {}, said.append)
    assert said == [
        "Prometheus and Alertmanager are installed already: nothing to do. Name a release with --version to have it all the same."
    ]
    fetch(prometheus="v2.53.1")
    assert install.program("prometheus").version == "2.53.1"


def test_the_named_folder_takes_them_when_there_is_one(page: Page, fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREDRILL_BIN", str(tmp_path / "named"))
    for program, version in BOTH.items():
        page.publish(program, version)
    fetch()
    assert left(tmp_path / "named") == ["alertmanager", "prometheus"]


def test_a_wrong_checksum_leaves_nothing_behind_of_either(page: Page, own: Path, fetch: Fetch) -> None:
    page.publish("prometheus", "2.53.1")
    path = page.publish("alertmanager", "0.27.0")
    published = hashlib.sha256(page.files[path]).hexdigest()
    page.files[path] += b"!"
    with pytest.raises(FiredrillError) as told:
        fetch()
    assert str(told.value) == (
        f"{page.url}{path} is not what was published: its SHA-256 is {hashlib.sha256(page.files[path]).hexdigest()}, "
        f"and sha256sums.txt says {published}; nothing was installed"
    )
    assert left(own) == []


def test_a_download_that_breaks_off_leaves_nothing_behind(page: Page, own: Path, fetch: Fetch) -> None:
    path = page.publish("prometheus", "2.53.1")
    page.cut.add(path)
    size = len(page.files[path])
    with pytest.raises(FiredrillError) as told:
        fetch(prometheus="2.53.1")
    assert str(told.value) == f"{page.url}{path} broke off after {size // 2} of {size} bytes; nothing was installed"
    assert left(own) == []


def test_checksums_that_break_off_are_no_checksums(page: Page, own: Path, fetch: Fetch) -> None:
    sums = page.publish("prometheus", "2.53.1").rpartition("/")[0] + "/sha256sums.txt"
    page.cut.add(sums)
    with pytest.raises(FiredrillError, match=rf"^{page.url}{sums} broke off: IncompleteRead"):
        fetch(prometheus="2.53.1")
    assert left(own) == []


@pytest.mark.parametrize("lost", ["sha256sums.txt", f"prometheus-2.53.1.{MACHINE}.tar.gz"])
def test_a_file_that_is_not_there_is_named(page: Page, own: Path, fetch: Fetch, lost: str) -> None:
    folder = page.publish("prometheus", "2.53.1").rpartition("/")[0]
    del page.files[f"{folder}/{lost}"]
    with pytest.raises(FiredrillError) as told:
        fetch(prometheus="2.53.1")
    assert str(told.value) == f"{page.url}{folder}/{lost} answers with status 404; nothing was installed"
    assert left(own) == []


def test_a_release_without_an_archive_for_this_machine_says_which_it_has(page: Page, own: Path, fetch: Fetch) -> None:
    page.publish("prometheus", "2.53.1", machine="plan9-arm")
    with pytest.raises(
        FiredrillError, match=rf"does not list prometheus-2.53.1.{MACHINE}.tar.gz; it has prometheus-2.53.1.plan9-arm.tar.gz$"
    ):
        fetch(prometheus="2.53.1")
    assert left(own) == []


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("prometheus, version 2.53.0", "the program of prometheus 2.53.1 says that it is version 2.53.0; nothing was installed"),
        ("hello", "the program of prometheus 2.53.1 cannot be used: .* does not say its version when asked with --version"),
    ],
)
def test_a_program_that_is_not_what_it_should_be_is_not_installed(page: Page, own: Path, fetch: Fetch, says: str, why: str) -> None:
    page.publish("prometheus", "2.53.1", says)
    with pytest.raises(FiredrillError, match=why):
        fetch(prometheus="2.53.1")
    assert left(own) == []


def test_an_archive_without_the_program_or_that_is_none_is_told(page: Page, own: Path, fetch: Fetch) -> None:
    page.publish("prometheus", "2.53.1", inside="elsewhere/prometheus")
    with pytest.raises(FiredrillError, match=rf"holds no file prometheus-2.53.1.{MACHINE}/prometheus; nothing was installed$"):
        fetch(prometheus="2.53.1")
    path = f"/prometheus/releases/download/v2.53.1/prometheus-2.53.1.{MACHINE}.tar.gz"
    page.files[path] = b"not an archive"
    page.files[path.rpartition("/")[0] + "/sha256sums.txt"] = (
        f"{hashlib.sha256(page.files[path]).hexdigest()} *{path.rpartition('/')[2]}".encode()
    )
    with pytest.raises(FiredrillError, match=r"tar.gz is no archive that can be read: "):
        fetch(prometheus="2.53.1")
    assert left(own) == []


def test_an_older_program_stays_until_its_successor_is_proved(page: Page, own: Path, fetch: Fetch) -> None:
    page.publish("prometheus", "2.42.0")
    page.publish("alertmanager", "0.25.0")
    install.install_upstream(page.url, {}, lambda _: None)
    page.files[page.publish("prometheus", "2.53.1")] += b"!"
    with pytest.raises(FiredrillError):
        fetch(prometheus="2.53.1")
    assert install.program("prometheus").version == "2.42.0"
    assert left(own) == ["alertmanager", "prometheus"]


def test_a_page_that_nobody_serves_is_told(own: Path) -> None:
    with pytest.raises(
        FiredrillError, match=r"^http://127.0.0.1:1/.*/sha256sums.txt cannot be fetched: .*Connection refused; nothing was installed$"
    ):
        install.install_upstream("http://127.0.0.1:1", {"prometheus": "2.53.1"}, lambda _: None)
    with pytest.raises(Refused, match=r"^file:///tmp is no release page: a URL that begins with https:// is expected$"):
        install.install_upstream("file:///tmp", {"prometheus": "2.53.1"}, lambda _: None)


@pytest.mark.parametrize(
    ("system", "machine", "named"),
    [
        ("Linux", "x86_64", "linux-amd64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Linux", "armv7l", "linux-armv7"),
    ],
)
def test_a_machine_is_named_as_upstream_names_it(system: str, machine: str, named: str) -> None:
    assert releases.this_machine(system, machine) == named


def test_a_machine_without_releases_is_refused() -> None:
    with pytest.raises(Refused, match=r"^upstream's releases have no archive that is known to be for Linux on mips$"):
        releases.this_machine("Linux", "mips")


def test_the_command_line_fetches_from_a_page_where_there_are_no_packages(page: Page, tmp_path: Path) -> None:
    for program, version in install.UPSTREAM.items():
        page.publish(program, version)
    environment = {**os.environ, "PATH": str(tmp_path / "path"), "XDG_DATA_HOME": str(tmp_path / "data")}
    environment.pop("FIREDRILL_BIN", None)

    def stack(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "firedrill.cli", "stack", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = stack("install", "--from", page.url)
    assert done.returncode == 0, done.stderr
    assert f"prometheus: 2.42.0 at {tmp_path}/data/firedrill/bin/prometheus" in stack("status").stdout
    assert stack("install").stderr == "Prometheus and Alertmanager are installed already: nothing to do.\n"
    wrong = stack("install", "--version", "prometheus")
    assert wrong.returncode == 2
    assert "'prometheus' is not PROGRAM=VERSION, such as prometheus=2.53.1; programs are prometheus and alertmanager" in wrong.stderr
