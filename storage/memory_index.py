"""The full-text index over memories: optional, and made anew beside the bot where it is missing, foreign or stale.

Which words it holds, says storage/words.py; SQLite makes none. Its columns: `searchableText` has those of a
memory, for searches among everybody's; `own` has them once more, each behind what stands for the user and the session,
so that a search of one's own touches nothing of others, nor costs more by them; `keys` has a word for the memory and
one for its user. It goes by memoryId, not by rowid: VACUUM may renumber the rowids of `polar_memory`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress

TABLE = """CREATE VIRTUAL TABLE polar_memory_fts USING fts5(
  memoryId UNINDEXED, searchableText, own, keys,
  tokenize='unicode61 remove_diacritics 0', detail=column, columnsize=0
)"""
TERMS = "CREATE VIRTUAL TABLE IF NOT EXISTS polar_memory_fts_terms USING fts5vocab(polar_memory_fts, col)"
_SET = "INSERT INTO polar_memory_fts (polar_memory_fts, rank)"
MERGE = f"{_SET} VALUES ('merge', ?)"
"""Merge parts of the index, up to so many pages of them."""
MERGE_BY_ITSELF = f"{_SET} VALUES ('automerge', 4)"
"""As FTS5 does where nobody says anything: with whatever is written, some dozens of pages at a time."""
_MERGE_WHEN_TOLD = f"{_SET} SELECT 'automerge', 0 WHERE EXISTS (SELECT 1 FROM polar_memory)"
COLUMNS = "polar_memory_fts (memoryId, searchableText, own, keys)"
ADD = f"INSERT INTO {COLUMNS} VALUES (?, ?, ?, ?)"
"""By what `storage.memory_entries.entry` gives."""
STALE = "memory_index_stale"
"""The property that is there when somebody may have written without FTS5."""
BUILDING = "memory_index_next"
"""The property that is there while the index is being made: the memory at which that goes on."""
FORMER = "polar_memory_fts_old"
"""The beginning of the names of former indexes, until nothing is left of them."""


def scope(session_id: str, user_id: str) -> str:
    """What stands in front of each word of one user's in one session."""
    return f"s{_digest(f'{session_id} {user_id}')[:16]}"


def memory_key(memory_id: str) -> str:
    """The word of one memory."""
    return f"m{_digest(memory_id)}"


def user_key(user_id: str) -> str:
    """The word of all memories of one user."""
    return f"u{_digest(user_id)}"


def keys(memory_id: str, user_id: str) -> str:
    """The words of a memory in `keys`."""
    return f"{memory_key(memory_id)} {user_key(user_id)}"


def entry_of(memory_id: str) -> str:
    """The question to the index for the entry of a memory, beside those of others who are called alike."""
    return f"keys : {memory_key(memory_id)}"


def _digest(text: str) -> str:
    """As one word of letters and digits, whatever the id is made of."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def available(connection: sqlite3.Connection) -> bool:
    """True if this SQLite build has FTS5."""
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def prepare(connection: sqlite3.Connection) -> bool:
    """Make the index usable; returns whether this SQLite can have one.

    Where there is none that can be gone on with, one is begun, which storage/memory_building.py fills. That takes an
    instant, however many memories there are.
    """
    if not available(connection):
        connection.execute("INSERT OR IGNORE INTO polar_properties VALUES (?, '1')", (STALE,))
        return False
    row = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'polar_memory_fts'").fetchone()
    stale = connection.execute("SELECT 1 FROM polar_properties WHERE name = ?", (STALE,)).fetchone()
    if row is None or stale is not None or row[0].split() != TABLE.split():
        _begin(connection, has_former=row is not None)
    return True


def _begin(connection: sqlite3.Connection, *, has_former: bool) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if has_former:
            _put_aside(connection)
        connection.execute(TABLE)
        connection.execute(TERMS)
        connection.execute(
            "INSERT INTO polar_properties SELECT ?, '' WHERE EXISTS (SELECT 1 FROM polar_memory) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (BUILDING,),
        )
        connection.execute(_MERGE_WHEN_TOLD)
        connection.execute("DELETE FROM polar_memory_changes")  # all that had happened will be in it
        connection.execute("DELETE FROM polar_properties WHERE name = ?", (STALE,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _put_aside(connection: sqlite3.Connection) -> None:
    """Give the index another name: to drop a large one takes long. One that cannot even be renamed is dropped."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    name = next(name for number in range(1, 1_000) if (name := f"{FORMER}{number}") not in names)
    with suppress(sqlite3.DatabaseError):
        connection.execute(f"ALTER TABLE polar_memory_fts RENAME TO {name}")
        return
    connection.execute("DROP TABLE polar_memory_fts")
