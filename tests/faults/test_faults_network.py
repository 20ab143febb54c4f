"""A network of two namespaces, broken: what is sent is lost, slow or refused, and everything is as before when it is put back."""

import asyncio
import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from firedrill.faults.holding.effects import Effect, Rejected
from firedrill.faults.holding.ledger import Ledger, Order
from firedrill.faults.host import undo
from firedrill.faults.host.known import EFFECTS
from firedrill.faults.host.places import HostPlace, undo_of
from firedrill.faults.kinds import packet_corruption, packet_delay, packet_loss, packet_rate, partition

_PROGRAMS = ("ip", "tc", "nft", "nsenter", "unshare", "setpriv")
_WHY = "root is needed to make network namespaces" if os.geteuid() else " ".join(each for each in _PROGRAMS if shutil.which(each) is None)
network = pytest.mark.skipif(bool(_WHY), reason=f"no network can be broken here: {_WHY}")

NEAR, FAR = "10.99.0.1", "10.99.0.2"
CLONE_NEWNET = 0x40000000
SO_RCVBUFFORCE = 33


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@dataclass
class Net:
    """Two namespaces joined by a pair of interfaces; `uplink` is the near one's."""

    near: str
    far: str

    def state(self) -> str:
        return run("ip", "netns", "exec", self.near, "nft", "list", "ruleset") + run("tc", "-n", self.near, "qdisc", "show")

    def socket(self, namespace: str, kind: socket.SocketKind) -> socket.socket:
        """A socket stays in the namespace it was made in; a thread can be in another than its process."""
        made: list[socket.socket] = []

        def make() -> None:
            with open(f"/run/netns/{namespace}", encoding="ascii") as at:
                assert ctypes.CDLL(None, use_errno=True).setns(at.fileno(), CLONE_NEWNET) == 0
            made.append(socket.socket(socket.AF_INET, kind))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        made[0].settimeout(0.3)
        return made[0]

    @property
    def target(self) -> dict[str, Any]:
        return {"network": {"namespace": self.near, "interface": "uplink"}}


@pytest.fixture(scope="module")
def joined() -> Iterator[Net]:
    net = Net(f"firedrill-near-{os.getpid()}", f"firedrill-far-{os.getpid()}")
    try:
        for name in (net.near, net.far):
            run("ip", "netns", "add", name)
        run("ip", "-n", net.near, "link", "add", "uplink", "type", "veth", "peer", "name", "uplink", "netns", net.far)
        for name, address in ((net.near, NEAR), (net.far, FAR)):
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", "uplink")
            for interface in ("uplink", "lo"):  # what rejects a packet of this machine's answers over its loopback
                run("ip", "-n", name, "link", "set", interface, "up")
        yield net
    finally:
        for name in (net.near, net.far):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture
def net(joined: Net) -> Iterator[Net]:
    """The network, as it was made before the test and after it."""
    before = joined.state()
    yield joined
    after = joined.state()
    if after != before:
        run("ip", "netns", "exec", joined.near, "nft", "flush", "ruleset")
        subprocess.run(["tc", "-n", joined.near, "qdisc", "del", "dev", "uplink", "root"], check=False, capture_output=True)
    assert after == before


def aimed(net: Net, wire: Any) -> Effect:
    place = HostPlace("uplink", net.target)
    return place.effect("a-fault", place.aim("a-fault", wire).wire)


def loss(share: str) -> Any:
    return packet_loss.wire(packet_loss.PacketLoss.model_validate({"target": "uplink", "share": share}))


def parted(**more: Any) -> Any:
    return partition.wire(partition.Partition.model_validate({"target": "uplink", "between": [NEAR, FAR], **more}))


def rate(text: str) -> Any:
    return packet_rate.wire(packet_rate.PacketRate.model_validate({"target": "uplink", "rate": text}))


def arrived(net: Net, count: int) -> int:
    """How many of `count` datagrams arrive at the far side."""
    with net.socket(net.far, socket.SOCK_DGRAM) as far, net.socket(net.near, socket.SOCK_DGRAM) as near:
        far.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
        far.bind((FAR, 0))
        for number in range(count):
            near.sendto(str(number).encode(), far.getsockname())
        seen = 0
        try:
            while seen < count:
                far.recv(100)
                seen += 1
        except TimeoutError:
            pass
        return seen


def connects(net: Net) -> float:
    """Connect to the far side; how long it took. Raises what the client is told."""
    with net.socket(net.far, socket.SOCK_STREAM) as far, net.socket(net.near, socket.SOCK_STREAM) as near:
        far.bind((FAR, 0))
        far.listen()
        began = time.monotonic()
        near.connect(far.getsockname())
        return time.monotonic() - began


