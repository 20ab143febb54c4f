"""A target that is a proxy of a Toxiproxy: what is taken, and what is said of a wrong one at its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.spec.check import Checked

OWN = "        listen: <bureau-proxy>\n        upstream: <bureau>\n"
URL = "        toxiproxy: http://127.0.0.1:8474\n"
AT = "firedrill.yaml:21:9: environments.local.targets.bureau"


@pytest.fixture
def settings(suite: Path) -> Callable[[str], None]:
    """Writes another target into the sound suite."""

    def write(target: str) -> None:
        file = suite / "firedrill.yaml"
        assert OWN in file.read_text()
        file.write_text(file.read_text().replace(OWN, target))

    return write


def test_a_proxy_of_a_toxiproxy_is_a_target(settings: Callable[[str], None], checked: Callable[..., Checked]) -> None:
    settings(f"{URL}        as: credit_bureau\n")
    found = checked()
    assert found.problems == ()
    assert found.suite is not None
    target = found.suite.environments["local"].targets["bureau"]
    assert (target.kind, target.as_) == ("toxiproxy", "credit_bureau")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (URL + OWN, "a target is a toxiproxy, or an address with a proxy, not both"),
        (
            f"{URL}        process:\n          name: api\n",
            "a target is one of 'toxiproxy', 'process', 'machine', 'directory', 'stack', 'receiver', 'dns', 'tls' and 'network'",
        ),
        (f"{OWN}        as: credit_bureau\n", "'as' is a proxy's name at a Toxiproxy: it goes with 'toxiproxy'"),
        (
            "        toxiproxy: 127.0.0.1:8474\n",
            "a URL such as http://127.0.0.1:8474 is expected for 'toxiproxy', not '127.0.0.1:8474'",
        ),
        (
            "        toxiproxy: http://me:secret@127.0.0.1:8474\n",
            "a URL such as http://127.0.0.1:8474 is expected for 'toxiproxy', without credentials",
        ),
    ],
)
def test_a_wrong_one_is_told_at_its_place(
    settings: Callable[[str], None], said: Callable[..., list[str]], target: str, message: str
) -> None:
    settings(target)
    assert said() == [f"{AT}: {message}"]
