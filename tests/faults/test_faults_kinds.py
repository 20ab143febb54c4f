"""Every kind of fault keeps the contract; what a person may get wrong is said in a sentence."""

import importlib
import json
import pkgutil
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from firedrill.core.kinds import FaultKind
from firedrill.core.model.declared import Declared
from firedrill.core.model.suite import KINDS as TARGET_KINDS
from firedrill.faults import kinds
from firedrill.faults.host.known import EFFECTS
from firedrill.faults.kinds import bandwidth, down, latency, limit_data, nothing, reset, slicer, slow_close, timeout
from firedrill.faults.proxy.dns import DnsPlace, Responder
from firedrill.faults.proxy.effects import ForwardPlace
from firedrill.faults.proxy.forward import Forward, Way
from firedrill.faults.proxy.http.faults import parse
from firedrill.faults.proxy.tls import TlsForward, TlsPlace
from firedrill.faults.receivers import ReceiverPlace
from firedrill.watch.pagers.ailing import Ailments

KINDS: list[FaultKind] = [
    importlib.import_module(f"{kinds.__name__}.{module.name}").KIND for module in pkgutil.iter_modules(kinds.__path__)
]
NETWORK = {"bandwidth", "down", "latency", "limit_data", "reset", "slicer", "slow_close", "timeout"}
RESERVED = {"name", "at", "for"}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> FaultKind:
    return request.param


def _written(kind: FaultKind) -> dict[str, object]:
    entries = yaml.safe_load(kind.example)
    assert len(entries) == 1
    return entries[0]


def test_a_kind_has_the_name_of_its_file(kind: FaultKind) -> None:
    assert importlib.import_module(f"{kinds.__name__}.{kind.name.replace('-', '_')}").KIND is kind


def test_an_example_is_one_list_entry_whose_first_key_is_the_kind(kind: FaultKind) -> None:
    entry = _written(kind)
    assert next(iter(entry)) == kind.name
    assert set(entry) <= {kind.name} | RESERVED
    assert "for" in entry


def test_an_example_is_read_by_its_settings_and_they_survive_being_written(kind: FaultKind) -> None:
    settings = kind.settings.model_validate(_written(kind)[kind.name] or {})
    written = settings.model_dump(mode="json", by_alias=True)
    assert kind.settings.model_validate(json.loads(json.dumps(written))) == settings


def test_a_wire_message_is_json_that_a_holder_takes_or_nothing(kind: FaultKind, tmp_path: Path) -> None:
    wire = kind.wire(kind.settings.model_validate(_written(kind)[kind.name] or {}))
    if wire is not None:
        assert json.loads(json.dumps(wire)) == wire
        assert _taken(kind, wire, tmp_path)


def _taken(kind: FaultKind, wire: Mapping[str, Any], folder: Path) -> bool:
    if "effect" in wire:
        return wire["effect"] in EFFECTS
    if "http" in wire:
        return parse(wire["http"], "a-fault").settings.model_dump(exclude_unset=True) == wire["http"]
    return _taken_by_a_receiver(wire) if "receiver" in kind.acts_on else _taken_by_a_proxy(kind, wire, folder)


def _taken_by_a_proxy(kind: FaultKind, wire: Mapping[str, Any], folder: Path) -> bool:
    if "dns" in kind.acts_on:
        return DnsPlace(Responder({}, None)).aim("a-fault", wire).wire == wire
    way = Way("bureau", "127.0.0.1:0", "127.0.0.1:1")
    forward = TlsForward(way, "bureau.test", folder / "ca.pem") if kind.acts_on == ("tls",) else Forward(way)
    try:
        place = TlsPlace(forward) if isinstance(forward, TlsForward) else ForwardPlace(forward)
        return place.aim("a-fault", wire).wire == wire
    finally:
        forward.close()


def _taken_by_a_receiver(wire: Mapping[str, Any]) -> bool:
    return ReceiverPlace("on-call", Ailments()).aim("a-fault", wire).wire == wire


def test_a_kind_acts_on_a_kind_of_target_that_there_is(kind: FaultKind) -> None:
    assert set(kind.acts_on) <= {"forward", "http", *TARGET_KINDS}


def test_a_kind_says_what_it_is_in_a_sentence(kind: FaultKind) -> None:
    assert kind.summary.endswith(".")
    assert kind.undo.endswith(".")
    assert kind.changes
    assert kind.settings.__doc__


def test_latency_is_told_in_milliseconds() -> None:
    settings = latency.Latency(target="bureau", delay="1s500ms", jitter="50ms")
    assert latency.wire(settings) == {"type": "latency", "stream": "downstream", "attributes": {"latency": 1500, "jitter": 50}}


def test_reset_is_told_in_milliseconds_and_at_once_when_left_out() -> None:
    assert reset.wire(reset.Reset(target="bureau", after="2s"))["attributes"] == {"timeout": 2000}
    assert reset.wire(reset.Reset(target="bureau"))["attributes"] == {"timeout": 0}


def test_down_switches_the_proxy_off() -> None:
    assert down.wire(down.Down(target="bureau")) == {"enabled": False}


