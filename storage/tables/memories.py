"""`polar_memory`: what people asked us to remember, found by full-text search or, without FTS5, by LIKE."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from storage import memory_index
from storage.json_text import encode, read_value
from storage.readers import Readers
from storage.statement import Statement

_COLUMNS = "m.memoryId, m.sessionId, m.userId, m.scope, m.type, m.record, m.createdAtMs"
_OWN = "m.sessionId = :session AND m.userId = :user"
# The entry of one memory is found by its word, and is changed as its row is.
_REPLACE_ENTRY = """
UPDATE polar_memory_fts SET searchableText = ? WHERE polar_memory_fts MATCH ? AND memoryId = ?
  AND EXISTS (SELECT 1 FROM polar_memory WHERE memoryId = ? AND sessionId = ? AND userId = ?)
"""
_REMOVE_ENTRY = """
DELETE FROM polar_memory_fts WHERE polar_memory_fts MATCH ? AND memoryId = ?
  AND NOT EXISTS (SELECT 1 FROM polar_memory WHERE memoryId = ?)
"""
# SQLite refuses expressions deeper than 1,000.
MAX_TERMS = 200

_OURS = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One remembered fact. `text` is what a search looks at."""

    memory_id: str
    session_id: str
    user_id: str
    scope: str
    type: str
    text: str
    created_at_ms: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Memory:
        """From a row of _COLUMNS, of the earlier runtime's records too."""
        return cls(
            memory_id=row[0],
            session_id=row[1],
            user_id=row[2],
            scope=row[3],
            type=row[4],
            text=_shown(str(row[5])),
            created_at_ms=row[6],
        )


def _shown(record: str) -> str:
    try:
        parsed = read_value(record)
    except ValueError:
        return record
    if isinstance(parsed, dict) and isinstance(parsed.get("fact"), str):
        return str(parsed["fact"])
    return memory_index.searchable_text(record)


