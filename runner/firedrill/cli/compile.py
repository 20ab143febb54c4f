"""`firedrill compile`: the plain Chaos Toolkit experiment that a drill plays."""

from pathlib import Path

import click

from firedrill.cli import options


@click.command("compile")
@options.one_path
@options.environment
@options.as_json
@click.option("--control", is_flag=True, help="With firedrill's control in it: plain `chaos run` then journals, judges and reports.")
def command(path: Path, environment: str | None, as_json: bool, control: bool) -> None:
    """Print the Chaos Toolkit experiment that a drill of FILE plays; `chaos validate` accepts it."""
    import yaml

    from firedrill.plan.compile import compile_plan

    files, known = options.checked((path,), environment)
    compiled = compile_plan(options.planned(files, known, files.experiments[0], environment), control)
    if as_json:
        options.echo_json(compiled)
    else:
        click.echo(yaml.safe_dump(compiled, sort_keys=False, allow_unicode=True), nl=False)
