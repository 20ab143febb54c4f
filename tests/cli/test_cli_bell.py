"""`firedrill bell` as a person types it, on the shipped suite and on copies that are broken."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 60


def bell(suite: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "firedrill.cli", "bell", *words]
    return subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False, timeout=SECONDS)


@pytest.fixture
def suite(root: Path, tmp_path: Path) -> Path:
    """The shipped settings, rules and routes, to be broken."""
    shutil.copyfile(root / "firedrill.yaml", tmp_path / "firedrill.yaml")
    shutil.copytree(root / "alerts", tmp_path / "alerts")
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_all_of_the_demos_receivers_are_told_within_five_seconds(root: Path) -> None:
    done = bell(root, "--all", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert list(answer) == ["receivers", "seconds"]
    assert [list(one) for one in answer["receivers"]] == [["name", "delivered", "seconds", "message"]] * 4
    assert [(one["name"], one["delivered"]) for one in answer["receivers"]] == [
        ("unrouted", True), ("payments-oncall", True), ("platform", True), ("deadman", True),
    ]  # fmt: skip
    assert answer["seconds"] < 5
    assert answer["receivers"][1]["message"].endswith("summary: DRILL: Offers are slow")


def test_one_alert_tells_its_own_receiver_and_the_table_says_so(root: Path) -> None:
    done = bell(root, "NegotiationApiDown")
    assert done.returncode == 0, done.stderr
    assert "✓  platform" in done.stdout
    assert "DRILL: The negotiation API cannot be scraped" in done.stdout
    assert "payments-oncall" not in done.stdout
    assert "1 of 1 receivers told in " in done.stdout


def test_an_unknown_alert_names_the_one_that_was_meant(root: Path) -> None:
    done = bell(root, "NegotiationApiDwn")
    assert done.returncode == 2
    assert "Error: there is no alert NegotiationApiDwn; did you mean NegotiationApiDown?" in done.stderr


def test_one_alert_or_all_is_asked_for(root: Path) -> None:
    assert "name one alert, or say --all" in bell(root).stderr
    assert "name one alert, or say --all" in bell(root, "NegotiationApiDown", "--all").stderr
    assert "'team' is not NAME=VALUE, such as team=payments" in bell(root, "NegotiationApiDown", "--label", "team").stderr


def test_a_receiver_that_no_route_leads_to_fails_and_is_named(suite: Path) -> None:
    edit(suite / "alerts/alertmanager.yml", "- receiver: platform", "- receiver: unrouted")
    done = bell(suite, "--all", "--json")
    assert done.returncode == 1, done.stderr
    told = {one["name"]: one for one in json.loads(done.stdout)["receivers"]}
    assert told["platform"] == {
        "name": "platform", "delivered": False, "seconds": None,
        "message": "no route leads to it (alerts/alertmanager.yml:33): no alert can ever reach it",
    }  # fmt: skip
    assert told["payments-oncall"]["delivered"]


def test_a_receiver_that_is_muted_now_fails_and_is_named(suite: Path) -> None:
    always = "time_intervals:\n  - name: always\n    time_intervals:\n      - times:\n"
    always += '          - start_time: "00:00"\n            end_time: "24:00"\n\n'
    muted = "        - team = platform\n      mute_time_intervals: [always]\n"
    edit(suite / "alerts/alertmanager.yml", "        - team = platform\n", muted)
    edit(suite / "alerts/alertmanager.yml", "receivers:\n", f"{always}receivers:\n")
    done = bell(suite, "NegotiationApiDown", "--within", "500ms")
    assert done.returncode == 1, done.stderr
    assert "its route keeps quiet at this time: always" in done.stdout
    assert done.stderr.endswith("not told: platform\n")


def test_a_receiver_behind_a_route_that_takes_everything_is_inconclusive(suite: Path) -> None:
    edit(suite / "alerts/alertmanager.yml", "  routes:\n", "  routes:\n    - receiver: unrouted\n")
    done = bell(suite, "--all")
    assert done.returncode == 3, done.stderr
    assert "?  platform" in done.stdout


def test_routes_that_alertmanager_refuses_are_told_in_its_words(suite: Path) -> None:
    edit(suite / "alerts/alertmanager.yml", "group_interval: 2s", "group_interval: 0s")
    done = bell(suite, "--all")
    assert done.returncode == 2
    assert done.stderr == "alerts/alertmanager.yml:7:19: Alertmanager refuses this: group_interval cannot be zero\n"


def test_a_bell_without_a_suite_says_where_it_looked(tmp_path: Path) -> None:
    done = bell(tmp_path, "--all")
    assert done.returncode == 2
    assert "no firedrill.yaml here or in any folder above" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_130_and_nothing_runs_on(suite: Path, number: signal.Signals) -> None:
    edit(
        suite / "alerts/alertmanager.yml", "        - team = platform\n", "        - team = platform\n      mute_time_intervals: [always]\n"
    )
    with (suite / "alerts/alertmanager.yml").open("a") as file:
        file.write('time_intervals:\n  - name: always\n    time_intervals:\n      - times: [{start_time: "00:00", end_time: "24:00"}]\n')
    command = [sys.executable, "-m", "firedrill.cli", "bell", "NegotiationApiDown", "--within", "1m"]
    temporary = suite / "temporary"
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=suite, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True) as process:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("ringing"):
            assert process.poll() is None
        process.send_signal(number)
        assert process.wait(SECONDS) == 130
    assert list(temporary.iterdir()) == []
    assert [line for line in _command_lines() if str(temporary) in line] == []


def _command_lines() -> list[str]:
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return lines
