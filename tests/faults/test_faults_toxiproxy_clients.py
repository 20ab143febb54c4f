"""Toxiproxy's own clients, unchanged, against the fault proxy: each in a process of its own, as they bring their own logging."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, Event
from firedrill.faults.chaos.client import ChaosRun, Ending
from firedrill.faults.proxy.forward import Way
from firedrill.faults.proxy.server import serve

TOKEN = "a-token"

CHAOSTOXI = """
import json, sys
from chaoslib.log import configure_logger
configure_logger()
from chaostoxi.proxy import actions as proxy, probes
from chaostoxi.toxic import actions as toxic
url, host, port = sys.argv[1:]
at = {"toxiproxy_url": url}
said = {}
said["created"] = proxy.create_proxy("ledger", host, int(port), configuration=at)
said["exists"] = [probes.proxy_exist(name, configuration=at) for name in ("ledger", "nobody")]
said["port"] = at["ledger_PORT"]
said["toxics"] = [
    toxic.create_latency_toxic("ledger", "a", 20, 5, configuration=at),
    toxic.create_bandwith_degradation_toxic("ledger", "b", 1000, configuration=at),
    toxic.create_slow_connection_close_toxic("ledger", "c", 10, configuration=at),
    toxic.create_timeout_toxic("ledger", "d", 1000, configuration=at),
    toxic.create_slicer_toxic("ledger", "e", 10, 5, 10, configuration=at),
    toxic.create_limiter_toxic("ledger", "f", 1000, configuration=at),
    toxic.create_toxic("ledger", "g", "reset_peer", "upstream", 0.5, {"timeout": 10}, configuration=at),
]
said["shown"] = {each["name"]: each["type"] for each in probes.get_proxy_attribute("ledger", "toxics", configuration=at)}
said["deleted"] = [toxic.delete_toxic("ledger", name, configuration=at) for name in ("a", "nothing")]
said["disabled"] = proxy.disable_proxy("ledger", configuration=at), probes.get_proxy_attribute("ledger", "enabled", configuration=at)
said["enabled"] = proxy.enable_proxy("ledger", configuration=at), probes.get_proxy_attribute("ledger", "enabled", configuration=at)
said["reset"] = proxy.reset(configuration=at), probes.get_proxy_attribute("ledger", "toxics", configuration=at)
proxy.delete_proxy("ledger", configuration=at)
said["left"] = probes.proxy_exist("ledger", configuration=at)
print(json.dumps(said))
"""

TOXIPROXY_PYTHON = """
import json, sys
from toxiproxy import Toxiproxy
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists
host, port, upstream = sys.argv[1:]
server = Toxiproxy()
server.update_api_consumer(host, int(port))
said = {}

def refused(deed):
    try:
        deed()
    except (InvalidToxic, NotFound, ProxyExists) as error:
        return type(error).__name__

made = server.create(upstream=upstream, name="ledger")
said["made"] = made.name, made.upstream, made.enabled, made.listen
said["twice"] = refused(lambda: server.create(upstream=upstream, name="ledger"))
made.add_toxic(type="latency", attributes={"latency": 20, "jitter": 5})
said["toxic"] = {name: vars(toxic) for name, toxic in made.toxics().items()}
said["gravity"] = refused(lambda: made.add_toxic(type="gravity"))
said["destroyed"] = made.destroy_toxic("latency_downstream"), list(made.toxics())
said["nothing"] = refused(lambda: made.destroy_toxic("nothing"))
with made.down():
    said["down"] = server.get_proxy("ledger").enabled
said["up"] = server.get_proxy("ledger").enabled
said["populated"] = [each.name for each in server.populate([{"name": "third", "upstream": upstream, "listen": "127.0.0.1:0"}])]
said["reset"], said["proxies"] = server.reset(), sorted(server.proxies())
server.destroy_all()
said["left"] = list(server.proxies())
print(json.dumps(said))
"""


@pytest.fixture(params=["token", "no token"])
async def api(request: pytest.FixtureRequest, upstream: Any) -> AsyncIterator[str]:
    """The address of a proxy's API as a client is given it: `user:TOKEN@host:port`, or without the first part when none is wanted."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    way, open_to_all = Way("bureau", "127.0.0.1:0", f"127.0.0.1:{upstream.port}"), request.param == "no token"
    task = asyncio.create_task(serve([way], "127.0.0.1:0", TOKEN, stop, ready.set_result, open_to_all=open_to_all))
    where = (await ready)["api"].removeprefix("http://")
    yield where if open_to_all else f"any:{TOKEN}@{where}"
    stop.set()
    await task


