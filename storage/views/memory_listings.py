"""Everybody's memories, as the operator searches them: newest first, every word must occur."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from storage import memory_entries, memory_index, words
from storage.json_text import encode_list
from storage.readers import Readers
from storage.statement import Rows
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
WHERE m.rowid < :before AND m.rowid >= :floor AND {_FILTERS}
ORDER BY m.rowid DESC LIMIT {PAGE + 1}
"""
BLOCK = 500
"""Records that are read at once where there is no index to ask."""
RECORDS = f"""
SELECT m.rowid AS key, CAST(m.record AS BLOB) AS record FROM polar_memory AS m NOT INDEXED
WHERE m.rowid < :before AND m.rowid >= :floor AND {_FILTERS}
ORDER BY m.rowid DESC LIMIT {BLOCK}
"""
_BY_KEYS = f"""
SELECT {_COLUMNS}, m.rowid FROM polar_memory AS m
WHERE m.rowid IN (SELECT CAST(value AS INTEGER) FROM json_each(:keys)) ORDER BY m.rowid DESC
"""
PlacedMemory = tuple[Memory, int]
"""A memory, and its key in the list."""


async def memories(
    readers: Readers, *, text: str = "", session: str | None = None, user: str | None = None, before: int = NEWEST
) -> ListPage[PlacedMemory, int]:
    """Memories of everybody, or of a session or a user, that have all the words; without words all of them.

    Keys of a search are of its index, so a page goes on with the text that it began with.
    """
    params: dict[str, Any] = {"before": before, "session": session, "user": user, "floor": -NEWEST}
    sought = words.sought(text)
    if text.strip() and not sought:
        return ListPage([], None)
    if (sought or user) and await _has_index(readers):
        params["query"] = " AND ".join(_conditions(sought, user))
        floor = await _floor(readers, _INDEX_KEYS, params) if session is not None else None
        return _page(await readers.fetch(SEARCH_INDEX, params), floor)
    floor = await _floor(readers, _KEYS, params) if sought or session or user else None
    if not sought:
        return _page(await readers.fetch(SEARCH_ROWS, params), floor)
    keys = await _keys_with(readers, sought, params)
    return _page(await readers.fetch(_BY_KEYS, {"keys": encode_list(keys)}), floor)


def _conditions(sought: list[Spellings], user: str | None) -> Iterator[str]:
    """The question to the index."""
    if user:
        yield f"keys : {memory_index.user_key(user)}"
    for spellings in sought:
        yield f"searchableText : ({' OR '.join(map(_begun, spellings))})"


def _begun(word: str) -> str:
    return f'"{words.stored(word)}"{" *" if words.begins_others(word) else ""}'


async def _floor(readers: Readers, keys: str, params: dict[str, Any]) -> int | None:
    """As `search_floor`, put into the parameters."""
    floor = await search_floor(readers, keys, params)
    if floor is not None:
        params["floor"] = floor
    return floor


async def _keys_with(readers: Readers, sought: list[Spellings], params: Mapping[str, Any]) -> list[int]:
    """The keys of a page of memories that have the words, by reading them block by block."""
    found: list[int] = []
    before = params["before"]
    while len(found) <= PAGE:
        rows = await readers.fetch(RECORDS, {**params, "before": before})
        found += await asyncio.to_thread(_with_words, rows, sought)
        if len(rows) < BLOCK:
            break
        before = rows[-1][0]
    return found[: PAGE + 1]


def _with_words(rows: Rows, sought: list[Spellings]) -> list[int]:
    return [row[0] for row in rows if memory_entries.has_words(row[1], sought)]


def _page(rows: Rows, floor: int | None) -> ListPage[PlacedMemory, int]:
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
