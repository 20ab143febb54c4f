"""`firedrill proxy` as a person starts it: what it says of tokens, and what Toxiproxy's clients may do then."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

PROXY = [sys.executable, "-m", "firedrill.cli", "proxy", "--api", "127.0.0.1:0"]
ENV = {name: value for name, value in os.environ.items() if name != "FIREDRILL_PROXY_TOKEN"}


@contextmanager
def started(*options: str, **env: str) -> Iterator[tuple[str, str]]:
    """The URL of its API and all that it said until then; one line more follows where no token is wanted."""
    with subprocess.Popen([*PROXY, *options], env=ENV | env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline()]
        while lines[-1] and not lines[-1].startswith("NO TOKEN" if "--no-token" in options else "faults are ordered"):
            lines.append(process.stderr.readline())
        said = "".join(lines)
        found = re.search(r"faults are ordered at (http://\S+);", said)
        assert found is not None, said
        yield found[1], said
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def posted(url: str, body: Any) -> tuple[int, Any]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_without_a_token_it_says_so_loudly_and_toxiproxys_clients_make_and_break_proxies() -> None:
    with started("--no-token", "--lease", "10m") as (api, said):
        assert f"NO TOKEN: every user and program of this machine may break and mend these proxies at {api}\n" in said
        assert posted(f"{api}/proxies", {"name": "bureau", "upstream": "127.0.0.1:1"})[0] == 201
        status, toxic = posted(f"{api}/proxies/bureau/toxics", {"type": "latency"})
        assert (status, 590 < toxic["lease"] <= 600) == (200, True)
        assert posted(f"{api}/proxies/bureau/toxics", {"type": "latency", "name": "other", "lease": 5})[1]["lease"] <= 5


def test_with_a_lease_of_nothing_a_toxic_stays() -> None:
    with started("--no-token", "--lease", "0s", "bureau=127.0.0.1:0=127.0.0.1:1") as (api, _):
        assert "lease" not in posted(f"{api}/proxies/bureau/toxics", {"type": "latency"})[1]


def test_a_token_is_made_and_printed_or_taken_from_the_environment() -> None:
    with started() as (api, said):
        assert said.startswith("export FIREDRILL_PROXY_TOKEN=")
        assert posted(f"{api}/proxies", {"name": "bureau", "upstream": "127.0.0.1:1"})[0] == 401
    with started(FIREDRILL_PROXY_TOKEN="a-token") as (_, said):
        assert "a-token" not in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--no-token", "--api", "0.0.0.0:0"], "without a token the API may listen on loopback only, not at 0.0.0.0:0"),
        (["--lease", "10"], "--lease: a duration needs a unit: write 10s"),
        (["bureau"], "'bureau' is not NAME=LISTEN=UPSTREAM"),
    ],
)
def test_what_cannot_be_is_wrong_usage(options: list[str], words: str) -> None:
    done = subprocess.run([*PROXY, *options], env=ENV, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, words in done.stderr) == (2, True)


def test_without_a_token_no_proxy_listens_where_another_machine_could_reach_it() -> None:
    with started("--no-token") as (api, _):
        for listen in ("192.0.2.2:0", "[2001:db8::1]:0", "proxies.example:0", "127.0.0.1.nip.example:0", "[::ffff:192.0.2.2]:0"):
            status, said = posted(f"{api}/proxies", {"name": "outer", "listen": listen, "upstream": "127.0.0.1:22"})
            assert status == 403, listen
            assert said["error"].startswith("without a token a proxy may listen on loopback only"), listen
            assert posted(f"{api}/populate", [{"name": "outer", "listen": listen, "upstream": "127.0.0.1:22"}])[0] == 403
        for listen in ("0.0.0.0:0", ":0", "localhost:0", "127.0.0.2:0"):
            status, made = posted(f"{api}/proxies", {"name": f"at {listen}", "listen": listen, "upstream": "127.0.0.1:22"})
            assert (status, made["listen"].startswith(("127.", "[::1]"))) == (201, True)
        assert posted(f"{api}/proxies/at%20:0", {"listen": "192.0.2.2:0"})[0] == 403
    refused = subprocess.run([*PROXY, "--no-token", "b=0.0.0.0:0=127.0.0.1:1"], capture_output=True, text=True, env=ENV, check=False)
    assert refused.returncode == 2
    assert "without a token a proxy may listen on loopback only, not b at 0.0.0.0:0" in refused.stderr


def test_without_a_token_who_asks_has_to_mean_this_machine_and_be_no_page() -> None:
    refused: list[dict[str, str]] = [
        {"Host": "rebound.example"}, {"Host": "rebound.example:8474"}, {"Host": "127.0.0.1.example"}, {"Host": "["},
        {"Origin": "http://127.0.0.1:8474"}, {"Sec-Fetch-Site": "same-origin"},
    ]  # fmt: skip
    with started("--no-token") as (api, _):
        assert [_status(f"{api}/proxies", headers) for headers in refused] == [403] * len(refused)
        assert [_status(f"{api}/proxies", {"Host": host}) for host in ("localhost:1", "[::1]:8474", "127.0.0.1")] == [200, 200, 200]


def _status(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
