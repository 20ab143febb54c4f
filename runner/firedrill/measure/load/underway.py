"""What Locust's own statistics do not show of a scenario: requests on their way, requests never reported, journeys that break off.

Knows Locust's two HTTP clients and how it plays tasks; refuses to count what they report: that is measure/load/child.py's. It only ever
runs in the load child, once Locust has patched the process.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

LONG = 1.0
"""Seconds after which a request that has not ended is told of."""


class Underway:
    """Counts since it was last told, but for what is on its way, which is told as it stands."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}
        self._left_open = self._told_open = 0
        self._journeys = self._broken = 0

    def watch(self) -> None:
        """From now on every request of Locust's clients, and every task, is seen."""
        from locust.clients import HttpSession, ResponseContextManager
        from locust.contrib.fasthttp import FastHttpSession
        from locust.contrib.fasthttp import ResponseContextManager as FastResponseContextManager
        from locust.user.task import DefaultTaskSet, TaskSet

        for client in (HttpSession, FastHttpSession):
            client.request = self._of_request(client.request)  # type: ignore[method-assign]
        for response in (ResponseContextManager, FastResponseContextManager):
            response.__enter__ = self._of_entering(response.__enter__)  # type: ignore[method-assign]
        for tasks in (TaskSet, DefaultTaskSet):
            tasks.execute_task = self._of_task(tasks.execute_task)  # type: ignore[method-assign]

    def broke(self) -> None:
        """A user's own code raised something outside of requests."""
        self._broken += 1

    def flush(self) -> dict[str, Any]:
        """All that there is to tell, under the names that core.events.Traffic has for it."""
        now, since = time.monotonic(), [began for began in self._since.values() if time.monotonic() - began >= LONG]
        told = {
            "hanging": len(since), "oldest": round(now - min(since), 3) if since else None,
            "unreported": max(0, self._left_open - self._told_open), "journeys": max(self._journeys, self._broken), "broken": self._broken,
        }  # fmt: skip
        self._told_open = max(self._left_open, self._told_open)
        self._journeys = self._broken = 0
        return told

    def _of_request(self, request: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(request)
        def watched(*given: Any, **named: Any) -> Any:
            mark = object()
            self._since[mark] = time.monotonic()
            try:
                answer = request(*given, **named)
            finally:
                del self._since[mark]
            self._left_open += bool(named.get("catch_response"))
            return answer

        return watched

    def _of_entering(self, enter: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(enter)
        def watched(response: Any) -> Any:
            self._left_open -= 1
            return enter(response)

        return watched

    def _of_task(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(execute)
        def watched(*given: Any) -> Any:
            self._journeys += 1
            return execute(*given)

        return watched
