"""`firedrill undo`: the ledger is played whole, whatever a journal says; what a journal alone says is shown, and run only when trusted."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from firedrill.cli import main
from firedrill.conduct.ledger import state_directory
from firedrill.core.events import SCHEMA
from firedrill.core.journal import NAME

STARTED = {"seq": 1, "t": 0.0, "kind": "drill.started", "source": "engine", "source_at": None, "schema": SCHEMA, "drill": "exp-1",
           "experiment": "exp", "environment": "local", "plan": {}, "wall": 0.0, "versions": {}}  # fmt: skip


def rollbacks(folder: Path, *files: str, root: Path | None = None, **provider: Any) -> dict[str, Any]:
    """The undo of a method whose rollbacks each make a file."""
    made = [
        {"type": "action", "name": name, "provider": provider or {"type": "process", "path": "touch", "arguments": [str(folder / name)]}}
        for name in files
    ]
    return {"kind": "chaos-rollbacks", "root": str(root or folder), "experiment": {
        "title": "innocent", "description": "d", "configuration": {}, "secrets": {}, "method": [], "rollbacks": made,
    }}  # fmt: skip


def page(drill: str, content: object) -> Path:
    path = state_directory() / "open" / f"{drill}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def owes(drill: str, **undos: object) -> Path:
    return page(drill, {"drill": drill, "journal": "gone", "undos": undos})


def journal(folder: Path, *entries: Mapping[str, Any] | str, started: Mapping[str, Any] = STARTED) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    numbered = [{"seq": number, "t": 1.0, "source": "x", "source_at": None, **entry} for number, entry in enumerate(entries, 2)]
    (folder / NAME).write_text("".join(json.dumps(entry) + "\n" for entry in (started, *numbered)), encoding="utf-8")
    return folder


def intends(fault: str, undo: object) -> dict[str, Any]:
    return {"kind": "fault.intended", "fault": fault, "undo": undo}


@pytest.fixture
def undo(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """The command in this process: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        try:
            main(["undo", *words])
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
        told = capfd.readouterr()
        assert "Traceback" not in told.err, told.err
        assert isinstance(code, int | None)
        return code or 0, told.out, told.err

    return run


