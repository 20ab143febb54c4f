"""Which labels an expression's series can have, operator by operator."""

import pytest

from firedrill.core.alerting import Place, RecordingRule
from firedrill.core.labels import labels

AT = Place(file="x.yml", line=1)
KNOWN = {"by:job": "sum by (job) (x)", "far:job": "by:job > 0", "round:a": "round:b", "round:b": "round:a"}
RECORDS = tuple(
    RecordingRule(record=name, expr=expr, group="g", interval=1.0, place=AT, labels={"slo": "a"} if name == "by:job" else {})
    for name, expr in KNOWN.items()
)


@pytest.mark.parametrize(
    ("expr", "has", "lacks"),
    [
        ("up == 0", "a instance", ""),
        ("sum(up)", "", "a instance"),
        ("sum by (a) (up)", "a", "b"),
        ("sum without (a) (up)", "b", "a"),
        ("topk(3, up)", "a b", ""),
        ("count_values('v', up)", "v", "a"),
        ("sum by (a, b) (x) / on (a) sum by (a) (y)", "a", "b"),
        ("sum by (a, b) (x) / ignoring (b) sum by (a) (y)", "a", "b"),
        ("sum by (a, b) (x) / on (a) group_left (c) y", "a b c", "d"),
        ("sum by (a) (x) and on (a) y", "a", "b"),
        ("sum by (a) (x) or sum by (b) (x)", "a b", "c"),
        ("sum by (a) (x) > 1", "a", "b"),
        ("1 < sum by (a) (x)", "a", "b"),
        ("histogram_quantile(0.9, sum by (a, le) (rate(x_bucket[5m])))", "a", "le b"),
        ("absent(up{job='x', a=~'b'})", "job", "a instance"),
        ("vector(1)", "", "a"),
        ("label_replace(sum(x), 'new', '$1', 'old', '(.*)')", "new", "old"),
        ("max_over_time(sum by (a) (x)[5m:])", "a", "b"),
        ("by:job > 1", "job slo", "instance"),
        ("far:job", "job slo", "instance"),
        ("round:a", "a", ""),
    ],
)
def test_an_operator_keeps_and_drops_labels(expr: str, has: str, lacks: str) -> None:
    found = labels(expr, RECORDS)
    assert [label for label in has.split() if not found.can_have(label)] == []
    assert [label for label in lacks.split() if found.can_have(label)] == []
