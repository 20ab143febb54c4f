"""A wrong clock: a program that reads it through its library gets it, and the right one again; the others are refused with why."""

import shlex
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from firedrill.faults.holding.calls import CallFailed
from firedrill.faults.host.clock import _undeceived
from firedrill.faults.host.undo import present, put_back
from firedrill.stack.addresses import choose
from hosting import Holder, holding, kept, until

PERL = """
use IO::Socket::INET; $| = 1;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
print "ready\\n";
while (my $one = $server->accept) { print $one time; close $one; }
"""
"""Tells who asks the time."""

HOUR = 3600


@pytest.fixture
def port() -> int:
    return int(choose({"it": "127.0.0.1:0"})["it"].rpartition(":")[2])


@pytest.fixture
def holder(tmp_path: Path, port: int) -> Iterator[Holder]:
    (tmp_path / "clock.pl").write_text(PERL)
    process = {"port": f"127.0.0.1:{port}", "start": f"perl {shlex.quote(str(tmp_path / 'clock.pl'))} {port}"}
    with holding({"it": {"process": process}}, tmp_path) as held, kept("perl", str(tmp_path / "clock.pl"), str(port)):
        yield held


def ahead(port: int) -> float:
    """Seconds by which the program's clock is ahead of ours."""
    with closing(socket.create_connection(("127.0.0.1", port), 2)) as asked:
        return int(asked.recv(20)) - time.time()


def test_a_program_has_a_wrong_clock_and_then_the_right_one(holder: Holder, port: int) -> None:
    assert abs(ahead(port)) < 5
    undo = holder.inject("it", effect="clock", offset=float(HOUR))
    assert abs(ahead(port) - HOUR) < 5
    assert (holder.touched(), present(undo)) == (1, True)
    holder.clear()
    assert abs(ahead(port)) < 5
    assert not present(undo)
    holder.clear()
    assert not put_back(undo)


def test_what_a_killed_holder_left_with_a_wrong_clock_is_started_with_the_right_one(holder: Holder, port: int) -> None:
    undo = holder.inject("it", effect="clock", offset=float(-HOUR))
    assert abs(ahead(port) + HOUR) < 5
    holder.die()
    until(lambda: not _listens(port))
    assert put_back(undo), "it ended with its holder"
    assert abs(ahead(port)) < 5


def _listens(port: int) -> bool:
    try:
        ahead(port)
    except (OSError, ValueError):
        return False
    return True


def test_a_program_in_python_is_refused(tmp_path: Path, port: int) -> None:
    code = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); print(1, flush=True); time.sleep(60)"
    process = {"port": f"127.0.0.1:{port}", "start": "python server.py"}
    refused = pytest.raises(CallFailed, match="Python's own waits hang or fail under libfaketime")
    with holding({"it": {"process": process}}, tmp_path) as holder, kept(sys.executable, "-c", code), refused:
        holder.aim("it", effect="clock", offset=1.0)


def test_go_and_static_programs_are_told_by_their_files() -> None:
    sh = Path(shutil.which("sh") or "/bin/sh").read_bytes()
    assert _undeceived("sh", sh) is None
    assert "Go" in (_undeceived("prometheus", b"\x7fELF ld-linux .note.go.buildid") or "")
    assert "statically" in (_undeceived("busybox", b"\x7fELF nothing") or "")
