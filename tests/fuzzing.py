"""Experiments that nobody would write, made from sound ones by changing their text or their structure; the same seed, the same files."""

# ruff: noqa: E501  (lists of scraps are read as lists)

import copy
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from chaos_files import CORPUS, DIFFERENT, SOUND

SUITE = Path(__file__).parent
SCRAPS = (
    "", "\t", ": ", "- ", "{", "[", "}", "]", "*a", "&a ", "<<: *a", "null", "~", "'", '"', "|\n", ">-\n", "!x ", "!!set ", "!!binary ", "\n", "  ",
    "\x00", "\ufeff", "é", "\U0001f525", "\u2028", "# ", "0", "-1", "1e999", ".nan", ".inf", "0x1f", "1:30", "2024-01-01", "yes", "${X}", "$", "$$",
    "<x>", ",", "?", "---\n", "...\n", "%YAML 1.1\n", "method", "ref: ", "tolerance: ", "type: ", "provider: ", "\\", "(" * 50, "[" * 200, "a" * 5000,
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, float("nan"), float("inf"), 10**400, "", " ", "text", "${x}", "$", "(", "a.b", "../..", "\x7f", "é", [], [[]], {},
    [None], [1, 2], {"type": None}, {"type": "probe"}, {"type": "env"}, {"type": "regex", "pattern": "(a+)+$"}, {"ref": "call"}, {"": ""}, "x" * 2000,
)  # fmt: skip
KEYS = (
    "type",
    "name",
    "provider",
    "ref",
    "tolerance",
    "arguments",
    "pauses",
    "controls",
    "secrets",
    "timeout",
    "method",
    "steady",
    "expect",
    "faults",
    "x-a",
    "",
    "1",
)


def sources() -> list[str]:
    """The suite's own experiments, those that ship, and every file of the corpus."""
    found = sorted([*(SUITE / "suite" / "experiments").glob("*.yaml"), *(SUITE.parent / "experiments").glob("*.yaml")])
    return [*(file.read_text(encoding="utf-8") for file in found), *CORPUS, *DIFFERENT]


def files(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` file endings with contents; a third changed as text, a third as structure, a third both."""
    chance, known, sound = random.Random(seed), sources(), [SOUND, *sources()[:3]]
    for number in range(count):
        text = chance.choice(sound if chance.random() < 0.6 else known)
        if number % 3 != 0:
            text = restructured(text, chance)
        as_json = chance.random() < 0.15
        if as_json:
            text = _as_json(text)
        if number % 3 != 1:
            text = scrapped(text, chance)
        content = text.encode("utf-8", "surrogatepass")
        yield (".json" if as_json else chance.choice((".yaml", ".yml"))), _torn(content, chance) if chance.random() < 0.05 else content


def _as_json(text: str) -> str:
    try:
        return json.dumps(yaml.safe_load(text), default=str)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return text


def scrapped(text: str, chance: random.Random) -> str:
    """The text with scraps put into it, or parts of it taken out or shuffled."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        start = chance.randint(0, len(text))
        end = chance.choice((start, start + 1, start + chance.randint(0, 40), max(text.find("\n", start), start)))
        text = text[:start] + chance.choice(SCRAPS) + text[end:]
    if chance.random() < 0.1:
        lines = text.splitlines(keepends=True)
        chance.shuffle(lines)
        text = "".join(lines[: chance.randint(0, len(lines))])
    return text


def _torn(content: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(content))
    return content[:at] + bytes(chance.randrange(256) for _ in range(chance.randint(1, 8))) + content[at:]


def restructured(text: str, chance: random.Random) -> str:
    """The text with its structure changed; the text itself where it has none."""
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return text
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        tree = _changed(tree, chance)
    try:
        return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
    except (yaml.YAMLError, ValueError, RecursionError):
        return text


def _changed(tree: Any, chance: random.Random) -> Any:
    """One place of the structure changed: a value put in, doubled, taken out, renamed, or swapped for another of the same tree."""
    places = list(_places(tree))
    if not places:
        return copy.deepcopy(chance.choice(VALUES))
    holder, key = chance.choice(places)
    match chance.randrange(6):
        case 0 | 1:
            holder[key] = copy.deepcopy(chance.choice(VALUES))
        case 2:
            del holder[key]
        case 3 if isinstance(holder, dict):
            holder[chance.choice(KEYS)] = holder.pop(key)
        case 3 | 4:
            other, at = chance.choice(places)
            holder[key] = _copied(other[at])
        case _:
            holder[key] = [_copied(holder[key]) for _ in range(chance.choice((1, 2, 50)))]
    return tree


def _copied(value: Any) -> Any:
    return yaml.safe_load(yaml.safe_dump(value, allow_unicode=True))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    keys: Sequence[Any] = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])
