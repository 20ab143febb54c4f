"""Prometheus watched: flaps, rules that fail, and a Prometheus that is gone. Its rules need no scrapes."""

import json
import os
import signal

import psutil
import pytest

from firedrill.core.alerting import Alerting
from firedrill.core.child import Child
from firedrill.core.events import AlertFiring, AlertPending, AlertResolved, BlindBegan, BlindEnded, Covered
from firedrill.watch.alerts.prometheus import LOST, PrometheusWatch
from firedrill.watch.history import shortfall
from firedrill.watch.server import Server, Unanswered, unix

FLAPS = "vector(1) and on () (vector(time() % 1.2) >= 0.6)"
FAILS = 'vector(1) == on () group_left () (vector(1) or label_replace(vector(1), "a", "b", "", ""))'
LOOKS_BACK = "rate(requests_total[5s]) > 1 and on () rate(prometheus_nothing[1m]) > 1"


@pytest.fixture
async def lone(tmp_path, session, free_port, answers):
    """A Prometheus by itself: its child and URL."""
    names = {"Flaps": FLAPS, "Fails": FAILS, "LooksBack": LOOKS_BACK}
    rules = [{"alert": name, "expr": expr} for name, expr in names.items()]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    (tmp_path / "prometheus.yml").write_text(json.dumps({"global": {"evaluation_interval": "200ms"}, "rule_files": ["rules.yml"]}))
    address = f"127.0.0.1:{free_port()}"
    argv = ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    child = await Child.kept("prometheus", [*argv, f"--web.listen-address={address}"], tmp_path / "prometheus.log")
    await answers(session, f"http://{address}/-/ready")
    yield child, f"http://{address}"
    await child.stop()


@pytest.fixture
def watch(lone, clock, book, session):
    return PrometheusWatch(lone[1], Alerting(), 0.2, 0.2, clock, book.journal.append, session=session)


async def test_every_flap_is_seen_with_its_evaluations(watch, lone, book, running, session):
    async with running(watch):
        await book.until(lambda: len(book.of(AlertResolved)) >= 3)
    flaps = sorted((entry.at, kind.kind) for kind in (AlertPending, AlertFiring, AlertResolved) for entry in book.of(kind))
    # The first one may have begun before anybody looked.
    flaps = flaps[[kind for _, kind in flaps].index("alert.resolved") + 1 :]
    kinds = [kind for _, kind in flaps]
    assert kinds[:3] == ["alert.firing", "alert.pending", "alert.resolved"] or kinds[:3] == [
        "alert.pending",
        "alert.firing",
        "alert.resolved",
    ]
    assert kinds.count("alert.firing") == kinds.count("alert.pending") >= 2
    samples = await Server(session, lone[1]).instant('ALERTS{alertname="Flaps"}[60s]')
    evaluations = [watch.clock.from_wall(at) for one in samples for at, _ in one.points]
    for seen, kind in flaps:
        evaluated = seen - 0.2 if kind == "alert.resolved" else seen
        assert min(abs(evaluated - at) for at in evaluations) < 0.005, kind


async def test_a_rule_that_fails_is_a_blind_spot_of_its_own(watch, book, running):
    async with running(watch):
        await book.until(lambda: book.of(BlindBegan))
    (blind,) = book.of(BlindBegan)
    assert blind.event.what == "rule Fails"
    assert blind.event.why.startswith("its evaluation fails: found duplicate series for the match group {}")
    assert watch.lost() is None


async def test_a_killed_prometheus_is_a_blind_spot_within_two_seconds_and_stays_one(watch, lone, book, running, clock):
    async with running(watch):
        await book.until(lambda: book.of(Covered))
        (program,) = [one for one in psutil.Process(lone[0].process.pid).children(recursive=True) if one.name() == "prometheus"]
        killed = clock.now()
        os.kill(program.pid, signal.SIGKILL)
        await book.until(lambda: any(entry.event.what == "prometheus" for entry in book.of(BlindBegan)))
        (blind,) = [entry for entry in book.of(BlindBegan) if entry.event.what == "prometheus"]
    assert blind.t - killed < 2.5
    assert abs(blind.at - killed) < 0.6
    assert blind.event.why
    assert watch.lost() is None, "it may come back"
    watch.sight.blind_since -= LOST
    assert watch.lost().startswith(f"Prometheus could not be seen since {blind.at - LOST:.1f} s: ")
    assert not [entry for entry in book.of(BlindEnded) if entry.event.what == "prometheus"]
    covered = [entry for entry in book.of(Covered) if entry.event.what == "prometheus"]
    assert covered[-1].at == pytest.approx(blind.at, abs=1e-3)


async def test_metrics_that_do_not_exist_are_missing(lone, session, clock, alerting_of):
    lacks = await shortfall(session, lone[1], alerting_of(LOOKS_BACK), clock.offset() + clock.now())
    assert [said.partition(":")[0] for said in lacks.missing] == ["requests_total has no series", "prometheus_nothing has no series"]
    assert not lacks.short
    assert not lacks.unseen


async def test_an_answer_that_is_an_error_says_so(lone, session):
    with pytest.raises(Unanswered, match=r"Prometheus: .*parse error: unclosed left parenthesis"):
        await Server(session, lone[1]).instant("sum(")
    with pytest.raises(Unanswered, match="Connection refused"):
        await Server(session, "http://127.0.0.1:9").instant("up")


def test_times_keep_their_nanoseconds():
    assert unix("2026-11-23T09:38:23.000000250Z") - unix("2026-11-23T09:38:23Z") == pytest.approx(2.5e-7, abs=2.4e-7)
    assert unix("2026-11-23T10:38:23.5+01:00") == unix("2026-11-23T09:38:23.5Z")
    assert unix("0001-01-01T00:00:00Z") < 0
