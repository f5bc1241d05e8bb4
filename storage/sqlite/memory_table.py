"""Making the table of the index of words usable, which storage/memory_index.py describes."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from storage import memory_index
from storage.sqlite import connections


def prepare(connection: sqlite3.Connection) -> bool:
    """Make the index usable; returns whether this SQLite can have one.

    Where there is none that can be gone on with, one is begun, which storage/memory_building.py fills. That takes an
    instant, however many memories there are.
    """
    if not connections.has_fts5(connection):
        connection.execute(
            "INSERT INTO polar_properties VALUES (?, '1') ON CONFLICT (name) DO NOTHING", (memory_index.STALE,)
        )
        return False
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'polar_memory_fts'").fetchone()
    stale = connection.execute("SELECT 1 FROM polar_properties WHERE name = ?", (memory_index.STALE,)).fetchone()
    if row is None or stale is not None or row[0].split() != memory_index.TABLE.split():
        _begin(connection, has_former=row is not None)
    return True


def _begin(connection: sqlite3.Connection, *, has_former: bool) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if has_former:
            _put_aside(connection)
        connection.execute(memory_index.TABLE)
        connection.execute(memory_index.TERMS)
        connection.execute(
            "INSERT INTO polar_properties SELECT ?, '' WHERE EXISTS (SELECT 1 FROM polar_memory) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (memory_index.BUILDING,),
        )
        connection.execute(memory_index.MERGE_WHEN_TOLD)
        connection.execute("DELETE FROM polar_memory_changes")  # all that had happened will be in it
        connection.execute("DELETE FROM polar_properties WHERE name = ?", (memory_index.STALE,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _put_aside(connection: sqlite3.Connection) -> None:
    """Give the index another name: to drop a large one takes long. One that cannot even be renamed is dropped."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    name = next(name for number in range(1, 1_000) if (name := f"{memory_index.FORMER}{number}") not in names)
    with suppress(sqlite3.DatabaseError):
        connection.execute(f"ALTER TABLE polar_memory_fts RENAME TO {name}")
        return
    connection.execute("DROP TABLE polar_memory_fts")
