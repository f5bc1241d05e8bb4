"""The full-text index over memories: optional, rebuilt when it is missing, foreign or stale.

It is keyed by memoryId, not by rowid: VACUUM may renumber the rowids of `polar_memory`.
"""

from __future__ import annotations

import json
import sqlite3

TABLE = """CREATE VIRTUAL TABLE polar_memory_fts USING fts5(
  memoryId UNINDEXED, searchableText, tokenize='porter unicode61'
)"""
STALE = "memory_index_stale"

FIELDS = ("fact", "type", "summary", "content")


def searchable_text(record: str) -> str:
    """The text of a memory's JSON record: all of FIELDS that it has, joined; else its whole JSON."""
    try:
        parsed = json.loads(record)
    except ValueError:
        return record
    if not isinstance(parsed, dict):
        return record
    return " ".join(str(parsed[field]) for field in FIELDS if parsed.get(field)) or record


def available(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite build has FTS5."""
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def prepare(connection: sqlite3.Connection) -> bool:
    """Make the index usable, rebuilding it when needed; returns whether searches may use it.

    An index of the earlier runtime is contentless: its memoryId reads back NULL, so nothing is ever found.
    """
    if not available(connection):
        _mark_stale(connection)
        return False
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'polar_memory_fts'").fetchone()
    stale = connection.execute("SELECT 1 FROM polar_properties WHERE name = ?", (STALE,)).fetchone()
    if row is None or stale is not None or "".join(row[0].split()).find("content=''") >= 0:
        _rebuild(connection)
    return True


def _mark_stale(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT OR IGNORE INTO polar_properties VALUES (?, '1')", (STALE,))


def _rebuild(connection: sqlite3.Connection) -> None:
    connection.create_function("searchable_text", 1, searchable_text, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DROP TABLE IF EXISTS polar_memory_fts")
        connection.execute(TABLE)
        connection.execute(
            "INSERT INTO polar_memory_fts (memoryId, searchableText) "
            "SELECT memoryId, searchable_text(CAST(record AS TEXT)) FROM polar_memory"
        )
        connection.execute("DELETE FROM polar_properties WHERE name = ?", (STALE,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
