"""Credentials that a text itself shows: in URLs, headers, `name=value`, quoted `"name": "value"`, keys of several lines, tokens. Pure.

Each form gives where in a text a value stands. Every form reads the text in linear time: there are logs of many megabytes.
"""

import base64
import binascii
import re
import string
from collections.abc import Callable, Iterator, Sequence

from firedrill.core.secrecy import IN_QUERY, is_named_as_secret, is_no_value, is_opaque, words_of

Span = tuple[int, int]

_RUN = re.compile(r"[^\s\"'<>\\`|]*:/[^\s\"'<>\\`|]*")
_OF_SCHEME = string.ascii_letters + string.digits + "+.-_"
_ESCAPED_URL = re.compile(r"(?<=\w):\\{1,8}/\\{1,8}/[^\s\"'<>\\:@/]{0,200}:(?P<value>[^\s\"'<>@]{1,400})@")
_QUOTED_URL = re.compile(r"(?i)%(?:25)*3a%(?:25)*2f%(?:25)*2f[^\s&\"'<>%]{0,200}%(?:25)*3a(?P<value>[^\s&\"'<>/]{1,400}?)%(?:25)*40")
_AUTHORITY = re.compile(r"(?P<user>[^\s:@/?#]{1,100}@[^\s:@/?#]{1,100}:[^\s:@/?#]{1,400})@(?=[\w\[])")
_BEFORE_HOST = re.compile(r"(?<!/)@(?=[\w\[<$*-])")
_PORT = re.compile(r"\d{1,5}(?=[/?#])")
_NO_PASSWORDS = {"", "x-oauth-basic", "x-token-auth", "x"}
_PAIR = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{2,64})(?P<quote>\\{0,8}[\"'])?(?P<sep>\s{0,3}(?:=>?|:)\s{0,3}|%(?:25)*3[dD])(?P<open>b?\\{0,8}[\"'])?"
)
_BARE = re.compile(r"[^\s&,;\"'<>)\]}\\|]+")
_REST_OF_LINE = re.compile(r"[^\s\"'#]+(?=[ \t]*\r?(?:\n|\Z))")
_ENCODED_AND = re.compile(r"(?i)%(?:25)*26|u0026")
_BEFORE = re.compile(r"(?i)u0026amp|u0026|u003f|u0023|(?:25)*(?:26|3f|23|20|7b|2c|22)")
_SCHEME = re.compile(
    r"(?:(?i:aws4-hmac-sha256|basic|bearer|digest|negotiate|ntlm|token|apikey|api-key|geniekey|splunk|hawk|ssws|key|oauth|dpop)"
    r"|[A-Z][A-Za-z-]{1,30})[ \t]+"
)
_PARAMETERS = r"(?:\s?,\s?[\w-]{1,64}=(?:\"[^\"]{0,4096}\"|[^\s,\"'\\]+))*"
_GIVEN = re.compile(rf"(?:[\w-]{{1,64}}=\"[^\"]{{0,4096}}\"|[^\s\"',;\\<>]+){_PARAMETERS}")
_COOKIES = re.compile(r"[\w!#$%&*+.^`~-]{1,128}=[^\s;\"',\\]*(?:;\s?[\w!#$%&*+.^`~-]{1,128}(?:=[^\s;\"'\\]*)?)*")
_AUTHENTICATED = re.compile(r"(?<![\w-])(?P<scheme>[Bb]earer|BEARER|[Bb]asic|BASIC)(?:[ \t]{1,3}|%20|\+)(?P<value>[\w+/.~%-]{4,}={0,2})")
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt)-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}"
    r"|xapp-[\w-]{10,}|[sr]k_(?:live|test)_\w{16,}|sk-[\w-]{20,}|AIza[\w-]{30,}|npm_\w{30,}|pypi-[\w-]{30,}|hf_\w{30,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|dop_v1_\w{40,}|glsa_\w{30,}|hv[sb]\.[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+)"
)
_HEADERS = r"(?:[A-Za-z][\w-]{0,40}: [^\n\\]{0,200}(?:\r?\n|\\{1,8}n))*"
"""What stands before the body of a key that is itself enciphered."""
_OPTION = re.compile(r"(?<![\w-])--?(?P<name>[a-z][\w-]{1,62})[ \t]+(?P<open>[\"'])?(?P<value>[^\s\"'`<>|;,)-][^\s\"'`<>|;)]*)")
_USER_OPTION = re.compile(
    r"(?<![\w-])(?:-u|--user|--proxy-user)[ \t=]{1,3}[\"']?[^\s\"':/=]{1,100}:(?P<value>[^\s\"'`:/]{4,200})(?=[\s\"'`]|\Z)"
)
_NETRC = re.compile(r"\blogin[ \t]+[^\s\"']{1,200}\s{1,3}password[ \t]+(?P<value>[^\s\"']+)")
_AT_DRIVER = re.compile(r"(?<![\w:/@])[\w.-]{1,64}:(?P<value>[^\s:@/\"'<>]{4,200})@(?=(?:tcp|tcp6|udp|unix)\()")
_ELEMENT = re.compile(r"<(?P<name>[\w.:-]{2,64})>(?P<value>[^<>\n]{1,4096})</")
_COUPLE = re.compile(
    r"\(b?\\{0,8}(?P<quote>[\"'])(?P<name>[\w.-]{2,64})\\{0,8}(?P=quote), b?\\{0,8}(?P=quote)(?P<value>[^\"'\\\n]{1,4096})"
)
_CLOSE_HEADER = re.compile(r"(?<![\w.:/@-])(?P<name>[A-Za-z]\w{0,30}(?:-\w{1,30}){1,5}):(?P<value>[\w+/.~=-]{8,})")
_MARK = r"\\{0,8}[\"']?"
_NAMED_VALUE = re.compile(
    rf"(?<!\w){_MARK}(?:name|key|Name|Key){_MARK}[ \t]?[:=][ \t]?{_MARK}(?P<name>[A-Za-z][\w.-]{{1,63}}){_MARK},?\s{{1,40}}"
    rf"{_MARK}[Vv]alue{_MARK}[ \t]?[:=][ \t]?{_MARK}(?P<value>[^\s\"'<>{{}}\\]+)"
)
_BLOCK = re.compile(
    r"(?m)^(?P<before>[ \t-]{0,60})(?P<quote>[\"']?)(?P<name>[\w.-]{2,64})(?P=quote):[ \t]{1,4}[|>][+-]?\d?[ \t]*\r?\n"
    r"(?P<space>[ \t]+)(?P<value>\S[^\n]*(?:\n(?P=space)[^\n]*)*)"
)
_BODY = re.compile(rf"(?:\s|\\+[nr])*{_HEADERS}(?:[A-Za-z0-9+/=]|\s|\\+[nr])*")
_HOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/|webhook\.office\.com/webhookb2/"
    r"|events\.pagerduty\.com/integration/|alert\.victorops\.com/integrations/generic/\d{1,12}/alert/|maker\.ifttt\.com/trigger/[\w-]{1,64}/with/key/"
    r"|api\.telegram\.org/bot|outlook\.office\.com/webhook/|chat\.googleapis\.com/v1/spaces/)(?P<value>[^\s\"'<>\\]+)"
)


