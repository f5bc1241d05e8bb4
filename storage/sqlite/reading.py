"""The file of another process, for reading: bit by bit, or all of it as it is at one instant."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from storage.engine import DatabaseSnapshot
from storage.errors import DatabaseUnusable
from storage.sqlite import connections, opening
from storage.sqlite.failures import translated
from storage.sqlite.readers import SqliteReaders
from storage.statement import Parameters


async def connect(path: Path) -> SqliteReaders:
    """Open the file; raises DatabaseUnusable unless it is of this version."""
    with translated():
        with opening.reading(path) as connection:
            readers = SqliteReaders(path, has_index=connections.has_fts5(connection))
        try:
            await readers.add_readers()
        except BaseException:
            await readers.close()
            raise
        return readers


class _Snapshot:
    """A DatabaseSnapshot: a connection within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, params: Parameters, /) -> Iterator[tuple[Any, ...]]:
        return self._connection.execute(sql, params)


@contextmanager
def snapshot(path: Path) -> Iterator[DatabaseSnapshot]:
    """All that is read within sees one instant; raises DatabaseUnusable, also for what fails while reading.

    Keep it short where the bot runs: its log cannot be folded in meanwhile.
    """
    try:
        with opening.reading(path) as connection:
            connection.row_factory = None
            # Another program may have stored what is not UTF-8.
            connection.text_factory = partial(str, encoding="utf-8", errors="replace")
            yield _Snapshot(connection)
    except sqlite3.Error as error:
        raise DatabaseUnusable(
            f"{path} cannot be read to its end ({error}); polar db check looks at the file, "
            "and SQLite needs some free space for temporary files"
        ) from error
