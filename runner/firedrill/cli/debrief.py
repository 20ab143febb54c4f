"""`firedrill debrief`: a game day's debrief, again."""

from pathlib import Path

import click
from pydantic import ValidationError

from firedrill.cli import options
from firedrill.cli.registry import kinds
from firedrill.core.errors import FiredrillError
from firedrill.core.foreign import content, loaded, replace
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
    told = debrief.story(day, _judged(folder.parent.parent, day, known), debrief.answers_in(_notes(folder / NOTES)))
    replace(folder / NOTES, debrief_md.render(told))
    replace(folder / PAGE, debrief_html.render(told))
    return folder / PAGE


def _kept(folder: Path) -> GameDayKept:
    try:
        return GameDayKept.model_validate(loaded(content(folder / FILE)))
    except ValidationError as error:
        first = error.errors()[0]
        raise FiredrillError(f"{folder / FILE} cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise FiredrillError(f"{folder / FILE} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _notes(file: Path) -> str:
    """What people wrote into it; FiredrillError when that cannot be read, since it would be lost."""
    try:
        return content(file).decode()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise FiredrillError(f"{file} cannot be read, and is left as it is: {getattr(error, 'strerror', None) or error}") from error


def _judged(results: Path, day: GameDayKept, known: Kinds) -> dict[str, JudgedDrill]:
    """Its drills by id, judged again; one whose journal is gone, or cannot be read, is not among them."""
    from firedrill.cli.ending import judge_folder
    from firedrill.conduct.results import drills

    there = {f"{folder.parent.name}/{folder.name}": folder for folder in drills(results)}
    judged = {}
    for one in (one for one in day.drills if one.folder in there):
        try:
            judged[one.drill] = judge_folder(there[one.folder], known)
        except FiredrillError as error:  # the rest of the day is told all the same
            click.echo(f"without {one.drill}: {error}", err=True)
    return judged
