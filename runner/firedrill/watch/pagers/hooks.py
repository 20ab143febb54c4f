"""What a person would read of a message to a status page or a ticket system, whichever product's it is.

Pure. Knows the names that such products give to a title and a text; refuses to know any product.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

READ = ("title", "summary", "name", "subject", "status", "message", "text", "body", "description", "content", "comment")
"""Keys whose texts people read, in the order in which they are read."""
LONGEST = 500
"""Characters of a text that is kept."""
LARGEST = 16 * 1024
"""Bytes of JSON that is kept as it is."""


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


def _texts(data: Any) -> Iterator[str]:
    """Texts under the keys that people read, the outermost first."""
    if isinstance(data, str):
        yield data.strip()
    elif isinstance(data, Mapping):
        yield from (data[key].strip() for key in READ if isinstance(data.get(key), str) and data[key].strip())
        for value in data.values():
            yield from _texts(value) if isinstance(value, Mapping | list) else ()
    elif isinstance(data, list):
        for value in data:
            yield from _texts(value) if isinstance(value, Mapping | list) else ()
