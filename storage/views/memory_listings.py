"""Everybody's memories, as the operator searches them: newest first, every word must occur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storage import memory_entries, memory_index, words
from storage.readers import Readers
from storage.tables.memories import Memory
from storage.views.listings import NEWEST, PAGE, ListPage, page_of, search_floor
from storage.words import Spellings

_COLUMNS = "m.memoryId, m.sessionId, m.userId, m.scope, m.type, m.record, m.createdAtMs"
_FILTERS = (
    "(CAST(:session AS TEXT) IS NULL OR m.sessionId = :session) AND (CAST(:user AS TEXT) IS NULL OR m.userId = :user)"
)
_INDEX = "polar_memory_fts WHERE polar_memory_fts MATCH :query AND rowid < :before"
_INDEX_KEYS = f"SELECT rowid AS key FROM {_INDEX} ORDER BY rowid DESC"
SEARCH_INDEX = f"""
SELECT {_COLUMNS}, f.key FROM (
  SELECT rowid AS key, memoryId FROM {_INDEX} AND rowid >= :floor ORDER BY rowid DESC
) AS f CROSS JOIN polar_memory AS m ON m.memoryId = f.memoryId
WHERE {_FILTERS} ORDER BY f.key DESC LIMIT {PAGE + 1}
"""
# By rowid: memories have no other order of entry, and VACUUM keeps it.
_KEYS = "SELECT rowid AS key FROM polar_memory WHERE rowid < :before ORDER BY rowid DESC"
SEARCH_ROWS = f"""
SELECT {_COLUMNS}, m.rowid FROM polar_memory AS m NOT INDEXED
WHERE m.rowid < :before AND m.rowid >= :floor AND {_FILTERS} {{words}}
ORDER BY m.rowid DESC LIMIT {PAGE + 1}
"""

HAS_WORDS = f" AND {memory_entries.HAS_WORDS}(CAST(m.record AS BLOB), :text)"
PlacedMemory = tuple[Memory, int]
"""A memory, and its key in the list."""


async def memories(
    readers: Readers, *, text: str = "", session: str | None = None, user: str | None = None, before: int = NEWEST
) -> ListPage[PlacedMemory, int]:
    """Memories of everybody, or of a session or a user, that have all the words; without words all of them.

    Keys of a search are of its index, so a page goes on with the text that it began with.
    """
    params: dict[str, Any] = {"before": before, "session": session, "user": user, "text": text, "floor": -NEWEST}
    sought = words.sought(text)
    if text.strip() and not sought:
        return ListPage([], None)
    if (sought or user) and await _has_index(readers):
        params["query"] = " AND ".join(_conditions(sought, user))
        return await _search(readers, _INDEX_KEYS, SEARCH_INDEX, params, filtered=session is not None)
    query = SEARCH_ROWS.format(words=HAS_WORDS if sought else "")
    return await _search(readers, _KEYS, query, params, filtered=bool(sought or session or user))


def _conditions(sought: list[Spellings], user: str | None) -> Iterator[str]:
    """The question to the index."""
    if user:
        yield f"keys : {memory_index.user_key(user)}"
    for spellings in sought:
        yield f"searchableText : ({' OR '.join(map(_begun, spellings))})"


def _begun(word: str) -> str:
    return f'"{words.stored(word)}"{" *" if words.begins_others(word) else ""}'


async def _search(
    readers: Readers, keys: str, query: str, params: dict[str, Any], *, filtered: bool
) -> ListPage[PlacedMemory, int]:
    floor = await search_floor(readers, keys, params) if filtered else None
    if floor is not None:
        params["floor"] = floor
    rows = await readers.fetch(query, params)
    return page_of([(Memory.from_row(row), row[7]) for row in rows], lambda pair: pair[1], cut_at=floor)


async def _has_index(readers: Readers) -> bool:
    """True if the index is there, whole, up to date and of our make: the last to write may have had no FTS5."""
    if not readers.has_memory_index:
        return False
    row = await readers.fetch_one(
        "SELECT sql FROM sqlite_master WHERE name = 'polar_memory_fts' "
        "AND NOT EXISTS (SELECT 1 FROM polar_properties WHERE name IN (?, ?))",
        (memory_index.STALE, memory_index.BUILDING),
    )
    return row is not None and str(row[0]).split() == memory_index.TABLE.split()