class Memories:
    """Memories of one user in one session; no call reaches any other's."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def add(self, *, memory_id: str, session_id: str, user_id: str, fact: str, now_ms: int) -> tuple[Statement, ...]:
        """Remember a fact."""
        record = encode({"fact": fact})
        row = Statement(
            "INSERT INTO polar_memory VALUES (?, ?, ?, 'session', 'fact', ?, '{}', ?, ?)",
            (memory_id, session_id, user_id, record, now_ms, now_ms),
        )
        if not self._readers.has_memory_index:
            return (row, _is_known(memory_id))
        index = Statement(memory_index.ADD, (memory_id, fact, memory_index.keys(memory_id, user_id)))
        return (row, index, _is_known(memory_id))

    def replace(
        self, memory_id: str, *, session_id: str, user_id: str, fact: str, now_ms: int
    ) -> tuple[Statement, ...]:
        """Let a memory say something else; one that is not there stays forgotten."""
        row = Statement(
            "UPDATE polar_memory SET record = ?, updatedAtMs = ? WHERE memoryId = ? AND sessionId = ? AND userId = ?",
            (encode({"fact": fact}), now_ms, memory_id, session_id, user_id),
        )
        if not self._readers.has_memory_index:
            return (row, _is_known(memory_id))
        index = Statement(_REPLACE_ENTRY, (fact, _entry(memory_id), memory_id, memory_id, session_id, user_id))
        return (row, index, _is_known(memory_id))

    def remove(self, memory_id: str, *, session_id: str, user_id: str) -> tuple[Statement, ...]:
        """Remove a memory and its index entry, if it is there."""
        row = Statement(
            "DELETE FROM polar_memory WHERE memoryId = ? AND sessionId = ? AND userId = ?",
            (memory_id, session_id, user_id),
        )
        if not self._readers.has_memory_index:
            return (row, _is_known(memory_id))
        return (row, Statement(_REMOVE_ENTRY, (_entry(memory_id), memory_id, memory_id)), _is_known(memory_id))

    def forget(self, memory: Memory) -> tuple[Statement, ...]:
        """Remove a memory that was there, and its index entry."""
        row, *index = self.remove(memory.memory_id, session_id=memory.session_id, user_id=memory.user_id)
        return (row.expecting(1), *index)

    async def search(self, words: str, *, session_id: str, user_id: str, limit: int) -> list[Memory]:
        """Memories that contain any of the words, best first; who has none at all costs a look-up by the key."""
        if not await self._has_any(user_id) or not (wanted := terms(words)):
            return []
        if self._readers.has_memory_index:
            return await self._search_index(wanted, session_id, user_id, limit)
        return await self._search_text(wanted, session_id, user_id, limit)

    async def _has_any(self, user_id: str) -> bool:
        """True if this user has one in any session."""
        found = await self._readers.look_up_one("SELECT 1 FROM polar_memory WHERE userId = ? LIMIT 1", (user_id,))
        return found is not None

    async def _search_index(self, words: list[str], session_id: str, user_id: str, limit: int) -> list[Memory]:
        own = f"keys : {memory_index.user_key(user_id)}"
        query = f"{own} AND searchableText : ({' OR '.join(map(phrase, words))})"
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory_fts AS f CROSS JOIN polar_memory AS m ON m.memoryId = f.memoryId "
            f"WHERE f.polar_memory_fts MATCH :query AND {_OWN} ORDER BY f.rank, m.createdAtMs DESC LIMIT :limit",
            {"query": query, "session": session_id, "user": user_id, "limit": limit},
        )
        return [Memory.from_row(row) for row in rows]

    async def _search_text(self, words: list[str], session_id: str, user_id: str, limit: int) -> list[Memory]:
        names = {f"term{i}": like(term) for i, term in enumerate(words)}
        hits = " + ".join(f"(m.record LIKE :{name} ESCAPE '\\')" for name in names)
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} AND {hits} > 0 "
            f"ORDER BY {hits} DESC, m.createdAtMs DESC LIMIT :limit",
            {"session": session_id, "user": user_id, "limit": limit, **names},
        )
        return [Memory.from_row(row) for row in rows]

    async def list_recent(self, *, session_id: str, user_id: str, limit: int, after: int = 0) -> list[Memory]:
        """The newest memories behind so many still newer ones, newest first."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} "
            "ORDER BY m.createdAtMs DESC, m.memoryId LIMIT :limit OFFSET :after",
            {"session": session_id, "user": user_id, "limit": limit, "after": after},
        )
        return [Memory.from_row(row) for row in rows]

    async def find(self, prefix: str, *, session_id: str, user_id: str) -> Memory | None:
        """The memory with this id, else the only one whose id starts so, or None."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} "
            "AND substr(m.memoryId, 1, length(:prefix)) = :prefix "
            "ORDER BY length(m.memoryId) LIMIT 2",
            {"session": session_id, "user": user_id, "prefix": prefix},
        )
        memories = [Memory.from_row(row) for row in rows]
        return memories[0] if len(memories) == 1 or (memories and memories[0].memory_id == prefix) else None

    async def count(self, *, session_id: str, user_id: str) -> int:
        """The number of memories."""
        row = await self._readers.fetch_one(
            "SELECT count(*) FROM polar_memory AS m WHERE " + _OWN, {"session": session_id, "user": user_id}
        )
        return int(row[0]) if row else 0


def _entry(memory_id: str) -> str:
    """The query for one memory's entry in the index."""
    return f"keys : {memory_index.memory_key(memory_id)}"


def _is_known(memory_id: str) -> Statement:
    """Of what stands in the same commit nobody needs to be told; see storage/memory_changes.py."""
    return Statement("DELETE FROM polar_memory_changes WHERE memoryId = ?", (memory_id,))


def short(memory_id: str) -> str:
    """The beginning of an id of ours, which differs from there on; another program's as it is."""
    return memory_id[:8] if _OURS.fullmatch(memory_id) else memory_id


def terms(words: str) -> list[str]:
    """The different words of a search, MAX_TERMS at most."""
    return list(dict.fromkeys(re.findall(r"\w+", words)))[:MAX_TERMS]


def phrase(term: str) -> str:
    """A word as FTS5 takes it literally."""
    return f'"{term}"'


def like(term: str) -> str:
    """The pattern of LIKE … ESCAPE '\\' for texts with a word in them."""
    escaped = term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