@network
async def test_a_share_of_the_packets_is_lost_unseen_by_who_sends_them(net: Net) -> None:
    assert arrived(net, 100) == 100
    effect = aimed(net, loss("30%"))
    await effect.apply()
    seen = arrived(net, 400)
    assert 190 < seen < 360  # 280 expected of 400, five standard deviations are 46, and a lost ARP packet is sent again
    await effect.lift()
    assert effect.touched is not None
    assert effect.touched >= 400 - seen
    assert arrived(net, 100) == 100


@network
async def test_a_partition_that_drops_is_silence_and_touches_nobody_else(net: Net) -> None:
    connects(net)
    effect = aimed(net, parted())
    await effect.apply()
    with pytest.raises(TimeoutError):
        connects(net)
    assert arrived(net, 5) == 0
    await effect.lift()
    assert effect.touched is not None
    assert effect.touched >= 6
    elsewhere = aimed(net, partition.wire(partition.Partition(target="uplink", between=("10.99.0.7/32", FAR))))
    await elsewhere.apply()
    connects(net)
    await elsewhere.lift()
    assert elsewhere.touched == 0


@network
async def test_a_partition_that_rejects_says_so_at_once(net: Net) -> None:
    effect = aimed(net, parted(how="reject"))
    await effect.apply()
    with pytest.raises(ConnectionRefusedError):
        connects(net)
    await effect.lift()
    assert effect.touched is not None
    assert effect.touched >= 1
    connects(net)


@network
async def test_a_rate_makes_a_network_narrow(net: Net) -> None:
    def took() -> float:
        with net.socket(net.far, socket.SOCK_STREAM) as far, net.socket(net.near, socket.SOCK_STREAM) as near:
            far.bind((FAR, 0))
            far.listen()
            near.settimeout(10)
            near.connect(far.getsockname())
            taken, _ = far.accept()
            taken.settimeout(10)
            began, left = time.monotonic(), 50_000
            near.sendall(b"x" * left)
            while left:
                left -= len(taken.recv(65536))
            taken.close()
            return time.monotonic() - began

    effect = aimed(net, rate("1mbit"))
    await effect.apply()
    assert took() > 0.3  # 50 kB at 1 Mbit/s are 0.4 s, less the burst
    await effect.lift()
    assert effect.touched is not None
    assert effect.touched > 0
    assert took() < 0.3


@network
@pytest.mark.parametrize("wire", [loss("50%"), parted(), parted(how="reject"), rate("1mbit")], ids=["loss", "drop", "reject", "rate"])
def test_it_is_put_back_from_its_data_alone_as_often_as_one_likes(net: Net, wire: Any) -> None:
    effect = EFFECTS[wire["effect"]]
    data = json.loads(json.dumps(effect.aim(net.target, wire)))
    undoing = undo_of("a-fault", "uplink", wire["effect"], data)
    assert undo.put_back(undoing) is False
    effect.inject(data)
    changed = net.state()
    effect.inject(data)
    assert net.state().count("firedrill_") == changed.count("firedrill_")
    assert effect.present(data)
    assert undo.put_back(undoing) is True
    assert undo.put_back(undoing) is False


@network
def test_only_the_faults_own_rules_are_taken_away(net: Net) -> None:
    theirs, ours = (EFFECTS["filter"].aim(net.target, parted()) for _ in range(2))
    for each in (theirs, ours):
        EFFECTS["filter"].inject(each)
    EFFECTS["filter"].clear(ours)
    assert EFFECTS["filter"].present(theirs)
    assert not EFFECTS["filter"].present(ours)
    EFFECTS["filter"].clear(theirs)


@network
@pytest.mark.parametrize("wire", [loss("50%"), rate("1mbit")], ids=["loss", "rate"])
def test_what_a_person_is_told_to_do_puts_it_back(net: Net, wire: Any) -> None:
    effect = EFFECTS[wire["effect"]]
    data = effect.aim(net.target, wire)
    effect.inject(data)
    subprocess.run(effect.by_hand(data), shell=True, check=True)
    assert not effect.present(data)


@network
async def test_a_lease_that_ends_puts_it_back(net: Net) -> None:
    ledger = Ledger({"uplink": HostPlace("uplink", net.target)})
    await ledger.put("a-fault", Order("uplink", ledger.aim("a-fault", "uplink", loss("50%")).wire, 0.05, None))
    assert "firedrill_" in net.state()
    async with asyncio.timeout(5):
        while ledger.faults:  # noqa: ASYNC110 - the ledger tells its holders, and this fault has none
            await asyncio.sleep(0.01)
    assert "firedrill_" not in net.state()


