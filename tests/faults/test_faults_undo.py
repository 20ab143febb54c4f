"""Undo: performed by anyone, any number of times, and never on a stranger's proxy."""

import json
import os
import signal
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from firedrill.core.errors import LeftOver
from firedrill.faults import undo
from firedrill.faults.holding import calls

LATENCY = {"type": "latency", "stream": "downstream", "attributes": {"latency": 300, "jitter": 0}}
ENVIRON = {"BUREAU_TOKEN": "a-token"}


def described(proxy: Any, **other: Any) -> dict[str, Any]:
    what = undo.undo_of("slow", proxy.api, proxy.ready["instance"], "bureau", "BUREAU_TOKEN", proxy.process.pid)
    return json.loads(json.dumps(what | other))


def inject(proxy: Any) -> None:
    calls.put_fault(proxy.api, "a-token", "slow", "bureau", LATENCY, 60, None)


def perform(what: Mapping[str, Any], environ: Mapping[str, str] = ENVIRON) -> str:
    return undo.perform(what, environ=environ).result


def test_undo_clears_a_fault_and_then_finds_it_gone(proxy: Any) -> None:
    inject(proxy)
    what = described(proxy)
    assert undo.present(what)
    assert perform(what) == "cleared"
    assert not undo.present(what)
    assert calls.get_faults(proxy.api)["faults"] == []
    assert perform(what) == "already gone"


def test_undo_of_a_fault_that_never_took_hold_needs_no_token(proxy: Any) -> None:
    assert perform(described(proxy), {}) == "already gone"


def test_a_strangers_proxy_at_the_same_address_is_left_alone(proxy: Any) -> None:
    inject(proxy)
    assert perform(described(proxy, instance="an-earlier-one")) == "already gone"
    assert len(calls.get_faults(proxy.api)["faults"]) == 1


def test_another_drills_fault_of_the_same_name_is_left_alone(proxy: Any) -> None:
    inject(proxy)
    assert perform(described(proxy, holder="another-drill")) == "already gone"
    assert len(calls.get_faults(proxy.api)["faults"]) == 1


def test_a_proxy_that_has_ended_has_left_nothing(start: Any) -> None:
    proxy = start()
    inject(proxy)
    proxy.process.kill()
    proxy.process.wait(5)
    assert perform(described(proxy)) == "already gone"


def test_an_address_that_something_else_has_now_has_left_nothing(proxy: Any, upstream: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        what = described(proxy, api=f"http://127.0.0.1:{silent.getsockname()[1]}", pid=_ended_pid())
        silent.close()
        assert perform(what) == "already gone"
    assert perform(described(proxy, api=f"http://127.0.0.1:{upstream.port}", pid=_ended_pid())) == "already gone"


def _ended_pid() -> int:
    pid = os.spawnlp(os.P_NOWAIT, "true", "true")
    os.waitpid(pid, 0)
    return pid


def test_without_the_token_it_says_which_variable_and_which_command(proxy: Any) -> None:
    inject(proxy)
    with pytest.raises(LeftOver) as caught:
        perform(described(proxy), {})
    assert str(caught.value) == (
        f"the fault slow of bureau may be left over at {proxy.api}: the environment variable BUREAU_TOKEN is not set\n"
        "  set BUREAU_TOKEN to the proxy's token and try again, or run: "
        f'curl -X DELETE -H "Authorization: Bearer $BUREAU_TOKEN" {proxy.api}/faults/slow\n'
        f"  or end the proxy, process {proxy.process.pid}, if it is still `firedrill.faults.proxy`: kill -9 {proxy.process.pid}"
    )
    assert len(calls.get_faults(proxy.api)["faults"]) == 1


def test_a_wrong_token_is_a_fault_left_over(proxy: Any) -> None:
    inject(proxy)
    with pytest.raises(LeftOver, match=r"may be left over at .* was refused"):
        perform(described(proxy), {"BUREAU_TOKEN": "wrong"})


def test_a_proxy_that_hangs_is_a_fault_left_over(start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls.get_faults, "__defaults__", (0.2,))
    proxy = start()
    inject_failed = described(proxy)
    os.kill(proxy.process.pid, signal.SIGSTOP)
    try:
        assert undo.present(inject_failed)
        with pytest.raises(LeftOver, match="did not answer: timed out"):
            perform(inject_failed)
    finally:
        os.kill(proxy.process.pid, signal.SIGCONT)


def test_an_undo_of_an_unknown_kind_is_left_over_and_another_room_can_bring_its_own(proxy: Any) -> None:
    with pytest.raises(LeftOver, match=r"^the fault gravity may be left over: this firedrill does not know how to undo 'anvil'"):
        undo.perform({"kind": "anvil", "fault": "gravity"})
    lifted = undo.Undone("gravity", "cleared", "the anvil was lifted")
    assert undo.perform({"kind": "anvil", "fault": "gravity"}, {"anvil": lambda what, environ: lifted}) is lifted


def test_an_undo_that_lacks_something_is_left_over(proxy: Any) -> None:
    with pytest.raises(LeftOver, match="the fault slow may be left over: its undo lacks 'api'"):
        undo.perform({"kind": "proxy", "fault": "slow"})


def test_undo_data_names_the_token_and_never_holds_it(proxy: Any) -> None:
    assert set(described(proxy)) == {"kind", "fault", "api", "instance", "target", "token_env", "pid", "holder"}
    assert "a-token" not in json.dumps(described(proxy))
