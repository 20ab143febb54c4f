"""What rules read and how their records are written out."""

import pytest

from firedrill.core import promql
from firedrill.core.alerting import Place, RecordingRule

PLACE = Place(file="rules.yml", line=1)


def recorded(name: str, expr: str) -> RecordingRule:
    return RecordingRule(record=name, expr=expr, group="g", interval=1, place=PLACE)


SHARE = recorded("job:bad:share", 'sum(rate(requests_total{code=~"5.."}[20s])) / sum(rate(requests_total[20s]))')
DEEP = recorded("job:bad:twice", "avg_over_time(job:bad:share[10s])")


@pytest.mark.parametrize(
    ("expr", "seconds"),
    [
        ("up == 0", 0),
        ("rate(a[5m]) > 1", 300),
        ("rate(a[5m] offset 1m) > 1", 360),
        ("max_over_time(rate(a[1m])[10m:1m]) > 1", 660),
        ("max_over_time(rate(a[1m])[10m:1m] offset 1m) > 1", 720),
        ("job:bad:share > 0.1 and rate(a[5s]) > 1", 20),
        ("job:bad:twice > 0.1", 30),
        ("job:bad:twice offset 5s > 0.1", 35),
        ('job:bad:share{job="api"} > 0.1', 20),
    ],
)
def test_the_longest_window_counts_offsets_subqueries_and_records(expr, seconds):
    assert promql.longest_window(expr, [SHARE, DEEP]) == seconds


def test_each_selector_is_read_as_far_back_as_its_own_longest_window():
    assert promql.reads("rate(a[5s]) / rate(b[10s]) > 1 and rate(a[20s]) > 2 and up") == {"a": 20, "b": 10, "up": 0}


def test_selectors_are_those_behind_the_records():
    assert promql.selectors("job:bad:twice > 0.1", [SHARE, DEEP]) == ['requests_total{code=~"5.."}', "requests_total"]


def test_a_record_that_reads_itself_ends_the_search():
    itself = recorded("a:b", "a:b + rate(c[5s])")
    assert promql.selectors("a:b", [itself]) == ["a:b", "c"]


def test_a_reference_is_replaced_by_its_record_in_parentheses():
    inlined = promql.inline("job:bad:share / 2 > 0.1", [SHARE])
    assert inlined == f"({SHARE.expr}) / 2 > 0.1"


def test_records_that_read_records_are_written_out_to_the_end():
    outer = recorded("job:bad:percent", "100 * job:bad:share")
    assert promql.inline("job:bad:percent > 5", [SHARE, outer]) == f"(100 * ({SHARE.expr})) > 5"


@pytest.mark.parametrize(
    ("expr", "why"),
    [
        ('job:bad:share{job="api"} > 1', "not analysable: it reads the recorded series job:bad:share with matchers, offset or @"),
        ("job:bad:share offset 1m > 1", "not analysable: it reads the recorded series job:bad:share with matchers, offset or @"),
        ("avg_over_time(job:bad:share[1m]) > 1", "not analysable: it looks back over the recorded series job:bad:share"),
        ("twice > 1", "not analysable: twice is recorded by 2 rules"),
        ("itself > 1", "not analysable: the recorded series itself reads itself"),
    ],
)
def test_a_reference_that_is_not_bare_is_not_analysable(expr, why):
    records = [SHARE, recorded("twice", "a"), recorded("twice", "b"), recorded("itself", "itself + 1")]
    with pytest.raises(ValueError, match=r"^not analysable") as caught:
        promql.inline(expr, records)
    assert str(caught.value) == why


def test_a_parse_error_says_what_is_wrong():
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        promql.longest_window("sum(rate(a[5m])")


def test_record_names_go_by_the_colon_or_by_the_records_given():
    expr = "job:bad:share > 0.1 and other > 1 and on () up"
    assert promql.record_names(expr) == ["job:bad:share"]
    assert promql.record_names(expr, [recorded("other", "a")]) == ["other"]


@pytest.mark.parametrize(
    "expr",
    [
        'a{x="a\\"b\\\\c", y=~"\\\\d+|z", z!~"q", w!="1"} offset -3s @ 12.500',
        "sum by (a, b) (topk(3, b)) > bool 1",
        "sum without (le) (rate(x_bucket[1m30s])) / ignoring (x) group_left (y) d",
        "quantile_over_time(0.3, x[5m:10s] offset 1h30m) unless on (a) b",
        "-a ^ 2 * (b + c) and d @ start() or e @ end()",
        'label_replace(up, "a", "$1", "b", "(.*)\\\\d")',
        '{__name__="foo"}[5m:]',
        "vector(time() % 3) >= 1e-09",
    ],
)
def test_text_means_what_was_parsed(expr):
    tree = promql.parse(expr)
    assert str(promql.parse(promql.text(tree))) == str(tree)


@pytest.mark.parametrize(
    ("expr", "kind"),
    [
        ("1 + -(2)", "scalar"),
        ("time() - 5", "scalar"),
        ("scalar(sum(a))", "scalar"),
        ("a > bool 1", "vector"),
        ("sum(rate(a[5m]))", "vector"),
        ("(a[5m])", "matrix"),
        ("a[5m:1m]", "matrix"),
        ('"a"', "string"),
    ],
)
def test_the_kind_of_what_an_expression_yields_is_told_from_its_text(expr, kind):
    assert promql.value_type(promql.parse(expr)) == kind
