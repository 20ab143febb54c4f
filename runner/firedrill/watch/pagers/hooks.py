"""What a person would read of a message to a status page or a ticket system, whichever product's it is.

Pure. Knows the names that such products give to a title and a text; refuses to know any product.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

READ = ("title", "summary", "name", "subject", "status", "message", "text", "body", "description", "content", "comment")
"""Keys whose texts people read, in the order in which they are read."""
LONGEST = 500
"""Characters of a text that is kept."""
LARGEST = 16 * 1024
"""Bytes of JSON that is kept as it is."""
DEEPEST = 30
"""Levels of JSON that is read as such; what is deeper is no message."""


def understood(body: bytes) -> tuple[str, Any]:
    """The text that a person would read, and the JSON as it came; None where it is none, or too large to keep."""
    whole = body.decode("utf-8", "replace")
    try:
        data = json.loads(whole, parse_constant=_no_number)
        text = "\n".join(dict.fromkeys(_texts(data))) or whole.strip()
    except (ValueError, RecursionError):
        return whole.strip()[:LONGEST], None
    return _writable(text)[:LONGEST], data if len(body) < LARGEST else None


def _no_number(text: str) -> None:
    """NaN and the like are no JSON, though Python reads them."""
    raise ValueError(text)


def _writable(text: str) -> str:
    """Without halves of characters, which JSON can name and nobody can write."""
    return text.encode("utf-8", "replace").decode()


def _texts(data: Any, depth: int = 0) -> Iterator[str]:
    """Texts under the keys that people read, the outermost first."""
    if depth > DEEPEST:
        raise ValueError("too deep")
    if isinstance(data, str):
        yield data.strip()
    elif isinstance(data, Mapping):
        yield from (data[key].strip() for key in READ if isinstance(data.get(key), str) and data[key].strip())
        yield from _inner(data.values(), depth)
    elif isinstance(data, list):
        yield from _inner(data, depth)


def _inner(values: Iterable[Any], depth: int) -> Iterator[str]:
    for value in values:
        if isinstance(value, Mapping | list):
            yield from _texts(value, depth + 1)
