"""New databases, of which a process of tests makes thousands: the migrations run for the first, the others copy it."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from storage import migrations
from storage.migrations import Migration
from storage.sqlite import connections, memory_table

each = migrations.apply
"""What the bot has: each migration runs."""
_KNOWN = migrations.migrations()


def copied(connection: sqlite3.Connection, now_ms: int, *, until: int | None = None) -> list[Migration]:
    """As `migrations.apply` has it; a file without tables gets the pages that all of them led to the first time."""
    if until is not None or migrations.migrations() != _KNOWN or not _is_new(connection):
        return each(connection, now_ms, until=until)
    connection.execute("BEGIN IMMEDIATE")  # raises where another program has a lock, which `backup` waits for forever
    connection.execute("ROLLBACK")
    connection.execute("PRAGMA journal_mode = MEMORY")  # into the file at once, not into its log first
    _first().backup(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("UPDATE polar_schema_versions SET appliedAtMs = ?", (now_ms,))
    return list(_KNOWN)


def _is_new(connection: sqlite3.Connection) -> bool:
    """True for a file that the bot has just made; what another program made keeps its settings."""
    [is_empty] = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()
    [vacuum] = connection.execute("PRAGMA auto_vacuum").fetchone()
    return bool(is_empty) and vacuum == 2


@cache
def _first() -> sqlite3.Connection:
    with TemporaryDirectory() as folder:
        connection = connections.connect_writer(Path(folder) / "first.db", busy_ms=0)
        each(connection, 0)
        memory_table.prepare(connection)
        first = sqlite3.connect(":memory:", check_same_thread=False)
        connection.backup(first)
        connection.close()
    return first
