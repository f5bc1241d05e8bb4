"""Read-only connections to a server: what a process that never writes opens, and the reading half of the bot's.

Any server will do that has the rows: a role that may only read, or a replica.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import psycopg
from psycopg import errors

from storage.answers import settle
from storage.errors import DatabaseClosed, QuestionTooLong, StatementFailed
from storage.location import ServerUrl
from storage.postgres import connections
from storage.postgres.codes import failure_of_reader, is_busy, is_end, refusing
from storage.postgres.dialect import translate
from storage.postgres.rows import AsyncServerConnection
from storage.readers import Readers, Room
from storage.statement import Parameters, Rows

log = logging.getLogger("polar.database")

READERS = 2
AGAIN_S = 1.0
"""The time after which a server is told once more that it is to end something."""
_Asked = tuple[str, Parameters]


class _ServerReader:
    """One connection that cannot write; it is opened anew where it has ended, once for each query."""

    def __init__(self, link: AsyncServerConnection, url: ServerUrl, limit_s: float | None) -> None:
        self._link = link
        self._url = url
        self._limit_s = limit_s
        self._is_severed = False

    @classmethod
    async def open(cls, url: ServerUrl, limit_s: float | None = None) -> _ServerReader:
        """Connect. `limit_s` is the time that the server gives a query; raises psycopg.Error."""
        return cls(await connections.connect_reader_of_loop(url, limit_s), url, limit_s)

    async def fetch(self, query: _Asked) -> Rows:
        """All rows of a query. Raises StatementFailed and DatabaseLost."""
        try:
            try:
                return await self._ask(query)
            except psycopg.Error as error:
                if self._is_severed or not (
                    is_end(error) or is_busy(error)
                ):  # a replica that must go on ends what is in its way
                    raise
            if self._link.closed:
                await self._link.close()  # that it has ended is not yet that it was closed
                self._link = await connections.connect_reader_of_loop(self._url, self._limit_s)
            return await self._ask(query)
        except psycopg.Error as error:
            raise failure_of_reader(error) from error

    async def _ask(self, query: _Asked) -> Rows:
        sql, params = query
        return list(await (await self._link.execute(translate(sql), params)).fetchall())

    async def fetch_all(self, queries: list[_Asked]) -> list[Rows | Exception]:
        """The answers in order, sent for at once; a query that fails does so alone."""
        if len(queries) > 1:
            try:
                return await self._ask_all(queries)
            except Exception:  # noqa: BLE001 - asked again, one by one, each has its own answer
                with suppress(psycopg.Error):  # of a connection that has ended; psycopg then knows what it has prepared
                    await self._link.rollback()
        return [await self._answer(query) for query in queries]

    async def _ask_all(self, queries: list[_Asked]) -> list[Rows | Exception]:
        async with self._link.pipeline() as pipeline:
            await self._link.execute("BEGIN")
            try:
                asked = [await self._link.execute(translate(sql), params) for sql, params in queries]
            except BaseException:
                with suppress(psycopg.Error):
                    await pipeline.sync()
                raise
            await self._link.execute("COMMIT")
        return [list(await cursor.fetchall()) for cursor in asked]

    async def _answer(self, query: _Asked) -> Rows | Exception:
        try:
            return await self.fetch(query)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            return error

    def sever(self) -> None:
        """End whatever is asked here, now and later."""
        self._is_severed = True
        connections.sever(self._link)

    async def cancel(self) -> None:
        """End the query that is under way, if one is."""
        if not self._is_severed:  # which has ended it, and nobody may answer to this
            with suppress(psycopg.Error):  # a server that is gone has nothing under way
                await self._link.cancel_safe()

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()


class PostgresReaders(Readers):
    """Connections that are read-only by their server's word."""

    has_memory_index = False

    def __init__(self, url: ServerUrl, *, limit_s: float | None = None) -> None:
        self._url = url
        self._limit_s = limit_s
        self.opened: list[_ServerReader] = []
        self._idle: asyncio.LifoQueue[_ServerReader] = asyncio.LifoQueue()
        self.is_closed = False

    @classmethod
    async def connect(cls, url: ServerUrl) -> PostgresReaders:
        """Read the database of another process, which is known to be of this version; raises DatabaseUnusable."""
        readers = cls(url)
        try:
            with refusing(url):
                await readers.add_readers()
        except BaseException:
            await readers.close()
            raise
        return readers

    async def add_readers(self) -> None:
        """Open the connections; raises psycopg.Error."""
        for _ in range(READERS):
            self.opened.append(await _ServerReader.open(self._url, self._limit_s))
            self._idle.put_nowait(self.opened[-1])

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query, read from what has been committed."""
        if self.is_closed:
            raise DatabaseClosed
        reader = await self._idle.get()
        try:
            if self.is_closed:
                raise DatabaseClosed
            return await reader.fetch((sql, params))
        finally:
            self._idle.put_nowait(reader)  # for whoever waits: the next one, then the end

    async def room(self) -> Room:
        """By the server, which does not tell of its disk."""
        row = await self.fetch_one("SELECT pg_database_size(current_database())")
        assert row is not None
        return Room(size=row[0], unused=0, surplus_pages=0, disk_free=None)

    def sever(self) -> None:
        """End whatever is asked, now and later."""
        for reader in self.opened:
            reader.sever()

    async def close(self) -> None:
        """Close every connection, once what is being asked is answered; again, it does nothing."""
        self.is_closed = True
        while self.opened:
            reader = await self._idle.get()
            self.opened.remove(reader)
            await reader.close()


class PostgresAsking(PostgresReaders):
    """What takes longer than the limit, the waiting for a free connection included, is ended."""

    def __init__(self, url: ServerUrl, *, limit_s: float) -> None:
        super().__init__(url, limit_s=limit_s)
        self._longest_s = limit_s

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query. Raises QuestionTooLong."""
        try:
            async with asyncio.timeout(self._longest_s):
                return await super().fetch(sql, params)
        except TimeoutError:
            pass
        except StatementFailed as error:
            if not isinstance(error.__cause__, errors.QueryCanceled):
                raise
            if self.is_closed:
                raise DatabaseClosed from None
        log.warning("a question was ended after %g s: %s", self._longest_s, " ".join(sql.split())[:200])
        raise QuestionTooLong

    async def close(self) -> None:
        """End what is being asked, and close every connection.

        A server may miss that it is to end something, and says so to nobody: it is told again until that has ended.
        """
        closing = asyncio.create_task(super().close(), name="readers' end")
        await asyncio.sleep(0)
        while not closing.done():
            for reader in tuple(self.opened):
                await reader.cancel()
            await asyncio.wait((closing,), timeout=AGAIN_S)
        await closing


