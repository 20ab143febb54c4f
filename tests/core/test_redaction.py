"""Redaction: known values in every form they take on the way, what a text itself shows to be a credential, and what stays as it is."""

import ast
import base64
import html
import json
import quopri
import re
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from yarl import URL

import firedrill
from firedrill.core import events
from firedrill.core.redaction import Redaction, values_of, written_out
from firedrill.core.secrecy import PLACES, is_named_as_secret, is_secret


def _each(words: str) -> list[str]:
    return words.split()


SECRET = 'p@ss "word"/é'
WRITTEN = "p@ss w/rd+1!x"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n"

QUOTINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda value: json.dumps(value)[1:-1],
    "JSON as it is": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)[1:-1])[1:-1],
    "JSON in JSON in JSON": lambda value: json.dumps(json.dumps(json.dumps(value)[1:-1])[1:-1])[1:-1],
    "repr": lambda value: repr(value)[1:-1],
    "repr of bytes": lambda value: repr(value.encode())[2:-1],
    "ascii": lambda value: ascii(value)[1:-1],
    "urllib": lambda value: quote(value, safe=""),
    "urllib with slashes": quote,
    "urllib in lower case": lambda value: re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")),
    "urllib with plus": quote_plus,
    "twice": lambda value: quote(quote(value, safe=""), safe=""),
    "thrice": lambda value: quote(quote(quote(value, safe=""), safe=""), safe=""),
    "yarl's query": lambda value: URL("http://h/").with_query(q=value).raw_query_string.removeprefix("q="),
    "yarl's path": lambda value: (URL("http://h/") / value).raw_path.removeprefix("/") if "/" not in value else quote(value),
    "yarl's user": lambda value: URL.build(scheme="http", user="u", password=value, host="h").raw_authority[2:-2],
    "every letter": lambda value: "".join(f"%{octet:02x}" for octet in value.encode()),
    "HTML": html.escape,
    "HTML in numbers": lambda value: "".join(char if char.isalnum() else f"&#{ord(char)};" for char in value),
    "HTML twice": lambda value: html.escape(html.escape(value)),
    "a mail": lambda value: quopri.encodestring(value.encode(), quotetabs=True).decode().replace(" ", "=20"),
    "hexadecimal": lambda value: value.encode().hex(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 without padding": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64 of a user and it": lambda value: base64.b64encode(f"me:{value}".encode()).decode(),
    "base64 of another user and it": lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    "base64 of JSON": lambda value: base64.b64encode(f'[{{"a": "{value}"}}]'.encode()).decode(),
}


@pytest.mark.parametrize("quoting", QUOTINGS)
@pytest.mark.parametrize("value", [SECRET, WRITTEN, "hunter2", "root5", "abcd", "a&b<c>'d'", "tab\there", "back\\slash"])
def test_a_known_value_is_hidden_in_every_quoting(value: str, quoting: str) -> None:
    assert Redaction([value]).text(f"no luck with ({QUOTINGS[quoting](value)}), sorry") == "no luck with (***), sorry"


def test_each_line_of_a_value_is_hidden_by_itself() -> None:
    said = "\n".join(f"log: {line}" for line in PEM.splitlines())
    assert "MIIEvQ" not in Redaction([PEM]).text(said)
    assert "9w0BAQ" not in Redaction([PEM]).text(said)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("Basic bWU6aHVudGVyMi14", "hunter2-x"),
        ("Bearer abcdefgh12", "abcdefgh12"),
        ("me:hunter2", "hunter2"),
        ("postgres://me:hunter2@db/x", "hunter2"),
        ('{"type": "service_account", "private_key": "hunter2-x"}', "hunter2-x"),
        ("https://chat.example/hooks/9a8b7c6d5e4f3a2b1c0d", "9a8b7c6d5e4f3a2b1c0d"),
        ("host=db password=hunter2", "hunter2"),
    ],
)
def test_what_a_value_holds_is_hidden_alone(value: str, part: str) -> None:
    assert Redaction([value]).text(f"404 for {part}") == "404 for ***"


