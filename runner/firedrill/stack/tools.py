"""promtool and amtool, asked what they think of a file: bounded in time and words, without a shell, by no name that a file chose.

Knows where they are and what they print; refuses to know what a rule or a route means. A text is handed over in memory, so that nothing is
written; a file is named by its whole path.
"""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from firedrill.core.errors import FiredrillError
from firedrill.stack import install

T = TypeVar("T")
OF = {"promtool": "prometheus", "amtool": "alertmanager"}
"""Each tool with the program that it speaks for."""
PATIENCE = 20.0
WORDS = 1 << 20
"""Bytes of its answer that are read."""
AT_ONCE = 2
AT_MOST = 100
"""Files that one process is given."""
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
_AT = re.compile(r"(?P<line>\d+):(?P<column>\d+): ")
_LINE = re.compile(r"(?:yaml: )?line (?P<line>\d+): ")
_PANIC = re.compile(r"(?:^|')(?P<words>(?:panic|fatal error): [^\n]*?)(?: \[recovered\])?$", re.MULTILINE)
_PANICKED = 2
"""The exit code of what is written in Go and ends in a panic."""
_GROUP = re.compile(r'group "(?P<group>(?:[^"\\]|\\.)*)", rule (?P<rule>\d+), "(?:[^"\\]|\\.)*": ')


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is refused; the line and column that were told, 0 where none was, and the rule that is meant, if one is."""

    words: str
    line: int = 0
    column: int = 1
    group: str = ""
    rule: int = 0


def find(tool: str) -> Path | None:
    """The tool of the program that a drill would start; where there is none, the one on PATH. None too where it is of another version."""
    path, elsewhere = install.located(OF[tool]), shutil.which(tool)
    if path is None:
        return Path(elsewhere).absolute() if elsewhere else None
    for folder in (path.parent, path.resolve().parent):
        if found := shutil.which(tool, path=str(folder)):
            return Path(found).absolute()
    program = install.find(OF[tool]) if elsewhere else None
    return Path(elsewhere).absolute() if elsewhere and program and _version(elsewhere) == program.version else None


def _version(tool: str) -> str:
    return install.parse_version(_answer([tool, "--version"], ())[1])


def rules(promtool: Path, texts: Sequence[str]) -> list[list[Refusal]]:
    """What Prometheus would refuse of each rule file; one process for all of them. FiredrillError when it does not answer."""
    if len(texts) > AT_MOST:
        return rules(promtool, texts[:AT_MOST]) + rules(promtool, texts[AT_MOST:])
    if not texts:
        return []
    with ExitStack() as held:
        files = [held.enter_context(os.fdopen(_in_memory(text), "rb")) for text in texts]
        names = [f"/proc/self/fd/{file.fileno()}" for file in files]
        code, said = _answer([str(promtool), "check", "rules", "--lint=none", *names], [file.fileno() for file in files])
    found = _by_file(said, names)
    if (panic := _panic(code, said)) and len(texts) > 1:  # nothing is said of those after it
        return [refusals for text in texts for refusals in rules(promtool, [text])]
    if panic:
        return [[panic]]
    if code and not any(found):
        raise FiredrillError(f"{promtool} ended with exit code {code}: {said.strip()[-500:] or 'it said nothing'}")
    return found


def routes(amtool: Path, text: str | Path) -> list[Refusal]:
    """What Alertmanager would refuse of a configuration, a text or a file. FiredrillError when it does not answer."""
    if isinstance(text, Path):
        code, said = _answer([str(amtool), "check-config", str(text.absolute())], ())
    else:
        with os.fdopen(_in_memory(text), "rb") as file:
            code, said = _answer([str(amtool), "check-config", f"/proc/self/fd/{file.fileno()}"], [file.fileno()])
    if not code:
        return []
    if panic := _panic(code, said):
        return [panic]
    words = said.rpartition("FAILED: ")[2].partition("amtool: error:")[0].strip() if "FAILED: " in said else ""
    if not words:
        raise FiredrillError(f"{amtool} ended with exit code {code}: {said.strip()[-500:] or 'it said nothing'}")
    return list(_refusals(words))


def _panic(code: int, said: str) -> Refusal | None:
    """What ends the tool ends the program that it speaks for."""
    found = _PANIC.search(said) if code == _PANICKED else None
    return Refusal(found["words"]) if found else None


def together(asks: Sequence[Callable[[], T]]) -> list[T]:
    """Answers in order, of questions that are asked side by side."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda ask: ask(), asks))


def _in_memory(text: str) -> int:
    descriptor = os.memfd_create("firedrill", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _answer(command: Sequence[str], descriptors: Sequence[int]) -> tuple[int, str]:
    """Exit code and all that it printed; FiredrillError when it cannot be started, says too much or does not end."""
    tool = command[0]
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_ENVIRONMENT,
            pass_fds=descriptors,
        )
    except OSError as error:
        raise FiredrillError(f"{tool} cannot be started: {error.strerror}") from error
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(PATIENCE, end)
    timer.start()
    try:
        assert process.stdout is not None
        with process, process.stdout as out:
            said = out.read(WORDS)
            full = len(said) == WORDS
            if full:
                process.kill()
            code = process.wait()
    finally:
        timer.cancel()
        process.kill()
    if late.is_set() or full:
        raise FiredrillError(f"{tool} {'says more than anybody can read' if full else f'did not answer within {PATIENCE:g} s'}")
    return code, said.decode(errors="replace")


def _by_file(said: str, names: Sequence[str]) -> list[list[Refusal]]:
    """promtool begins each refusal with the file's name; what follows on lines of its own belongs to it."""
    found: dict[str, list[str]] = {name: [] for name in names}
    last: list[str] | None = None
    for line in said.splitlines():
        name, colon, words = line.partition(": ")
        if colon and name in found:
            last = found[name]
            last.append(words)
        elif line.startswith("Checking ") or line.strip() in {"FAILED:", ""} or line.lstrip().startswith("SUCCESS:"):
            continue
        elif last:
            last[-1] += f"\n{line}"
    return [list(dict.fromkeys(refusal for words in found[name] for refusal in _refusals(words))) for name in names]


def _refusals(words: str) -> Iterator[Refusal]:
    """One, or one for each line that YAML's own reader names."""
    head, *rest = words.splitlines() or [""]
    if rest and head.rstrip(":").endswith("unmarshal errors"):
        for line in filter(str.strip, rest):
            told = _LINE.match(line.strip())
            yield Refusal(line.strip()[told.end() :], int(told["line"])) if told else Refusal(line.strip())
        return
    at = _AT.match(words) or _LINE.match(words)
    number, column = (int(at["line"]), int(at.groupdict().get("column") or 1)) if at else (0, 1)
    words = words[at.end() :] if at else words
    of = _GROUP.match(words)
    words = " ".join((words[of.end() :] if of else words).split())
    yield Refusal(words, number, max(column, 1), of["group"] if of else "", int(of["rule"]) if of else 0)
