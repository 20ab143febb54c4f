"""The system under drill: started, ready or explained, and ended with everything it started."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from firedrill.core.errors import FiredrillError
from firedrill.core.model import suite
from firedrill.core.units import Duration
from firedrill.stack import addresses
from firedrill.stack.system import System, argv

Mine = Callable[[], dict[int, str]]
SERVER = "python -m http.server --bind 127.0.0.1 --directory {folder} {port}"


@pytest.fixture
def api() -> dict[str, str]:
    return addresses.choose({"api": "127.0.0.1:0"})


def server(folder: Path, api: dict[str, str]) -> str:
    return SERVER.format(folder=folder, port=addresses.split(api["api"])[1])


async def test_a_system_that_answers_is_ready_and_stop_ends_it(tmp_path: Path, mine: Mine, api: dict[str, str]) -> None:
    declared = suite.System(start=(server(tmp_path, api),), ready="http://<api>/")
    system = await System.start(tmp_path, declared, api, tmp_path / "logs")
    assert system.died() is None
    await system.stop()
    assert mine() == {}


async def test_a_command_that_ends_is_named_with_its_last_words_at_once(tmp_path: Path, api: dict[str, str]) -> None:
    (tmp_path / "broken.py").write_text("print('starting'); raise SystemExit('no database')")
    declared = suite.System(start=("python broken.py <api>",), ready="http://<api>/")
    began = time.monotonic()
    with pytest.raises(FiredrillError) as caught:
        await System.start(tmp_path, declared, api, tmp_path / "logs")
    assert time.monotonic() - began < 10
    command, _, words = str(caught.value).removeprefix("the system did not start: ").partition(" ended with exit code 1:\n")
    assert command == f"`{sys.executable} broken.py {api['api']}`"
    assert words == "starting\nno database"


async def test_a_system_that_is_never_ready_is_given_up_with_its_last_words(tmp_path: Path, mine: Mine, api: dict[str, str]) -> None:
    declared = suite.System(start=(server(tmp_path, api),), ready="http://<api>/missing", within=Duration(2))
    with pytest.raises(FiredrillError) as caught:
        await System.start(tmp_path, declared, api, tmp_path / "logs")
    said = str(caught.value)
    assert said.startswith(f"the system did not start: http://{api['api']}/missing was not ready within 2 s: it answers with status 404\n`")
    assert "logged last" in said
    assert '"GET /missing HTTP/1.1" 404' in said
    assert mine() == {}


async def test_a_program_that_is_not_there_is_said_to_be_missing(tmp_path: Path, api: dict[str, str]) -> None:
    declared = suite.System(start=("/no/such/program --x",), ready="http://<api>/")
    with pytest.raises(FiredrillError) as caught:
        await System.start(tmp_path, declared, api, tmp_path / "logs")
    assert str(caught.value) == (
        "the system did not start: `/no/such/program --x` ended with exit code 127: "
        "cannot start /no/such/program: No such file or directory"
    )


async def test_a_system_that_outlives_the_drill_is_only_asked_whether_it_is_ready(tmp_path: Path, api: dict[str, str]) -> None:
    theirs = await System.start(tmp_path, suite.System(start=(server(tmp_path, api),), ready="http://<api>/"), api, tmp_path / "theirs")
    system = await System.start(tmp_path, suite.System(ready="http://<api>/"), api, tmp_path / "logs")
    await system.stop()
    assert theirs.died() is None
    await theirs.stop()


def test_commands_are_split_like_a_shells_and_python_is_the_one_that_runs_us(api: dict[str, str]) -> None:
    words = argv("python -m demo --api <api> --title 'two words'", api)
    assert Path(words[0]).name.startswith("python")
    assert words[1:] == ["-m", "demo", "--api", api["api"], "--title", "two words"]
    assert argv("./serve $HOME", api) == ["./serve", "$HOME"]


def test_a_command_with_an_open_quote_is_explained() -> None:
    with pytest.raises(FiredrillError, match=r"^the start command \"x 'y\" cannot be split into words: no closing quotation$"):
        argv("x 'y", {})
