"""What the documentation shows is true: files validate, shipped files are quoted whole, commands exist, and cheap ones are run.

A block of YAML says in a comment above it what it is:

<!-- file: experiments/x.yaml -->     is written into a copy of the shipped suite
<!-- tutorial: shop.py -->            is written into a folder of the page's own, in which its later commands run
<!-- shipped: experiments/x.yaml -->  is that file of the repository, whole
<!-- entry -->                        is one or more entries of faults or expect
"""

import ast
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from docs.markdown import Block, Page, read_page
from firedrill.cli import group, main
from firedrill.cli.registry import kinds
from firedrill.spec.check import check

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
SUITE = ("firedrill.yaml", "oncall.yaml", "alerts", "slos", "probes", "scenarios", "experiments", "gamedays", "runbooks")
TUTORIAL = "tutorial"
LANGUAGES = {"yaml", "console", "text", "json", "python", "sh"}
CHEAP = ({"validate"}, {"plan"}, {"compile"}, {"catalog"}, {"schema"}, {"undo", "--all"}, {"stack", "status"}, {"gameday", "--plan"})
"""Words of commands that start nothing: they are run."""

OURS = re.compile(r"\s*(?:[A-Z_]+=\S*\s+)*(?:\S*/)?(firedrill|make)(?=\s|$)")
"""A command of ours, with variables and a folder before it."""


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped suite, with the working directory at its root."""
    for name in SUITE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, tmp_path / name)
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_page_shows_is_true(file: Path, suite: Path, makefile: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert file.is_file(), f"{file.relative_to(ROOT)} is not written"
    wrong = [f"{block.place}: {each}" for block in read_page(file, ROOT).blocks for each in _problems(block, suite, makefile, capsys)]
    wrong += [f"{file.relative_to(ROOT)}, with all its files written: {each}" for each in _unsound(suite)]
    assert wrong == []


def _problems(block: Block, suite: Path, makefile: str, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """What is wrong with one block; a file it shows is in the suite from then on."""
    if block.language not in LANGUAGES:
        yield f"a block is one of {', '.join(sorted(LANGUAGES))}, not {block.language or 'without a language'!r}"
    match block.says:
        case "file":
            yield from _write(block, suite)
        case "tutorial":
            (suite / TUTORIAL).mkdir(exist_ok=True)
            os.chdir(suite / TUTORIAL)
            yield from _write(replace(block, path=f"{TUTORIAL}/{block.path}"), suite)
        case "shipped":
            yield from _shipped(block)
        case "entry":
            yield from _entries(block)
        case _ if block.language == "yaml":
            yield "a block of YAML needs a comment above it: <!-- file: PATH -->, tutorial: PATH, shipped: PATH or <!-- entry -->"
    if block.language == "python":
        yield from _python(block)
    if block.language in {"console", "sh"}:
        yield from _shell(block, makefile, capsys)


def _write(block: Block, suite: Path) -> Iterator[str]:
    path = (suite / block.path).resolve()
    if not block.path or not path.is_relative_to(suite.resolve()) or path.is_relative_to(ROOT):
        yield f"'{block.path}' is no path within a suite"
        return
    before = path.read_text(encoding="utf-8") if path.is_file() else None
    if before is not None and before != _shipped_text(block.path):
        yield from (f"before this block rewrites it: {each}" for each in _unsound(suite))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    if block.path == "firedrill.yaml":
        _leave_out(suite, yaml.safe_load(block.text))


def _leave_out(suite: Path, settings: Any) -> None:
    """A page with settings of its own keeps those experiments of ours whose targets it has."""
    targets = {name for environment in settings["environments"].values() for name in environment.get("targets", ())}
    for file in (suite / "experiments").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if text == _shipped_text(f"experiments/{file.name}") and not set(re.findall(r"^ +target: (\S+)", text, re.MULTILINE)) <= targets:
            file.unlink()


def _shipped_text(path: str) -> str | None:
    return (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else None


def _shipped(block: Block) -> Iterator[str]:
    if block.text != _shipped_text(block.path):
        yield f"this is not {block.path} as it is shipped"


def _entries(block: Block) -> Iterator[str]:
    known = kinds()
    try:
        entries = yaml.safe_load(block.text)
    except yaml.YAMLError as error:
        yield f"this is no YAML: {error}"
        return
    if not isinstance(entries, list):
        yield "entries of faults or expect are a list"
        return
    for entry in entries:
        kind = next(iter(entry), None) if isinstance(entry, dict) else entry
        if kind not in {*known.faults, *known.expectations}:
            yield f"there is no kind of fault or expectation {kind!r}"


def _python(block: Block) -> Iterator[str]:
    try:
        ast.parse(block.text)
    except SyntaxError as error:
        yield f"line {error.lineno} of the block: {error.msg}"


def _unsound(suite: Path) -> list[str]:
    """Errors of every suite there is: the copy, and any that a page makes in a folder of its own."""
    roots = sorted(file.parent for file in suite.rglob("firedrill.yaml"))
    return [str(each) for root in roots for each in check([root / "experiments"], kinds(), os.environ).errors]


# ---- commands


def _shell(block: Block, makefile: str, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    for words in _commands(block.text, "$ " if block.language == "console" else ""):
        if words[0] == "make":
            yield from _no_word(words[1:], makefile)
        elif words[0] == "firedrill":
            wrong = list(_unknown(group, group.make_context("firedrill", [], resilient_parsing=True), words[1:]))
            yield from wrong
            if not wrong and block.language == "console":
                yield from _run(words[1:], capsys)


def _commands(text: str, prompt: str) -> Iterator[list[str]]:
    """Our commands among the lines, without variables before them and without what a pipe or redirection adds."""
    for line in text.replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|;", line.removeprefix(prompt)) if line.startswith(prompt) else ():
            if OURS.match(part):
                first, *rest = _before_a_pipe(shlex.split(OURS.sub(r"\1", part), comments=True))
                yield [first, *rest]


def _before_a_pipe(words: list[str]) -> Iterator[str]:
    for word in words:
        if word[0:1] in {"|", ">", "<"} or word in {"&", "||", "2>&1"}:
            return
        yield word


def _no_word(words: list[str], makefile: str) -> Iterator[str]:
    for word in words:
        name, is_variable, _ = word.partition("=")
        if not re.search(rf"^{re.escape(name)}\s*\??=" if is_variable else rf"^{re.escape(name)}:", makefile, re.MULTILINE):
            yield f"the Makefile has no {'variable' if is_variable else 'word'} {name!r}"


def _unknown(command: click.Command, context: click.Context, words: list[str]) -> Iterator[str]:
    """Commands and options that click does not know."""
    options = {name for each in command.get_params(context) for name in (*each.opts, *each.secondary_opts) if name.startswith("-")}
    for number, word in enumerate(words):
        if word.startswith("-") and word.partition("=")[0] not in options | {"-h", "--help"}:
            yield f"`{context.command_path}` has no option {word}"
        elif not word.startswith("-") and isinstance(command, click.Group):
            below = command.get_command(context, word)
            if below is None:
                yield f"`{context.command_path}` has no command {word!r}"
            else:
                yield from _unknown(below, click.Context(below, context, info_name=word), words[number + 1 :])
            return


def _run(words: list[str], capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    if not any(cheap <= set(words) and words[0] in cheap for cheap in CHEAP):
        return
    try:
        main(words)
        code: object = 0
    except SystemExit as ended:
        code = ended.code or 0
    if code != 0:
        said = capsys.readouterr()
        yield f"`firedrill {shlex.join(words)}` ends with {code}: {(said.err or said.out).strip()}"


# ---- the checks themselves


@pytest.fixture
def told(suite: Path, makefile: str, capsys: pytest.CaptureFixture[str]) -> Callable[[str], list[str]]:
    """What is said of a page with this text."""

    def told(text: str) -> list[str]:
        file = suite / "page.md"
        file.write_text(text, encoding="utf-8")
        page: Page = read_page(file, suite)
        found = [f"{block.place}: {each}" for block in page.blocks for each in _problems(block, suite, makefile, capsys)]
        return found + _unsound(suite)

    return told


WRONG: Mapping[str, tuple[str, str]] = {
    "yaml without a comment": ("```yaml\na: 1\n```\n", "page.md:1: a block of YAML needs a comment above it"),
    "a comment is for one block": ("<!-- entry -->\n```yaml\n- quiet\n```\n```yaml\n- quiet\n```\n", "page.md:5: a block of YAML"),
    "no language": ("```\nx\n```\n", "page.md:1: a block is one of"),
    "an experiment with an unknown key": (
        "<!-- file: experiments/x.yaml -->\n```yaml\ntitle: x\nstedy: 5s\n```\n",
        "experiments/x.yaml:2:1: stedy: unknown key",
    ),
    "a file outside of the suite": ("<!-- file: ../x.yaml -->\n```yaml\na: 1\n```\n", "page.md:2: '../x.yaml' is no path within a suite"),
    "not what is shipped": (
        "<!-- shipped: experiments/placebo.yaml -->\n```yaml\na: 1\n```\n",
        "page.md:2: this is not experiments/placebo",
    ),
    "an unknown kind": ("<!-- entry -->\n```yaml\n- latencey:\n    target: bureau\n```\n", "page.md:2: there is no kind"),
    "broken python": ("```python\ndef\n```\n", "page.md:1: line 1 of the block"),
    "no such command": ("```console\n$ firedrill go\n```\n", "page.md:1: `firedrill` has no command 'go'"),
    "no such option": ("```console\n$ firedrill undo --everything\n```\n", "page.md:1: `firedrill undo` has no option --everything"),
    "no such word": ("```console\n$ make drill fly\n```\n", "page.md:1: the Makefile has no word 'fly'"),
    "an option in a script": ("```sh\nA=1 .venv/bin/firedrill run --al x\n```\n", "page.md:1: `firedrill run` has no option --al"),
    "a command that fails": (
        "```console\n$ firedrill plan experiments/none.yaml | head\n```\n",
        "page.md:1: `firedrill plan experiments/none.yaml` ends with 2",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_page_that_lies_is_told_with_its_line(what: str, told: Callable[[str], list[str]]) -> None:
    text, said = WRONG[what]
    assert [line for line in told(text) if line.startswith(said)], told(text)


def test_a_page_with_every_kind_of_block_is_sound(told: Callable[[str], list[str]]) -> None:
    shipped = (ROOT / "experiments" / "placebo.yaml").read_text(encoding="utf-8")
    experiment = "<!-- file: experiments/mine.yaml -->\n\n```yaml\ntitle: Mine\nsteady: 5s\nexpect:\n  - quiet\n```\n"
    commands = "$ make PYTHON=python3 drill && cd x\n$ firedrill validate experiments/mine.yaml  # one\nanswer\n$ firedrill stack status\n"
    shown = f"<!-- shipped: experiments/placebo.yaml -->\n```yaml\n{shipped}```\n{experiment}```console\n{commands}```\n"
    rest = "<!-- entry -->\n```yaml\n- down:\n    target: bureau\n  for: 5s\n- quiet\n```\n```python\nx = 1\n```\n"
    assert told(shown + rest) == []
