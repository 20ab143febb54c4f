"""`firedrill undo`: put back what drills may have left."""

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from firedrill.cli import options
from firedrill.core.errors import LeftOver

if TYPE_CHECKING:
    from firedrill.conduct.ledger import Open
    from firedrill.conduct.listed import Listed


@click.command("undo")
@click.argument("drill", required=False)
@click.option("--all", "everything", is_flag=True, help="Every drill of this user that no longer runs.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@click.option("--trust-folder", is_flag=True, help="Run what DRILL's journal alone lists, without a question: you know who wrote it.")
@options.as_json
def command(drill: str | None, everything: bool, results: Path, trust_folder: bool, as_json: bool) -> None:
    """Put back what DRILL may have left, as this user's ledger lists it, and check that it is gone. DRILL is an id or a folder.

    What only a journal lists is shown in full and run after a yes on the terminal: a folder from elsewhere may say anything. Where
    nobody can be asked, as on a new CI runner, --trust-folder is that yes; without either nothing of it is run.

    A drill that still runs is skipped: stop it instead. Temporary files of drills that were killed are removed. Exit code 4 when
    something could not be put back, or was not run.

    \b
    --json answers {drills: [{drill, done: {fault: how}, failed: {fault: why}, skipped, untrusted: {fault: undo}, note, folder}...],
      removed: [path...]}
    """
    from firedrill.conduct.leftovers import swept

    if bool(drill) == everything:
        raise click.UsageError("name one drill, or say --all")
    if everything and trust_folder:
        raise click.UsageError("--trust-folder is for one drill: the ledger, which --all plays, is trusted")
    removed = [str(path) for path in swept(results)]
    answers = _all() if drill is None else [_one(drill, results, trust_folder)]
    if as_json:
        options.echo_json({"drills": answers, "removed": removed})
    else:
        for line in [*map(_words, answers), *(f"removed {path}" for path in removed)]:
            click.echo(_plain(line))
        if not answers:
            click.echo("no drill left anything behind")
    if any(answer["failed"] or answer.get("untrusted") for answer in answers):
        raise SystemExit(LeftOver.exit_code)


def _all() -> list[dict[str, Any]]:
    from firedrill.conduct.ledger import left_open
    from firedrill.conduct.undo import perform_page

    return [perform_page(page) for page in left_open()]


def _one(drill: str, results: Path, trusted: bool) -> dict[str, Any]:
    """What the ledger lists of it first, then what only its journal does."""
    from firedrill.conduct.ledger import open_page, running
    from firedrill.conduct.listed import listed
    from firedrill.conduct.results import find_drill
    from firedrill.conduct.undo import perform_page
    from firedrill.core.journal import NAME

    folder = find_drill(results, drill)
    name = (folder or Path(drill)).name
    page = open_page(name)
    if folder is None and page is None:
        raise click.UsageError(f"no drill {drill!r} under {results}/ nor in your ledger")
    journal = None if folder is None else folder / NAME
    if any(one.drill == name for one in running()) or (journal is not None and _locked(journal)):
        return {"drill": name, "skipped": "it still runs", "done": {}, "failed": {}}
    answer: dict[str, Any] = {"drill": name, "done": {}, "failed": {}} if page is None else perform_page(page)
    if folder is not None and journal is not None:
        answer["folder"] = str(folder)
        try:
            _add(answer, listed(journal), page, trusted)
        except LeftOver as newer:
            answer["failed"]["journal"] = str(newer)
    return answer


def _locked(journal: Path) -> bool:
    from firedrill.core.journal import is_locked

    try:
        return is_locked(journal)
    except OSError:  # what is wrong with it is said by whoever reads it
        return False


def _add(answer: dict[str, Any], journal: "Listed", page: "Open | None", trusted: bool) -> None:
    from firedrill.conduct.ledger import undone
    from firedrill.conduct.undo import only_listed, perform_listed

    if journal.damage:
        said, before = f"its journal is damaged: {journal.damage}", undone(journal.drill)
        if page is None and not before:
            answer["failed"]["journal"] = f"{said}. The ledger lists nothing of this drill; what it broke, if anything, is not known"
        else:
            answer["note"] = f"{said}. What the ledger listed was undone: {', '.join(before)}" if before else said
    extra = only_listed(journal, page)
    if not extra.undos:
        return
    if trusted or _agreed(extra):
        played = perform_listed(extra)
        for part in ("done", "failed"):
            answer[part] |= played[part]
    else:
        answer["untrusted"] = dict(extra.undos)


def _agreed(journal: "Listed") -> bool:
    """Whether somebody at a terminal has read it all and says yes."""
    from firedrill.conduct.shown import shown

    click.echo(f"{_plain(journal.drill)}: your ledger does not list what this drill's journal lists:", err=True)
    for fault, undo in journal.undos.items():
        for line in shown(fault, undo):
            click.echo(f"  {line}", err=True)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm("Whoever wrote this journal chose all of that. Run it?", default=False, err=True)


def _words(answer: dict[str, Any]) -> str:
    untrusted = answer.get("untrusted", {})
    nothing = not (answer["done"] or answer["failed"] or untrusted or answer.get("note"))
    lines = [f"{answer['drill']}: {answer.get('skipped') or ('nothing left' if nothing else '')}".rstrip(": ")]
    lines += [f"  {fault}: {how}" for part in ("done", "failed") for fault, how in answer[part].items()]
    lines += [f"  note: {note}" for note in [answer.get("note")] if note]
    if untrusted:
        counted = "1 undo" if len(untrusted) == 1 else f"{len(untrusted)} undos"
        lines.append(
            f"  not run: {counted} listed by its journal alone, shown above. If you know who wrote it, run "
            f"`firedrill undo {quote(str(answer['folder']))} --trust-folder`, or put it back by hand"
        )
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Without escape sequences, and without letters that turn others around: some of it may be anybody's."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
