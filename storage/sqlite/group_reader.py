"""The reader of what is looked up by a key: one connection, on a thread that takes all waiting queries in one hop.

A hop costs more than such a query. Why this is not aiosqlite: docs/adr/0018.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from storage.answers import settle
from storage.errors import DatabaseClosed
from storage.sqlite import connections
from storage.sqlite.failures import failure_of_reader
from storage.statement import Parameters, Rows

WaitingQuery = tuple[str, Parameters, asyncio.Future[Rows]]
Queries = list[WaitingQuery]


class GroupReader:
    """A connection in mode `ro`. A group sees the database of one moment, later than whatever was asked in it.

    While a group is read, all that is asked meanwhile becomes the next one. So each query must be quick by itself:
    its cost depends on a key or a limit, never on how much is stored.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: Queries = []
        self._is_busy = False
        """A group is under way, or about to be."""
        self._groups: queue.SimpleQueue[Queries | None] = queue.SimpleQueue()
        self._ended = asyncio.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Open the connection and start the thread; raises sqlite3.Error."""
        connection = connections.connect_lasting_reader(self._path)
        arguments = (connection, asyncio.get_running_loop())
        # A daemon: a process that ends without closing must not wait for somebody who only reads.
        self._thread = threading.Thread(target=self._work, args=arguments, name="polar-reader", daemon=True)
        self._thread.start()

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """All rows of a query, read from what has been committed. Raises DatabaseClosed."""
        if self._thread is None:
            raise DatabaseClosed
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Rows] = loop.create_future()
        self._waiting.append((sql, params, future))
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._hand_over)  # not at once: the tasks that run next may ask as well
        return await future

    def _hand_over(self) -> None:
        if self._waiting:
            self._groups.put(self._waiting)
            self._waiting = []
        else:
            self._is_busy = False

    def _work(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        """On the reader's thread."""
        with closing(connection):
            while (queries := self._groups.get()) is not None:
                loop.call_soon_threadsafe(self._settle, queries, read_group(connection, queries))
        loop.call_soon_threadsafe(self._ended.set)

    def _settle(self, queries: Queries, answers: list[Rows | Exception]) -> None:
        for (_, _, future), answer in zip(queries, answers, strict=True):
            settle(future, answer)
        self._hand_over()

    async def close(self) -> None:
        """Answer what was asked, and close the connection; again, it does nothing."""
        if self._thread is None:
            return
        thread, self._thread = self._thread, None
        self._hand_over()
        self._groups.put(None)
        await self._ended.wait()
        thread.join()


def read_group(connection: sqlite3.Connection, queries: Queries) -> list[Rows | Exception]:
    """The answers in order; a query that fails does so alone."""
    try:
        if len(queries) > 1:
            connection.execute("BEGIN")  # so that the file's read lock is taken and left once, not for each
        answers = [_answer(connection, sql, params) for sql, params, _ in queries]
        connection.rollback()  # nothing, where there is no transaction, or a failure has ended it
    except sqlite3.Error as error:
        return [failure_of_reader(error)] * len(queries)
    except Exception as error:  # noqa: BLE001 - whoever asked gets it
        return [error] * len(queries)
    return answers


def _answer(connection: sqlite3.Connection, sql: str, params: Parameters) -> Rows | Exception:
    try:
        return connection.execute(sql, params).fetchall()
    except sqlite3.Error as error:
        return failure_of_reader(error)
    except Exception as error:  # noqa: BLE001 - whoever asked gets it
        return error
