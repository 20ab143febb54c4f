"""What people do in a drill, whoever they are: a scripted responder, a person at the live page or at another terminal.

Knows which page is there and whether it is open; refuses to know who may act: whoever lets somebody act has made sure of that.
"""

from collections.abc import Callable, Mapping

from firedrill.core.errors import Refused
from firedrill.core.events import MitigationDeclared, NoteWritten, PageAcknowledged, PageResolved, StopRequested
from firedrill.core.recording import Record
from firedrill.judge.drill import Facts, Page

LONGEST = 4000
"""Characters of a person's words."""


class Acts:
    """Each act is an entry of the journal; Refused, with nothing written, when it cannot be."""

    def __init__(self, facts: Facts, record: Record) -> None:
        self._facts, self._record = facts, record
        self.stops: Callable[[str], object] | None = None
        """Stops the drill, on behalf of somebody; None while it has not begun to live."""
        self.roles: Mapping[str, str] = {}
        """Who has which role in the game day that the drill is a round of; their notes carry it."""

    def acknowledge(self, page: str, by: str) -> None:
        """Take a page; a second acknowledgement changes nothing."""
        if self._open(page).acknowledged is None:
            self._record(PageAcknowledged(page, _named(by)), "desk")

    def resolve(self, page: str, by: str) -> None:
        """Close a page by hand."""
        self._open(page)
        self._record(PageResolved(page, None, _named(by)), "desk")

    def note(self, text: str, by: str, role: str = "") -> None:
        """Words for the record; with the role that `by` has in a game day when none is given."""
        self._record(NoteWritten(_named(by), _words(text), role or self.roles.get(_named(by), "")), "people")

    def mitigated(self, by: str, text: str = "") -> None:
        """Say that users are well again."""
        self._record(MitigationDeclared(_named(by), text.strip()[:LONGEST]), "people")

    def stop(self, by: str) -> None:
        """Have everything put back at once; the drill ends as interrupted."""
        if self.stops is None:
            raise Refused("the drill has not begun to live")
        self._record(StopRequested(_named(by)), "people")
        self.stops(_named(by))

    def _open(self, name: str) -> Page:
        page = next((page for page in self._facts.pages if page.page == name), None)
        if page is None:
            raise Refused(f"there is no page {name}")
        if page.resolved is not None:
            raise Refused(f"page {name} is resolved already")
        return page


def _named(by: str) -> str:
    name = " ".join(by.split())
    if not name or len(name) > 100:
        raise Refused("say who you are, in at most 100 characters")
    return name


def _words(text: str) -> str:
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Refused(f"a note has between 1 and {LONGEST} characters")
    return words
