"""The probe child: all probes of a drill in one process of their own, `python -m firedrill.measure.probes.child`.

The order: `zero` (the drill's zero on CLOCK_MONOTONIC), `root`, `addresses`, `probes` (name -> declared probe), `thresholds`
(name -> seconds), `exporter` (host:port), `cap` (samples of one probe that may be on their way). It says `probe.failed` for each
probe that cannot be used, `probes.ready` with the exporter's port or `probes.failed`, then `probe.second` for each probe and second
of the drill until its input ends.
"""

import asyncio
import json
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from firedrill.core.model.probes import Probe
from firedrill.measure.bins import Binner
from firedrill.measure.causes import cause_of
from firedrill.measure.lines import Say, end_with_engine, speaker
from firedrill.measure.probes.exporter import Exporter
from firedrill.measure.probes.http import http_check
from firedrill.measure.probes.python import python_check
from firedrill.measure.probes.sampling import Check, Sampler
from firedrill.measure.schedule import Timer

AFTER = 0.02
"""Seconds after a second's end at which it is told."""


def load(probe: Probe, root: Path, addresses: Mapping[str, str]) -> Check:
    """What a sample of this probe does, by its kind."""
    if probe.python is not None:
        return python_check(root, probe.python, addresses)
    assert probe.http is not None, "spec refuses a probe of no kind"
    return http_check(probe.http, addresses)


def samplers(order: Mapping[str, Any], exporter: Exporter, say: Say) -> list[Sampler]:
    """A sampler for each probe that can be used."""
    made = []
    for name, declared in order["probes"].items():
        probe = Probe.model_validate(declared)
        try:
            check = load(probe, Path(order["root"]), order["addresses"])
        except Exception as error:
            say("probe.failed", probe=name, why=cause_of(error))
            continue
        binner = Binner("probe", name, tuple(order["thresholds"].get(name, ())), order["zero"])
        exporter.expect(name)
        made.append(Sampler(name, probe.every, probe.timeout, check, binner, exporter, order["cap"]))
    return made


async def _tell(order: Mapping[str, Any], samplers: list[Sampler], began: float, say: Say) -> None:
    """Each second of the drill, once it is over, and the rest when cancelled.

    A second told late was not watched, even when no sample was due: the whole process was held up.
    """
    zero, since = order["zero"], began - order["zero"]
    with Timer() as timer:
        try:
            while True:
                until = float(math.floor(since) + 1)
                await timer.until(zero + until + AFTER)
                _say_second(samplers, since, until, until, time.monotonic() - zero - until - AFTER, say)
                since = until
        finally:
            _say_second(samplers, since, time.monotonic() - zero, None, 0.0, say)


def _say_second(samplers: list[Sampler], since: float, until: float, up_to: float | None, late: float, say: Say) -> None:
    for sampler in samplers:
        looks, latest, bins = sampler.flush(up_to)
        told = round(max(late, latest), 6)
        say(
            "probe.second",
            probe=sampler.name,
            since=round(since, 6),
            until=round(until, 6),
            looks=looks,
            late=told,
            bins=bins,
            traffic=sampler.traffic(),
        )


async def _until_input_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(65536):
        pass


async def _measure(order: Mapping[str, Any], ready: list[Sampler], say: Say) -> None:
    """Samples, spread over each one's interval so that they do not start together, until our input ends."""
    began = time.monotonic() + 0.01
    tasks = [asyncio.create_task(s.run(began + s.every * number / len(ready))) for number, s in enumerate(ready)]
    input_ended = asyncio.create_task(_until_input_ends())
    # A bug of ours that ends a grid ends the child, which the engine sees.
    teller = asyncio.create_task(_tell(order, ready, began, say))
    done, _ = await asyncio.wait([*tasks, teller, input_ended], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*(sampler.abandon() for sampler in ready))
    teller.cancel()
    await asyncio.gather(*tasks, teller, return_exceptions=True)
    for task in done:
        task.result()


async def serve(order: Mapping[str, Any], say: Say) -> None:
    """Carry out one order."""
    exporter = Exporter()
    host, _, port = order["exporter"].rpartition(":")
    ready = samplers(order, exporter, say)
    try:
        port = await exporter.listen(host, int(port))
    except OSError as error:
        say("probes.failed", why=f"the probes' exporter cannot listen on {order['exporter']}: {error.strerror}")
        return
    say("probes.ready", port=port)
    try:
        await _measure(order, ready, say)
    finally:
        await exporter.close()


def main() -> None:
    """One order from standard input; nothing is done when the engine is already gone."""
    end_with_engine()
    say = speaker()
    if line := sys.stdin.readline():
        asyncio.run(serve(json.loads(line), say))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit("the engine is gone")
