"""Alertmanager's own words about receivers that it could not tell, from lines that 0.25 wrote."""

from firedrill.watch.alerts.complaints import Complaint, complaints, held_by_time

AT = "ts=2026-11-24T22:06:54.772Z caller=notify.go:732"
FAILED = (
    f'{AT} level=warn component=dispatcher receiver=bad integration=webhook[0] msg="Notify attempt failed, will retry later" attempts=1 '
    r'err="unexpected status code 500: http://127.0.0.1:29999/bad: oops\n"'
)
SUCCESS = f'{AT} level=debug component=dispatcher receiver=bad integration=webhook[0] msg="Notify success" attempts=2'
TEMPLATE = (
    f'{AT} level=error component=dispatcher msg="Notify for alerts failed" num_alerts=1 err="on call/slack[0]: notify retry canceled '
    r"due to unrecoverable error after 1 attempts: template: :1:12: executing \"\" at <{{template \"nope\" .}}>: "
    r'template \"nope\" not defined"'
)
WORDS = (
    "notify retry canceled due to unrecoverable error after 1 attempts: template: :1:12: "
    'executing "" at <{{template "nope" .}}>: template "nope" not defined'
)
TWO = f'{AT} level=error component=dispatcher msg="Notify for alerts failed" num_alerts=1 err="a/slack[0]: x: y; z; b/webhook[1]: q"'


def test_a_failed_attempt_is_told_with_its_reason() -> None:
    assert complaints(FAILED) == [Complaint("bad", "webhook[0]", "unexpected status code 500: http://127.0.0.1:29999/bad: oops")]


def test_what_succeeded_since_is_forgiven_and_another_integration_does_not_forgive() -> None:
    assert complaints(f"{FAILED}\n{SUCCESS}") == []
    assert len(complaints(f"{FAILED}\n{SUCCESS.replace('webhook[0]', 'webhook[1]')}")) == 1


def test_a_template_that_fails_to_render_is_told_in_its_own_words() -> None:
    assert complaints(TEMPLATE) == [Complaint("on call", "slack[0]", WORDS)]


def test_two_failures_in_one_line_are_two() -> None:
    assert complaints(TWO) == [Complaint("a", "slack[0]", "x: y; z"), Complaint("b", "webhook[1]", "q")]


def test_a_time_interval_that_holds_back_is_seen() -> None:
    assert held_by_time(f'{AT} level=debug component=dispatcher msg="Notifications not sent, route is within mute time"')
    assert not held_by_time(FAILED)
