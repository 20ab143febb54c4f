"""Debtors who negotiate: each asks for an offer, accepts it, and reads the agreement back.

Runs as it is, too: `locust -f scenarios/negotiate.py --host http://127.0.0.1:8080`.

Only `POST /offers` asks the credit bureau. When the bureau takes 500 ms more, offers take 500 ms more and nothing else does: that is
why the latency promise (slos/negotiation-latency.yaml) is about offers alone, and why each session begins with one. Twenty
users make about 32 sessions, so 95 requests, a second; while the bureau is late still some 18 sessions, and while it is down they
stop at the refused offer. The wait between sessions keeps traffic from dying with the bureau: ratios need something to divide by.
"""

import random

from locust import FastHttpUser, between, task


class Debtor(FastHttpUser):
    """One person after another, half a second apart or a little more."""

    wait_time = between(0.45, 0.75)

    @task
    def negotiate(self) -> None:
        offer = self.answered("POST", "/offers", {"debtor": f"debtor-{random.randrange(500)}", "debt": random.randrange(200, 20_000)})
        if offer and (agreement := self.answered("POST", "/agreements", {"offer": offer["id"]})):
            self.client.get(f"/agreements/{agreement['id']}", name="GET /agreements/{id}")

    def answered(self, method: str, path: str, body: dict[str, object]) -> dict[str, str] | None:
        """What the API answered, or nothing when it refused: Locust has counted the failure, and the session ends there."""
        answer = self.client.request(method, path, json=body, name=f"{method} {path}")
        return answer.json() if answer.status_code == 201 else None
