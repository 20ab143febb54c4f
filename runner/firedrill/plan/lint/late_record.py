"""An alert that reads a recorded series from another group, and how old that value is at every evaluation."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from firedrill.core import phase, promql
from firedrill.core.alerting import Alerting, AlertingRule, RecordingRule
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import length, listed

NAME = "late-record"


def look(linted: Linted) -> Iterator[Remark]:
    """One remark for each group that an alert reads records of too late."""
    ambiguous = _ambiguous(linted.alerting)
    for rule in linted.alerting.alerts:
        for records in _late(rule, linted.alerting.records):
            yield Remark(NAME, rule.alert, rule.places.get("expr", rule.place), _said(rule, records, ambiguous))


def _late(rule: AlertingRule, records: Sequence[RecordingRule]) -> Iterator[list[RecordingRule]]:
    """The records that it reads and that stand elsewhere or below it, by group."""
    read = set(promql.record_names(rule.expr, records))
    groups: dict[tuple[str, str], list[RecordingRule]] = {}
    for record in records:
        if record.record in read and not _just_before(record, rule):
            groups.setdefault((record.place.file, record.group), []).append(record)
    yield from groups.values()


def _just_before(record: RecordingRule, rule: AlertingRule) -> bool:
    """Rules of one group are evaluated in their order, so that one below sees what one above has just recorded."""
    above = (record.place.line, record.place.column) <= (rule.place.line, rule.place.column)
    return _same_group(record, rule) and above


def _same_group(record: RecordingRule, rule: AlertingRule) -> bool:
    return (record.place.file, record.group) == (rule.place.file, rule.group)


def _said(rule: AlertingRule, records: Sequence[RecordingRule], ambiguous: frozenset[str]) -> str:
    names, first = listed(list(dict.fromkeys(record.record for record in records))), records[0]
    if _same_group(first, rule):
        return f"{rule.alert} reads {names}, recorded below it in its group: it sees values {length(rule.interval)} old at every evaluation"
    if first.interval != rule.interval or {first.place.file, rule.place.file} & ambiguous:
        late = f"up to {length(first.interval)} old"
    else:
        late = f"{length(_lag(first, rule))} old at every evaluation"
    return f"{rule.alert} reads {names} from the group {first.group}: it sees values {late}; list records above the alert in one group"


def _lag(record: RecordingRule, rule: AlertingRule) -> float:
    return phase.lag(_told(record.place.file), record.group, _told(rule.place.file), rule.group, rule.interval)


def _told(file: str) -> str:
    """How the embedded Prometheus is told of a rule file."""
    return f"rules/{PurePath(file).name}"


def _ambiguous(alerting: Alerting) -> frozenset[str]:
    """Files of one name, of which all but the first get another, in an order that is not known here."""
    rules: tuple[RecordingRule | AlertingRule, ...] = (*alerting.records, *alerting.alerts)
    files = dict.fromkeys(rule.place.file for rule in rules)
    names = [PurePath(file).name for file in files]
    return frozenset(file for file in files if names.count(PurePath(file).name) > 1)


CHECK = Check(
    NAME,
    __doc__,
    "Prometheus evaluates each rule group at a moment of its own within the interval, which a hash of the file's and the group's name "
    "decides. An alert that reads a record of another group always sees a value that old, and pages that much later. The number is exact "
    "for Prometheus 2.42; later versions hash differently, so that it is another number, but always the same one.",
    look,
)
