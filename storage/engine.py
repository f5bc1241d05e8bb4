"""What every engine of a database gives to the bot's process, and to who reads all at one instant.

Chosen by storage/engines.py. Whatever a driver raises, an engine raises as one of storage/errors.py, with the driver's
error as its cause: StatementFailed for a statement, DatabaseLost for all that ends the use of this database here. The
words of these errors are logged, so no value of a row or of a parameter may be among them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from concurrent.futures import Executor
from typing import Any, Protocol

from storage.readers import Readers
from storage.statement import Parameters, Rows
from storage.writer import Writer


class Engine(Writer, Protocol):
    """A database that is this process's until `close`. What is a Writer's is called on one thread of the caller's."""

    @property
    def label(self) -> str:
        """What it is called by in messages and logs."""

    @property
    def readers(self) -> Readers:
        """For reading beside what is looked up."""

    @property
    def asking(self) -> Readers:
        """For what people ask, which may take long: with connections of its own, and a limit (QuestionTooLong)."""

    @property
    def look_up(self) -> LookUp:
        """As `Readers.look_up`, in one hop with all others that wait."""

    def verify(self) -> None:
        """Raise DatabaseLost where what was opened is not what is there now. On the writer's thread."""

    def is_held(self) -> bool:
        """True if no other process can have it by now, as far as can be told without asking."""

    def others_wrote(self) -> bool:
        """True if anybody else has committed since the last time that this was asked. On the writer's thread."""

    def abandon(self) -> None:
        """End whatever still runs on the writer's thread, by DatabaseLost: nobody knows whether it is committed."""

    async def close(self, thread: Executor | None = None) -> None:
        """Close every connection, that which writes on the writer's thread, then let others have the database."""


class LookUp(Protocol):
    """A query that is quick however much is stored."""

    def __call__(self, sql: str, params: Parameters, /) -> Awaitable[Rows]:
        """All its rows."""


class DatabaseSnapshot(Protocol):
    """The database of one instant."""

    def rows(self, sql: str, params: Parameters, /) -> Iterator[tuple[Any, ...]]:
        """The rows of a query as they are read, however many; what is no text in it comes with U+FFFD."""
