"""The full-text index over memories: optional, and made anew beside the bot where it is missing, foreign or stale.

Which words it holds, says storage/words.py; SQLite makes none. Its columns: `searchableText` has those of a
memory, for searches among everybody's; `own` has them once more, each behind what stands for the user and the session,
so that a search of one's own touches nothing of others, nor costs more by them; `keys` has a word for the memory and
one for its user. It goes by memoryId, not by rowid: VACUUM may renumber the rowids of `polar_memory`.
"""

from __future__ import annotations

import hashlib

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
MERGE_WHEN_TOLD = f"{_SET} SELECT 'automerge', 0 WHERE EXISTS (SELECT 1 FROM polar_memory)"
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
