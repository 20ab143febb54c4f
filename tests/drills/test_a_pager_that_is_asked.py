"""A drill whose pages are seen at the pager's own API: no drill route, and the receivers' own messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from drilling import Outside
from firedrill.stack.addresses import choose, split
from owning import Own, alertmanager, program, running, tell_settings
from paging import TOKEN, PagerDuty, served

STACK = """\
    stack:
      external:
        prometheus:
          url: http://{prometheus}
        alertmanager:
          url: http://{alertmanager}
        pages:
          pagerduty:
            token: PAGERDUTY_TOKEN
            url: http://{pager}
        scrape-interval: 200ms
        evaluation-interval: 200ms
"""


@pytest.fixture
def own(outside: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    monkeypatch.setenv("PAGERDUTY_TOKEN", TOKEN)
    addresses = outside.addresses | choose(dict.fromkeys(["prometheus", "alertmanager", "pager"], "127.0.0.1:0"))
    home = tmp_path / "own"
    home.mkdir()
    tell_settings(outside.suite, STACK.format(**addresses))
    # PagerDuty tells whole seconds, and is asked every other second.
    outside.suite.edit("experiments/latency.yaml", ("within: 2s", "within: 5s"), ("resolved: 5s", "resolved: 10s"))
    own = Own(outside.suite, addresses)
    _write_configuration(own, home)
    watches = [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus"]
    commands = [
        (alertmanager(addresses["alertmanager"]), f"http://{addresses['alertmanager']}/-/ready"),
        ([*watches, f"--web.listen-address={addresses['prometheus']}"], f"http://{addresses['prometheus']}/-/ready"),
    ]
    with served(PagerDuty(), split(addresses["pager"])[1]), running(home, commands):
        yield own


def _write_configuration(own: Own, home: Path) -> None:
    routes = yaml.safe_load((own.suite.root / "alerts/alertmanager.yml").read_text(encoding="utf-8"))
    for receiver in routes["receivers"]:
        del receiver["webhook_configs"]
        receiver["pagerduty_configs"] = [{"routing_key": "k", "url": f"http://{own.addresses['pager']}/v2/enqueue"}]
    watches = {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": [str(own.suite.root / "alerts/negotiation.rules.yml")],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [own.addresses["alertmanager"]]}]}]},
        "scrape_configs": [{"job_name": "negotiation", "static_configs": [{"targets": [own.addresses["api"]]}]}],
    }
    (home / "alertmanager.yml").write_text(yaml.safe_dump(routes, sort_keys=False))
    (home / "prometheus.yml").write_text(yaml.safe_dump(watches, sort_keys=False))


def test_a_page_is_seen_at_the_pager_with_its_receiver_and_its_annotations(own: Own) -> None:
    outcome = own.suite.run("latency", "--yes")
    assert outcome.code == 0, outcome.said
    (told, cleared) = outcome.of_kind("notification.received")
    assert (told.event.receiver, told.event.integration, told.event.status) == ("payments-oncall", "pagerduty", "firing")
    assert cleared.event.status == "resolved"
    assert TOKEN not in "".join(file.read_text(errors="replace") for file in outcome.folder.rglob("*") if file.is_file())
