"""Read-only connections to the file: what a process that never writes opens, and the reading half of the bot's.

What people ask for has readers of its own, beside those that handling goes by, and a limit of time.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import aiosqlite

from storage.errors import DatabaseClosed, QuestionTooLong
from storage.readers import Readers, Room
from storage.sqlite import connections
from storage.sqlite.failures import failure_of_reader
from storage.statement import Parameters, Rows

log = logging.getLogger("polar.database")

READERS = 2
STEPS = 10_000
"""Of SQLite's machine, about half a millisecond: how often a question is asked whether somebody still waits."""
# Where auto_vacuum is off, the file gives no page back, as it uses them again.
_ROOM = """
SELECT page_count * page_size, freelist_count * page_size, CASE auto_vacuum WHEN 0 THEN 0 ELSE freelist_count END
FROM pragma_page_count, pragma_page_size, pragma_freelist_count, pragma_auto_vacuum
"""


class SqliteReaders(Readers):
    """Connections in mode `ro`."""

    def __init__(self, path: Path, *, has_index: bool) -> None:
        self.path = path
        self.has_memory_index = has_index
        self._idle: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._connections: list[aiosqlite.Connection] = []

    async def add_readers(self) -> None:
        """Open the connections."""
        for _ in range(READERS):
            self._idle.put_nowait(await self.open_connection())

    async def open_connection(self) -> aiosqlite.Connection:
        """One more connection, which `close` closes."""
        return await self._open(self._connect)

    async def _open(self, connect: Callable[[], sqlite3.Connection]) -> aiosqlite.Connection:
        connection = await _opened(connect)
        self._connections.append(connection)
        return connection

    def _connect(self) -> sqlite3.Connection:
        """On the connection's thread."""
        return connections.connect_lasting_reader(self.path)

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query, read from what has been committed."""
        reader = await self.take()
        try:
            return list(await reader.execute_fetchall(sql, params))
        except sqlite3.Error as error:
            raise failure_of_reader(error) from error
        finally:
            self.give_back(reader)

    async def room(self) -> Room:
        """By SQLite and the disk."""
        row = await self.fetch_one(_ROOM)
        assert row is not None
        free = shutil.disk_usage(self.path.parent).free
        return Room(size=row[0], unused=row[1], surplus_pages=row[2], disk_free=free)

    async def take(self) -> aiosqlite.Connection:
        """A connection that nobody else uses until it is given back. Raises DatabaseClosed."""
        if not self._connections:
            raise DatabaseClosed
        return await self._idle.get()

    def give_back(self, reader: aiosqlite.Connection) -> None:
        """For whoever waits, or comes next."""
        self._idle.put_nowait(reader)

    async def close(self) -> None:
        """Close every connection; again, it does nothing."""
        for connection in self._connections:
            await connection.close()
        self._connections.clear()


async def _opened(connect: Callable[[], sqlite3.Connection]) -> aiosqlite.Connection:
    """Who is interrupted waits for it, and closes it: its thread would tell an event loop that is gone."""
    opening = asyncio.ensure_future(aiosqlite.Connection(connect, iter_chunk_size=64))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await (await opening).close()
        raise


class SqliteAsking(SqliteReaders):
    """What takes longer than the limit, the waiting for a free connection included, is ended."""

    def __init__(self, path: Path, *, has_index: bool, limit_s: float) -> None:
        super().__init__(path, has_index=has_index)
        self._limit_s = limit_s
        self._is_closing = False
        self._given_up: dict[aiosqlite.Connection, threading.Event] = {}

    async def open_connection(self) -> aiosqlite.Connection:
        """One whose query ends soon after nobody waits for it any more."""
        given_up = threading.Event()

        def connect() -> sqlite3.Connection:
            opened = self._connect()
            opened.set_progress_handler(given_up.is_set, STEPS)
            return opened

        connection = await self._open(connect)
        self._given_up[connection] = given_up
        return connection

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query. Raises QuestionTooLong."""
        try:
            async with asyncio.timeout(self._limit_s):
                return await self._ask(sql, params)
        except TimeoutError:
            log.warning("a question was ended after %g s: %s", self._limit_s, " ".join(sql.split())[:200])
            raise QuestionTooLong from None

    async def _ask(self, sql: str, params: Parameters) -> Rows:
        reader = await self.take()
        if self._is_closing:
            self.give_back(reader)  # so that the next one hears of it
            raise DatabaseClosed
        query = asyncio.ensure_future(reader.execute_fetchall(sql, params))
        # Not before the query is over is the connection free, whoever waits for it.
        query.add_done_callback(lambda done: self._free(reader, done))
        try:
            return list(await asyncio.shield(query))
        except asyncio.CancelledError:
            if not query.done():  # else it is free, and perhaps another one's already
                self._given_up[reader].set()
            raise
        except sqlite3.Error as error:
            if self._is_closing and isinstance(error, sqlite3.OperationalError):
                raise DatabaseClosed from None
            raise failure_of_reader(error) from error

    def _free(self, reader: aiosqlite.Connection, query: asyncio.Future[Iterable[sqlite3.Row]]) -> None:
        if not query.cancelled():
            query.exception()  # was looked at, also where nobody waits for it
        if not self._is_closing:
            self._given_up[reader].clear()
        self.give_back(reader)

    async def close(self) -> None:
        """End what is being asked, and close every connection."""
        self._is_closing = True
        for given_up in self._given_up.values():
            given_up.set()
        await super().close()
