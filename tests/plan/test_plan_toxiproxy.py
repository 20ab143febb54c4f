"""A target at a Toxiproxy: what can be planned there."""

from types import SimpleNamespace as Suite

import pytest

from firedrill.core.errors import Refused
from firedrill.core.model.suite import Target


@pytest.fixture
def there(suite: Suite) -> object:
    return suite.environment().model_copy(update={"targets": {"bureau": Target(toxiproxy="http://127.0.0.1:8474")}})


def test_faults_of_connections_can_be_had_there_with_the_same_wire(suite: Suite, there: object) -> None:
    faults = [suite.fault("latency", target="bureau", delay="1s"), suite.fault("down", target="bureau", at="1m")]
    assert [each.wire for each in suite.plan(*faults, where=there).faults] == [each.wire for each in suite.plan(*faults).faults]


def test_a_fault_for_some_clients_only_is_refused_there(suite: Suite, there: object) -> None:
    some = suite.fault("latency", target="bureau", delay="1s", **{"from": "10.0.0.0/8"})
    assert suite.plan(some).faults
    with pytest.raises(Refused) as refused:
        suite.plan(some, where=there)
    words = "a Toxiproxy takes every client's connections alike: 'from' needs a fault proxy in front of bureau"
    assert str(refused.value) == f"e.yaml:3:5: {words}"
