"""A whole drill at a Toxiproxy that runs already: `firedrill proxy --no-token` stands for it, which speaks the same API."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from firedrill.stack.addresses import choose

OWN = "        listen: <bureau-proxy>\n        upstream: <bureau>\n        protocol: http\n"


@pytest.fixture
def toxiproxy(suite) -> Iterator[str]:
    """The URL of one that is in front of the suite's bureau."""
    at = choose({"bureau": "127.0.0.1:0", "proxy": "127.0.0.1:0"})
    command = [sys.executable, "-m", "firedrill.cli", "proxy", "--api", "127.0.0.1:0", "--no-token", f"credit={at['proxy']}={at['bureau']}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        url = next(found[1] for line in lines if (found := re.search(r"faults are ordered at (http://\S+);", line)))
        suite.edit(
            "firedrill.yaml",
            (OWN, f"        toxiproxy: {url}\n        as: credit\n"),
            ("bureau: 127.0.0.1:0", f"bureau: {at['bureau']}"),
            ("bureau-proxy: 127.0.0.1:0", f"bureau-proxy: {at['proxy']}"),
        )
        yield url
        process.terminate()


def shown(url: str) -> Any:
    with urllib.request.urlopen(f"{url}/proxies/credit", timeout=5) as answer:
        return json.load(answer)


def test_a_drill_breaks_it_pages_and_puts_it_back(suite, toxiproxy: str) -> None:
    outcome = suite.run("latency")
    assert outcome.code == 0, outcome.said
    proxy = shown(toxiproxy)
    assert (proxy["enabled"], proxy["toxics"]) == (True, [])
    assert proxy["connections"] > 0
