"""Whether every link in a page's message can be followed, by what those who fetched it wrote down.

Refuses to judge a link that the environment does not allow to be fetched.
"""

from collections.abc import Mapping, Sequence

from firedrill.core.links import PATIENCE, allowed, host_of
from firedrill.core.verdicts import Verdict
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import GRACE, Check, undecided
from firedrill.judge.messages import became, is_broken, links_of
from firedrill.judge.pages import Hit
from firedrill.judge.parts.page_contents import UNREAD
from firedrill.judge.wording import both


def reachable(alert: str, labels: Mapping[str, str], facts: Facts, hit: Hit) -> Check:
    """That each link was fetched and answered with less than 400; a message without any has nothing to follow."""
    if hit.note is None:
        return UNREAD
    urls = links_of(hit.note, alert, labels)
    if not urls:
        return Check(Verdict.FAIL, f"paged {hit.note.receiver} without any link in its message", hit.evidence)
    known = [facts.links[url] for url in urls if url in facts.links]
    evidence = [*hit.evidence, *(link.seq for link in known)]
    if broken := [link for link in known if is_broken(link)]:
        told = both(f"its link {link.url} {became(link)}" for link in broken)
        return Check(Verdict.FAIL, f"paged {hit.note.receiver}, but {told}", evidence)
    if left := [url for url in urls if url not in facts.links]:
        return _unfetched(facts, hit, hit.note.at, left)
    return Check(Verdict.PASS, "its link reachable" if len(urls) == 1 else f"its {len(urls)} links reachable", evidence)


def _unfetched(facts: Facts, hit: Hit, since: float, urls: Sequence[str]) -> Check:
    if barred := [url for url in urls if not allowed(url, facts.plan.links)]:
        add = f"add {host_of(barred[0])} to 'links' of the environment {facts.plan.environment} in firedrill.yaml"
        return Check(Verdict.INCONCLUSIVE, f"cannot be judged: its link {barred[0]} may not be fetched; to allow it, {add}", hit.evidence)
    if undecided(facts, since + PATIENCE):
        return Check(Verdict.PENDING, f"has paged, and its link {urls[0]} is being fetched", hit.evidence, since + PATIENCE + GRACE)
    return Check(Verdict.INCONCLUSIVE, f"cannot be judged: nobody fetched its link {urls[0]}", hit.evidence)
