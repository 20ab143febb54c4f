"""Pages that an experiment expects and its own silences keep back."""

from collections.abc import Iterator, Mapping

from firedrill.core.matching import matcher
from firedrill.core.model.experiment import Silence
from firedrill.core.model.plan import Plan
from firedrill.core.routing import static_labels
from firedrill.plan.asked import all_asked, rules_of


def silenced_pages(plan: Plan) -> Iterator[str]:
    """A sentence for each expected page of which every rule is silenced, whatever its series."""
    for asked in all_asked(plan):
        rules = rules_of(asked.alert, plan.alerting) if asked.page and asked.alert and not asked.unwanted else ()
        holding = [next((one for one in plan.silences if _holds(one, static_labels(rule))), None) for rule in rules]
        if holding and all(holding):
            words = " and ".join(dict.fromkeys(", ".join(one.matchers) for one in holding if one))
            yield f"{asked.words}: cannot be, as this experiment silences {words}"


def _holds(silence: Silence, labels: Mapping[str, str]) -> bool:
    read = (matcher(text) for text in silence.matchers)
    return all(one is not None and one.holds(labels.get(one.label)) is True for one in read)
