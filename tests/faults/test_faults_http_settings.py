"""What a person writes of an HTTP fault: what is refused in a sentence, what its holder is told, and on which target it can act."""

from typing import Any

import pytest
from click import UsageError
from pydantic import ValidationError

from firedrill.cli.proxy import _parts
from firedrill.core.kinds import Kinds
from firedrill.core.model.experiment import Experiment, Fault
from firedrill.core.model.suite import Embedded, Environment, Process, Stack, Target
from firedrill.core.units import Duration
from firedrill.faults.kinds import http_abort, http_delay, http_slow_body, http_status, http_truncate, latency
from firedrill.plan.limits import refusals
from firedrill.spec.suite import _reached

KINDS = Kinds(faults={kind.name: kind for kind in (http_status.KIND, latency.KIND)}, expectations={})


def refused(module: Any, **settings: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        module.KIND.settings.model_validate({"target": "bureau", **settings})
    (error,) = caught.value.errors()
    return str(error["msg"])


@pytest.mark.parametrize(
    ("module", "settings", "words"),
    [
        (http_abort, {"path": "offers"}, "a path begins with / or *, and has no query, such as /scores/*"),
        (http_abort, {"path": "/offers?a=b"}, "a path begins with / or *, and has no query, such as /scores/*"),
        (http_abort, {"method": "get"}, "a method is written in capitals, such as GET"),
        (http_abort, {"share": "0%"}, "a share of 0% touches nothing: write more, or leave the fault out"),
        (http_status, {"status": "200"}, "an HTTP status from 400 to 599 is expected, not '200'"),
        (http_delay, {"delay": "0s"}, "a delay of 0s delays nothing: write 1ms or more, or leave the fault out"),
        (http_delay, {"delay": "1s", "jitter": "2s"}, "a jitter of 2s is more than the delay of 1s: nothing arrives early"),
        (http_slow_body, {"rate": "0B/s"}, "a rate of 0B/s would never end: write 1B/s or more"),
    ],
)
def test_what_cannot_be_meant_is_refused(module: Any, settings: dict[str, Any], words: str) -> None:
    assert refused(module, **settings) == words


@pytest.mark.parametrize(
    ("module", "settings", "told"),
    [
        (http_status, {"status": "503", "share": "30%"}, {"type": "status", "status": 503, "path": "*", "share": 0.3}),
        (http_status, {"status": 500, "body": ""}, {"type": "status", "status": 500, "body": "", "path": "*", "share": 1.0}),
        (http_delay, {"delay": "1s500ms"}, {"type": "delay", "delay": 1500, "jitter": 0, "path": "*", "share": 1.0}),
        (http_abort, {"path": "/a", "method": "GET"}, {"type": "abort", "path": "/a", "method": "GET", "share": 1.0}),
        (http_truncate, {"bytes": "0B"}, {"type": "truncate", "bytes": 0, "path": "*", "share": 1.0}),
        (http_slow_body, {"rate": "2KB/s"}, {"type": "slow-body", "rate": 2000, "path": "*", "share": 1.0}),
    ],
)
def test_the_holder_is_told_in_bytes_and_milliseconds(module: Any, settings: dict[str, Any], told: dict[str, Any]) -> None:
    kind = module.KIND
    assert kind.wire(kind.settings.model_validate({"target": "bureau", **settings})) == {"http": told}


def refusals_of(kind: str, target: Target, **settings: Any) -> tuple[str, ...]:
    typed = KINDS.faults[kind].settings.model_validate({"target": "bureau", **settings})
    fault = Fault(kind=kind, settings=typed, name="f", at=Duration(0), for_=Duration(1), file="e.yaml", line=3, column=5)
    stack = Stack(embedded=Embedded(rules=(), alertmanager="a.yml", scrape=()))
    experiment = Experiment(name="e", file="e.yaml", title="E", faults=(fault,))
    return refusals(experiment, "local", Environment(stack=stack, targets={"bureau": target}), KINDS)


def test_a_target_of_plain_tcp_refuses_http_faults_and_one_of_http_takes_both() -> None:
    words = (
        "http-status acts on targets of kind http, and the target bureau of environment local is of kind forward; give it `protocol: http`"
    )
    assert refusals_of("http-status", Target(), status=503) == (f"e.yaml:3:5: {words}",)
    assert refusals_of("http-status", Target(protocol="http"), status=503) == ()
    assert refusals_of("latency", Target(protocol="http"), delay="1s") == ()


def test_a_process_speaks_no_protocol() -> None:
    assert _reached(Target(process=Process(name="x"), protocol="http")) == "a target is a process, or an address with a proxy, not both"
    assert _reached(Target(listen="a:1", upstream="b:2", protocol="http")) == ""


def test_the_command_line_says_http_in_front_of_the_upstream() -> None:
    assert _parts("bureau=127.0.0.1:1=http:127.0.0.1:2") == ("bureau", "127.0.0.1:1", "127.0.0.1:2", "http")
    assert _parts("bureau=127.0.0.1:1=127.0.0.1:2") == ("bureau", "127.0.0.1:1", "127.0.0.1:2", "tcp")
    with pytest.raises(UsageError):
        _parts("bureau=http:127.0.0.1:2")
