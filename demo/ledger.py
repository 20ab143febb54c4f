"""The ledger of agreements: SQLite in WAL mode, touched by one thread only.

Knows how agreements are stored; refuses to know who accepted them or over what.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

_TABLE = "CREATE TABLE IF NOT EXISTS agreements (id TEXT PRIMARY KEY, debtor TEXT, debt REAL, monthly REAL, months INTEGER)"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a debtor agreed to pay: `monthly` for so many `months`."""

    id: str
    debtor: str
    debt: float
    monthly: float
    months: int


class Ledger:
    """An open ledger; every statement runs on its one thread, so writes never wait for one another's locks."""

    def __init__(self, thread: ThreadPoolExecutor, connection: sqlite3.Connection) -> None:
        self._thread, self._connection = thread, connection

    @classmethod
    async def open(cls, path: Path | None) -> Self:
        """The ledger at `path`; without one a temporary ledger that is gone when its process is, however that ends."""
        thread = ThreadPoolExecutor(1, "ledger")
        opened = _at(path) if path else _temporary
        try:
            return cls(thread, await asyncio.get_running_loop().run_in_executor(thread, opened))
        except BaseException:
            thread.shutdown()
            raise

    async def write(self, agreement: Agreement) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._insert, agreement)

    async def read(self, identity: str) -> Agreement | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._select, identity)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    def _insert(self, agreement: Agreement) -> None:
        with self._connection:
            self._connection.execute("INSERT INTO agreements VALUES (?, ?, ?, ?, ?)", astuple(agreement))

    def _select(self, identity: str) -> Agreement | None:
        row = self._connection.execute("SELECT * FROM agreements WHERE id = ?", (identity,)).fetchone()
        return Agreement(*row) if row else None


def _at(path: Path) -> Callable[[], sqlite3.Connection]:
    return lambda: _prepared(sqlite3.connect(path))


def _temporary() -> sqlite3.Connection:
    # The names go as soon as the files are open: a killed process leaves nothing behind. That needs exclusive locking, since
    # shared memory between connections is found by name.
    with tempfile.TemporaryDirectory(prefix="demo-ledger-") as folder:
        connection = sqlite3.connect(Path(folder, "ledger.db"))
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        return _prepared(connection)


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    with connection:
        connection.execute(_TABLE)
    return connection
