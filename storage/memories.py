"""`polar_memory`: what people asked us to remember, found by full-text search or, without FTS5, by LIKE."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass

from storage import memory_index
from storage.database import Database
from storage.messages import encode
from storage.statement import Statement

_COLUMNS = "m.memoryId, m.sessionId, m.userId, m.scope, m.type, m.record, m.createdAtMs"
_OWN = "m.sessionId = :session AND m.userId = :user"
# SQLite refuses expressions deeper than 1,000.
MAX_TERMS = 200


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
        parsed = json.loads(record)
    except ValueError:
        return record
    if isinstance(parsed, dict) and isinstance(parsed.get("fact"), str):
        return str(parsed["fact"])
    return memory_index.searchable_text(record)


class Memories:
    """Memories of one user in one session; no call reaches any other's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, *, memory_id: str, session_id: str, user_id: str, fact: str, now_ms: int) -> tuple[Statement, ...]:
        """Remember a fact."""
        record = encode({"fact": fact})
        row = Statement(
            "INSERT INTO polar_memory VALUES (?, ?, ?, 'session', 'fact', ?, '{}', ?, ?)",
            (memory_id, session_id, user_id, record, now_ms, now_ms),
        )
        if not self._database.has_memory_index:
            return (row,)
        index = Statement("INSERT INTO polar_memory_fts (memoryId, searchableText) VALUES (?, ?)", (memory_id, fact))
        return (row, index)

    def forget(self, memory: Memory) -> tuple[Statement, ...]:
        """Remove a memory and its index entry."""
        row = Statement(
            "DELETE FROM polar_memory WHERE memoryId = ? AND sessionId = ? AND userId = ?",
            (memory.memory_id, memory.session_id, memory.user_id),
            expect=1,
        )
        if not self._database.has_memory_index:
            return (row,)
        return (row, Statement("DELETE FROM polar_memory_fts WHERE memoryId = ?", (memory.memory_id,)))

    async def search(self, words: str, *, session_id: str, user_id: str, limit: int) -> list[Memory]:
        """Memories that contain any of the words, best first."""
        terms = list(dict.fromkeys(re.findall(r"\w+", words)))[:MAX_TERMS]
        if not terms:
            return []
        if self._database.has_memory_index:
            return await self._search_index(terms, session_id, user_id, limit)
        return await self._search_text(terms, session_id, user_id, limit)

    async def _search_index(self, terms: list[str], session_id: str, user_id: str, limit: int) -> list[Memory]:
        query = " OR ".join(f'"{term}"' for term in terms)
        rows = await self._database.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory_fts AS f JOIN polar_memory AS m ON m.memoryId = f.memoryId "
            f"WHERE f.searchableText MATCH :query AND {_OWN} ORDER BY f.rank, m.createdAtMs DESC LIMIT :limit",
            {"query": query, "session": session_id, "user": user_id, "limit": limit},
        )
        return [Memory.from_row(row) for row in rows]

    async def _search_text(self, terms: list[str], session_id: str, user_id: str, limit: int) -> list[Memory]:
        names = {f"term{i}": f"%{_escape_like(term)}%" for i, term in enumerate(terms)}
        hits = " + ".join(f"(m.record LIKE :{name} ESCAPE '\\')" for name in names)
        rows = await self._database.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} AND {hits} > 0 "
            f"ORDER BY {hits} DESC, m.createdAtMs DESC LIMIT :limit",
            {"session": session_id, "user": user_id, "limit": limit, **names},
        )
        return [Memory.from_row(row) for row in rows]

    async def list_recent(self, *, session_id: str, user_id: str, limit: int) -> list[Memory]:
        """The newest memories, newest first."""
        rows = await self._database.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} "
            "ORDER BY m.createdAtMs DESC, m.memoryId LIMIT :limit",
            {"session": session_id, "user": user_id, "limit": limit},
        )
        return [Memory.from_row(row) for row in rows]

    async def find(self, prefix: str, *, session_id: str, user_id: str) -> Memory | None:
        """The only memory whose id starts with `prefix`, or None."""
        rows = await self._database.fetch(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} "
            "AND substr(m.memoryId, 1, length(:prefix)) = :prefix "
            "LIMIT 2",
            {"session": session_id, "user": user_id, "prefix": prefix},
        )
        return Memory.from_row(rows[0]) if len(rows) == 1 else None

    async def count(self, *, session_id: str, user_id: str) -> int:
        """How many memories there are."""
        row = await self._database.fetch_one(
            "SELECT count(*) FROM polar_memory AS m WHERE " + _OWN, {"session": session_id, "user": user_id}
        )
        return int(row[0]) if row else 0


def _escape_like(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
