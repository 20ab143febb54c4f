"""`firedrill schema`: JSON Schema for editors."""

import click

from firedrill.cli import options
from firedrill.cli.registry import kinds


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of experiments, firedrill.yaml, probes, runbook steps, oncall.yaml and game days, for editors and others."""
    from firedrill.spec.schema import schema

    options.echo_json(schema(kinds()))
