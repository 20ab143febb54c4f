"""`firedrill wheel`: a past drill, replayed to somebody who says what they would do."""

import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firedrill.cli import options
from firedrill.core.errors import FiredrillError

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts
    from firedrill.judge.scenes import Scene

LONGEST = 30.0
"""Seconds that anybody is let wait for the next message, however long it took in the drill."""


@click.command("wheel")
@click.argument("drill", required=False)
@click.option("--seed", type=click.IntRange(min=0), help="The same seed picks the same drill, as long as there are no others.")
@click.option(
    "--speed", type=click.FloatRange(min=0.1), help="Let time pass this many times faster; when left out, Enter brings what comes next."
)
@click.option(
    "--from", "results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the answers go; wheel-TIME.md in the drill's folder when left out.",
)
@options.as_json
def command(drill: str | None, seed: int | None, speed: float | None, results: Path, out: Path | None, as_json: bool) -> None:
    """Train on a past drill, as the Wheel of Misfortune does: see its pages and graphs as they came, and say what you would do.

    The wheel picks among the drills that paged somebody; DRILL names one instead. Nothing is started: only its journal is read. At the
    end it says what it was and what was done, and writes that down beside your answers.

    Without a terminal, answers are lines of standard input. When the input ends, what was answered is kept.

    \b
    --json answers {drill, scenes: [{at_s, title, text, labels, question}...]} and asks nothing.
    """
    from firedrill.conduct.recorded import facts_of
    from firedrill.judge.scenes import scenes

    folder = options.drill_folder(results, drill) if drill is not None else _picked(results, seed)
    facts = facts_of(folder)
    played = scenes(facts)
    if not played:
        raise click.UsageError(f"nobody was paged in {facts.drill}, so there is nothing to train on")
    if as_json:
        options.echo_json({"drill": facts.drill, "scenes": [_as_json(scene) for scene in played]})
        return
    answers: dict[int, str] = {}
    try:
        ended = _play(facts, played, answers, speed)
    finally:  # also when somebody has had enough: what they answered is kept
        path = _written(out, folder, facts, played, answers)
    if ended:
        _tell(facts, played, answers)
    click.echo(f"\nit all stands in {path}")


def _picked(results: Path, seed: int | None) -> Path:
    """The folder of a drill that paged somebody."""
    from firedrill.plan.blind import draw

    there = {f"{folder.parent.name}/{folder.name}": folder for folder in _paged(results)}
    if not there:
        raise click.UsageError(f"no drill below {results}/ has paged anybody: run some first, or say where they are with --from")
    return there[draw(secrets.randbelow(1_000_000) if seed is None else seed, list(there), 0).name]


def _paged(results: Path) -> Iterator[Path]:
    from firedrill.conduct.results import drills
    from firedrill.core.foreign import content
    from firedrill.core.journal import NAME, is_locked

    for folder in drills(results):
        with suppress(OSError):  # whoever names that drill is told what is wrong with it
            if not is_locked(folder / NAME) and b'"page.opened"' in content(folder / NAME):
                yield folder


def _play(facts: "Facts", played: Sequence["Scene"], answers: dict[int, str], speed: float | None) -> bool:
    """Show one scene after another, and keep what is answered; False when the input has ended before the last question."""
    from firedrill.judge.scenes import graphs
    from firedrill.report.wheel import after, chart

    click.echo("You are on call. These are the messages of a drill of the past; times count from the first.")
    for number, scene in enumerate(played):
        if number and not _passed(scene.at - played[number - 1].at, speed, asks=bool(scene.question)):
            return False
        click.secho(f"\n{after(played, scene.at):>9}  {_plain(scene.question or scene.title)}", bold=True)
        _say_rest(scene, [] if not scene.question else [chart(graph) for graph in graphs(facts, scene.at)])
        if scene.question:
            answer = _line("  > ")
            if answer is None:
                return False
            answers[number] = answer
    return True


def _passed(seconds: float, speed: float | None, asks: bool) -> bool:
    """Let time pass: a faster one, or until Enter where a person sits there. False when the input has ended."""
    if speed is not None:
        time.sleep(min(seconds / speed, LONGEST))
        return True
    return asks or not sys.stdin.isatty() or _line("           (Enter)") is not None


def _line(prompt: str) -> str | None:
    """A line of standard input; None when there is none any more."""
    click.echo(prompt, nl=False)
    line = sys.stdin.readline()
    if not sys.stdin.isatty() or not line:
        click.echo()
    return line.strip() if line else None


def _say_rest(scene: "Scene", charts: Sequence[str]) -> None:
    for line in (*scene.text.splitlines(), " ".join(f"{name}={value}" for name, value in sorted(scene.labels.items())), *charts):
        if line.strip():
            click.echo(f"           {_plain(line)}")


def _plain(text: str) -> str:
    """Without what would move a terminal's cursor: messages say what systems say."""
    return "".join(letter for letter in text if letter.isprintable())


def _tell(facts: "Facts", played: Sequence["Scene"], answers: Mapping[int, str]) -> None:
    from firedrill.report.wheel import after, between, told, truth

    click.secho("\nWhat it was", bold=True)
    for line in truth(facts, played):
        click.echo(f"  {_plain(line)}")
    click.secho("\nWhat you said, and what was done", bold=True)
    for number, answer in answers.items():
        done = "; ".join(told(played, deed) for deed in between(facts, played, number))
        click.echo(f"  {after(played, played[number].at)} you: {_plain(answer) or 'nothing'}")
        click.echo(f"{' ' * 10}they: {_plain(done) or 'nothing that anybody saw'}")


def _written(out: Path | None, folder: Path, facts: "Facts", played: Sequence["Scene"], answers: Mapping[int, str]) -> Path:
    """Where somebody says is theirs to say; in the drill's own folder nothing is written through a link."""
    from firedrill.core.foreign import replace
    from firedrill.report.wheel import render

    text = render(facts, played, answers)
    path = out or folder / f"wheel-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.md"
    try:
        if out is None:
            replace(path, text)
        else:
            out.write_bytes(text)
    except (FiredrillError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise FiredrillError(f"the answers cannot be written to {path}: {why}; say where with --out") from error
    return path


def _as_json(scene: "Scene") -> dict[str, object]:
    return {
        "at_s": round(scene.at, 6), "title": scene.title, "text": scene.text, "labels": dict(scene.labels), "question": scene.question,
    }  # fmt: skip
