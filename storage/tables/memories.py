"""`polar_memory`: what people asked us to remember, found by an index of words or, where there is none, by reading."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from storage import memory_entries, memory_index, words
from storage.indexed import field
from storage.json_text import encode, encode_list, read_value
from storage.memory_question import IndexQuestion
from storage.readers import Readers
from storage.relevance import Query, best
from storage.statement import Row, Statement, Value
from storage.until_written import UntilWritten

_COLUMNS = "m.memoryId, m.sessionId, m.userId, m.scope, m.type, m.record, m.createdAtMs"
_OWN = "m.sessionId = :session AND m.userId = :user"
# The entry of one memory is found by its word, and is changed as its row is.
_IS_OWN = "EXISTS (SELECT 1 FROM polar_memory WHERE memoryId = ? AND sessionId = ? AND userId = ?)"
_REMOVE_FORMER_ENTRY = f"DELETE FROM polar_memory_fts WHERE polar_memory_fts MATCH ? AND memoryId = ? AND {_IS_OWN}"
_ADD_ENTRY = f"INSERT INTO {memory_index.COLUMNS} SELECT ?, ?, ?, ? WHERE {_IS_OWN}"
_REMOVE_ENTRY = """
DELETE FROM polar_memory_fts WHERE polar_memory_fts MATCH ? AND memoryId = ?
  AND NOT EXISTS (SELECT 1 FROM polar_memory WHERE memoryId = ?)
"""
READ_THROUGH = 10_000
"""Of somebody's memories, the newest that are read where there is no index to ask."""
_ANY = "SELECT 1 FROM polar_memory WHERE userId = ? LIMIT 1"
_BUILDING = f"SELECT 1 FROM polar_properties WHERE name = '{memory_index.BUILDING}'"
# How many memories there are; and all their words with which a word that is looked for may be meant.
_TERMS = f"""
SELECT NULL, NULL, count(*) FROM polar_memory AS m WHERE {_OWN}
UNION ALL
SELECT w.key, v.term, v.doc FROM json_each(:beginnings) AS w CROSS JOIN polar_memory_fts_terms AS v
WHERE v.term >= w.value AND v.term < w.value || char({sys.maxunicode}) AND v.col = 'own'
"""
_BEST = f"""
WITH found (key, score) AS (
  SELECT f.rowid, sum(p.value)
  FROM json_each(:parts) AS p CROSS JOIN polar_memory_fts AS f
  WHERE f.polar_memory_fts MATCH p.key GROUP BY f.rowid
)
SELECT {_COLUMNS} FROM found CROSS JOIN polar_memory_fts AS f ON f.rowid = found.key
CROSS JOIN polar_memory AS m ON m.memoryId = f.memoryId
WHERE found.score >= :least AND {_OWN} ORDER BY found.score DESC, m.createdAtMs DESC LIMIT :limit
"""

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
    def from_row(cls, row: Row) -> Memory:
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
    return memory_entries.searchable_text(record)


