"""The full-text index over memories: optional, rebuilt when it is missing, foreign or stale.

It is keyed by memoryId, not by rowid: VACUUM may renumber the rowids of `polar_memory`. Its column `keys` holds a
word for the memory and one for its user, so that the rows of one user are found however many others there are.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3

TABLE = """CREATE VIRTUAL TABLE polar_memory_fts USING fts5(
  memoryId UNINDEXED, searchableText, keys, tokenize='porter unicode61'
)"""
ADD = "INSERT INTO polar_memory_fts (memoryId, searchableText, keys) VALUES (?, ?, ?)"
REMOVE = "DELETE FROM polar_memory_fts WHERE polar_memory_fts MATCH ? AND memoryId = ?"
"""By the values of `entry_of`."""
STALE = "memory_index_stale"

FIELDS = ("fact", "type", "summary", "content")


def searchable_text(record: str) -> str:
    """The text of a memory's JSON record: all of FIELDS that it has, joined; else its whole JSON."""
    try:
        parsed = json.loads(record)
    except (ValueError, RecursionError):
        return record
    if not isinstance(parsed, dict):
        return record
    return " ".join(str(parsed[field]) for field in FIELDS if parsed.get(field)) or record


def memory_key(memory_id: str) -> str:
    """The word of one memory."""
    return f"m{_digest(memory_id)}"


def user_key(user_id: str) -> str:
    """The word of all memories of one user."""
    return f"u{_digest(user_id)}"


def keys(memory_id: str, user_id: str) -> str:
    """The words of a memory in `keys`."""
    return f"{memory_key(memory_id)} {user_key(user_id)}"


def entry_of(memory_id: str) -> tuple[str, str]:
    """The question to the index for the entry of a memory, and its id."""
    return f"keys : {memory_key(memory_id)}", memory_id


def _digest(text: str) -> str:
    """As one word of letters and digits, whatever the id is made of."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def available(connection: sqlite3.Connection) -> bool:
    """True if this SQLite build has FTS5."""
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def prepare(connection: sqlite3.Connection) -> bool:
    """Make the index usable, rebuilding it when needed; returns whether searches may use it.

    One of the earlier runtime is contentless: its memoryId reads back NULL, so nothing is ever found.
    """
    if not available(connection):
        _mark_stale(connection)
        return False
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'polar_memory_fts'").fetchone()
    stale = connection.execute("SELECT 1 FROM polar_properties WHERE name = ?", (STALE,)).fetchone()
    if row is None or stale is not None or row[0].split() != TABLE.split():
        _rebuild(connection)
    return True


def _mark_stale(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT OR IGNORE INTO polar_properties VALUES (?, '1')", (STALE,))


def _rebuild(connection: sqlite3.Connection) -> None:
    connection.create_function("searchable_text", 1, searchable_text, deterministic=True)
    connection.create_function("memory_keys", 2, keys, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DROP TABLE IF EXISTS polar_memory_fts")
        connection.execute(TABLE)
        connection.execute(
            "INSERT INTO polar_memory_fts (memoryId, searchableText, keys) "
            "SELECT memoryId, searchable_text(CAST(record AS TEXT)), "
            "memory_keys(CAST(memoryId AS TEXT), CAST(userId AS TEXT)) FROM polar_memory WHERE memoryId IS NOT NULL"
        )
        connection.execute("DELETE FROM polar_memory_changes")  # all that had happened is in it
        connection.execute("DELETE FROM polar_properties WHERE name = ?", (STALE,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