def found(text: str) -> list[Span]:
    """Where values of credentials stand, in order and apart."""
    spans = sorted(span for form in FORMS for span in form(text))
    apart: list[Span] = []
    for begin, end in spans:
        if begin >= end:
            continue
        if apart and begin < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((begin, end))
    return apart


def _in_urls(text: str) -> Iterator[Span]:
    """`scheme://user:password@host`, also where the password holds a slash or an at; a token in the place of the user."""
    if "@" not in text:
        return
    for run in _RUN.finditer(text) if "://" in text else ():
        begin = run.start()
        before, *pieces = run[0].split("://")
        for number, piece in enumerate(pieces, 1):
            begin += len(before) + 3
            rest = piece if number == len(pieces) else piece.rstrip(_OF_SCHEME)
            yield from ((begin + first, begin + last) for first, last in _userinfo(rest, before[-16:]))
            before = piece
    if ":\\" in text:
        yield from (one.span("value") for one in _ESCAPED_URL.finditer(text))


def _userinfo(rest: str, scheme: str) -> Iterator[Span]:
    """Of what follows `://`: the password, or the user where that is the token."""
    user, at, _ = rest.partition("@")
    if not at or user.startswith("["):
        return
    authority = _AUTHORITY.match(rest)
    if ":" not in user and authority is not None:  # a mail's address is a user's name, too
        user = authority["user"]
    name, colon, _ = user.partition(":")
    if "/" in name or "?" in name or "#" in name:
        return
    if not colon:
        if _is_token(user, scheme):
            yield 0, len(user)
        return
    begin = len(name) + 1
    if _PORT.match(rest, begin):
        return
    end = _end_of_password(rest, begin)
    word = rest[begin:end]
    if word in _NO_PASSWORDS:
        yield 0, len(name)
    elif not is_no_value(word):
        yield begin, end
        if is_opaque(name):
            yield 0, len(name)


