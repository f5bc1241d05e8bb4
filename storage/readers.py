"""Read-only connections: what a process that never writes opens, and the reading half of the bot's database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from storage import memory_index, opening
from storage.errors import DatabaseClosed
from storage.statement import Parameters, Rows

READERS = 2


class Readers:
    """Connections in mode `ro`; each query sees all that was committed before it."""

    def __init__(self, path: Path, *, has_index: bool) -> None:
        self.path = path
        self.has_memory_index = has_index
        self._idle: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._connections: list[aiosqlite.Connection] = []

    @classmethod
    async def connect(cls, path: Path) -> Readers:
        """Open the file of another process for reading; raises DatabaseUnusable unless it is of this version."""
        with opening.reading(path) as connection:
            readers = cls(path, has_index=memory_index.available(connection))
        try:
            await readers.add_readers()
        except BaseException:
            await readers.close()
            raise
        return readers

    async def add_readers(self) -> None:
        """Open the connections."""
        for _ in range(READERS):
            connection = await aiosqlite.connect(opening.uri(self.path, "ro"), uri=True, isolation_level=None)
            self._connections.append(connection)
            connection.row_factory = sqlite3.Row
            await connection.execute(f"PRAGMA busy_timeout = {opening.BUSY_TIMEOUT_MS}")
            await connection.execute_fetchall("SELECT 1 FROM sqlite_master")  # from here on it shares in the file
            self._idle.put_nowait(connection)

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query, read from what has been committed. Raises DatabaseClosed."""
        async with self._reader() as reader:
            return list(await reader.execute_fetchall(sql, params))

    async def fetch_one(self, sql: str, params: Parameters = ()) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        rows = await self.fetch(sql, params)
        return rows[0] if rows else None

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        if not self._connections:
            raise DatabaseClosed
        reader = await self._idle.get()
        try:
            yield reader
        finally:
            self._idle.put_nowait(reader)

    async def close(self) -> None:
        """Close every connection; again, it does nothing."""
        for connection in self._connections:
            await connection.close()
        self._connections.clear()
