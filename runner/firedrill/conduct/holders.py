"""Who holds the faults of each target during a drill: the fault proxy, the process for this machine, or the engine itself.

Knows which kind of target is held by whom, and what its holder is told of it; refuses to know what any fault does.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from firedrill.conduct.drill import Drill
from firedrill.core import temporary
from firedrill.core.model.suite import Target
from firedrill.faults.holding.calls import TOKEN
from firedrill.faults.holding.link import HolderLink
from firedrill.faults.host.link import HostLink
from firedrill.faults.proxy.link import ProxyLink
from firedrill.faults.receivers import ReceiverLink
from firedrill.stack.addresses import fill, filled_in
from firedrill.stack.embedded import EmbeddedStack
from firedrill.stack.external import ExternalStack
from firedrill.watch.pagers.sink import Sink

AnyStack = EmbeddedStack | ExternalStack

OWN_TOKEN = "FIREDRILL_OWN_PROXY_TOKEN"  # noqa: S105 - the variable's name, not its value
"""Where the Chaos Toolkit child, and it alone, finds the token of the drill's own proxy."""

IN_THE_PROXY = {"forward", "http", "dns", "tls"}
"""Kinds of target that are an address at which somebody listens: one process listens at them all."""


def _used(drill: Drill, *others: str) -> dict[str, Target]:
    """The targets of the plan's faults that are not of `others`, kinds that somebody else holds."""
    targets, used = drill.order.environment.targets, {fault.target for fault in drill.plan.faults}
    return {name: target for name, target in targets.items() if name in used and target.kind not in others}


async def receivers(drill: Drill, closing: AsyncExitStack, sink: Sink | None, token: str) -> dict[str, HolderLink]:
    """The engine itself holds the faults of receivers, for which its sink answers."""
    used = {name: target.receiver for name, target in _used(drill).items() if target.receiver is not None}
    if not used or sink is None:
        return {}
    link = await ReceiverLink.start(closing, used, sink.ailments, drill.folder.drill, drill.clock, drill.record, token, OWN_TOKEN)
    return dict.fromkeys(used, link)


async def host(drill: Drill, closing: AsyncExitStack, addresses: Mapping[str, str], token: str, stack: AnyStack) -> dict[str, HolderLink]:
    """One process holds all faults on this machine; none is started where no fault of the plan needs it."""
    used = _used(drill, *IN_THE_PROXY, "receiver")
    if not used:
        return {}
    filled = {name: _resolved(target, addresses, stack) for name, target in used.items()}
    link = await HostLink.start_child(
        filled, drill.folder.drill, drill.clock, drill.record, drill.folder.logs, token, OWN_TOKEN, drill.order.root, drill.tokens
    )
    closing.push_async_callback(link.stop)
    return dict.fromkeys(used, link)


def _resolved(target: Target, addresses: Mapping[str, str], stack: AnyStack) -> dict[str, Any]:
    """A target as its holder is told: addresses filled in, and a part of our stack as the very process that it is."""
    told = filled_in(target.model_dump(mode="json", by_alias=True, exclude_none=True), addresses)
    if target.stack is not None and isinstance(stack, EmbeddedStack):
        told["process"] = {"pid": stack.pid(target.stack)}
    return told


async def proxies(drill: Drill, closing: AsyncExitStack, addresses: Mapping[str, str], token: str) -> dict[str, HolderLink]:
    targets = {name: target for name, target in drill.order.environment.targets.items() if target.kind in IN_THE_PROXY}
    own = {name: _filled(target, addresses) for name, target in targets.items() if target.proxied and target.proxy is None}
    named = {name: _named(name, target, addresses) for name, target in targets.items() if target.kind in {"dns", "tls"}}
    links: dict[str, HolderLink] = {}
    if own or named:
        link = await ProxyLink.start_child(own, drill.folder.drill, drill.clock, drill.record, drill.folder.logs, token, OWN_TOKEN, named)
        closing.push_async_callback(link.stop)
        links |= dict.fromkeys([*own, *named], link)
    for name, target in targets.items():
        if target.proxy is not None:
            links[name] = await _attach(drill, closing, name, target)
    return links


async def _attach(drill: Drill, closing: AsyncExitStack, name: str, target: Target) -> ProxyLink:
    variable = target.token or TOKEN
    link = await ProxyLink.attach(target.proxy or "", drill.folder.drill, drill.clock, drill.record, variable, [name])
    closing.push_async_callback(link.stop)
    return link


def _filled(target: Target, addresses: Mapping[str, str]) -> Target:
    return target.model_copy(
        update={"listen": fill(target.listen or "127.0.0.1:0", addresses), "upstream": fill(target.upstream or "", addresses)}
    )


def _named(name: str, target: Target, addresses: Mapping[str, str]) -> dict[str, Any]:
    """A target with `dns` or `tls` as its holder is told of it; a DNS server and a TLS forward run whether they are broken or not."""
    told = filled_in(target.model_dump(mode="json", by_alias=True, exclude_none=True), addresses)
    return told if target.tls is None else told | {"tls": {**told["tls"], "ca": addresses[f"{name}-ca"]}}


def authorities(drill: Drill, closing: AsyncExitStack) -> dict[str, str]:
    """Where the certificate of each TLS target's authority will be: `<TARGET-ca>`, gone with the drill."""
    secured = [name for name, target in drill.order.environment.targets.items() if target.tls is not None]
    if not secured:
        return {}
    folder = drill.ledger.uses(closing.enter_context(temporary.folder()))
    folder.chmod(0o711)  # what the system runs as another user reads the certificate too
    return {f"{name}-ca": str(folder / f"{name}.pem") for name in secured}
