"""Redaction: known values in every form they take on the way, and what a text itself shows to be a credential."""

import base64
import json
from urllib.parse import quote

import pytest

from firedrill.core.redaction import Redaction, is_named_as_secret, values_of, written_out

SECRET = 'p@ss "word"/é'


@pytest.mark.parametrize(
    "form",
    [SECRET, json.dumps(SECRET)[1:-1], json.dumps(SECRET, ensure_ascii=False)[1:-1], quote(SECRET, safe=""), repr(SECRET)[1:-1]],
)
def test_a_known_value_is_hidden_in_every_form(form: str) -> None:
    assert Redaction([SECRET]).text(f"no luck with {form}!") == "no luck with ***!"


def test_base64_is_a_form_too() -> None:
    assert Redaction([SECRET]).text(base64.b64encode(SECRET.encode()).decode()) == "***"


def test_a_value_that_holds_another_leaves_no_rest() -> None:
    assert Redaction(["hunter", "hunter-two"]).text("hunter-two and hunter") == "*** and ***"


def test_a_short_value_hides_nothing() -> None:
    assert Redaction(["a", "abc"]).text("a cab can be abcd") == "a cab can be abcd"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("http://me:pass@host/x", "http://me:***@host/x"),
        ("postgres://me:p%40ss@host", "postgres://me:***@host"),
        ("/x?token=abc&y=1", "/x?token=***&y=1"),
        ("GET /x?a=1&api_key=abc HTTP", "GET /x?a=1&api_key=*** HTTP"),
        ("Authorization: Bearer abcdefgh1", "Authorization: Bearer ***"),
        ("http://127.0.0.1:8080/x?page=2", "http://127.0.0.1:8080/x?page=2"),
        ("10:30:00 bearer of news", "10:30:00 bearer of news"),
    ],
)
def test_credentials_in_urls_and_headers_are_hidden_and_nothing_else(text: str, hidden: str) -> None:
    assert Redaction().text(text) == hidden


def test_a_journal_line_stays_json() -> None:
    line = json.dumps({"error": f"with {SECRET} at http://me:pass@host/?token=abc", "n": 1})
    assert json.loads(Redaction([SECRET]).text(line)) == {"error": "with *** at http://me:***@host/?token=***", "n": 1}


def test_an_entrys_names_stay_and_one_without_secrets_is_the_very_same() -> None:
    entry = {"kind": "alerts", "alerts": [{"alerts": "no alerts"}], "errors": {"broken with alerts": 2}}
    assert Redaction(["alerts"]).entry(entry) == {"kind": "***", "alerts": [{"alerts": "no ***"}], "errors": {"broken with ***": 2}}
    assert Redaction(["quiet"]).entry(entry) is entry


def test_values_under_keys_named_as_secrets_are_hidden_and_references_stay() -> None:
    data = {"password": "x", "api_key": "${key}", "deep": [{"token": {"type": "env", "key": "A_TOKEN"}}], "port": 8080, "user": "me"}
    assert Redaction().data(data) == {**data, "password": "***"}


@pytest.mark.parametrize("name", ["CLOUD_TOKEN", "db-password", "api_key", "PGPASSWD", "client_secret", "routing_key", "BASIC_AUTH"])
def test_names_that_give_a_secret_away(name: str) -> None:
    assert is_named_as_secret(name)


@pytest.mark.parametrize(
    "name", ["HOME", "author", "PORT", "group_key", "keyboard", "monkey", "spinner", "smtp_auth_username", "password_file", "tokens_used"]
)
def test_names_that_do_not(name: str) -> None:
    assert not is_named_as_secret(name)


def test_values_come_from_secrets_from_named_configuration_and_from_the_environment() -> None:
    chaos = {
        "secrets": {
            "cloud": {"literal": "value-1", "named": {"type": "env", "key": "CLOUD"}, "kept": {"type": "vault", "path": "secret/x"}}
        },
        "configuration": {"db_password": "value-3", "host": "bureau", "port": {"type": "env", "key": "PORT"}},
        "method": [{"provider": {"url": "http://me:value-4@host/", "headers": {"Authorization": "value-5"}}}],
    }
    environ = {"CLOUD": "value-2", "PORT": "8080", "OTHER_TOKEN": "value-6", "HOME": "/root"}
    assert set(values_of(chaos, environ)) == {f"value-{number}" for number in range(1, 7)}


def test_what_is_a_reference_is_no_value() -> None:
    assert list(written_out({"token": "${token}", "url": "http://me:${pass}@host/"})) == []
