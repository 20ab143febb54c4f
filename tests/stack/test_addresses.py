"""Ports that are free, and names that stand for addresses."""

import socket
import subprocess
import sys

import pytest

from firedrill.core.errors import FiredrillError
from firedrill.stack import addresses


def test_names_in_a_text_become_addresses() -> None:
    known = {"api": "127.0.0.1:1", "bureau-proxy": "127.0.0.1:2"}
    assert addresses.fill("--api <api> http://<bureau-proxy>/x?<api>", known) == "--api 127.0.0.1:1 http://127.0.0.1:2/x?127.0.0.1:1"


def test_signs_that_are_no_name_stay_as_they_are() -> None:
    assert addresses.fill("a < b > c <> <1> 2>&1", {}) == "a < b > c <> <1> 2>&1"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(FiredrillError, match=r"^there is no address <burea>; did you mean <bureau>\?$"):
        addresses.fill("<burea>", {"api": "a:1", "bureau": "b:2"})


def test_a_name_unlike_any_other_is_answered_with_all_that_are_known() -> None:
    with pytest.raises(FiredrillError, match=r"^there is no address <zzz>; known are <api>, <sink>$"):
        addresses.fill("<zzz>", {"sink": "a:1", "api": "b:2"})


def test_port_0_becomes_a_free_port_of_its_own_and_a_fixed_port_stays() -> None:
    wanted = {f"a{n}": "127.0.0.1:0" for n in range(20)} | {"fixed": "127.0.0.1:8080"}
    chosen = addresses.choose(wanted)
    assert list(chosen) == list(wanted)
    assert chosen["fixed"] == "127.0.0.1:8080"
    assert len(set(chosen.values())) == 21


def test_a_port_is_chosen_once_though_nobody_listens_on_it_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    port = addresses.split(addresses.choose({"a": "127.0.0.1:0"})["a"])[1]
    monkeypatch.setattr(addresses, "PORTS", range(port, port + 1))
    with pytest.raises(FiredrillError, match=r"^no free port"):
        addresses.choose({"a": "127.0.0.1:0"})


def test_a_port_that_another_drill_chose_is_not_chosen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    other = "from firedrill.stack.addresses import choose; print(choose({'a': '127.0.0.1:0'})['a'], flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", other], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as drill:
        port = int(drill.stdout.readline().rsplit(":", 1)[1])
        monkeypatch.setattr(addresses, "PORTS", range(port, port + 1))
        with pytest.raises(FiredrillError, match=r"^no free port"):
            addresses.choose({"a": "127.0.0.1:0"})
        drill.communicate("\n")
    assert addresses.choose({"a": "127.0.0.1:0"}) == {"a": f"127.0.0.1:{port}"}


def test_chosen_ports_lie_outside_the_kernels_own_range() -> None:
    assert addresses.candidates(range(21_000, 61_000), {20_005}) == [port for port in range(20_000, 21_000) if port != 20_005]


def test_a_kernel_that_takes_the_whole_range_leaves_us_our_own() -> None:
    assert addresses.candidates(range(1024, 65_536), {20_000}) == list(range(20_001, 32_000))


def test_a_port_somebody_listens_on_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(addresses, "PORTS", range(port, port + 1))
        with pytest.raises(FiredrillError, match=r"^no free port on 127\.0\.0\.1 was found"):
            addresses.choose({"a": "127.0.0.1:0"})


def test_ports_of_an_ipv6_address_are_chosen_too() -> None:
    host, port = addresses.split(addresses.choose({"a": "[::1]:0"})["a"])
    assert host == "::1"
    assert port in addresses.PORTS


def test_a_host_of_another_machine_is_said_to_be_one() -> None:
    with pytest.raises(FiredrillError, match=r"^192\.0\.2\.1 is not an address of this machine"):
        addresses.choose({"a": "192.0.2.1:0"})


@pytest.mark.parametrize("text", ["8080", "host:", ":1", "host:x", "host:70000", "host:٣"])
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(FiredrillError, match=r"is not an address such as 127\.0\.0\.1:8080"):
        addresses.choose({"a": text})