@network
@pytest.mark.parametrize("kind", [packet_loss, packet_delay, packet_corruption, packet_rate, partition], ids=lambda kind: kind.KIND.name)
async def test_the_example_of_each_kind_does_what_it_says_or_is_refused_with_the_reason(net: Net, kind: Any) -> None:
    (entry,) = yaml.safe_load(kind.KIND.example)
    wire = kind.wire(kind.KIND.settings.model_validate(entry[kind.KIND.name]))
    if "netem" in wire.get("discipline", []) and not _has_netem():
        with pytest.raises(Rejected, match=r"this kernel does not know the queueing discipline netem \(sch_netem\): Error: "):
            aimed(net, wire)
        return
    effect = aimed(net, wire)
    before = net.state()
    await effect.apply()
    assert net.state() != before
    await effect.lift()


def _has_netem() -> bool:
    return (
        subprocess.run(["unshare", "-n", "tc", "qdisc", "add", "dev", "lo", "root", "netem"], check=False, capture_output=True).returncode
        == 0
    )


@network
def test_a_queue_that_somebody_chose_is_not_replaced(net: Net) -> None:
    run("tc", "-n", net.near, "qdisc", "add", "dev", "uplink", "root", "handle", "7:", "pfifo", "limit", "9")
    try:
        with pytest.raises(Rejected, match="uplink has a queueing discipline that somebody chose, pfifo 7:"):
            aimed(net, rate("1mbit"))
    finally:
        run("tc", "-n", net.near, "qdisc", "del", "dev", "uplink", "root")


@network
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"interface": "lo"}, "lo is in firedrill's own network namespace and is loopback"),
        ({"interface": "lo", "namespace": "/proc/self/ns/net"}, "lo is in firedrill's own network namespace"),
        ({"interface": "no-such"}, "there is no network interface no-such: "),
        ({"interface": "uplink", "namespace": "no-such"}, "there is no network namespace no-such"),
    ],
)
def test_what_is_not_there_or_may_be_our_own_is_refused_in_a_sentence(target: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        HostPlace("uplink", {"network": target}).aim("a-fault", loss("50%"))


@network
def test_our_own_may_be_aimed_at_by_who_says_so() -> None:
    data = HostPlace("uplink", {"network": {"interface": "lo", "even-our-own": True}}).aim("a-fault", loss("50%")).undo
    assert data is not None
    assert undo.present(data) is False


@network
def test_what_was_done_in_a_namespace_that_is_gone_went_with_it(net: Net) -> None:
    alone = f"firedrill-alone-{os.getpid()}"
    run("ip", "netns", "add", alone)
    data = EFFECTS["filter"].aim({"network": {"namespace": alone, "interface": "lo"}}, loss("50%"))
    EFFECTS["filter"].inject(data)
    assert EFFECTS["filter"].present(data)
    run("ip", "netns", "del", alone)
    assert not EFFECTS["filter"].present(data)
    run("ip", "netns", "add", alone)
    try:
        assert not EFFECTS["filter"].present(data)
    finally:
        run("ip", "netns", "del", alone)


@network
def test_without_the_right_to_it_is_refused_and_a_leftover_is_said_with_its_command(net: Net) -> None:
    data = EFFECTS["filter"].aim(net.target, loss("50%"))
    EFFECTS["filter"].inject(data)
    try:
        said = _powerless(net.target, undo_of("a-fault", "uplink", "filter", dict(data)))
        assert said["aim"].startswith("the network cannot be broken without CAP_NET_ADMIN and CAP_SYS_ADMIN: run firedrill as root")
        assert f"do by hand: nsenter --net=/run/netns/{net.near} nft delete table netdev {data['table']}" in said["undo"]
    finally:
        EFFECTS["filter"].clear(data)


POWERLESS = """
import json, sys
from firedrill.core.errors import LeftOver
from firedrill.faults.holding.effects import Rejected
from firedrill.faults.host import undo
from firedrill.faults.host.known import EFFECTS
undo.TRIES, told, said = 1, json.load(sys.stdin), {}
try:
    EFFECTS["filter"].aim(told["target"], {"effect": "filter", "share": 1})
except Rejected as refused:
    said["aim"] = refused.message
try:
    undo.put_back(told["undo"])
except LeftOver as left:
    said["undo"] = str(left)
print(json.dumps(said))
"""


def _powerless(target: dict[str, Any], undoing: dict[str, Any]) -> dict[str, str]:
    """What a process without capabilities is told."""
    ran = subprocess.run(
        ["setpriv", "--inh-caps=-all", "--bounding-set=-all", sys.executable, "-c", POWERLESS],
        input=json.dumps({"target": target, "undo": undoing}), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return dict(json.loads(ran.stdout))
