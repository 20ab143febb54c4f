"""`quiet`: nothing else fires and nobody else is paged, from the steady phase to the drill's end.

Silence is proved by those who listened: it passes only when Prometheus and the sink were watched the whole time.
"""

from collections.abc import Mapping, Sequence

from pydantic import Field

from firedrill.core.kinds import ExpectationKind
from firedrill.core.matching import matcher
from firedrill.core.model.declared import Declared
from firedrill.core.verdicts import Finding, Verdict
from firedrill.judge.drill import AlertSpan, Facts, Page
from firedrill.judge.grounds import Check, blinded, cut_short, finding, shaken
from firedrill.judge.moments import close, phase
from firedrill.judge.pages import paged_alerts
from firedrill.judge.sight import cited, failed_rules
from firedrill.judge.wording import both, seconds

LISTENED = ("prometheus", "sink")
NAMING = ("page", "alert")
"""Kinds of expectation whose own alert is not a surprise."""


class Exceptions(Declared):
    """What may be heard all the same."""

    except_: tuple[str, ...] = Field(default=())
    """Alerts that may fire and page."""


class QuietExpectation(Declared):
    """No alert fires and no page opens but those that other expectations of the file name.

    An alert that the drill's own `silences` match may fire, but not page.
    """

    quiet: Exceptions | None = None

    def words(self) -> str:
        """The expectation in one line."""
        return f"quiet except {both(self.quiet.except_)}" if self.quiet is not None and self.quiet.except_ else "quiet"


def judge(declared: QuietExpectation, words: str, facts: Facts) -> Finding:
    """Judge the silence; it stays pending while the drill runs, unless it is broken."""
    reason = shaken(facts)
    heard = phase(facts, "steady") or phase(facts, "play")
    if phase(facts, "play") is None or heard is None:
        return finding(words, _quiet(reason) if reason is not None else Check(Verdict.PENDING, "listening from the steady phase on"))
    if (noise := _noise(facts, _named(declared, facts), heard.start)) is not None:
        return finding(words, noise)
    if facts.ended is None:
        return finding(words, Check(Verdict.PENDING, "nothing else has fired or paged so far", [heard.seq]))
    missed = (
        reason or cut_short(facts, None, "it was meant to") or blinded(facts, [*LISTENED, *failed_rules(facts)], heard.start, close(facts))
    )
    if missed is not None:
        return finding(words, _quiet(missed))
    looks = facts.coverage["prometheus"].looks
    while_ = f"from {seconds(heard.start)} to {seconds(close(facts))}"
    text = f"nothing else fired or paged {while_}: {looks} looks at Prometheus, the sink always open"
    return finding(words, Check(Verdict.PASS, text, [heard.seq, *cited(facts, LISTENED)]))


def _quiet(reason: Check) -> Check:
    return Check(reason.verdict, f"silence {reason.words}", reason.evidence)


def _named(declared: QuietExpectation, facts: Facts) -> set[str]:
    """Alerts that are no surprise: another expectation's own, or an exception."""
    planned = {str(one.declared.get(one.kind)) for one in facts.plan.expectations if one.kind in NAMING}
    return planned | set(declared.quiet.except_ if declared.quiet is not None else ())


def _noise(facts: Facts, named: set[str], since: float) -> Check | None:
    fired = [span for span in facts.alerts if span.alert not in named and _fired(span, since, close(facts)) and not _silenced(facts, span)]
    paged = [(page, set(paged_alerts(page)) - named) for page in facts.pages if _open(page, since)]
    surprises = [(page, names) for page, names in paged if names]
    if not fired and not surprises:
        return None
    texts = [f"{span.alert} fired at {seconds(span.firing or 0.0)}" for span in fired]
    texts += [f"{both(sorted(names))} paged {page.receiver} at {seconds(page.opened)}" for page, names in surprises]
    evidence = [span.seqs["firing"] for span in fired] + [page.seqs["opened"] for page, _ in surprises]
    return Check(Verdict.FAIL, f"{both(texts)}, which nothing expected", evidence)


def _silenced(facts: Facts, span: AlertSpan) -> bool:
    """Whether the drill itself keeps the alert quiet: then it may fire, but still page nobody."""
    return any(_matches(matchers, span.labels) for matchers, _ in facts.silences.values())


def _matches(matchers: Sequence[str], labels: Mapping[str, str]) -> bool:
    read = (matcher(text) for text in matchers)
    return all(one is not None and one.holds(labels.get(one.label, "")) for one in read)


def _fired(span: AlertSpan, since: float, until: float) -> bool:
    return span.firing is not None and span.firing <= until and (span.firing >= since or span.resolved is None or span.resolved > since)


def _open(page: Page, since: float) -> bool:
    return page.opened >= since or page.resolved is None or page.resolved > since


KIND = ExpectationKind(
    name="quiet",
    summary="Nothing else fires and nobody else is paged, from the steady phase to the end.",
    declared=QuietExpectation,
    judge=judge,
    example="- quiet\n",
)