class Memories:
    """Memories of one user in one session; no call reaches any other's."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._people: UntilWritten[str, bool] = UntilWritten(readers, "polar_memory")
        """True for a user who has any memory, in whichever session."""

    def add(
        self, *, memory_id: str, session_id: str, user_id: str, fact: str, now_ms: int, told_in: str | None = None
    ) -> tuple[Statement, ...]:
        """Remember a fact; one that somebody else found in a person's words names their message."""
        record = encode({"fact": fact})
        metadata = {} if told_in is None else {"messageId": told_in, "sessionId": session_id}
        row = Statement(
            "INSERT INTO polar_memory VALUES (?, ?, ?, 'session', 'fact', ?, ?, ?, ?)",
            (memory_id, session_id, user_id, record, encode(metadata), now_ms, now_ms),
        )
        if not self._readers.has_memory_index:
            return (row, _is_known(memory_id))
        index = Statement(memory_index.ADD, memory_entries.entry(memory_id, session_id, user_id, fact))
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
        own = (memory_id, session_id, user_id)
        index = (
            Statement(_REMOVE_FORMER_ENTRY, (memory_index.entry_of(memory_id), memory_id, *own)),
            Statement(_ADD_ENTRY, (*memory_entries.entry(memory_id, session_id, user_id, fact), *own)),
        )
        return (row, *index, _is_known(memory_id))

    def remove(self, memory_id: str, *, session_id: str, user_id: str) -> tuple[Statement, ...]:
        """Remove a memory and its index entry, if it is there."""
        row = Statement(
            "DELETE FROM polar_memory WHERE memoryId = ? AND sessionId = ? AND userId = ?",
            (memory_id, session_id, user_id),
        )
        if not self._readers.has_memory_index:
            return (row, _is_known(memory_id))
        index = Statement(_REMOVE_ENTRY, (memory_index.entry_of(memory_id), memory_id, memory_id))
        return (row, index, _is_known(memory_id))

    def forget(self, memory: Memory) -> tuple[Statement, ...]:
        """Remove a memory that was there, and its index entry."""
        row, *index = self.remove(memory.memory_id, session_id=memory.session_id, user_id=memory.user_id)
        return (row.expecting(1), *index)

    async def search(self, text: str, *, session_id: str, user_id: str, limit: int) -> list[Memory]:
        """Memories that have any of the words, or one that begins with it, best first."""
        return await self._find_by(Query.search, text, session_id, user_id, limit)

    async def recall(self, message: str, *, session_id: str, user_id: str, limit: int) -> list[Memory]:
        """Memories that a message concerns, best first."""
        return await self._find_by(Query.recall, message, session_id, user_id, limit)

    def expect(self, user_id: str) -> None:
        """This user's will be asked for in a moment."""
        self._people.expect(user_id, self._is_anybodys(user_id))

    def _is_anybodys(self, user_id: str) -> Callable[[], Awaitable[bool]]:
        return partial(self._is_there, _ANY, user_id)

    async def _find_by(
        self, asking: Callable[[str], Query], text: str, session_id: str, user_id: str, limit: int
    ) -> list[Memory]:
        """By the index if it is whole; who has no memory in any session costs a look-up by the key, and no words."""
        if not await self._people.of(user_id, self._is_anybodys(user_id)):
            return []
        if not (query := asking(text)).words:
            return []
        own: dict[str, Value] = {"session": session_id, "user": user_id}
        if self._readers.has_memory_index and not await self._is_there(_BUILDING):
            return await self._ask_index(query, own, memory_index.scope(session_id, user_id), limit)
        return await self._read_through(query, own, limit)

    async def _is_there(self, sql: str, *params: Value) -> bool:
        return await self._readers.look_up_one(sql, params) is not None

    async def _ask_index(self, query: Query, own: dict[str, Value], scope: str, limit: int) -> list[Memory]:
        beginnings = list(query.beginnings())
        listed = encode_list([scope + words.stored(beginning) for _, beginning in beginnings])
        (_, _, count), *rows = await self._readers.fetch(_TERMS, {"beginnings": listed, **own})
        terms = ((beginnings[place][0], str(term).removeprefix(scope), number) for place, term, number in rows)
        question = IndexQuestion(query, scope, terms, count)
        if not question.parts:
            return []
        params = {"parts": encode(question.parts), "least": question.least, "limit": limit, **own}
        return [Memory.from_row(row) for row in await self._readers.fetch(_BEST, params)]

    async def _read_through(self, query: Query, own: dict[str, Value], limit: int) -> list[Memory]:
        """By the same words, where FTS5 is missing and while the index is being made."""
        newest = f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE {_OWN} ORDER BY m.createdAtMs DESC LIMIT :limit"
        rows = await self._readers.fetch(newest, {"limit": READ_THROUGH, **own})

        def best_of() -> list[Memory]:
            places = best(query, [memory_entries.searchable_text(str(row[5])) for row in rows])
            return [Memory.from_row(rows[place]) for place in places[:limit]]

        return await asyncio.to_thread(best_of)

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

    async def find_exactly(self, memory_id: str, *, session_id: str, user_id: str) -> Memory | None:
        """The memory with this id, or None."""
        row = await self._readers.look_up_one(
            f"SELECT {_COLUMNS} FROM polar_memory AS m WHERE m.memoryId = :memory AND {_OWN}",
            {"session": session_id, "user": user_id, "memory": memory_id},
        )
        return None if row is None else Memory.from_row(row)

    async def has(self, fact: str, *, session_id: str, user_id: str) -> bool:
        """True if there is one that says this, letter by letter."""
        row = await self._readers.fetch_one(
            f"SELECT 1 FROM polar_memory AS m WHERE {_OWN} AND m.record = :record LIMIT 1",
            {"session": session_id, "user": user_id, "record": encode({"fact": fact})},
        )
        return row is not None

    async def list_told_in(self, message_id: str, *, session_id: str, user_id: str) -> list[str]:
        """The ids of those that somebody else found in this message, whose number begins anew where its chat moves."""
        rows = await self._readers.fetch(
            f"SELECT m.memoryId FROM polar_memory AS m WHERE {_OWN} "
            f"AND {field('m.metadata', 'messageId')} = :message AND {field('m.metadata', 'sessionId')} = :session",
            {"session": session_id, "user": user_id, "message": message_id},
        )
        return [row[0] for row in rows]

    async def count(self, *, session_id: str, user_id: str) -> int:
        """The number of memories."""
        row = await self._readers.fetch_one(
            "SELECT count(*) FROM polar_memory AS m WHERE " + _OWN, {"session": session_id, "user": user_id}
        )
        return int(row[0]) if row else 0


def _is_known(memory_id: str) -> Statement:
    """Of what stands in the same commit nobody needs to be told; see storage/memory_changes.py."""
    return Statement("DELETE FROM polar_memory_changes WHERE memoryId = ?", (memory_id,))


def short(memory_id: str) -> str:
    """The beginning of an id of ours, which differs from there on; another program's as it is."""
    return memory_id[:8] if _OURS.fullmatch(memory_id) else memory_id
