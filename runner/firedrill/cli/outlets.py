"""Standard output and error: nothing that anybody wrote moves a terminal's cursor, and what cannot be written changes no exit code.

While a drill runs, one that is closed, full, or that nobody reads stops the drill, and holds up nothing. Knows file descriptors and
control characters; refuses to know what is said.
"""

import errno
import os
import re
import select
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from firedrill.core.errors import FiredrillError
from firedrill.core.plain import plain

if TYPE_CHECKING:
    from rich.console import Console

PATIENCE = 1.0
"""Seconds for whoever reads a pipe to make room: a drill that waits for longer would not look after its faults."""


BOLD = re.compile("\x1b\\[[01]m")
"""The only styling that click is asked for; whoever else writes it makes a heading, and nothing worse."""
SIGNS = {"✓": "+", "✗": "x", "…": "...", "–": "-", "—": "-", "“": '"', "”": '"', "«": '"', "»": '"', "’": "'", "\ufffd": "?"}
"""What stands for our own signs where a terminal's encoding has none for them; other letters are written as escapes."""


class Outlet:
    """Standard output or error while a command runs: nothing that is written raises, and nothing that was written moves a cursor.

    What cannot be written is dropped, and `trouble` says why. A console of our own draws through `drawn`, cleaned by itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.trouble: OSError | None = None
        self.drawn = Drawn(self)

    def write(self, text: str) -> int:
        """Write it without what would move a cursor."""
        if not isinstance(text, str):
            raise TypeError("a text is expected")
        return self.put("".join(part if BOLD.fullmatch(part) and self.isatty() else plain(part) for part in _parts(text)))

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them one after another."""
        for line in lines:
            self.write(line)

    def put(self, text: str) -> int:
        """Write what is known to be clean."""
        if self.trouble is None:
            with self._heeding():
                self.stream.write(fitting(text, self.encoding))
        return len(text)

    def flush(self) -> None:
        """Hand everything on."""
        if self.trouble is None:
            with self._heeding():
                self.stream.flush()

    @contextmanager
    def _heeding(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # a closed stream is a ValueError
            self.trouble = error if isinstance(error, OSError) else OSError(errno.EBADF, str(error))

    def fileno(self) -> int:
        """The stream's own."""
        return self.stream.fileno()

    def isatty(self) -> bool:
        """Whether a person's terminal is at its end."""
        return self.stream.isatty()

    @property
    def encoding(self) -> str:
        """The stream's own."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    @property
    def closed(self) -> bool:
        """Nobody but its owner closes it."""
        return False


class Drawn:
    """What a console writes to: the same outlet, with the colours and moves of our own."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.write, self.flush, self.fileno, self.isatty = outlet.put, outlet.flush, outlet.fileno, outlet.isatty

    @property
    def encoding(self) -> str:
        """The stream's own."""
        return self._outlet.encoding


def _parts(text: str) -> list[str]:
    return re.split("(\x1b\\[[01]m)", text) if "\x1b" in text else [text]


def fitting(text: str, encoding: str) -> str:
    """The text with signs that the encoding has, whatever it is."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        known = "".join(SIGNS.get(letter, letter) if not letter.isascii() else letter for letter in text)
        return known.encode(encoding, "backslashreplace").decode(encoding)
    return text


@contextmanager
def outlets() -> Iterator[None]:
    """Until the end of the block standard output and error are outlets."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream if stream is None or isinstance(stream, Outlet) else cast(TextIO, Outlet(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def console(stream: TextIO | None = None, **options: Any) -> "Console":
    """A console that draws no text of anybody's that would move the cursor; on standard output when no stream is named."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Clean(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else plain(text), style, control)

    target = sys.stdout if stream is None else stream
    return Clean(file=cast(TextIO, target.drawn) if isinstance(target, Outlet) else target, **options)


def untold() -> str:
    """Why what was said on standard output did not all reach it; nothing when it did, or when its reader has read enough."""
    stream = sys.stdout
    with suppress(AttributeError):
        stream.flush()
    trouble = stream.trouble if isinstance(stream, Outlet) else None
    return "" if trouble is None or trouble.errno == errno.EPIPE else trouble.strerror or str(trouble)


class Patient:
    """A text stream for a console: what cannot be written soon is an OSError, and never a wait without an end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream.stream if isinstance(stream, Outlet) else stream
        self._pipe = _is_pipe(self._stream)

    def write(self, text: str) -> int:
        """Write it; OSError when it cannot be written soon."""
        if self._pipe and not _room(self._stream.fileno(), select.POLLOUT, PATIENCE):
            raise TimeoutError(errno.ETIMEDOUT, f"nobody has read what it says for {PATIENCE:g} s")
        return self._stream.write(fitting(text, self.encoding))

    def flush(self) -> None:
        """Hand everything on."""
        self._stream.flush()

    def fileno(self) -> int:
        """The stream's own."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether a person's terminal is at its end."""
        return self._stream.isatty()

    @property
    def encoding(self) -> str:
        """The stream's own."""
        return self._stream.encoding


def _is_pipe(stream: TextIO) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _room(descriptor: int, events: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, events)
    return bool(poll.poll(seconds * 1000))


def gone() -> str | None:
    """Which of standard output and error nobody can be told anything at any more; a full disk is noticed by who writes."""
    for name, stream in (("standard output", sys.stdout), ("standard error", sys.stderr)):
        if stream is None:
            return f"{name} is closed"
        try:
            poll = select.poll()
            poll.register(stream.fileno(), 0)
            ended = any(what & (select.POLLERR | select.POLLNVAL) for _, what in poll.poll(0))
        except (OSError, ValueError):
            continue  # a stream of its own kind, such as a test's
        if ended:
            return f"nobody reads {name} any more"
    return None


def refuse_deaf() -> None:
    """FiredrillError when nobody could be told what becomes of a drill; nothing was started."""
    if why := gone():
        raise FiredrillError(f"{why}: a drill that nobody hears of is not started")


def say_last(text: str) -> None:
    """A last sentence on standard error, if anybody can still be told."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def let_go() -> None:
    """At the process's end: what cannot be written any more is nobody's error, and changes no exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            with suppress(OSError, ValueError, AttributeError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
