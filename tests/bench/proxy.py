"""The fault proxy beside HAProxy, with no fault active: what each adds to a request, and how much goes through. Run by `make bench`.

Loopback only. The proxies have one core to themselves and everything else has the others; rounds are interleaved, so that a machine
that is busy for a while is so for all of them. Exit code 0: the goals were met; 1: they were not; 3: something it needs is missing, or
requests went wrong.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32
BIG = 1024 * 1024
RPS_GOAL, P99_GOAL = 1.0, 1.5

WAYS = ("direct", "haproxy", "firedrill")
FIGURES = {
    "p50": "p50 at 1 connection, ms",
    "p99": "p99 at 1 connection, ms",
    "seen": f"requests/s seen at {CONNECTIONS}",
    "rps": f"requests/s of one core at {CONNECTIONS}",
    "mbps": "MB/s",
}
"""What wrk saw ends where wrk and the upstream have no core left. Of one core: requests by the second of processor time that the proxy
was given (Linux's /proc/PID/schedstat, nanoseconds), which says the same however fast the generator is."""

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; sendfile on;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{port}; root {folder}; location = / {{ return 200 "thirty bytes or thereabouts ok"; }} }}
}}
"""

HAPROXY = """
global
    nbthread 1
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen bench
    bind 127.0.0.1:{port}
    server upstream 127.0.0.1:{upstream}
"""

SAYS = """
done = function(summary, latency, requests)
    local wrong = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
    io.write(string.format('\\n{"p50": %f, "p99": %f, "requests": %d, "rps": %f, "mbps": %f, "wrong": %d}\\n',
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests, summary.requests / summary.duration * 1e6,
        summary.bytes / summary.duration, wrong))
end
"""


@dataclass(frozen=True)
class Cores:
    """Which cores the proxies have, and which everything else."""

    proxies: frozenset[int]
    rest: frozenset[int]

    @classmethod
    def split(cls) -> "Cores":
        first, *rest = sorted(os.sched_getaffinity(0))
        if not rest:
            raise SystemExit("one core is not enough: a proxy and what drives it would be measured together")
        return cls(frozenset({first}), frozenset(rest))


def pinned(cores: frozenset[int], command: Sequence[str]) -> list[str]:
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(cores))), *command]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[int]:
    """The id of a program to compare with, once it listens."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _until_it_listens(process, port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _until_it_listens(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with exit code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise SystemExit(f"{process.args} does not listen at {port}")


@dataclass(frozen=True)
class Way:
    """Where requests go in: its port, and the process whose processor time they cost."""

    port: int
    process: int

    def busy(self) -> float:
        """Seconds of processor time that its threads were given so far."""
        tasks = Path(f"/proc/{self.process}/task").glob("*/schedstat")
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9


