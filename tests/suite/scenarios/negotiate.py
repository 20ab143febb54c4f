"""Debtors in a hurry: sixteen make about 55 offers a second, and accept every fourth of them.

Offers decide both promises, so that two seconds of steady state hold enough samples for 95 %.
"""

import random

from locust import FastHttpUser, between, task


class Debtor(FastHttpUser):
    """One person after another, a quarter of a second apart or a little more."""

    wait_time = between(0.2, 0.35)

    @task(3)
    def ask(self) -> dict[str, str] | None:
        return self.answered("POST", "/offers", {"debtor": f"debtor-{random.randrange(100)}", "debt": random.randrange(200, 20_000)})

    @task(1)
    def agree(self) -> None:
        offer = self.ask()
        if offer and (agreement := self.answered("POST", "/agreements", {"offer": offer["id"]})):
            self.client.get(f"/agreements/{agreement['id']}", name="GET /agreements/{id}")

    def answered(self, method: str, path: str, body: dict[str, object]) -> dict[str, str] | None:
        answer = self.client.request(method, path, json=body, name=f"{method} {path}")
        return answer.json() if answer.status_code == 201 else None
