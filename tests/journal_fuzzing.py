"""Recorded journals, ledger pages and other files, each changed as no firedrill would write it; the same seed, the same files."""

import copy
import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from recordings import JOURNALS, NAMES

Chance = random.Random
DEEP = 100_000
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\r\x00"
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 9_000_000, float("nan"), float("inf"), -1e18, 1e300, 2**70,
    10**400, "", "text", "../../etc", ESCAPES, "\ud800", "x" * 5000,
    [], [[]], {}, [None], {"a": {}}, "2026-01-01T00:00:00", "file:///etc/passwd", "http://127.0.0.1:1/",
)  # fmt: skip
HOW = ("sums as they were", "no sums", "sums anew")
"""Whether whoever changed it left each line's sum, took all away as in a journal of long ago, or wrote them anew."""


@dataclass(frozen=True)
class Mutant:
    """A changed journal. `undecidable` where a change can mean a pass that nothing in the journal speaks against."""

    base: str
    how: str
    content: bytes
    undecidable: bool = False

    def __str__(self) -> str:
        return f"{self.base}, {self.how}"


def mutants(count: int, seed: int) -> Iterator[Mutant]:
    """`count` journals; all kinds of change in turn, each of a journal drawn by chance."""
    chance = Chance(seed)
    for number in range(count):
        base = chance.choice(NAMES)
        content = (JOURNALS / f"{base}.jsonl").read_bytes()
        name, change = CHANGES[number % len(CHANGES)]
        yield change(Mutant(base, name, content), chance)


def pages(count: int, seed: int, sound: dict[str, Any]) -> Iterator[bytes]:
    """Pages of the ledger, from a sound one."""
    chance = Chance(seed)
    for _ in range(count):
        text = json.dumps(changed(json.loads(json.dumps(sound)), chance) if chance.random() < 0.6 else sound).encode()
        yield text if chance.random() < 0.5 else torn(text, chance)


def changed(tree: Any, chance: Chance, values: tuple[Any, ...] = VALUES) -> Any:
    """One place of a structure with a value of another type."""
    places = list(_places(tree))
    if not places:
        return copy.deepcopy(chance.choice(values))
    holder, key = chance.choice(places)
    holder[key] = copy.deepcopy(chance.choice([one for one in values if type(one) is not type(holder[key])]))
    return tree


