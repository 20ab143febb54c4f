"""`firedrill undo`: put back what drills may have left."""

from pathlib import Path

import click

from firedrill.cli import options
from firedrill.core.errors import LeftOver


@click.command("undo")
@click.argument("drill", required=False)
@click.option("--all", "everything", is_flag=True, help="Every drill of this user that no longer runs.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@options.as_json
def command(drill: str | None, everything: bool, results: Path, as_json: bool) -> None:
    """Put back what DRILL's journal says may be left, and look that it is gone. DRILL is an id or a folder.

    A drill that still runs is skipped: stop it instead. Exit code 4 when something could not be put back.
    """
    if bool(drill) == everything:
        raise click.UsageError("name one drill, or say --all")
    answers = _all() if drill is None else [_one(drill, results)]
    if as_json:
        options.echo_json({"drills": answers})
    else:
        for answer in answers:
            click.echo(_words(answer))
        if not answers:
            click.echo("no drill left anything behind")
    if any(answer["failed"] for answer in answers):
        raise SystemExit(LeftOver.exit_code)


def _all() -> list[dict[str, object]]:
    from firedrill.conduct.ledger import left_open
    from firedrill.conduct.undo import perform_page

    return [perform_page(page) for page in left_open()]


def _one(drill: str, results: Path) -> dict[str, object]:
    from firedrill.conduct.ledger import from_journal, open_page
    from firedrill.conduct.results import find_drill
    from firedrill.conduct.undo import perform_page
    from firedrill.core.journal import NAME, is_locked

    folder = find_drill(results, drill)
    if folder is None:
        page = open_page(drill)
        if page is None:
            raise click.UsageError(f"no drill {drill!r} under {results}/ nor among the drills that left something")
        return perform_page(page)
    if is_locked(folder / NAME):
        return {"drill": folder.name, "skipped": "it still runs", "done": {}, "failed": {}}
    return perform_page(from_journal(folder / NAME))


def _words(answer: dict[str, object]) -> str:
    lines = [f"{answer['drill']}: {answer.get('skipped') or 'nothing left' * (not answer['done'] and not answer['failed'])}".rstrip(": ")]
    for part in ("done", "failed"):
        outcome = answer[part]
        assert isinstance(outcome, dict)
        lines += [f"  {fault}: {how}" for fault, how in outcome.items()]
    return "\n".join(lines)
