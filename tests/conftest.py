"""What every test shares: a state folder of its own, and a run that fails on a skip that nobody listed."""

import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, however busy the machine is: a run that fails fails again.
settings.register_profile("firedrill", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("firedrill")

# A shell that runs the tests in its background has these ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

pytest_plugins = ["drilling"]

ALLOWED_SKIPS: dict[str, str] = {
    "tests/drills/test_it_is_stopped.py::test_a_disk_that_fills_up_stops_the_drill_cleared_at_once_with_a_sentence_and_no_traceback": (
        "only root can mount a small file system"
    ),
    "tests/faults/test_faults_undo_by_hand.py::test_a_process_that_is_not_ours_to_wake_is_left_over_with_the_command_to_type": (
        "only root has a process that another user may not wake"
    ),
}
"""Test id -> why it may be skipped or expected to fail here (no Chromium, not root)."""

_skipped: list[str] = []


@pytest.fixture(autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drills of tests keep their ledger apart from the person's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return Path(__file__).parent.parent


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and report.nodeid not in ALLOWED_SKIPS:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _skipped and exitstatus == 0 and not hasattr(session.config, "workerinput"):
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in _skipped:
        terminalreporter.write_line(f"skipped, and not listed in ALLOWED_SKIPS: {name}", red=True)
