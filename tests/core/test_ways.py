"""Ways through a routing tree, spelled as Alertmanager spells them."""

from firedrill.core.alerting import Place, Route
from firedrill.core.routing import all_hold
from firedrill.core.ways import key, spelled, unmet, ways

PLACE = Place(file="alertmanager.yml", line=1)
NIGHT = Route(receiver="night", matchers=('hours=~"a|b"',), place=PLACE)
TEAM = Route(receiver="team", matchers=("team = payments", "severity=page"), routes=(NIGHT,), place=PLACE)
ROOT = Route(receiver="rest", routes=(TEAM,), place=PLACE)


def test_every_route_has_a_way_and_each_way_alertmanagers_name() -> None:
    assert [(way[-1].receiver, key(way)) for way in ways(ROOT)] == [
        ("rest", "{}"),
        ("team", '{}/{severity="page",team="payments"}'),
        ("night", '{}/{severity="page",team="payments"}/{hours=~"a|b"}'),
    ]
    assert list(ways(None)) == []


def test_a_matcher_is_spelled_with_its_quotes_and_escapes() -> None:
    assert [spelled(text) for text in ("a = b", 'a="b\\"c"', "no matcher")] == ['a="b"', 'a="b\\"c"', "no matcher"]


def test_what_keeps_an_alert_from_a_route() -> None:
    assert unmet(TEAM.matchers, {"team": "payment", "severity": "page"}) == ('team="payments"',)
    assert unmet(TEAM.matchers, {"severity": "page"}) == ('team="payments"',)
    assert unmet(TEAM.matchers, {"team": "payments", "severity": "page"}) == ()


def test_a_label_that_is_not_told_leaves_open_whether_all_hold() -> None:
    assert all_hold(TEAM.matchers, {"team": "payments"}) is None
    assert all_hold(TEAM.matchers, {"team": "other"}) is False
    assert all_hold(TEAM.matchers, {"team": "payments", "severity": "page"}) is True
