"""`firedrill plan`: a drill's time line before it happens."""

from pathlib import Path

import click

from firedrill.cli import options


@click.command("plan")
@options.one_path
@options.environment
@options.as_json
def command(path: Path, environment: str | None, as_json: bool) -> None:
    """Show what a drill of FILE would do and when, and warn of what cannot pass; starts nothing."""
    from firedrill.plan.cannot_pass import describe

    files, known = options.checked((path,), environment)
    plan = options.planned(files, known, files.experiments[0], environment)
    if as_json:
        options.echo_json(plan.model_dump(mode="json", by_alias=True))
        return
    click.secho(f"{plan.experiment}: {plan.title}", bold=True)
    for row in describe(plan):
        click.echo(f"  {row}")
    for warning in plan.warnings:
        click.echo(f"  warning: {warning}")
