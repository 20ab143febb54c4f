"""Whether a page carries what people need: annotations and labels by name, annotations word for word, and the text they read."""

from collections.abc import Mapping, Sequence

from firedrill.core.verdicts import Verdict
from firedrill.judge.blanks import blank
from firedrill.judge.drill import Facts
from firedrill.judge.grounds import Check
from firedrill.judge.messages import text_of
from firedrill.judge.pages import Hit, instances
from firedrill.judge.wording import both, clipped, quoted

UNREAD = Check(Verdict.INCONCLUSIVE, "cannot be judged: the page's message is not in the journal")


def has(alert: str, labels: Mapping[str, str], facts: Facts, hit: Hit, names: Sequence[str]) -> Check:
    """That each instance carries these annotations or labels, not empty, and no text with an empty place."""
    if hit.note is None:
        return UNREAD
    told = [{**one.get("labels", {}), **one.get("annotations", {})} for one in instances(hit.note, alert, labels)]
    lacking = [name for name in names if not all(str(one.get(name) or "").strip() for one in told)]
    if lacking:
        return Check(Verdict.FAIL, f"paged {hit.page.receiver} without {both(lacking)}", hit.evidence)
    if (empty := blank(facts, alert, labels, hit, list(names))) is not None:
        return Check(Verdict.FAIL, f"paged {hit.page.receiver} {empty}", hit.evidence)
    return Check(Verdict.PASS, f"with {both(names)}", hit.evidence)


def annotated(alert: str, labels: Mapping[str, str], hit: Hit, wanted: Mapping[str, str]) -> Check:
    """That each instance's annotations are these, word for word; space at either end does not count."""
    if hit.note is None:
        return UNREAD
    told: list[Mapping[str, str]] = [one.get("annotations", {}) for one in instances(hit.note, alert, labels)]
    wrong = [_wrong(one, name, text) for name, text in wanted.items() for one in told if str(one.get(name) or "").strip() != text.strip()]
    if wrong:
        return Check(Verdict.FAIL, f"paged {hit.page.receiver} {both(dict.fromkeys(wrong))}", hit.evidence)
    return Check(Verdict.PASS, f"with the expected {both(wanted)}", hit.evidence)


def _wrong(told: Mapping[str, str], name: str, text: str) -> str:
    is_ = str(told.get(name) or "").strip()
    return f"with the {name} {quoted(clipped(is_))} instead of {quoted(clipped(text.strip()))}" if is_ else f"without {name}"


def says(alert: str, labels: Mapping[str, str], hit: Hit, texts: Sequence[str]) -> Check:
    """That a person reads each of these texts in the message; how its words are broken into lines does not count."""
    if hit.note is None:
        return UNREAD
    read = text_of(hit.note, alert, labels)
    if read is None:
        words = f"cannot be judged: nobody knows what the {hit.note.integration} message to {hit.note.receiver} says"
        return Check(Verdict.INCONCLUSIVE, words, hit.evidence)
    unsaid = [text for text in texts if " ".join(text.split()) not in read]
    if unsaid:
        words = f"paged {hit.note.receiver}, but the message does not say {both(map(quoted, unsaid))}; it says {quoted(clipped(read))}"
        return Check(Verdict.FAIL, words, hit.evidence)
    return Check(Verdict.PASS, f"saying {both(map(quoted, texts))}", hit.evidence)
