"""`firedrill explain`: where the seconds of a detection went, and which settings cost them."""

from collections.abc import Sequence
from pathlib import Path

import click

from firedrill.cli import options
from firedrill.cli.registry import kinds
from firedrill.judge.drill import Detection, JudgedDrill
from firedrill.spec.suggest import listed, unknown


@click.command("explain")
@click.argument("drill")
@click.argument("alert", required=False)
@click.option("--to", metavar="RECEIVER", help="Of several receivers that were paged, this one.")
@click.option("--results", type=click.Path(path_type=Path), default=Path("results"), show_default=True, help="Where drills' folders are.")
@options.as_json
def command(drill: str, alert: str | None, to: str | None, results: Path, as_json: bool) -> None:
    """Explain how ALERT paged in DRILL: a folder, a drill's id, or an experiment's name for its latest.

    Each stage from the fault to the message stands with what it took, the setting that causes it and where that setting is
    written, the shortest it can be with it and what to expect on average, and what would shorten it by how much. The way back,
    from the fault's clearing to the resolved message, stands below. ALERT may be left out when only one paged.

    \b
    --json answers {drill, alert, labels, receiver, total_s, best_s, hurt_s, acknowledge_s, reset_s, resolve_s,
      stages: [{stage, took_s, best_s, expected_s, holds: [stage...], set_by: [{setting, file, line}...],
                notes: [...], advice: {text, saves_s} or null}...],
      back: [the same...], notes: [...]}
    A time that nobody saw is null, and its stage is in `holds` of the next one that was seen.
    """
    from firedrill.cli.ending import judge_folder
    from firedrill.judge.explain import explain
    from firedrill.report import explanation

    judged = judge_folder(options.drill_folder(results, drill), kinds())
    explained = explain(judged.facts, _chosen(judged, alert, to))
    if as_json:
        options.echo_json({"drill": judged.facts.drill, **explanation.content(explained)})
    else:
        click.echo("\n".join(explanation.lines(explained)))


def _chosen(judged: JudgedDrill, alert: str | None, to: str | None) -> Detection:
    """The first detection of that alert and receiver; a usage error says which there are."""
    detections = judged.detections
    if not detections:
        raise click.UsageError(f"{judged.facts.drill} has no detection: no page came since its first active fault")
    named = _of(detections, "alert", alert, [one.alert for one in detections])
    return _of(named, "receiver", to, [one.receiver for one in named])[0]


def _of(detections: Sequence[Detection], what: str, name: str | None, names: Sequence[str]) -> Sequence[Detection]:
    known = list(dict.fromkeys(names))
    if name is None and len(known) > 1:
        how = "name one" if what == "alert" else "name one with --to"
        raise click.UsageError(f"several {what}s paged: {listed(known)}; {how}")
    if name is not None and name not in known:
        raise click.UsageError(unknown(what, name, known))
    return [one for one in detections if getattr(one, what) == (name or known[0])]
