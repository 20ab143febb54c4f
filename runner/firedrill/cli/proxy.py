"""`firedrill proxy`: the fault proxy on its own, for a system that outlives the drill."""

import asyncio
import os
import secrets
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import click

from firedrill.core.units import Duration
from firedrill.faults.holding.calls import TOKEN


@click.command("proxy")
@click.argument("ways", nargs=-1, metavar="[NAME=LISTEN=UPSTREAM...]")
@click.option("--api", default="127.0.0.1:8474", show_default=True, metavar="HOST:PORT", help="Where faults are ordered and cleared.")
@click.option(
    "--lease", default="1h", show_default=True, metavar="DURATION", help="How long what Toxiproxy's clients break stays so; 0s: for ever."
)
@click.option("--no-token", is_flag=True, help="Toxiproxy's clients need no token; everything listens on loopback only.")
def command(ways: Sequence[str], api: str, lease: str, no_token: bool) -> None:
    """Forward TCP from LISTEN to UPSTREAM, and hold the faults that drills order, until Ctrl-C.

    \b
    firedrill proxy bureau=127.0.0.1:9001=127.0.0.1:9000
    firedrill proxy bureau=127.0.0.1:9001=http:127.0.0.1:9000     # for HTTP faults as well

    Every fault ends when its lease does, or at once when the drill that ordered it is gone; forwarding goes on. What changes anything
    needs the token of the environment variable FIREDRILL_PROXY_TOKEN; one is made and printed when it is not set.

    Toxiproxy's clients work against it too: with the token in their URL, as in http://any:TOKEN@127.0.0.1:8474, or with --no-token.
    """
    from firedrill.faults.proxy.forward import Way
    from firedrill.faults.proxy.straight import new_loop

    seconds = _seconds(lease)
    token = os.environ.get(TOKEN) or _made()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_serve([Way(*_parts(way)) for way in ways], api, token, seconds, no_token))


def _seconds(lease: str) -> float | None:
    try:
        return float(Duration.parse(lease)) or None
    except ValueError as error:
        raise click.UsageError(f"--lease: {error}") from None


def _made() -> str:
    token = secrets.token_urlsafe(24)
    click.echo(f"export {TOKEN}={token}    # drills of this proxy need it", err=True)
    return token


def _parts(way: str) -> tuple[str, str, str, str]:
    parts = way.split("=")
    if len(parts) != 3 or not all(parts):
        raise click.UsageError(f"{way!r} is not NAME=LISTEN=UPSTREAM, such as bureau=127.0.0.1:9001=127.0.0.1:9000")
    return parts[0], parts[1], parts[2].removeprefix("http:"), "http" if parts[2].startswith("http:") else "tcp"


async def _serve(ways: Sequence[Any], api: str, token: str, lease: float | None, no_token: bool) -> None:
    from firedrill.faults.proxy.server import serve

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready(news: Mapping[str, Any]) -> None:
        _say_ready(news)
        if no_token:
            click.echo(f"NO TOKEN: every user and program of this machine may break and mend these proxies at {news['api']}", err=True)

    await serve(ways, api, token, stop, ready, lease, no_token)


def _say_ready(news: Mapping[str, Any]) -> None:
    for proxy in news["proxies"]:
        click.echo(f"{proxy['name']}: {proxy['listen']} -> {proxy['upstream']}", err=True)
    click.echo(f"faults are ordered at {news['api']}; Ctrl-C ends it", err=True)