class ServerLookUps:
    """The reader of what is looked up by a key: all queries that wait are sent for at once, on one connection.

    While a group is under way, all that is asked meanwhile becomes the next one. So each query must be quick by itself:
    its cost depends on a key or a limit, never on how much is stored.
    """

    def __init__(self, url: ServerUrl) -> None:
        self._url = url
        self._waiting: list[tuple[_Asked, asyncio.Future[Rows]]] = []
        self._reader: _ServerReader | None = None
        self._task: asyncio.Task[None] | None = None
        """That of the group under way, or about to be."""

    async def open(self) -> None:
        """Open the connection; raises psycopg.Error."""
        self._reader = await _ServerReader.open(self._url)

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query, read from what has been committed. Raises StatementFailed and DatabaseClosed."""
        if self._reader is None:
            raise DatabaseClosed
        future: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._waiting.append(((sql, params), future))
        if self._task is None:
            self._task = asyncio.create_task(self._answer(self._reader), name="database reader")
        return await future

    async def _answer(self, reader: _ServerReader) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            answers = await reader.fetch_all([query for query, _ in group])
            for (_, future), answer in zip(group, answers, strict=True):
                settle(future, answer)
        self._task = None

    def sever(self) -> None:
        """End whatever is asked, now and later."""
        if self._reader is not None:
            self._reader.sever()

    async def close(self) -> None:
        """Answer what was asked, and close the connection; again, it does nothing."""
        reader, self._reader = self._reader, None
        if self._task is not None:
            await self._task
        if reader is not None:
            await reader.close()
