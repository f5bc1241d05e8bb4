"""A server's database as stores see it, in what it costs a test: each connection takes a server five milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from storage.location import ServerUrl
from storage.postgres.readers import PostgresReaders
from storage.postgres.rows import ServerConnection
from storage.postgres.writer import run_batch
from storage.statement import Unit, UnitRows


class Served:
    """An Engine of the real writer, which others have had before, and one real reader; nobody competes for it."""

    def __init__(self, url: ServerUrl, writer: ServerConnection) -> None:
        self.label = str(url)
        self.readers = PostgresReaders(url)
        self.asking = self.readers
        self.look_up = self.readers.fetch
        self._writer = writer

    def run_batch(self, units: Sequence[Unit], /) -> list[UnitRows | Exception]:
        """As Writer has it."""
        return run_batch(self._writer, units)

    def empty_log(self) -> bool:
        """As Writer has it."""
        return True

    def verify(self) -> None:
        """As Engine has it: nobody takes it away."""

    def is_held(self) -> bool:
        """As Engine has it."""
        return True

    def abandon(self) -> None:
        """As Engine has it: nothing waits for a replica."""

    def others_wrote(self) -> bool:
        """As Engine has it: they may have."""
        return True

    async def close(self, thread: Executor | None = None) -> None:
        """As Engine has it; the writer is left to the next."""
        await self.readers.close()