def _end_of_password(rest: str, begin: int) -> int:
    """The last at that a host may follow: before the query, if there is one there, and never one that begins a name in a path."""
    ends = [one.start() for one in _BEFORE_HOST.finditer(rest, begin)] or [rest.index("@")]
    query = re.compile(r"[?#]").search(rest, begin)
    return ([end for end in ends if query is None or end < query.start()] or ends)[-1]


def _is_token(user: str, scheme: str) -> bool:
    """Whether a user without a password is a token: people's names are short, and have no digits between their letters."""
    if is_no_value(user) or "%" in user[:1]:
        return False
    web = scheme.lower().endswith(("http", "https"))
    mixed = bool(re.search(r"\d", user) and re.search(r"[A-Za-z]", user))
    return (web and ((len(user) >= 8 and mixed) or len(user) >= 20)) or (len(user) >= 16 and mixed)


def _in_quoted_urls(text: str) -> Iterator[Span]:
    if "%" in text:
        yield from (one.span("value") for one in _QUOTED_URL.finditer(text))


def _in_pairs(text: str) -> Iterator[Span]:
    """`name=value`, `"name": "value"`, `Name-Of-A-Header: value` and `name: value` on a line of its own, where the name is a secret's."""
    for pair in _PAIR.finditer(text):
        name, sep = pair["name"], pair["sep"].strip()
        kind = name.lower().rpartition(".")[2]
        if kind in {"authorization", "proxy-authorization", "x-authorization"}:
            yield from _authorization(text, pair)
        elif kind in {"cookie", "set-cookie", "cookie2", "set-cookie2"} and (cookies := _COOKIES.match(text, pair.end())) is not None:
            yield cookies.span()
        elif _is_secrets(text, pair, sep) and (span := _value(text, pair, sep)) is not None:
            value = text[slice(*span)]
            if not is_no_value(value) and not (value.isdigit() and len(value) < 4):
                yield span


def _is_secrets(text: str, pair: re.Match[str], sep: str) -> bool:
    name, before = pair["name"], text[max(0, pair.start() - 1) : pair.start()]
    asked = before in {"?", "&", ";", "#"}
    if before in {"\\", "%"} and (quoted := _BEFORE.match(name)) is not None:
        name, asked = name[quoted.end() :], True
    if sep.startswith("%") or sep == "=":
        words = words_of(name)
        return is_named_as_secret(name) or (asked and (name.lower() in IN_QUERY or words[-1:] in {("sig",), ("signature",), ("hmac",)}))
    return is_named_as_secret(name) and words_of(name) != ("pass",)


def _value(text: str, pair: re.Match[str], sep: str) -> Span | None:
    begin, opened = pair.end(), pair["open"]
    if opened:
        return _quoted(text, begin, opened.removeprefix("b"))
    if sep in {":", "=>"}:
        return None if pair["quote"] or not pair["sep"].endswith(" ") else _in_header(text, pair)
    bare = _BARE.match(text, begin)
    if bare is None:
        return None
    cut = _ENCODED_AND.search(bare[0])
    return (begin, begin + cut.start()) if cut is not None and cut.start() else bare.span()


def _quoted(text: str, begin: int, opened: str) -> Span | None:
    """To the quote that closes it, which has as many backslashes as the one that opened it."""
    at, most = begin, len(opened) - 1
    while (end := text.find(opened[-1], at, begin + 65536)) >= 0:
        backslashes = len(text[max(begin, end - 16) : end]) - len(text[max(begin, end - 16) : end].rstrip("\\"))
        if backslashes <= most or (most == 0 and backslashes % 2 == 0):
            return (begin, end - min(backslashes, most)) if end > begin else None
        at = end + 1
    return None


def _in_header(text: str, pair: re.Match[str]) -> Span | None:
    """A header has a hyphen in its name; other names stand alone on their line, since sentences have colons too."""
    started = text[max(0, pair.start() - 80) : pair.start()].rpartition("\n")[2].strip(" \t-")
    shape = _BARE if "-" in pair["name"] else _REST_OF_LINE if not started else None
    bare = None if shape is None else shape.match(text, pair.end())
    return None if bare is None else bare.span()


