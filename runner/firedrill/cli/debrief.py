"""`firedrill debrief`: a game day's debrief, again."""

from pathlib import Path

import click
from pydantic import ValidationError

from firedrill.cli import options
from firedrill.cli.registry import kinds
from firedrill.core.errors import FiredrillError
from firedrill.core.gameday import FILE, FOLDER, GameDayKept
from firedrill.core.kinds import Kinds
from firedrill.judge.drill import JudgedDrill

NOTES, PAGE = "debrief.md", "debrief.html"


@click.command("debrief")
@click.argument("game_day", metavar="GAMEDAY")
@click.option(
    "--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where the folder gamedays/ is."
)
@options.as_json
def command(game_day: str, results: Path, as_json: bool) -> None:
    """Render debrief.md and debrief.html of GAMEDAY from what it left, and print the page's path.

    GAMEDAY is a folder, a game day's id, or the name of its file for its newest one. Answers that you wrote into debrief.md are kept,
    and brought into the page.
    """
    from firedrill.conduct.gameday import find_game_day

    folder = find_game_day(results, game_day)
    if folder is None:
        raise click.UsageError(f"no game day {game_day!r}: neither a folder with a {FILE} nor one under {results / FOLDER}/")
    page = write(folder, kinds())
    if as_json:
        options.echo_json({"game_day": folder.name, "debrief": str(page), "notes": str(folder / NOTES)})
    else:
        click.echo(page)


def write(folder: Path, known: Kinds) -> Path:
    """Write both files of a game day's folder; returns the page's path. FiredrillError when its gameday.json cannot be read."""
    from firedrill.report import debrief, debrief_html, debrief_md

    day = _kept(folder)
    before = (folder / NOTES).read_text(encoding="utf-8") if (folder / NOTES).is_file() else ""
    told = debrief.story(day, _judged(folder.parent.parent, day, known), debrief.answers_in(before))
    (folder / NOTES).write_bytes(debrief_md.render(told))
    (folder / PAGE).write_bytes(debrief_html.render(told))
    return folder / PAGE


def _kept(folder: Path) -> GameDayKept:
    try:
        return GameDayKept.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise FiredrillError(f"{folder / FILE} cannot be read: {error}") from error


def _judged(results: Path, day: GameDayKept, known: Kinds) -> dict[str, JudgedDrill]:
    """Its drills by id, judged again; one whose journal is gone is not among them."""
    from firedrill.cli.ending import judge_folder
    from firedrill.core.journal import NAME

    there = {one.drill: results / one.folder for one in day.drills if one.folder and (results / one.folder / NAME).is_file()}
    return {drill: judge_folder(folder, known) for drill, folder in there.items()}
