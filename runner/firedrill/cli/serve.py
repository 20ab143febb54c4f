"""`firedrill serve`: the live pages of a suite's drills, whoever runs them."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from firedrill.cli import options
from firedrill.cli.registry import kinds
from firedrill.spec.suite import find_root

if TYPE_CHECKING:
    from firedrill.core.model.suite import Live


@click.command("serve")
@options.environment
@click.option("--listen", metavar="HOST:PORT", help="Where; what the environment's `live.listen` says when left out.")
@click.option("--results", type=click.Path(path_type=Path), help="The folder of drills; results/ beside firedrill.yaml when left out.")
def command(environment: str | None, listen: str | None, results: Path | None) -> None:
    """Serve a list of this suite's drills with a page for each: those that run as it happens, those that have ended as a whole.

    Whoever has the token can act on a drill of this user that runs on this machine. Ctrl-C ends it, and no drill.
    """
    from firedrill.live.guard import token_of

    _, settings = options.suite_here(environment).environment(environment)
    live = settings.live if listen is None else settings.live.model_copy(update={"listen": listen})
    asyncio.run(_serve((results or find_root(Path.cwd()) / "results").absolute(), live, token_of(live)))


async def _serve(results: Path, live: "Live", token: object) -> None:
    from firedrill.live.guard import Token
    from firedrill.live.suite import serving

    assert isinstance(token, Token)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with serving(results, kinds(), live, token) as address:
        click.echo(f"drills: {address}" + (f" (its token is in {token.name})" if token.name else ""), err=True)
        await ended.wait()
