"""The on-call desk beside a drill, where its environment says who is on call and no real pager does.

It sits down before the users come, with what the journal says so far, and leaves before everything is taken down: nobody is told of that.
"""

from contextlib import AsyncExitStack

import aiohttp

from firedrill.conduct.drill import Drill
from firedrill.conduct.reaching import urls
from firedrill.core.journal import read
from firedrill.core.model.suite import External
from firedrill.respond.desk import Desk
from firedrill.respond.webhooks import Webhooks


async def sit(drill: Drill, closing: AsyncExitStack) -> None:
    """Have the desk tell people until `closing`."""
    oncall = drill.plan.oncall
    if oncall is None or _theirs(drill.order.environment.stack.external):
        return
    session = await closing.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
    webhooks = Webhooks(urls(oncall), drill.folder.drill, drill.plan.mark, drill.record, session, drill.tasks)
    closing.push_async_callback(webhooks.finish)
    desk = Desk(oncall, drill.clock, drill.record, drill.plan.on_call_at, webhooks.tell)
    for entry in read(drill.journal.path):
        desk.observe(entry)
    drill.observe("the desk", desk.observe)
    closing.push_async_callback(drill.tasks.stop, drill.tasks.start("the desk", desk.run()))


def _theirs(external: External | None) -> bool:
    """Whether a real pager tells people."""
    return external is not None and (
        external.pages.pager is not None or (external.pages.sink is not None and external.pages.sink.pager is not None)
    )
