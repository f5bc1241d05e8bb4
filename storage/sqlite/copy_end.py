"""The file as an end of a copy between engines (storage/copying.py)."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

from storage import memory_index, migrations
from storage.copied_table import LEFT_OUT, CopiedTable
from storage.errors import CopyFailed, DatabaseUnusable, RowRefused
from storage.sqlite import connections, opening
from storage.sqlite.lock import exclusive
from storage.statement import Parameters, Value

_TABLES = """
SELECT name, sql LIKE '%WITHOUT ROWID' FROM sqlite_master WHERE type = 'table' AND name GLOB 'polar_*' ORDER BY name
"""
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY rowid"
_STALE = "INSERT INTO polar_properties VALUES (?, '1') ON CONFLICT (name) DO NOTHING"


class SqliteCopyEnd:
    """A CopyEnd."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.label = str(path.resolve())
        self._connection = connection

    def rows(self, sql: str, params: Parameters = (), /) -> Generator[tuple[Any, ...], None, None]:
        """As CopyEnd has it."""
        yield from self._connection.execute(sql, params)

    def run(self, sql: str, each: Sequence[Sequence[Value]] = ((),), /) -> None:
        """As CopyEnd has it."""
        try:
            self._connection.executemany(sql, each)
        except sqlite3.IntegrityError as error:
            raise RowRefused(str(error)) from error

    @contextmanager
    def part(self) -> Iterator[None]:
        """As CopyEnd has it."""
        is_part = self._connection.in_transaction
        self._connection.execute("SAVEPOINT part" if is_part else "BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO part" if is_part else "ROLLBACK")
            raise
        self._connection.execute("RELEASE part" if is_part else "COMMIT")

    def refusal(self, _kind: str, value: Value, /) -> str:
        """As CopyEnd has it."""
        return "it is no number" if isinstance(value, float) and isnan(value) else ""

    def silence(self) -> None:
        """As CopyEnd has it."""
        for name, _ in self._connection.execute(_TRIGGERS).fetchall():
            self._connection.execute(f"DROP TRIGGER {name}")

    def finish(self, _tables: Sequence[CopiedTable], /) -> None:
        """As CopyEnd has it; the bot makes the index of words anew."""
        with closing(_new()) as new:
            for _, sql in new.execute(_TRIGGERS).fetchall():
                self._connection.execute(sql)
        self._connection.execute(_STALE, (memory_index.STALE,))


@contextmanager
def source(path: Path) -> Iterator[SqliteCopyEnd]:
    """The file, whose bot does not run. Raises DatabaseUnusable, and CopyFailed for what fails within."""
    with exclusive(path):
        if opening.check(path) < migrations.newest():
            raise DatabaseUnusable(f"{path} is not there or not up to date; polar db migrate makes it so")
        with closing(connections.connect_writer(path, busy_ms=connections.BUSY_TIMEOUT_MS)) as connection:
            yield from _end(path, connection)


@contextmanager
def target(path: Path, *, now_ms: int) -> Iterator[SqliteCopyEnd]:
    """The same, made where it is not there, and brought up to date."""
    opening.check(path)
    with exclusive(path):
        opening.tighten(path)
        connection, _ = opening.prepare(path, now_ms)
        with closing(connection):
            yield from _end(path, connection)


def tables() -> list[CopiedTable]:
    """All tables that are copied, in an order that is always the same."""
    with closing(_new()) as new:
        found = new.execute(_TABLES).fetchall()
        return [_table(new, name, has_rowid=not without) for name, without in found if name not in LEFT_OUT]


def _end(path: Path, connection: sqlite3.Connection) -> Iterator[SqliteCopyEnd]:
    connection.row_factory = None
    # Another program may have stored what is not UTF-8: it comes as what no other database holds.
    connection.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    try:
        yield SqliteCopyEnd(path, connection)
    except sqlite3.Error as error:
        raise CopyFailed(f"{path} cannot be copied to its end ({error}); the same again goes on with it") from error


def _table(new: sqlite3.Connection, name: str, *, has_rowid: bool) -> CopiedTable:
    found = new.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
    columns = [(column, kind) for column, kind, _ in found]
    key = [column for column, _, _ in sorted((row for row in found if row[2]), key=lambda row: row[2])]
    is_its_rowid = len(key) == 1 and (key[0], "INTEGER") in columns
    if has_rowid and not is_its_rowid:
        return CopiedTable(name, [("rowid", "INTEGER"), *columns], ["rowid"], key)
    return CopiedTable(name, columns, key, key)


def _new() -> sqlite3.Connection:
    """A database in memory with all tables."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrations.apply(connection, now_ms=0)
    return connection
