"""Foreign words in Markdown: labels, notes and errors stand there as they were, and change nothing around them."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Characters that end a line, or turn what follows it round."""
_SIGNS = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown, and the dialects of those who show it, take for more than itself. An underscore within a word is none."""
_FIRST = re.compile(r"^([#>+=:-]|\d+(?=[.)]))")
"""What begins a heading, a quotation, a list or a table when it stands first."""


def escaped(text: str) -> str:
    """The text on one line, as a reader is to see it, for the middle of a paragraph, a list item or a table's cell."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    line = _SIGNS.sub(r"\\\g<0>", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;")
    return _FIRST.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", line)


def code(text: str) -> str:
    """The text as code on one line, whatever backticks it holds; for no cell of a table."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}" if len(fence) > 1 or not line else f"`{line}`"