@contextmanager
def our_proxy(cores: Cores, upstream: int) -> Iterator[Way]:
    """The fault proxy, started as a drill starts it."""
    command = pinned(cores.proxies, [sys.executable, "-m", "firedrill.faults.proxy.child"])
    env = os.environ | {"FIREDRILL_PROXY_TOKEN": "bench"}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    assert process.stdin is not None
    assert process.stdout is not None
    order = {"proxies": [{"name": "bench", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream}"}]}
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.flush()
    try:
        yield Way(int(json.loads(process.stdout.readline())["proxies"][0]["listen"].rpartition(":")[2]), process.pid)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@contextmanager
def all_ways(cores: Cores, folder: Path) -> Iterator[Mapping[str, Way]]:
    """The upstream itself and each proxy in front of it."""
    upstream, haproxy = free_port(), free_port()
    (folder / "big").write_bytes(os.urandom(BIG))
    (folder / "nginx.conf").write_text(("user root;" if os.geteuid() == 0 else "") + NGINX.format(folder=folder, port=upstream))
    (folder / "haproxy.cfg").write_text(HAPROXY.format(port=haproxy, upstream=upstream))
    with ExitStack() as stack:
        nginx = [_found("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        direct = Way(upstream, stack.enter_context(running(pinned(cores.rest, nginx), upstream)))
        other = [_found("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
        beside = Way(haproxy, stack.enter_context(running(pinned(cores.proxies, other), haproxy)))
        yield {"direct": direct, "haproxy": beside, "firedrill": stack.enter_context(our_proxy(cores, upstream))}


def _found(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        print(f"{program} is not installed, so nothing can be compared: run setup/bench.sh as root", file=sys.stderr)
        raise SystemExit(3)
    return found


def load(cores: Cores, folder: Path, port: int, connections: int, path: str, seconds: int) -> dict[str, float]:
    """What wrk says of some seconds of requests, one after the other on each kept-alive connection."""
    wrk = [_found("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(folder / "says.lua"), f"http://127.0.0.1:{port}/{path}"]
    said = subprocess.run(pinned(cores.rest, wrk), check=True, capture_output=True, text=True).stdout
    answer: dict[str, float] = json.loads(said.splitlines()[-1])
    if answer["wrong"]:
        print(f"{answer['wrong']:.0f} requests went wrong: nothing can be said\n{said}", file=sys.stderr)
        raise SystemExit(3)
    return answer


def measured(cores: Cores, folder: Path, way: Way, seconds: int) -> dict[str, float]:
    one = load(cores, folder, way.port, 1, "", seconds)
    before = way.busy()
    many = load(cores, folder, way.port, CONNECTIONS, "", seconds)
    of_one_core = many["requests"] / (way.busy() - before)
    big = load(cores, folder, way.port, CONNECTIONS, "big", seconds)
    return {"p50": one["p50"], "p99": one["p99"], "seen": many["rps"], "rps": of_one_core, "mbps": big["mbps"]}


def all_rounds(rounds: int, seconds: int) -> dict[str, list[dict[str, float]]]:
    cores, found = Cores.split(), {way: list[dict[str, float]]() for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="firedrill-bench-") as name:
        folder = Path(name)
        (folder / "says.lua").write_text(SAYS)
        with all_ways(cores, folder) as ways:
            for _ in range(rounds):
                for name in WAYS:
                    found[name].append(measured(cores, folder, ways[name], seconds))
    return found


@dataclass(frozen=True)
class Result:
    """Medians of the rounds, by way and figure."""

    medians: Mapping[str, Mapping[str, float]]

    @classmethod
    def of(cls, found: Mapping[str, Sequence[Mapping[str, float]]]) -> "Result":
        return cls({way: {figure: statistics.median(one[figure] for one in rounds) for figure in FIGURES} for way, rounds in found.items()})

    def added(self, way: str, figure: str) -> float:
        """Milliseconds more than without a proxy."""
        return self.medians[way][figure] - self.medians["direct"][figure]

    @property
    def rps_ratio(self) -> float:
        return self.medians["firedrill"]["rps"] / self.medians["haproxy"]["rps"]

    @property
    def p99_ratio(self) -> float:
        return self.added("firedrill", "p99") / max(self.added("haproxy", "p99"), 0.001)

    @property
    def exit_code(self) -> int:
        return 0 if self.rps_ratio >= RPS_GOAL and self.p99_ratio <= P99_GOAL else 1

    def goals(self) -> Iterator[str]:
        yield f"requests per second of one core, times HAProxy's: {self.rps_ratio:.2f} (goal: at least {RPS_GOAL:g})"
        yield f"added p99, times HAProxy's: {self.p99_ratio:.2f} (goal: at most {P99_GOAL:g})"
        yield f"requests per second seen, times HAProxy's: {self.medians['firedrill']['seen'] / self.medians['haproxy']['seen']:.2f}"

    def table(self) -> Iterator[str]:
        yield "| | " + " | ".join((*FIGURES.values(), "added p50, ms", "added p99, ms")) + " |"
        yield "|---|" + "---:|" * (len(FIGURES) + 2)
        for way, row in self.medians.items():
            added = ["-", "-"] if way == "direct" else [f"{self.added(way, figure):.3f}" for figure in ("p50", "p99")]
            told = [f"{row[figure]:.3f}" for figure in ("p50", "p99")] + [f"{row[figure]:,.0f}" for figure in ("seen", "rps", "mbps")]
            yield f"| {way} | {' | '.join(told + added)} |"


PAGE = """\
# What the fault proxy costs, beside HAProxy

Written by `python tests/bench/proxy.py {arguments}`, which `make bench` runs: {rounds} interleaved rounds of {seconds} s for
each figure, on {cores} cores: one for the proxies, the rest for wrk and the upstream, an nginx. {haproxy} forwards TCP with one
thread; the fault proxy has no fault active. Medians of the rounds; 1 MB is a million bytes. Before it began, the machine's load average
was {load:.1f}: on a busy machine the figures say little.

{table}

{goals}

Requests/s seen end where wrk and the upstream have no core left; requests/s of one core are requests by the second of processor time
that the proxy was given (of the upstream, in the first row), the same however fast the generator is. The benchmark's exit code is 1
when a goal is missed.
Figures of one machine at one moment: compare them with each other, and run it again before you quote them.
"""


def page(result: Result, rounds: int, seconds: int, arguments: Sequence[str], load: float) -> str:
    version = subprocess.run([_found("haproxy"), "-v"], check=True, capture_output=True, text=True).stdout.split()
    return PAGE.format(
        arguments=" ".join(arguments), rounds=rounds, seconds=seconds, cores=len(os.sched_getaffinity(0)), load=load,
        haproxy=f"HAProxy {version[2]}", table="\n".join(result.table()), goals="\n".join(f"- {goal}" for goal in result.goals()),
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", nargs="?", type=Path, help="where to write the page")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of each figure of a round")
    asked = parser.parse_args(arguments)
    for program in ("nginx", "haproxy", "wrk", "taskset"):
        _found(program)
    load_before = os.getloadavg()[0]
    result = Result.of(all_rounds(asked.rounds, asked.seconds))
    print("\n".join((*result.table(), "", *result.goals())))
    if asked.page is not None:
        asked.page.write_text(page(result, asked.rounds, asked.seconds, arguments, load_before), encoding="utf-8")
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
