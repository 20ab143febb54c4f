"""Threads: one page for as long as its group asks for a human, reopened when it asks again soon enough."""

from dataclasses import dataclass, field

import pytest

from firedrill.core.clock import DrillClock
from firedrill.core.events import Entry, Event, PageOpened, PageReopened, PageResolved
from firedrill.watch.pagers.message import Message, Told
from firedrill.watch.pagers.threads import Threads


@dataclass
class Book:
    """Threads with a journal that follows them, at times of the test's own."""

    threads: Threads = field(init=False)
    entries: list[Entry] = field(default_factory=list)

    def record(self, event: Event, source: str = "engine", source_at: float | None = None, *, durable: bool = False) -> Entry:
        self.entries.append(entry := Entry(len(self.entries) + 1, source_at or 0.0, source, source_at, event))
        self.threads.observe(entry)
        return entry

    def message(self, status: str, at: float, group: str = '{}:{alertname="Slow"}', receiver: str = "payments-oncall") -> None:
        told = Told(status, {"alertname": "Slow"}, {}, None, None, "f")
        self.threads.write(Message(receiver, status, group, {}, (told,)), at)

    def by_hand(self, page: str, at: float) -> None:
        self.record(PageResolved(page, None, "first-on-call"), "desk", at)

    def pages(self) -> list[tuple[float, str, str]]:
        kinds = (PageOpened, PageReopened, PageResolved)
        return [(entry.at, entry.event.kind, entry.event.page) for entry in self.entries if isinstance(entry.event, kinds)]


@pytest.fixture
def book() -> Book:
    book = Book()
    book.threads = Threads(DrillClock(), book.record, reopens_within={"payments-oncall": 60.0})
    return book


def test_a_group_that_fires_again_soon_is_the_same_thread_reopened(book: Book) -> None:
    book.message("firing", 1.0)
    book.message("resolved", 10.0)
    book.message("firing", 70.0)
    book.message("firing", 75.0)
    book.message("resolved", 80.0)
    assert book.pages() == [
        (1.0, "page.opened", "p1"), (10.0, "page.resolved", "p1"), (70.0, "page.reopened", "p1"), (80.0, "page.resolved", "p1"),
    ]  # fmt: skip
    (reopened,) = [entry for entry in book.entries if isinstance(entry.event, PageReopened)]
    assert book.entries[reopened.event.notification - 1].at == 70.0


def test_a_group_that_fires_again_later_is_a_new_page(book: Book) -> None:
    book.message("firing", 1.0)
    book.message("resolved", 10.0)
    book.message("firing", 70.1)
    assert [page[1:] for page in book.pages()] == [("page.opened", "p1"), ("page.resolved", "p1"), ("page.opened", "p2")]


def test_a_receiver_without_a_policy_never_reopens_what_its_group_has_resolved(book: Book) -> None:
    for status, at in (("firing", 1.0), ("resolved", 2.0), ("firing", 3.0)):
        book.message(status, at, receiver="platform")
    assert [page[1:] for page in book.pages()] == [("page.opened", "p1"), ("page.resolved", "p1"), ("page.opened", "p2")]


def test_other_groups_and_other_receivers_are_other_threads(book: Book) -> None:
    book.message("firing", 1.0)
    book.message("resolved", 2.0)
    book.message("firing", 3.0, group='{}:{alertname="Down"}')
    book.message("firing", 4.0, receiver="platform")
    assert [page[1:] for page in book.pages()][2:] == [("page.opened", "p2"), ("page.opened", "p3")]


@pytest.mark.parametrize("receiver", ["payments-oncall", "platform"])
def test_a_page_closed_by_hand_is_open_again_when_its_group_still_says_that_it_fires(book: Book, receiver: str) -> None:
    book.message("firing", 1.0, receiver=receiver)
    book.by_hand("p1", 5.0)
    book.message("firing", 500.0, receiver=receiver)
    book.message("resolved", 510.0, receiver=receiver)
    assert book.pages()[1:] == [(5.0, "page.resolved", "p1"), (500.0, "page.reopened", "p1"), (510.0, "page.resolved", "p1")]


def test_a_page_closed_by_hand_is_not_resolved_again_by_its_group(book: Book) -> None:
    book.message("firing", 1.0)
    book.by_hand("p1", 5.0)
    book.message("resolved", 50.0)
    book.message("firing", 64.0)
    assert book.pages()[1:] == [(5.0, "page.resolved", "p1"), (64.0, "page.reopened", "p1")]


def test_a_page_closed_by_hand_long_ago_whose_group_was_resolved_is_a_new_page(book: Book) -> None:
    book.message("firing", 1.0)
    book.by_hand("p1", 5.0)
    book.message("resolved", 50.0)
    book.message("firing", 66.0)
    assert book.pages()[-1] == (66.0, "page.opened", "p2")
