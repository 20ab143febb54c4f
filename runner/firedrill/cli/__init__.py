"""The command line: one file a command, each imported only when it is called, so that `validate` stays light."""

import gc
import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from firedrill import __version__
from firedrill.cli.outlets import let_go, outlets, say_last, untold
from firedrill.core.errors import FiredrillError
from firedrill.spec.suggest import meant

COMMANDS = {
    "run": "Drill experiments: files or folders, one after another, one exit code.",
    "validate": "Find every problem of every file at once; starts nothing.",
    "plan": "Show a drill's time line, and what cannot pass; starts nothing.",
    "compile": "Print the plain Chaos Toolkit experiment that a drill plays.",
    "judge": "Judge a recorded drill again.",
    "explain": "Say where a detection's seconds went, and which settings cost them.",
    "report": "Render a recorded drill's reports again.",
    "history": "List the drills there were, and how the team's times go.",
    "wheel": "Train on a past drill: its pages and graphs step by step, and what you would do.",
    "actions": "List what drills have left to do, and say who does it.",
    "serve": "Serve pages of this suite's drills, those that run and those that have ended.",
    "ack": "Acknowledge a page of a drill that runs.",
    "note": "Write a note into the record of a drill that runs.",
    "gameday": "Lead a game day: several experiments with briefings, pauses for people, and a debrief.",
    "debrief": "Render a game day's debrief again, with the answers that people wrote.",
    "stop": "Stop a drill that runs, and wait until everything is put back.",
    "undo": "Put back what a drill may have left.",
    "bell": "Ring one alert, or every receiver, and prove that the message arrives.",
    "oncall": "Say who is on call, and whom a page would reach.",
    "stack": "Find or install Prometheus and Alertmanager.",
    "proxy": "Run the fault proxy on its own, for a system that outlives the drill.",
    "catalog": "List every kind of fault and expectation, with an example each.",
    "schema": "Print the JSON Schema of experiments, firedrill.yaml, probes and game days.",
}


def _imported(module: str) -> Any:
    """Modules stay until the process ends, and looking for garbage in them costs a short command a sixth of its time."""
    if module in sys.modules:
        return sys.modules[module]
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = _imported(f"firedrill.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:  # click would end as if a verdict were fail
            raise FiredrillError(f"a connection broke: {error.strerror}") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = meant(args[0], COMMANDS) or f"; firedrill knows {', '.join(COMMANDS)}"
            raise click.UsageError(f"No such command '{args[0]}'{hint}" if args else error.message, ctx) from None


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="firedrill")
def group() -> None:
    """Prove that your alerts page, and that your response works, before your users need them.

    Start with `firedrill run experiments/slow-bureau.yaml`, and open the report whose path it prints.

    Exit codes: 0 pass; 1 fail; 2 wrong usage, an invalid file or something refused; 3 inconclusive; 4 a fault may be left; 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `firedrill`: errors that a person can act on become a sentence and their exit code."""
    with outlets():
        code, stands = _outcome(arguments)
        if why := untold():
            say_last(f"firedrill: standard output cannot be written: {why}")
            code = code or (0 if stands else FiredrillError.exit_code)
    let_go()
    if code or stands:
        sys.exit(code)


def _outcome(arguments: Sequence[str] | None) -> tuple[int, bool]:
    """The exit code, and whether it is the command's own: a verdict stands, whatever became of what was said of it."""
    try:
        group.main(args=list(arguments) if arguments is not None else None, prog_name="firedrill", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code, False
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0, True
    except click.ClickException as error:
        error.show()
        return 2, True
    except (click.Abort, KeyboardInterrupt):
        return 130, True
    except FiredrillError as error:
        say_last(f"firedrill: {error}" if error.exit_code != 2 else str(error))
        return error.exit_code, True
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say_last(f"firedrill: {where}{error.strerror or error}")
        return FiredrillError.exit_code, True
    except Exception:
        traceback.print_exc()
        return FiredrillError.exit_code, True  # 1 is a verdict
    return 0, False
