"""What is a secret: the one table, by name, by form and by place. Pure.

By name: what a variable, a key or a header is called. By form: what a text itself shows to be a credential (`forms`). By place: which
fields of a journal's entry later commands read, so that they stay as they are; all others are free text, in which secrets are hidden.
"""

import re
from functools import lru_cache

SHORTEST = 4
"""Characters; a shorter value would hide half of any sentence."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LAST = _set(
    "token tokens secret secrets password passwords passwd passphrase pass pwd pat dsn jwt webhook webhooks credential credentials cred "
    "creds bearer pw cookie cookies session auth authorization pin psk otp totp apikey apikeys sessid sessionid connstr"
)
"""Last words of the names of secrets."""
ENDINGS = (
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credentials",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "signingkey",
    "sessid",
)
"""Endings of words that are written together: PGPASSWORD, csrftoken."""
TOGETHER = _set("sshpass dbpass storepass keypass smtppass mypass pgpass mysqlpwd userpass")
KEYS = _set(
    "api access private signing sign encryption encrypt decryption ssh secret shared master session routing service user integration "
    "account storage license licence deploy auth authentication app application client server tls ssl rsa ecdsa ed25519 aes hmac jwt "
    "cookie webhook stripe sendgrid twilio mailgun datadog dd newrelic openai anthropic github gitlab sentry pagerduty opsgenie root "
    "admin ingest preshared subscription functions vault cipher crypto crypt host"
)
"""What a key is for that has to be kept secret."""
PAIRS = frozenset(
    {("webhook", "url"), ("webhook", "uri"), ("hook", "url"), ("session", "id"), ("connection", "string"), ("password", "hash")}
    | {(what, key) for what in KEYS for key in ("key", "keys")}
)
"""Last two words of the names of secrets."""
PUBLIC = _set("public pub group primary foreign sort partition cache gpg dedup lock idempotency")
"""Kinds of keys that anybody may know."""
QUANTITIES = _set("max min num number count total avg limit used")
WHICH = _set(
    "old new prod production staging stage dev test live sandbox base value primary secondary current previous prev next default backup "
    "b b64 base64 raw plain encoded"
)
"""Words after which a name says the same: SECRET_KEY_BASE, API_TOKEN_PROD."""
NONE = _set("PWD OLDPWD HOME PATH DESKTOP_SESSION GDMSESSION KDE_FULL_SESSION XDG_SESSION_ID TERM_SESSION_ID GPG_KEY")
"""Variables that a login sets, and that are no secrets whatever they look like."""
IN_QUERY = _set("key sig signature hmac auth pwd pw pass")
"""Names of secrets in the query of a URL only."""
NO_VALUES = _set(
    "true false yes no on off none null nil enabled disabled required optional undefined missing basic digest ntlm oauth oauth2 ldap saml"
)
"""What stands where a secret might, and is none."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OPAQUE = re.compile(r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[\w+/=.~-]{16,}")
_PATH = re.compile(r"(?:~?/|\.\.?/|[A-Za-z]:\\)[\w./~+ -]*")

PLACES = _set(
    "kind seq t source source_at schema drill experiment environment versions wall phase of name under histogram second fault undo "
    "silence matchers silences words stage status type when alert labels was receiver integration group_key group_labels names by job "
    "instance gives record page person schedule before after runbook step role hook moment what about faults evidence fingerprint "
    "starts_at ends_at"
)
"""Fields of an entry that stay as they are: ids, label values, expressions, undo data, names. Secrets in them are there by name."""
BESIDES = frozenset({("fault.cleared", "why"), ("person.told", "why"), ("drill.ended", "reason"), ("page.opened", "alerts")})
"""Fields that stay in one kind of entry only."""
IN_PLAN = ("title", "chaos", "runbooks", "probes", "warnings", "description")
"""What of a plan, the first entry's, may hold credentials: hidden as data. The rest is read again by whoever judges."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, however they are joined, in lower case; words that say which one it is are left out at its end."""
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and (words[-1] in WHICH or words[-1].isdigit() or words[-1] == "v"):
        words.pop()
    return tuple(words)


@lru_cache(maxsize=4096)
def is_named_as_secret(name: str) -> bool:
    """Whether a key or a variable of this name is expected to hold a secret."""
    words = words_of(name)
    if not words or name.upper() in NONE:
        return False
    last = words[-1]
    if last.endswith("s") and QUANTITIES & set(words):
        return False
    if len(words) > 1 and words[-2:] in PAIRS:
        return True
    return last in LAST or last in TOGETHER or last.endswith(ENDINGS)


def is_secret(name: str, value: str) -> bool:
    """Whether a variable or a key of this name, with this value, holds a secret."""
    words = words_of(name)
    if len(value) < SHORTEST or is_no_value(value):
        return False
    if is_named_as_secret(name):
        return not (words[-1] in {"key", "keys", "credentials", "cookie", "cookies", "auth", "cred", "creds"} and is_path(value))
    keyed = words[-1:] in {("key",), ("keys",)} and name.upper() not in NONE and not PUBLIC & set(words)
    return len(words) > 1 and keyed and is_opaque(value)


def is_no_value(value: str) -> bool:
    """Whether this only stands where a secret would: a reference, a placeholder, yes or no."""
    bare = value.strip()
    if bare.lower() in NO_VALUES or bare.startswith(("${", "$(", "{{", "<", "***", "%(", "{")):
        return True
    if re.fullmatch(r"[|>][+-]?\d?", bare):  # what opens a block of lines in YAML
        return True
    return bare == "captured" or bool(re.fullmatch(r"\$[A-Z_]*", bare) or (re.fullmatch(r"[A-Z_]+", bare) and is_named_as_secret(bare)))


def is_opaque(value: str) -> bool:
    """Whether it looks like a drawn value: long, letters and digits."""
    return _OPAQUE.fullmatch(value) is not None


def is_path(value: str) -> bool:
    """Whether it is the path of a file and not a key: base64 knows neither dots nor tildes."""
    return _PATH.fullmatch(value) is not None and bool(re.search(r"[.~]", value))