def _authorization(text: str, pair: re.Match[str]) -> Iterator[Span]:
    """All after the scheme, or all when there is none."""
    scheme = _SCHEME.match(text, pair.end())
    if pair["open"] and (quoted := _quoted(text, pair.end(), pair["open"].removeprefix("b"))) is not None:
        begin = min(scheme.end(), quoted[1]) if scheme is not None else quoted[0]
        yield from [] if is_no_value(text[begin : quoted[1]]) else [(begin, quoted[1])]
        return
    value = _GIVEN.match(text, pair.end() if scheme is None else scheme.end())
    if value is None or is_no_value(value[0].rstrip(",.;")):
        return
    if scheme is not None or pair["open"] or _is_drawn(value[0]) or not value[0].islower():
        yield value.span()


def _after_schemes(text: str) -> Iterator[Span]:
    """`Bearer X` and `Basic X` without the header's name: only where X looks like it, since both are words as well."""
    for one in _AUTHENTICATED.finditer(text):
        value = one["value"]
        basic = one["scheme"].lower() == "basic"
        if not is_no_value(value) and (_decodes_to_a_pair(value) if basic else _is_drawn(value)):
            yield one.span("value")


def _is_drawn(value: str) -> bool:
    return len(value) >= 8 and (bool(re.search(r"\d|[a-z][A-Z]", value)) or len(value) >= 24)


def _decodes_to_a_pair(value: str) -> bool:
    bare = value.replace("%3D", "").replace("%3d", "").rstrip("=")
    try:
        return b":" in base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return False


def _keys(text: str) -> Iterator[Span]:
    """What stands between the first and the last line of a private key, or as much of it as there is."""
    at, last = 0, text.rfind("-----END ")
    while (begin := _BEGIN.search(text, at)) is not None:
        end = _END.search(text, begin.end()) if begin.end() <= last else None
        body = _BODY.match(text, begin.end())
        at = begin.end() if body is None or end is not None else body.end()
        if end is not None:
            at = end.end()
        yield begin.end(), end.start() if end is not None else at


def _tokens(text: str) -> Iterator[Span]:
    yield from (one.span() for one in _TOKEN.finditer(text))
    yield from (one.span("value") for one in _HOOK.finditer(text))


def _on_command_lines(text: str) -> Iterator[Span]:
    """`--password X`, `curl -u user:X`, `login me password X` of a .netrc, `user:X@tcp(host)`."""
    if "-" in text:
        for option in _OPTION.finditer(text):
            named = is_named_as_secret(option["name"]) and not option["name"].startswith("no-")
            if named and not is_no_value(option["value"]) and (option["open"] or _is_drawn(option["value"])):
                yield option.span("value")
        yield from (one.span("value") for one in _USER_OPTION.finditer(text) if not _is_group(one["value"]))
    if "login" in text:
        yield from (one.span("value") for one in _NETRC.finditer(text) if not is_no_value(one["value"]))
    if "@" in text:
        yield from (one.span("value") for one in _AT_DRIVER.finditer(text))


def _is_group(word: str) -> bool:
    """Whether it may be a group after a user, and no password."""
    return word.isdigit() or (word.isalpha() and word.islower()) or is_no_value(word)


def _beside_names(text: str) -> Iterator[Span]:
    """`<password>X</password>`, `('x-api-key', 'X')`, `x-api-key:X`, `name: DB_PASSWORD` above `value: X`, YAML's blocks of lines."""
    for form in (_ELEMENT, _COUPLE, _CLOSE_HEADER, _NAMED_VALUE, _BLOCK):
        for one in form.finditer(text):
            if not is_named_as_secret(one["name"]) or is_no_value(one["value"]):
                continue
            if form is _CLOSE_HEADER and not _is_drawn(one["value"]):
                continue
            if form is _COUPLE and "-" not in one["name"] and not _is_drawn(one["value"]):
                continue
            if form is _BLOCK and len(one["space"]) <= len(one["before"]):
                continue
            yield one.span("value")


FORMS: Sequence[Callable[[str], Iterator[Span]]] = (
    _in_urls, _in_quoted_urls, _in_pairs, _after_schemes, _keys, _tokens, _on_command_lines, _beside_names,
)  # fmt: skip
