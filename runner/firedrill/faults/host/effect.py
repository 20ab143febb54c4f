"""What every effect on this machine has in common.

All of it works on `aimed`, plain JSON data that names exactly what is touched: so whoever has the data can look, and put back,
when the process that injected is gone.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

Data = Mapping[str, Any]


class HostEffect(Protocol):
    """One way to make something on this machine worse, and back. All functions may block for a second or two."""

    def aim(self, target: Data, wire: Data) -> Data:
        """Resolve names to identities; changes nothing. Rejected says in a sentence why it cannot be done here."""
        ...

    def inject(self, aimed: Data) -> None:
        """Do it; doing it again changes nothing. Rejected or OSError when it could not be done, and then nothing is left of it."""
        ...

    def clear(self, aimed: Data) -> str | None:
        """Put it back, from any process, as often as one likes, also when it never took hold; it asks nothing first that may fail.

        An error: it could not be, try again. What it says last is for a `Listing`.
        """
        ...

    def present(self, aimed: Data) -> bool:
        """Whether it is there, or may be, seen at the target."""
        ...

    def touched(self, aimed: Data) -> int | None:
        """How much of the target is seen to be touched while it is there: 0 proves that nothing is, None that nobody can tell."""
        ...

    def by_hand(self, aimed: Data) -> str:
        """What a person does to put it back, as a command where there is one."""
        ...


@runtime_checkable
class Listing(Protocol):
    """An effect whose count goes with it: its `clear` lists it just before it is taken away, if that can be done at once."""

    def listed(self, aimed: Data, said: str) -> int | None:
        """How much was touched, by what `clear` said."""
        ...
