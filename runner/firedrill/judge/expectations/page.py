"""`page:`: the right page reached the right people, in time, as often as it should, with what they need, and was answered.

Knows what can be asked of a page, and how a line says it; how each part is judged is in judge/parts.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from firedrill.core.kinds import ExpectationKind
from firedrill.core.model.declared import Count, Declared, Texts, clash
from firedrill.core.model.stay import Stay, in_words
from firedrill.core.units import Duration
from firedrill.core.verdicts import Finding
from firedrill.judge.wording import both, clipped, pairs, quoted, times

if TYPE_CHECKING:
    from firedrill.judge.drill import Facts


_OF_ONE_PAGE = (
    "within", "not_before", "after", "grouped_with", "has", "annotations", "says", "links", "stays", "acknowledged", "by", "resolved",
)  # fmt: skip
"""What can be asked only of a page that comes."""


class PageExpectation(Declared):
    """An alert is expected to page."""

    page: str
    """The alert's name."""
    to: str | None = None
    """The receiver that the page is for; any when left out."""
    labels: Mapping[str, str] = {}
    """Labels that the alert carries in the page; one without them is another page."""
    within: Duration | None = None
    """From the first active fault (of a placebo, from the start of play)."""
    not_before: Duration | None = None
    """From the same moment: an earlier page is a failure."""
    times: Count | None = None
    """How many pages until the drill ends; not judged when left out, 0 for an alert that must not page."""
    after: str | None = None
    """An alert that must page no later than this one: the root cause first. In one message is in order."""
    grouped_with: Texts = ()
    """Alerts that some message of the page lists beside this one; a name or a list."""
    has: Texts = ()
    """Annotations or labels that the page must carry, not empty; a name or a list."""
    annotations: Mapping[str, str] = {}
    """Annotations that the page must carry, word for word."""
    says: Texts = ()
    """Texts that a person must read in the first message: a text or a list. Of a webhook without a text, in its summary and description."""
    links: Literal["reachable"] | None = None
    """`reachable`: each link in the first message was fetched and answered with less than 400; the environment's `links` allow hosts."""
    stays: Stay | None = None
    """No flapping: for this long, and no longer than the fault, the page is not resolved. `until-cleared`: as long as the fault."""
    acknowledged: Duration | None = None
    """From the page's opening until somebody acknowledges it."""
    by: str | None = None
    """The person who must be the one to acknowledge it; anybody when left out."""
    resolved: Duration | None = None
    """From the moment the last fault was cleared until the page is resolved."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.times == 0:
            for key in _OF_ONE_PAGE:
                if key in self.model_fields_set:
                    raise clash(key.replace("_", "-"), "with 'times: 0' no page may come, so there is nothing to ask of one")
        if self.after == self.page:
            raise clash("after", f"{self.page} cannot come after itself; name another alert")
        if self.by is not None and self.acknowledged is None:
            raise clash("by", "it is about who acknowledges the page; say how soon, as in 'acknowledged: 30s'")
        if self.page in self.grouped_with:
            raise clash("grouped-with", f"{self.page} is in its own page anyway; name other alerts")
        return self

    def words(self) -> str:
        """The expectation in one line."""
        return " ".join([f"page {self.page}", *self._about_its_coming(), *self._about_its_contents()]) + (
            f", resolved within {self.resolved}" if self.resolved is not None else ""
        )

    def _about_its_coming(self) -> Iterator[str]:
        yield from [f"with {pairs(self.labels)}"] if self.labels else []
        yield from [f"to {self.to}"] if self.to is not None else []
        yield from [f"within {self.within}"] if self.within is not None else []
        yield from [f"not before {self.not_before}"] if self.not_before is not None else []
        yield from [times(self.times)] if self.times is not None else []
        yield from [f"after {self.after}"] if self.after is not None else []
        yield from [f"in one message with {both(self.grouped_with)}"] if self.grouped_with else []

    def _about_its_contents(self) -> Iterator[str]:
        yield from [f"with {both(self.has)}"] if self.has else []
        yield from (f"with {name} {quoted(clipped(text, 60))}" for name, text in self.annotations.items())
        yield from [f"saying {both(quoted(clipped(text, 60)) for text in self.says)}"] if self.says else []
        yield from ["with reachable links"] if self.links is not None else []
        yield from [f"staying open {in_words(self.stays)}"] if self.stays is not None else []
        by = f" by {self.by}" if self.by is not None else ""
        yield from [f"acknowledged{by} within {self.acknowledged}"] if self.acknowledged is not None else []


def judge(declared: PageExpectation, words: str, facts: "Facts") -> Finding:
    """Judge one expected page; pending, while the drill runs, until each part is decided."""
    from firedrill.judge.parts.page import judged  # who only reads the file pays for none of it

    return judged(declared, words, facts)


KIND = ExpectationKind(
    name="page",
    summary="An alert pages the right receiver, in time, as often as it should, with what people need, and is resolved.",
    declared=PageExpectation,
    judge=judge,
    example=(
        "- page: NegotiationLatencyBudgetBurn\n  to: payments-oncall\n  labels:\n    severity: page\n  within: 45s\n  times: 1\n"
        "  has: [summary, runbook_url]\n  says: Offers are slow\n  links: reachable\n  stays: until-cleared\n"
        "  acknowledged: 30s\n  by: first-on-call\n  resolved: 90s\n"
    ),
)
