"""What a policy asks for when nobody answers."""

from firedrill.core.model.oncall import Policy
from firedrill.respond.escalation import Step, goes_on, step


def policy(*after: str, **more: str) -> Policy:
    return Policy.model_validate({"levels": [{"notify": "x", "after": one} for one in after], **more})


def steps(policy: Policy, number: int) -> list[Step | None]:
    return [step(policy, one) for one in range(number)]


def test_levels_are_told_by_their_delays_from_the_opening_and_then_nobody() -> None:
    found = steps(policy("0s", "5m", "15m"), 5)
    assert found == [Step(0, 1, "opened"), Step(300, 2, "escalated"), Step(900, 3, "escalated"), None, None]


def test_again_starts_over_so_long_after_the_last_level() -> None:
    found = steps(policy("10s", "30s", again="1m"), 5)
    assert found == [
        Step(10, 1, "opened"), Step(30, 2, "escalated"), Step(90, 1, "again"), Step(110, 2, "escalated"), Step(170, 1, "again"),
    ]  # fmt: skip


def test_one_level_alone_is_told_again_and_again() -> None:
    assert [one and one.after for one in steps(policy("0s", again="30s"), 4)] == [0, 30, 60, 90]


def test_a_round_goes_on_until_its_last_level() -> None:
    assert [goes_on(policy("0s", "5m", again="1m"), number) for number in range(4)] == [True, False, True, False]