def torn(content: bytes, chance: Chance) -> bytes:
    """Some bytes are others, or not there."""
    kept = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(kept))
        match chance.randrange(4):
            case 0:
                kept[at] ^= 1 << chance.randrange(8)
            case 1:
                kept[at] = chance.randrange(256)
            case 2:
                del kept[at : at + chance.randint(1, 30)]
            case _:
                kept[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
        if not kept:
            break
    return bytes(kept[: chance.randrange(len(kept) + 1)] if kept and chance.random() < 0.15 else kept)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


# ---- changes of a journal's bytes


def _torn(one: Mutant, chance: Chance) -> Mutant:
    undecidable = one.base == "earlier"
    return Mutant(one.base, one.how, torn(one.content, chance), undecidable)


def _cut(one: Mutant, chance: Chance) -> Mutant:
    return Mutant(one.base, one.how, one.content[: chance.randrange(len(one.content))])


def _encoded(one: Mutant, chance: Chance) -> Mutant:
    text = one.content.decode()
    return Mutant(one.base, one.how, text.encode(chance.choice(("utf-16", "utf-32", "utf-7", "utf-8-sig", "cp037"))))


def _zeroed(one: Mutant, chance: Chance) -> Mutant:
    at, long = chance.randrange(len(one.content)), chance.choice((1, 512, 4096))
    return Mutant(one.base, one.how, one.content[:at] + bytes(long) + one.content[at + long :])


# ---- changes of its lines


def _lines(change: Callable[[list[bytes], int, Chance], None]) -> Callable[[Mutant, Chance], Mutant]:
    def made(one: Mutant, chance: Chance) -> Mutant:
        lines, how = one.content.splitlines(), chance.choice(HOW[:2])
        for _ in range(chance.choice((1, 1, 2, 6))):
            change(lines, chance.randrange(1, len(lines) - 1), chance)
        if how == HOW[1]:
            lines = [_unsummed(line) for line in lines]
        return Mutant(one.base, f"{one.how}, {how}", b"\n".join(lines) + b"\n")

    return made


def _dropped(lines: list[bytes], at: int, chance: Chance) -> None:
    del lines[at]


def _doubled(lines: list[bytes], at: int, chance: Chance) -> None:
    lines.insert(at, lines[at])


def _swapped(lines: list[bytes], at: int, chance: Chance) -> None:
    other = chance.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _foreign(lines: list[bytes], at: int, chance: Chance) -> None:
    other = (JOURNALS / f"{chance.choice(NAMES)}.jsonl").read_bytes().splitlines()
    lines[at] = chance.choice(other)


def _nested(lines: list[bytes], at: int, chance: Chance) -> None:
    deep = chance.choice((70, 500, 990, DEEP))
    lines[at] = (
        lines[at][:-1] + b',"more":' + chance.choice((b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep, b"1" * 5000)) + b"}"
    )


# ---- changes of their values


def _value(chosen: Callable[[list[dict[str, Any]], Chance], int], values: tuple[Any, ...] = VALUES) -> Callable[[Mutant, Chance], Mutant]:
    def made(one: Mutant, chance: Chance) -> Mutant:
        lines = [json.loads(line) for line in one.content.splitlines()]
        how = chance.choice(HOW)
        for _ in range(chance.choice((1, 1, 1, 3))):
            changed(lines[chosen(lines, chance)], chance, values)
        return Mutant(one.base, f"{one.how}, {how}", _written(lines, how), how != HOW[0] or one.base == "earlier")

    return made


def _schema(one: Mutant, chance: Chance) -> Mutant:
    lines = [json.loads(line) for line in one.content.splitlines()]
    lines[0]["schema"] = chance.choice([99, 2, 0, -1, *VALUES[:8], *VALUES[18:]])
    how = chance.choice(HOW)
    return Mutant(one.base, f"{one.how}, {how}", _written(lines, how))


def _any(lines: list[dict[str, Any]], chance: Chance) -> int:
    return chance.randrange(len(lines))


def _first(lines: list[dict[str, Any]], chance: Chance) -> int:
    return 0


def _told(lines: list[dict[str, Any]], chance: Chance) -> int:
    """A line that is no account of measuring or looking: there are few of them, and they say what happened."""
    few = [
        number
        for number, line in enumerate(lines)
        if str(line["kind"]) not in {"samples", "watch.covered", "clock.offset", "drill.started"}
    ]
    return chance.choice(few)


def _written(lines: list[Any], how: str) -> bytes:
    """Numbers that JSON has not stand there as Python writes them."""
    if how == HOW[0]:
        return b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    found, total = b"", 0
    for line in lines:
        body = json.dumps({key: value for key, value in line.items() if key != "sum"}, separators=(",", ":")).encode()
        total = zlib.crc32(body[:-1], total)
        found += body + b"\n" if how == HOW[1] else body[:-1] + b',"sum":"%08x"}\n' % total
    return found


def _unsummed(line: bytes) -> bytes:
    return line[:-17] + b"}" if b',"sum":"' in line[-18:] else line


SAFE = tuple(one for one in VALUES if one is not None)
CHANGES: tuple[tuple[str, Callable[[Mutant, Chance], Mutant]], ...] = (
    ("bytes changed", _torn),
    ("lines dropped", _lines(_dropped)),
    ("a value of another type", _value(_told)),
    ("lines doubled", _lines(_doubled)),
    ("a value of the plan of another type", _value(_first)),
    ("lines swapped", _lines(_swapped)),
    ("a value of another type anywhere", _value(_any)),
    ("a line of another drill", _lines(_foreign)),
    ("escapes and lone surrogates", _value(_told, (ESCAPES, "\ud800\udfff", "x\ud83d", 5, []))),
    ("nested deep", _lines(_nested)),
    ("cut", _cut),
    ("a version of nobody's", _schema),
    ("zeros", _zeroed),
    ("another encoding", _encoded),
)
