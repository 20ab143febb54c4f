"""What running servers tell of their rules and routes, as the files would have: no lines, but the names of their own files.

Pure: the parsed answers come in, and a sentence goes out for what cannot be used.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from firedrill.core import promql, temporary
from firedrill.core.alerting import Alerting, AlertingRule, Place, RecordingRule
from firedrill.core.errors import FiredrillError
from firedrill.spec.alertmanager import Alertmanager, load_alertmanager


def rules(groups: Sequence[Mapping[str, Any]]) -> Alerting:
    """All the rules of `/api/v1/rules`."""
    records: list[RecordingRule] = []
    alerts: list[AlertingRule] = []
    try:
        for group, rule in _each(groups):
            if rule["type"] == "alerting":
                alerts.append(_alert(group, rule))
            else:
                records.append(RecordingRule(record=rule["name"], expr=rule["query"], **_common(group)))
    except (KeyError, TypeError, ValueError) as error:
        raise FiredrillError(f"the answer of /api/v1/rules is not understood: {error!r}") from None
    return Alerting(records=tuple(records), alerts=tuple(alerts))


def only(alerting: Alerting, wanted: Collection[str]) -> Alerting:
    """The alerts of these names and every record that they read: a big Prometheus has rules that no drill is about."""
    alerts = tuple(rule for rule in alerting.alerts if rule.alert in wanted)
    needed: set[str] = set()
    exprs = [rule.expr for rule in alerts]
    while exprs:
        new = {name for name in _records_in(exprs.pop(), alerting) if name not in needed}
        needed |= new
        exprs += [rule.expr for rule in alerting.records if rule.record in new]
    return alerting.model_copy(update={"alerts": alerts, "records": tuple(rule for rule in alerting.records if rule.record in needed)})


def _records_in(expr: str, alerting: Alerting) -> list[str]:
    try:
        return promql.record_names(expr, alerting.records)
    except ValueError:
        return []


def _each(groups: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return ((group, rule) for group in groups for rule in group["rules"] or ())


def _common(group: Mapping[str, Any]) -> dict[str, Any]:
    return {"group": group["name"], "interval": float(group["interval"]), "place": Place(file=group.get("file") or group["name"], line=0)}


def _alert(group: Mapping[str, Any], rule: Mapping[str, Any]) -> AlertingRule:
    return AlertingRule(
        alert=rule["name"],
        expr=rule["query"],
        for_=float(rule.get("duration") or 0),
        keep_firing_for=float(rule.get("keepFiringFor") or 0),
        labels=rule.get("labels") or {},
        annotations=rule.get("annotations") or {},
        **_common(group),
    )


def routes(text: str, name: str) -> Alertmanager:
    """The routes and receivers of a configuration that an Alertmanager tells, whose secrets are blotted out there."""
    with temporary.folder() as folder:
        file = folder / "alertmanager.yml"
        file.write_text(text, encoding="utf-8")
        return load_alertmanager(file, folder, captured=False, name=name)