class Thief(HTTPServer):
    """A server that keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Thief)
        self.server.asked.append(f"{self.command} {self.path} {self.headers.get('Authorization')}")
        faults = [{"name": "x", "holder": None}] * (len(self.server.asked) == 1)
        body = json.dumps({"instance": "i", "faults": faults}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def thief() -> Iterator[Thief]:
    server = Thief()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


FOREIGN: Mapping[str, Callable[[Path], dict[str, Any]]] = {
    "a process": lambda folder: rollbacks(folder, "PWNED"),
    "a module of the folder's own": lambda folder: rollbacks(
        folder, "tidy up", root=folder / "exp" / "exp-1", type="python", module="helper", func="run"
    ),
    "a way back": lambda folder: {
        "kind": "host", "fault": "x", "target": "t", "effect": "kill",
        "aimed": {
            "processes": [{"pid": 999999999, "started": 1}], "process": {"name": "nosuchprog"}, "under": [], "key": "k", "signal": "KILL",
            "back": {"argv": ["touch", str(folder / "PWNED")], "cwd": "/", "kept": False, "engine": {"pid": 999999999, "started": 1}},
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_only_a_journal_lists_is_shown_in_full_and_nothing_of_it_is_run(kind: str, tmp_path: Path, undo: Any) -> None:
    folder = journal(tmp_path / "exp" / "exp-1", intends("x", FOREIGN[kind](tmp_path)))
    (folder / "helper.py").write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'PWNED')!r}).touch()\ndef run(): ...\n")
    code, out, err = undo(str(folder))
    assert code == 4
    assert not (tmp_path / "PWNED").exists()
    assert f"run `firedrill undo {folder} --trust-folder`" in out
    shown = {"a process": f'run the command "touch {tmp_path / "PWNED"}"', "a way back": f'run the command "touch {tmp_path / "PWNED"}"'}
    assert shown.get(kind, f'import the module "helper", looked for in "{folder}" first, and call "run"') in err
    code, out, _ = undo(str(folder), "--json")
    assert (code, json.loads(out)["drills"][0]["untrusted"]) == (4, {"x": FOREIGN[kind](tmp_path)})


def test_no_environment_variable_goes_to_a_host_that_a_foreign_journal_names(
    tmp_path: Path, thief: Thief, monkeypatch: pytest.MonkeyPatch, undo: Any
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2-very-secret")
    api = f"http://127.0.0.1:{thief.server_port}"
    what = {"kind": "proxy", "api": api, "instance": "i", "token_env": "AWS_SECRET_ACCESS_KEY", "fault": "x", "target": "t"}
    folder = journal(tmp_path / "exp" / "exp-1", intends("x", what))
    code, _, err = undo(str(folder))
    assert (code, thief.asked) == (4, [])
    assert f'would clear the fault "x" at "{api}", with the value of your environment variable "AWS_SECRET_ACCESS_KEY"' in err
    assert undo(str(folder), "--trust-folder")[0] == 0
    assert "Bearer hunter2-very-secret" in thief.asked[1]


@pytest.mark.parametrize("kind", ["silences", "host"])
def test_no_address_of_a_foreign_journal_is_asked(kind: str, tmp_path: Path, thief: Thief, undo: Any) -> None:
    url = f"http://127.0.0.1:{thief.server_port}"
    silences = {"kind": "silences", "url": url, "author": "a", "lease": 1.0, "ends_with_drill": False}
    toxic = {"kind": "host", "fault": "x", "target": "t", "effect": "toxiproxy", "aimed": {"api": url, "proxy": "p", "toxic": None}}
    entry = {"kind": "silence.intended", "undo": silences} if kind == "silences" else intends("x", toxic)
    code, _, err = undo(str(journal(tmp_path / "exp" / "exp-1", entry)))
    assert (code, thief.asked) == (4, [])
    assert url in err


def test_a_folder_that_is_trusted_is_played_once(tmp_path: Path, undo: Any) -> None:
    folder = journal(tmp_path / "exp" / "exp-1", intends("method", rollbacks(tmp_path, "back")))
    assert undo(str(folder), "--trust-folder") == (0, "exp-1\n  method: the rollbacks of 'innocent' were played: back\n", "")
    (tmp_path / "back").unlink()
    assert undo(str(folder)) == (0, "exp-1: nothing left\n", "")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(("answer", "ran"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_a_person_at_a_terminal_is_asked(answer: bytes, ran: bool, tmp_path: Path) -> None:
    folder = journal(tmp_path / "exp" / "exp-1", intends("method", rollbacks(tmp_path, "back")))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "firedrill.cli", "undo", str(folder)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path) as asked:
        os.close(theirs)
        said = _read_until(ours, b"Run it?")
        os.write(ours, answer)
        said += _read_until(ours, b"\0")
    os.close(ours)
    assert b"touch" in said
    assert ((tmp_path / "back").exists(), asked.returncode) == (ran, 0 if ran else 4)


def _read_until(terminal: int, word: bytes) -> bytes:
    said = b""
    while word not in said:
        try:
            said += os.read(terminal, 4096)
        except OSError:  # everybody has left it
            break
    return said


def test_no_escape_sequence_of_a_journal_reaches_the_terminal(tmp_path: Path, undo: Any) -> None:
    evil = "\x1b[2J\x1b]0;title\x07 \u202e\r✓ pass"
    what = rollbacks(tmp_path, "x") | {"root": evil, evil: evil}
    folder = journal(tmp_path / "exp" / "exp-1", intends(evil, what), intends("other", {"kind": evil}), intends("third", {"kind": "host"}))
    for words in ((), ("--trust-folder",)):
        _, out, err = undo(str(folder), *words)
        assert not [letter for letter in out + err if not letter.isprintable() and letter != "\n"]


DAMAGED: Mapping[str, bytes] = {
    "empty": b"",
    "zeroes": b"\0" * 1000,
    "no start": json.dumps({"seq": 2, "t": 1.0, "kind": "noted", "text": "x"}).encode() + b"\n",
    "a hole": json.dumps(STARTED).encode() + b"\n" + json.dumps({"seq": 9, "t": 1.0, "kind": "noted", "text": "x"}).encode() + b"\n",
    "doubled": json.dumps(STARTED).encode() + b"\n" + json.dumps(STARTED).encode() + b"\n",
    "schema null": json.dumps({**STARTED, "schema": None}).encode() + b"\n",
    "schema x": json.dumps({**STARTED, "schema": "x"}).encode() + b"\n",
    "nested": b"[" * 100_000 + b"\n",
    "no object": b"[]\n5\nnull\n",
}


def test_the_ledgers_page_is_played_whole_however_damaged_the_journal_is(tmp_path: Path, undo: Any) -> None:
    for number, how in enumerate(DAMAGED):
        owed = owes("exp-1", **{f"method-{number}": rollbacks(tmp_path, "back") if how == "empty" else {"kind": "nothing"}})
        folder = tmp_path / "results" / "exp" / "exp-1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAME).write_bytes(DAMAGED[how])
        code, out, _ = undo("exp-1")
        assert (how, code, owed.exists()) == (how, 0, False)
        assert f"  method-{number}: t" in out
        assert "its journal is damaged" in out
    assert (tmp_path / "back").exists()
    code, out, _ = undo("exp-1")
    assert (code, "nothing left" in out, "What the ledger listed was undone: method-0, method-1, " in out) == (0, False, True)


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_journal_that_the_ledger_does_not_know_is_never_nothing_left(how: str, tmp_path: Path, undo: Any) -> None:
    folder = tmp_path / "results" / "exp" / "exp-1"
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(DAMAGED[how])
    code, out, _ = undo("exp-1")
    assert code == 4
    assert "its journal is damaged" in out
    assert "nothing left" not in out


def test_a_journal_of_a_newer_firedrill_is_refused_with_what_to_do(tmp_path: Path, undo: Any) -> None:
    journal(tmp_path / "results" / "exp" / "exp-1", started={**STARTED, "schema": SCHEMA + 1})
    code, out, _ = undo("exp-1")
    assert code == 4
    assert "was written by a newer firedrill (journal version 2, this one knows 1): undo it with that one" in out


def test_the_ledgers_own_copy_is_played_and_not_the_journals(tmp_path: Path, undo: Any) -> None:
    owes("exp-1", method=rollbacks(tmp_path, "back"))
    folder = journal(tmp_path / "elsewhere" / "exp-1", intends("method", rollbacks(tmp_path, "PWNED")))
    assert undo(str(folder))[0] == 0
    assert ((tmp_path / "back").exists(), (tmp_path / "PWNED").exists()) == (True, False)


def test_what_a_journal_lists_beside_the_page_is_shown_and_the_page_is_played(tmp_path: Path, undo: Any) -> None:
    owed = owes("exp-1", method=rollbacks(tmp_path, "back"))
    folder = journal(tmp_path / "elsewhere" / "exp-1", intends("other", rollbacks(tmp_path, "PWNED")))
    assert undo(str(folder))[0] == 4
    assert ((tmp_path / "back").exists(), (tmp_path / "PWNED").exists(), owed.exists()) == (True, False, False)


WRONG = ('{"drill": "a-2026', "[]", "null", '{"drill": "a", "undos": 5}', '{"drill": "a"}', '{"undos": [1]}', "", "[" * 100_000)


def test_pages_that_cannot_be_used_keep_no_other_from_being_undone(tmp_path: Path, undo: Any) -> None:
    bad, good = [page(f"a{number}", torn) for number, torn in enumerate(WRONG)], owes("b", method=rollbacks(tmp_path, "back"))
    code, out, _ = undo("--all")
    assert (code, [one.exists() for one in bad], good.exists()) == (4, [True] * len(bad), False)
    assert (tmp_path / "back").exists()
    for one in bad:
        assert f"the ledger's page {one} cannot be used" in out
        assert f"look for what {one.stem} broke, then remove it" in out
    owes("b", again={"kind": "nothing"})
    assert undo("b") == (0, "b\n  again: there was nothing to put back\n", "")


SHAPES: tuple[object, ...] = (
    5, None, [], "text", {}, {"kind": 5}, {"kind": "chaos-rollbacks"}, {"kind": "chaos-rollbacks", "root": 5, "experiment": {}},
    {"kind": "chaos-rollbacks", "root": "/", "experiment": None}, {"kind": "chaos-rollbacks", "root": "/nowhere", "experiment": {
        "title": "t", "rollbacks": [{"name": "x", "type": "action", "provider": {"type": "process", "path": "true"}}]}},
    {"kind": "chaos-rollbacks", "root": "/", "experiment": {"title": "t", "rollbacks": [5]}},
    {"kind": "chaos-rollbacks", "root": "/", "file": 5, "experiment": {"title": "t", "rollbacks": [{"name": "x"}]}},
    {"kind": "silences"}, {"kind": "silences", "url": 5, "author": "a"}, {"kind": "silences", "url": "file:///etc/passwd", "author": "a"},
    {"kind": "proxy", "fault": "x"}, {"kind": "proxy", "fault": "x", "api": 5}, {"kind": "proxy", "fault": 5, "api": "http://x:99999"},
    {"kind": "host"}, {"kind": "host", "effect": "pause", "fault": "x", "target": "t", "aimed": None}, {"kind": "host", "effect": []},
    {"kind": "host", "effect": "pause", "fault": "x", "target": "t", "aimed": {"processes": [{"pid": "abc", "started": 1}]}},
    {"kind": "host", "effect": "kill", "fault": "x", "target": "t", "aimed": {"processes": 5}},
    {"kind": "host", "effect": "toxiproxy", "fault": "x", "target": "t", "aimed": {"api": 5}},
    {"kind": "host", "effect": "disk", "fault": "x", "target": "t", "aimed": {}},
)  # fmt: skip


def test_undos_of_another_shape_are_sentences_and_keep_no_other_from_being_tried(tmp_path: Path, undo: Any) -> None:
    owed = owes("a", **{f"x{number}": shape for number, shape in enumerate(SHAPES)}, method=rollbacks(tmp_path, "back"))
    code, out, _ = undo("--all", "--json")
    (answer,) = json.loads(out)["drills"]
    assert (tmp_path / "back").exists()
    assert (code, list(answer["done"])) == (4, ["method"])
    # The page lists what is left, and that alone.
    assert json.loads(owed.read_text())["undos"] == {f"x{number}": shape for number, shape in enumerate(SHAPES)}
    assert [why for why in answer["failed"].values() if "may" not in why and "is left over" not in why] == []
    code, _, _ = undo(str(journal(tmp_path / "exp" / "exp-1", *(intends(f"x{n}", shape) for n, shape in enumerate(SHAPES)))))
    assert code == 4


def test_the_refusal_of_a_drill_names_every_page(tmp_path: Path) -> None:
    from firedrill.conduct.undo import refuse_leftovers
    from firedrill.core.errors import LeftOver

    page("a", "{")
    owes("b", x=5, y={"kind": "silences"})
    owes("c", method=rollbacks(tmp_path, "back"))
    owes("d", gone={"kind": "nothing"})
    with pytest.raises(LeftOver) as refused:
        refuse_leftovers()
    first, second, third = str(refused.value).splitlines()
    assert "look for what a broke" in first
    assert second == "an earlier drill, b, may have left x, y: run `firedrill undo b` first"
    assert third == "an earlier drill, c, may have left method: run `firedrill undo c` first"
    assert not (state_directory() / "open" / "d.json").exists()


def test_a_rollback_that_was_played_is_not_played_again(tmp_path: Path, undo: Any) -> None:
    owes("a", method=rollbacks(tmp_path, "one", "two") | {"played": ["one"]})
    assert undo("--all")[0] == 0
    assert ((tmp_path / "one").exists(), (tmp_path / "two").exists()) == (False, True)
    ended = {"kind": "activity.ended", "name": "two", "type": "action", "stage": "rollbacks", "status": "succeeded", "error": None}
    folder = journal(tmp_path / "exp" / "exp-1", intends("method", rollbacks(tmp_path, "one", "two")), ended)
    (tmp_path / "two").unlink()
    assert undo(str(folder), "--trust-folder")[0] == 0
    assert ((tmp_path / "one").exists(), (tmp_path / "two").exists()) == (True, False)


@pytest.mark.parametrize("name", ["**", "*", "exp-?", "[e]xp-1", "e" * 5000, "exp/../exp/exp-1\0"])
def test_a_name_is_no_pattern(name: str, tmp_path: Path, undo: Any) -> None:
    journal(tmp_path / "results" / "exp" / "exp-1", intends("x", {"kind": "nothing"}))
    code, out, err = undo(name)
    assert (code, out) == (2, "")
    assert "no drill" in err


def test_pages_that_are_no_plain_files_or_nested_without_an_end_keep_no_other_from_being_undone(tmp_path: Path, undo: Any) -> None:
    os.mkfifo(owes("z", method=rollbacks(tmp_path, "back")).with_name("a.json"))
    for depth in range(900, 1000):  # up to where Python gives up, in whatever depth of its own stack
        page(f"a{depth}", '{"undos":{"x":{"kind":"nothing"},"y":' + "[" * depth + "]" * depth + "}}")
    code, out, _ = undo("--all")
    assert (code, (tmp_path / "back").exists()) == (4, True)
    assert "a.json cannot be used (it is no file that can be read): look for what a broke" in out
    assert out.count("cannot be used (it is torn: it is nested more than") == 100


PLAYED: Mapping[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b'garbage\n"two\n\0\0\0\n[]\n5\n'),
    "a folder": os.mkdir,
    "a link": lambda path: path.symlink_to("/etc/passwd"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("how", PLAYED)
def test_a_note_of_rollbacks_that_cannot_be_read_keeps_no_undo_from_being_tried(how: str, tmp_path: Path, undo: Any) -> None:
    owes("b", method=rollbacks(tmp_path, "other"))
    noted = owes("a", method=rollbacks(tmp_path, "back"), other={"kind": "nothing"}).with_suffix(".played")
    PLAYED[how](noted)
    code, out, _ = undo("--all")
    assert (tmp_path / "other").exists()
    assert "other: there was nothing to put back" in out
    if code:
        assert f"since {noted} cannot be read" in out
        noted.rmdir() if noted.is_dir() else noted.unlink()
        assert undo("--all")[0] == 0
    assert (tmp_path / "back").exists()


@pytest.mark.parametrize("command", [["undo", "--all"], ["undo", "exp-1"], ["stop"]])
def test_a_ledger_that_cannot_be_read_is_never_nothing_left(command: list[str], tmp_path: Path) -> None:
    owes("exp-1", method=rollbacks(tmp_path, "back"))
    for broken in (state_directory() / "open", state_directory()):
        broken.rename(broken.with_name("aside"))
        broken.touch()
        done = subprocess.run(
            [sys.executable, "-m", "firedrill.cli", *command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 4
        assert "firedrill/open cannot be read: Not a directory; what earlier drills may have left is not known until it can" in done.stderr
        broken.unlink()
        broken.with_name("aside").rename(broken)


def test_a_state_directory_that_is_not_absolute_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".local" / "state" / "firedrill"
