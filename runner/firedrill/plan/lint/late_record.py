"""An alert that reads a recorded series from another group, and how old that value is at every evaluation."""

from collections.abc import Iterator, Mapping, Sequence

from firedrill.core import phase, promql
from firedrill.core.alerting import AlertingRule, RecordingRule
from firedrill.plan.lint.remark import Check, Linted, Remark
from firedrill.plan.words import length, listed

NAME = "late-record"


def look(linted: Linted) -> Iterator[Remark]:
    """One remark for each group that an alert reads records of too late."""
    for rule in linted.alerting.alerts:
        for records in _late(rule, linted.alerting.records):
            yield Remark(NAME, rule.alert, rule.places.get("expr", rule.place), _said(rule, records, linted.alerting.rule_files))


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


def _said(rule: AlertingRule, records: Sequence[RecordingRule], files: Mapping[str, str]) -> str:
    names, first = listed(list(dict.fromkeys(record.record for record in records))), records[0]
    if _same_group(first, rule):
        return f"{rule.alert} reads {names}, recorded below it in its group: it sees values {length(rule.interval)} old at every evaluation"
    lag = phase.lag_between(first, rule, files)
    late = f"up to {length(lag.most)} old" if lag.always is None else f"{length(lag.always)} old at every evaluation"
    return f"{rule.alert} reads {names} from the group {first.group}: it sees values {late}; list records above the alert in one group"


CHECK = Check(
    NAME,
    __doc__,
    "Prometheus evaluates each rule group at a moment of its own within the interval, which a hash of the file's and the group's name "
    "decides. An alert that reads a record of another group always sees a value that old, and pages that much later. The number is exact "
    "for a Prometheus that is built as Debian's 2.42 and 2.53 are; others, such as 3.5, hash differently, so that it is another number, "
    "but always the same one.",
    look,
)
