"""Why no page came: the first thing that went wrong on the way from the rule to the receiver, as far as the facts tell.

Knows the way's order; refuses to name a cause that no entry of the journal shows.
"""

from firedrill.judge.drill import Facts
from firedrill.judge.moments import Moment
from firedrill.judge.pages import hits, spans
from firedrill.judge.wording import both, seconds

Cause = tuple[str, list[int]]
"""A clause for the sentence `did not page NAME: ...`, and the entries that show it."""


def no_page(facts: Facts, alert: str, to: str | None, start: Moment) -> Cause:
    """Why `alert` paged nobody (or not `to`) after `start`."""
    elsewhere = [hit for hit in hits(facts, alert) if hit.at >= start.at and hit.page.receiver != to]
    if elsewhere:
        others = both(dict.fromkeys(f"`{hit.page.receiver}`" for hit in elsewhere))
        return f"it reached {others} instead of {to}", [seq for hit in elsewhere for seq in hit.evidence]
    lives = [span for span in spans(facts, alert) if span.resolved is None or span.resolved >= start.at]
    fired = [span for span in lives if span.firing is not None]
    if fired:
        at = (fired[0].firing or 0.0) - start.at
        return f"it fired {seconds(at)} after {start.name}, but no notification came", [fired[0].seqs["firing"]]
    if lives:
        at = (lives[0].pending or 0.0) - start.at
        return f"it was pending {seconds(at)} after {start.name}, but never fired", [lives[0].seqs["pending"]]
    return "the alert never became pending", []