def test_nothing_tells_nobody() -> None:
    assert nothing.wire(nothing.Nothing()) is None


@pytest.mark.parametrize(
    ("settings", "wire"),
    [
        (bandwidth.Bandwidth(target="bureau", rate="50KB/s"), {"type": "bandwidth", "attributes": {"rate": 50}}),
        (timeout.Timeout(target="bureau", after="2s"), {"type": "timeout", "attributes": {"timeout": 2000}}),
        (timeout.Timeout(target="bureau"), {"type": "timeout", "attributes": {"timeout": 0}}),
        (slow_close.SlowClose(target="bureau", delay="1s"), {"type": "slow_close", "attributes": {"delay": 1000}}),
        (limit_data.LimitData(target="bureau", bytes="2KB"), {"type": "limit_data", "attributes": {"bytes": 2000}}),
        (
            slicer.Slicer(target="bureau", size="64B", variation="16B", delay="10ms"),
            {"type": "slicer", "attributes": {"average_size": 64, "size_variation": 16, "delay": 10_000}},
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_kind_is_told_in_the_units_of_its_toxic(settings: Declared, wire: Mapping[str, Any]) -> None:
    module = importlib.import_module(type(settings).__module__)
    assert module.KIND.wire(settings) == {"stream": "downstream", **wire}


def test_a_direction_a_share_and_where_from_are_told_beside_the_attributes(tmp_path: Path) -> None:
    chosen = {"direction": "upstream", "share": "30%", "from": ["10.1.0.0/16", "10.2.3.4"]}
    wire = reset.wire(reset.Reset.model_validate({"target": "bureau", **chosen}))
    beside = {"stream": "upstream", "toxicity": 0.3, "from": ["10.1.0.0/16", "10.2.3.4/32"]}
    assert wire == {"type": "reset_peer", **beside, "attributes": {"timeout": 0}}
    assert _taken_by_a_proxy(reset.KIND, wire, tmp_path)


@pytest.mark.parametrize(
    ("kind", "settings", "where", "words"),
    [
        (reset.Reset, {"share": "0%"}, "share", "a share of 0% acts on no connection: write more, or leave the fault out"),
        (reset.Reset, {"from": "10.1.2.3/16"}, "from", "'10.1.2.3/16' is neither an address nor a network: write 10.1.0.0/16"),
        (reset.Reset, {"from": ["office"]}, "from", "'office' is neither an address nor a network: write 10.1.2.3 or 10.1.0.0/16"),
        (bandwidth.Bandwidth, {"rate": "0B/s"}, "rate", "a rate of 0 lets nothing through: write 1KB/s or more, or the fault `timeout`"),
        (bandwidth.Bandwidth, {"rate": "1500B/s"}, "rate", "a rate is in whole KB/s, not 1500B/s: write 2KB/s"),
        (bandwidth.Bandwidth, {"rate": "50KB"}, "rate", "'50KB' is not a rate such as 50KB/s"),
        (bandwidth.Bandwidth, {"rate": 50}, "rate", "50KB/s or the like is expected here, with its unit"),
        (slow_close.SlowClose, {"delay": "0s"}, "delay", "a delay of 0s delays nothing: write 1ms or more, or leave the fault out"),
        (slicer.Slicer, {"size": "0B"}, "size", "a slice has 1B at least"),
        (slicer.Slicer, {"size": "8B", "variation": "9B"}, "variation", "a variation of 9B is more than the size of 8B"),
        (limit_data.LimitData, {"bytes": "2KiB"}, "bytes", "1 KB is 1000 B here: write 2048B"),
    ],
)
def test_what_would_do_nothing_or_cannot_be_is_refused_in_a_sentence(
    kind: type[Declared], settings: Mapping[str, object], where: str, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate({"target": "bureau", **settings})
    (error,) = caught.value.errors()
    assert (error["loc"], error["msg"]) == ((where,), words)


def _complaint(**settings: str) -> tuple[tuple[int | str, ...], str]:
    with pytest.raises(ValidationError) as caught:
        latency.Latency.model_validate({"target": "bureau", **settings})
    (error,) = caught.value.errors()
    return error["loc"], error["msg"]


def test_a_delay_of_nothing_is_refused() -> None:
    assert _complaint(delay="0s") == (("delay",), "a delay of 0s delays nothing: write 1ms or more, or leave the fault out")


def test_a_jitter_above_the_delay_is_refused() -> None:
    words = "a jitter of 1s is more than the delay of 500ms: nothing arrives early"
    assert _complaint(delay="500ms", jitter="1s") == (("jitter",), words)


def test_a_jitter_is_not_blamed_for_a_wrong_delay() -> None:
    assert _complaint(delay="5", jitter="1s")[0] == ("delay",)


def test_the_page_on_the_network_has_an_example_of_every_kind_and_each_is_read() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "break-the-network.md").read_text(encoding="utf-8")
    entries = [entry for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) for entry in yaml.safe_load(block)]
    known = {kind.name: kind for kind in KINDS}
    for entry in entries:
        name = next(iter(entry))
        assert known[name].settings.model_validate(entry[name])
    assert {next(iter(entry)).replace("-", "_") for entry in entries} == NETWORK