async def played(script: str, *arguments: str) -> dict[str, Any]:
    """What a client's script prints."""
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(client.communicate(), 30)
    assert client.returncode == 0, err.decode()
    return dict(json.loads(out.splitlines()[-1]))


async def test_every_function_of_chaostoolkit_toxiproxy_works(api: str, upstream: Any) -> None:
    said = await played(CHAOSTOXI, f"http://{api}", "127.0.0.1", str(upstream.port))
    assert said.pop("port").isdigit()
    assert said.pop("toxics") == [True] * 7
    assert said == {
        "created": True, "exists": [True, False],
        "shown": {
            "a": "latency", "b": "bandwidth", "c": "slow_close", "d": "timeout", "e": "slicer", "f": "limit_data", "g": "reset_peer",
        },
        "deleted": [True, False], "disabled": [True, False], "enabled": [True, True], "reset": [True, []], "left": False,
    }  # fmt: skip


async def test_every_call_of_toxiproxy_python_works(api: str, upstream: Any) -> None:
    host, _, port = api.rpartition(":")
    address = f"127.0.0.1:{upstream.port}"
    said = await played(TOXIPROXY_PYTHON, host, port, address)
    name, to, enabled, listen = said.pop("made")
    assert (name, to, enabled) == ("ledger", address, True)
    assert listen.startswith("127.0.0.1:")
    toxic = {"name": "latency_downstream", "type": "latency", "stream": "downstream", "toxicity": 1}
    assert said.pop("toxic") == {"latency_downstream": {**toxic, "attributes": {"latency": 20, "jitter": 5}}}
    assert said == {
        "twice": "ProxyExists", "gravity": "InvalidToxic", "destroyed": [True, []], "nothing": "NotFound", "down": False, "up": True,
        "populated": ["third"], "reset": True, "proxies": ["bureau", "ledger", "third"], "left": [],
    }  # fmt: skip


def activity(module: str, func: str, **arguments: Any) -> dict[str, Any]:
    provider = {"type": "python", "module": f"chaostoxi.{module}", "func": func, "arguments": arguments}
    return {"type": "action", "name": func, "provider": provider}


async def test_an_experiment_of_chaos_toolkit_with_its_toxiproxy_driver_is_played(api: str, upstream: Any, tmp_path: Path) -> None:
    clock, heard = DrillClock(), list[str]()

    def record(event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        heard.append(event.kind)
        return Entry(len(heard), clock.now(), source, source_at, event)

    async def intend(fault: str) -> None:
        """The method's own undo is not the matter here."""

    slow = activity("toxic.actions", "create_latency_toxic", for_proxy="ledger", toxic_name="slow", latency=300, jitter=0)
    asked = {"type": "python", "module": "socket_client", "func": "ask"}
    (tmp_path / "socket_client.py").write_text(
        "import os, socket, time\n"
        "def ask():\n"
        "    began = time.monotonic()\n"
        "    with socket.create_connection(('127.0.0.1', int(os.environ['ledger_PORT']))) as it:\n"
        "        it.sendall(b'hello')\n"
        "        it.recv(5)\n"
        "    open('took', 'w').write(str(time.monotonic() - began))\n"
        "    return True\n"
    )
    experiment = {
        "title": "A ledger that is slow", "description": "As a team has it.",
        "configuration": {"toxiproxy_url": f"http://{api}"},
        "method": [
            activity("proxy.actions", "create_proxy", proxy_name="ledger", upstream_host="127.0.0.1", upstream_port=upstream.port),
            slow,
            {"type": "action", "name": "ask", "provider": asked},
        ],
        "rollbacks": [activity("proxy.actions", "delete_proxy", proxy_name="ledger")],
    }  # fmt: skip
    run = await ChaosRun.start(experiment, {}, clock, record, tmp_path, intend, tmp_path)
    outcome = await asyncio.wait_for(run.wait(), 30)
    assert (outcome.ending, outcome.status, outcome.failed) == (Ending.OK, "completed", ())
    assert float((tmp_path / "took").read_text()) >= 0.3
    assert [heard.count(kind) for kind in ("fault.active", "fault.cleared")] == [1, 1]