def test_a_long_log_is_read_in_seconds_however_it_is_written() -> None:
    values = [base64.b64encode(f"value {number} {'x' * number}".encode()).decode() for number in range(20)]
    hide = Redaction([*values, WRITTEN])
    line = 'level=info ts=2026-11-28T12:00:00Z caller=main.go:7 msg="request done" url=http://127.0.0.1:8000/offers?x=7 code=200\n'
    began = time.process_time()
    hide.text(line * (5_000_000 // len(line)))
    for piece in (
        "a.",
        "://",
        "a://",
        "x:y@",
        '"password":"',
        "-----BEGIN PRIVATE KEY-----",
        "\\",
        "a",
        "http://u:@",
        "Cookie: a=b;",
        "a,b=",
    ):
        hide.text(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 20


def test_base64_is_a_form_too() -> None:
    assert Redaction([SECRET]).text(base64.b64encode(SECRET.encode()).decode()) == "***"


def test_a_value_that_holds_another_leaves_no_rest() -> None:
    assert Redaction(["hunter", "hunter-two"]).text("hunter-two and hunter") == "*** and ***"


def test_a_short_value_hides_nothing() -> None:
    assert Redaction(["a", "abc"]).text("a cab can be abcd") == "a cab can be abcd"


def test_a_password_that_is_called_password_hides_no_sentence_about_passwords() -> None:
    said = "basic authentication with it as the password, and no Token"
    assert Redaction(["password", "token"]).text(said) == said


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("http://me:pass@host/x", "http://me:***@host/x"),
        ("postgres://me:p%40ss@host", "postgres://me:***@host"),
        ("postgres://u:pa/ss@h/db", "postgres://u:***@h/db"),
        ("postgres://u:pa@ss@h/db", "postgres://u:***@h/db"),
        ("postgres://u:p@ss/word@h/db", "postgres://u:***@h/db"),
        ("redis://:pw@h:6379/0", "redis://:***@h:6379/0"),
        ("mongodb://u:p@h1:1,h2:2/db?a=b@c", "mongodb://u:***@h1:1,h2:2/db?a=b@c"),
        ("http://a:80,http://u:pw@h/", "http://a:80,http://u:***@h/"),
        ("https://u:p@registry.example/@scope/pkg", "https://u:***@registry.example/@scope/pkg"),
        ("https://ghp_abcdefghij0123456789@github.com/x", "https://***@github.com/x"),
        ("https://abc0123def:x-oauth-basic@github.com/x", "https://***:x-oauth-basic@github.com/x"),
        ("https://9a8b7c6d5e:@api.example", "https://***:@api.example"),
        (r"http:\/\/u:pw@h\/x", r"http:\/\/u:***@h\/x"),
        ("next=http%3A%2F%2Fu%3Apw%40h", "next=http%3A%2F%2Fu%3A***%40h"),
        ("/x?token=abc&y=1", "/x?token=***&y=1"),
        ("GET /x?a=1&api_key=abc HTTP", "GET /x?a=1&api_key=*** HTTP"),
        ("/x?a=1&amp;sig=abc", "/x?a=1&amp;sig=***"),
        (r'"/x?a=1\u0026sig=abc"', r'"/x?a=1\u0026sig=***"'),
        ("u=%2Fx%3Ftoken%3Dabc%26y%3D1", "u=%2Fx%3Ftoken%3D***%26y%3D1"),
        ("https://s3/x?X-Amz-Signature=abcd&X-Amz-Date=1", "https://s3/x?X-Amz-Signature=***&X-Amz-Date=1"),
        ("https://blob/x?sv=1&sig=ab%2Bc", "https://blob/x?sv=1&sig=***"),
        ("http://127.0.0.1:8808/#token=abcd", "http://127.0.0.1:8808/#token=***"),
        ("callback#access_token=abcd", "callback#access_token=***"),
        ("Authorization: Bearer abcdefgh1", "Authorization: Bearer ***"),
        ("Authorization: Token abcdef", "Authorization: Token ***"),
        ('Authorization: Digest username="u", response="abc"', "Authorization: Digest ***"),
        ("{'Authorization': 'GenieKey abc def', 'Host': 'h'}", "{'Authorization': 'GenieKey ***', 'Host': 'h'}"),
        ("with Bearer abc.def-123 it said", "with Bearer *** it said"),
        ("with Basic bWU6aHVudGVyMg it said", "with Basic *** it said"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("PRIVATE-TOKEN: abc", "PRIVATE-TOKEN: ***"),
        ("Cookie: sid=abc; theme=dark\r\nHost: h", "Cookie: ***\r\nHost: h"),
        ("Set-Cookie: sid=abc; Path=/; HttpOnly", "Set-Cookie: ***"),
        ('{"password": "hun\\"ter", "n": 1}', '{"password": "***", "n": 1}'),
        (r'"{\"client_secret\": \"hunter\", \"n\": 1}"', r'"{\"client_secret\": \"***\", \"n\": 1}"'),
        ("  password: hunter2\n  user: me", "  password: ***\n  user: me"),
        ("host=db password=hunter2 user=me", "host=db password=*** user=me"),
        (PEM, "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----\n".replace("----------", "-----***-----")),
        ("password: |\n  hunter2\n  hunter3\nuser: me", "password: |\n  ***\nuser: me"),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIabc\n(and so on)", "-----BEGIN RSA PRIVATE KEY-----***(and so on)"),
        ("  - name: DB_PASSWORD\n    value: hunter2\n", "  - name: DB_PASSWORD\n    value: ***\n"),
        ('{"name": "DB_PASSWORD", "value": "hunter2"}', '{"name": "DB_PASSWORD", "value": "***"}'),
        ("<password>hunter2</password>", "<password>***</password>"),
        ("[(b'host', b'h'), (b'x-api-key', b'hunter2')]", "[(b'host', b'h'), (b'x-api-key', b'***')]"),
        ("('X-Api-Key', 'hunter2')", "('X-Api-Key', '***')"),
        ("x-api-key:hunter2hunter2", "x-api-key:***"),
        ("Ocp-Apim-Subscription-Key: abc", "Ocp-Apim-Subscription-Key: ***"),
        ("mysqldump --user me --password hunter2x db", "mysqldump --user me --password *** db"),
        ("curl -u me:hunter2 http://h/", "curl -u me:*** http://h/"),
        ("machine h login me password hunter2", "machine h login me password ***"),
        ("me:hunter2@tcp(h:3306)/db", "me:***@tcp(h:3306)/db"),
        ("smtp://me@x.example:hunter2@smtp.x.example:587", "smtp://me@x.example:***@smtp.x.example:587"),
        ("https://events.pagerduty.com/integration/0abc/enqueue", "https://events.pagerduty.com/integration/***"),
        (
            "https://alert.victorops.com/integrations/generic/20131114/alert/0abc/team",
            "https://alert.victorops.com/integrations/generic/20131114/alert/***",
        ),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/***"),
        ("jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2ln", "jwt ***"),
    ],
)
def test_what_a_text_shows_to_be_a_credential_is_hidden(text: str, hidden: str) -> None:
    assert Redaction().text(text) == hidden
    assert Redaction().text(hidden) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8080/x?page=2",
        "http://host:8080/users/a@b",
        "https://host/users/@me and ssh://git@github.com/x, https://me@bitbucket.org/x",
        "10:30:00 bearer of news",
        "this needs the header Authorization: Bearer TOKEN, with the token that the proxy was started with, "
        "or basic authentication with it as the password",
        "the password: it is wrong; the token: none",
        "PWD=/root/suite OLDPWD=/root HOME=/root author=me monkey=grey keyboard=us key=a",
        'sum(rate(http_requests_total{route="/offers",code=~"5.."}[5s])) by (session_length)',
        "live page: http://127.0.0.1:8808/ (its token is in LIVE_TOKEN)",
        "Authorization: Bearer ${token}",
        "max_tokens=4096 tokens_used=17 use_password=true",
        "pass: 5 fail: 2",
        "http://[::1]:9090/a@b",
        'sum by (le, auth) (rate(x{auth="basic"}[5m]))',
        "docker run -u 1000:1000 and chown --user root:root",
        "the option --token TOKEN gives a token, --password asks for one, --no-token binds loopback only",
        "image: registry.example/auth-token:2026-11-28, my-token:latest",
        "- name: alerts\n  value: 5\n- name: password_file\n  value: /run/x",
        "('token', 'status'), ('route', 'abcdefgh1')",
        "description: |\n  the password\n  is asked for",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert Redaction().text(text) == text


def test_every_sentence_of_firedrills_own_stays() -> None:
    hide, seen = Redaction(), set[str]()
    for file in sorted(Path(firedrill.__file__).parent.rglob("*.py")):
        if file.name in {"forms.py", "secrecy.py"}:
            continue
        said = {node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Constant)}
        for sentence in {one for one in said if isinstance(one, str)} - seen:
            assert hide.text(sentence) == sentence, file
            seen.add(sentence)


def test_a_journal_line_stays_json() -> None:
    line = json.dumps({"error": f"with {SECRET} at http://me:pass@host/?token=abc", "n": 1})
    assert json.loads(Redaction([SECRET]).text(line)) == {"error": "with *** at http://me:***@host/?token=***", "n": 1}


def test_an_entrys_names_stay_and_one_without_secrets_is_the_very_same() -> None:
    entry = {"kind": "alerts", "alerts": [{"alerts": "no alerts"}], "errors": {"broken with alerts": 2}}
    assert Redaction(["alerts"]).entry(entry) == {"kind": "alerts", "alerts": [{"alerts": "no alerts"}], "errors": {"broken with ***": 2}}
    assert Redaction(["quiet"]).entry(entry) is entry


def test_values_under_keys_named_as_secrets_are_hidden_and_references_stay() -> None:
    data = {"password": "x", "api_key": "${key}", "deep": [{"token": {"type": "env", "key": "A_TOKEN"}}], "port": 8080, "user": "me"}
    assert Redaction().data(data) == {**data, "password": "***"}


@pytest.mark.parametrize(
    "name",
    _each(
        "CLOUD_TOKEN db-password api_key PGPASSWD client_secret routing_key BASIC_AUTH DB_PASS SMTP_PASS GITHUB_PAT SENTRY_DSN "
        "SLACK_WEBHOOK SLACK_WEBHOOK_URL JWT SIGNING_KEY ENCRYPTION_KEY SSH_KEY SSH_PRIVATE_KEY PASSWD CREDENTIALS COOKIE SESSION "
        "SESSION_ID PHPSESSID MYSQL_PWD PGPASSWORD SSHPASS accessToken X-Api-Key AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
        "SECRET_KEY_BASE DB_PASSWORD_2 API_TOKEN_PROD API_TOKENS githubPAT PASSPHRASE STRIPE_KEY db.password MYSQL_ROOT_PASSWORD "
        "REDIS_AUTH csrftoken"
    ),
)
def test_names_that_give_a_secret_away(name: str) -> None:
    assert is_named_as_secret(name)


@pytest.mark.parametrize(
    "name",
    _each(
        "HOME author PORT group_key keyboard monkey spinner smtp_auth_username password_file tokens_used PWD OLDPWD PATH KEYBOARD "
        "MONKEY PASSENGER TOKENIZER AUTHOR KEY_ID AWS_ACCESS_KEY_ID GIT_AUTHOR_NAME SSH_AUTH_SOCK DESKTOP_SESSION XDG_SESSION_ID "
        "XDG_SESSION_TYPE MAX_TOKENS TOKEN_URL PASSWORD_LENGTH SESSION_TIMEOUT PUBLIC_KEY primary_key GPG_KEY COMPASS BYPASS PATTERN "
        "CONCAT DSNAME COOKIECUTTER SECRETARY TOKENS_PER_MINUTE KEY WEBHOOK_PORT SESSIONS_DIR"
    ),
)
def test_names_that_do_not(name: str) -> None:
    assert not is_named_as_secret(name)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DB_PASSWORD", "root5", True),
        ("B_TOKEN", "abcd", True),
        ("B_TOKEN", "abc", False),
        ("DB_PASSWORD", "/not/a/path.txt", True),
        ("SSH_KEY", "~/.ssh/id_ed25519", False),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/sa.json", False),
        ("ALLOW_EMPTY_PASSWORD", "true", False),
        ("ACME_KEY", "9a8b7c6d5e4f3a2b1c0d", True),
        ("ACME_KEY", "left", False),
        ("API_TOKEN", "${OTHER}", False),
    ],
)
def test_a_value_has_a_say_too(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


def test_what_later_commands_read_is_never_another_thing() -> None:
    """The suite lies in /offers, which is a password as well."""
    hide = Redaction(["/offers", "offers", "30.5", "play"])
    undo = {"kind": "chaos-rollbacks", "root": "/offers", "experiment": {"rollbacks": [{"name": "offers", "url": "http://h/offers"}]}}
    plan = {"alerting": {"alerts": [{"expr": 'rate(x{route="/offers"}[5s]) > 0'}]}, "title": "offers", "experiment": "offers"}
    for entry in (
        {"kind": "fault.intended", "fault": "offers", "undo": undo},
        {"kind": "drill.started", "drill": "offers-1", "plan": plan},
        {"kind": "phase.entered", "phase": "play"},
        {"kind": "alert.firing", "alert": "offers", "labels": {"route": "/offers"}},
        {"kind": "fault.cleared", "fault": "offers", "why": "play"},
        {"kind": "page.opened", "page": "p1", "receiver": "offers", "alerts": ["offers"], "notification": 3},
    ):
        assert hide.entry(entry) is entry
    alert = {"labels": {"route": "/offers"}, "annotations": {"runbook_url": "http://h/offers?token=abc"}}
    assert hide.entry({"kind": "notification.received", "receiver": "offers", "alerts": [alert], "text": "no offers"}) == {
        "kind": "notification.received", "receiver": "offers",
        "alerts": [{"labels": {"route": "/offers"}, "annotations": {"runbook_url": "http://h/offers?token=***"}}], "text": "no ***",
    }  # fmt: skip


def test_no_field_of_an_entry_is_an_id_and_free_text_at_once() -> None:
    """What the table does not name is free text: a new field is hidden until somebody has judged it."""
    known = {field.name for each in events.Event.__subclasses__() for field in fields(each)}
    assert {"undo", "labels", "fault", "phase", "page", "silence", "matchers", "words"} <= known & PLACES
    assert {"text", "detail", "error", "errors", "reasons", "comment", "title", "data", "how", "value"} <= known - PLACES


def test_data_keeps_its_meaning_and_loses_what_was_drawn() -> None:
    chaos = {"url": "http://h/offers?page=2", "arguments": ["-p", "offers", "s3cr3t-value-9"], "to": "http://u:pw@h/"}
    hide = Redaction(["offers", "s3cr3t-value-9"])
    assert hide.data(chaos) == {"url": "http://h/offers?page=2", "arguments": ["-p", "offers", "***"], "to": "http://u:***@h/"}


def test_credentials_of_any_variable_are_known() -> None:
    environ = {"DATABASE_URL": "postgres://u:pa/ss@h/db", "JAVA_OPTS": "-Dx=1 -Dssl.password=hunter2", "PWD": "/root/suite"}
    assert set(values_of({}, environ)) == {"pa/ss", "hunter2"}


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
