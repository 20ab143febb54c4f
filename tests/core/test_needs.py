"""Which series an expression yields nothing without."""

import pytest

from firedrill.core.alerting import Place, RecordingRule
from firedrill.core.needs import needs


def record(name: str, expr: str) -> RecordingRule:
    return RecordingRule(record=name, expr=expr, group="g", interval=1, place=Place(file="r.yml", line=1))


RECORDS = (
    record("slow:ratio", 'rate(slow_total{job="api"}[1m]) / rate(all_total[1m])'), record("twice", "a"), record("twice", "b"),
    record("round", "round + a"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "needed"),
    [
        ("probe_ssl_earliest_cert_expiry - time() <= 0", ["probe_ssl_earliest_cert_expiry"]),
        ("sum by (le) (rate(b_bucket[5m])) > 1 and on () c == 0", ["b_bucket", "c"]),
        ("a unless b", ["a"]),
        ("topk(3, a) > 1", ["a"]),
        ("max_over_time(a[5m:1m]) > 2", ["a"]),
        ("slow:ratio > 0.1", ['slow_total{job="api"}', "all_total"]),
        ('{__name__=~"a|b"} > 1', ['{__name__=~"a|b"}']),
        ("(a or b) > 1", []),
        ("a > 1 or vector(1)", []),
        ("absent(up{job='api'})", []),
        ("absent_over_time(a[5m])", []),
        ("a > scalar(b)", ["a"]),
        ("a offset 1h > 1", []),
        ("a @ 1000 > 1", []),
        ("twice > 1", []),
        ("round > 1", ["a"]),
        ("vector(time()) > 1", []),
        ("a > (", []),
        ("+".join("a" * 300), []),
    ],
)
def test_it_is_what_nothing_else_can_stand_in_for(expr: str, needed: list[str]) -> None:
    assert needs(expr, RECORDS) == needed


def test_records_that_read_one_another_many_times_are_each_looked_into_once() -> None:
    chain = (record("r:0", "a"), *(record(f"r:{number}", " + ".join([f"r:{number - 1}"] * 9)) for number in range(1, 25)))
    assert needs("r:24 > 1", chain) == ["a"]
