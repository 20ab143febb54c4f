"""JSON text to the nodes that YAML composes, because JSON is not quite YAML and its own errors say more. It knows no key of ours."""

import re
from collections.abc import Iterator
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed has forgotten it

import yaml

_SPACE = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"(?P<float>-?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+))|(?P<int>-?\d+)|(?P<bool>true|false)|(?P<null>null)")
_TAG = "tag:yaml.org,2002:"

DEEPEST = 100
"""Levels that a file may nest; deeper ones are no text a person wrote."""
TOO_DEEP = f"the file is nested deeper than {DEEPEST} levels"


class NotJson(Exception):
    """What is wrong, and where, counted from 1."""

    def __init__(self, text: str, at: int, message: str) -> None:
        before = text[:at]
        self.line, self.column, self.message = before.count("\n") + 1, at - before.rfind("\n"), message


def compose(text: str) -> yaml.Node:
    """The node of the whole text; NotJson says why there is none."""
    reader = _Reader(text)
    node = reader.value()
    reader.skip()
    if reader.at < len(text):
        raise NotJson(text, reader.at, "nothing more is expected after the end of the JSON value")
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def skip(self) -> None:
        self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing at least

    def value(self) -> yaml.Node:
        self.skip()
        match self.text[self.at : self.at + 1]:
            case "{":
                return self._object()
            case "[":
                return self._array()
            case '"':
                return self._string()
            case _:
                return self._word()

    def _object(self) -> yaml.Node:
        start, pairs = self._mark(), []
        for _ in self._until("}"):
            key = self._key()
            self._expect(":", "':' and a value are expected after a key")
            pairs.append((key, self.value()))
        return yaml.MappingNode(_TAG + "map", pairs, start, self._mark())

    def _array(self) -> yaml.Node:
        start = self._mark()
        items = [self.value() for _ in self._until("]")]
        return yaml.SequenceNode(_TAG + "seq", items, start, self._mark())

    def _until(self, close: str) -> Iterator[None]:
        """Once for each member, with the commas between them read."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise NotJson(self.text, self.at, TOO_DEEP)
        self.at += 1
        self.skip()
        while not self._closes(close):
            yield
            self.skip()
            if self._closes(close):
                return
            self._expect(",", f"',' or '{close}' is expected here")
            self.skip()
            if self.text[self.at : self.at + 1] == close:
                raise NotJson(self.text, self.at, "JSON takes no comma after the last value")

    def _closes(self, close: str) -> bool:
        closes = self.text[self.at : self.at + 1] == close
        self.at += closes
        self.depth -= closes
        return closes

    def _key(self) -> yaml.Node:
        self.skip()
        if self.text[self.at : self.at + 1] != '"':
            raise NotJson(self.text, self.at, "a key in double quotes is expected here")
        return self._string()

    def _expect(self, sign: str, otherwise: str) -> None:
        self.skip()
        if self.text[self.at : self.at + 1] != sign:
            raise NotJson(self.text, self.at, otherwise)
        self.at += 1

    def _string(self) -> yaml.Node:
        start = self._mark()
        try:
            text, self.at = scanstring(self.text, self.at + 1)
        except JSONDecodeError as error:
            raise NotJson(self.text, error.pos, f"not JSON: {error.msg.lower()}") from None
        return yaml.ScalarNode(_TAG + "str", text, start, self._mark(), style='"')

    def _word(self) -> yaml.Node:
        start, match = self._mark(), _WORD.match(self.text, self.at)
        if match is None:
            raise NotJson(self.text, self.at, "a JSON value is expected here")
        self.at = match.end()
        return yaml.ScalarNode(_TAG + str(match.lastgroup), match.group(), start, self._mark())

    def _mark(self) -> yaml.Mark:
        line, column = self.text.count("\n", 0, self.at), self.at - self.text.rfind("\n", 0, self.at) - 1
        return yaml.Mark("", self.at, line, column, None, 0)
