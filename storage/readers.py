"""Reading: the contract between whoever asks and the engine of the database, SQLite's or PostgreSQL's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from storage.statement import Parameters, Row, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bytes: of the database, of what is unused within it, and free for it; None where no disk of ours has it.

    `surplus_pages` are unused pages that a file can give back to its disk.
    """

    size: int
    unused: int
    surplus_pages: int
    disk_free: int | None


class Readers(ABC):
    """Cannot write; each query sees all that was committed before it.

    Raises StatementFailed, DatabaseLost where the database fails, and DatabaseClosed.
    """

    has_memory_index: bool
    """True if there may be an index of words over memories; without one, one person's memories are read through."""

    @abstractmethod
    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query, read from what has been committed."""

    async def fetch_one(self, sql: str, params: Parameters = ()) -> Row | None:
        """The first row of a query, or None."""
        rows = await self.fetch(sql, params)
        return rows[0] if rows else None

    async def look_up(self, sql: str, params: Parameters = ()) -> Rows:
        """As fetch, for a query that is quick however much is stored: by a key, or by an index up to a limit."""
        return await self.fetch(sql, params)

    async def look_up_one(self, sql: str, params: Parameters = ()) -> Row | None:
        """The first row of a query by a key, or None."""
        rows = await self.look_up(sql, params)
        return rows[0] if rows else None

    @abstractmethod
    async def room(self) -> Room:
        """The room that the database takes, without reading its content."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection; again, it does nothing."""


class OwnReaders(Readers):
    """Those of the process that writes: what it commits is told to whoever keeps something of it."""

    asking: Readers
    """For what people ask: it may take long, so it has connections and a limit of its own (QuestionTooLong)."""

    @abstractmethod
    def watch(self, written: str, changed: Callable[[], None]) -> None:
        """Call `changed` after each commit with such a statement, say with a table's name, before its callers go on.

        And after the first commit that follows one of another program's, which may have changed anything.
        """
