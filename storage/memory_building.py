"""The index of words made anew while the bot runs: in pages, and none of them twice, whenever the process ends.

Until it is whole, nobody asks it (storage/tables/memories.py); what is remembered, changed or forgotten meanwhile is
written into it as ever, by whoever does so. Of a former index nobody asks anything any more: it goes first, in pages of
its own tables, as dropping it at once would hold the writer, and its words may be those of somebody who is erased.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage import memory_entries, memory_index
from storage.readers import Readers
from storage.statement import Rows, Statement, Value

PAGE = 64
"""Memories of one commit."""
MERGED = 64
"""Pages of the new index that one commit merges; SQLite counts those that it writes."""
FORMER_BLOCKS, FORMER_ROWS = 100, 500
"""Blocks of words, of some kilobytes each, and other rows of a former index that one commit deletes."""
_PAGE = f"""
SELECT m.memoryId, {memory_entries.COLUMNS} FROM polar_memory AS m
WHERE m.memoryId >= (SELECT value FROM polar_properties WHERE name = '{memory_index.BUILDING}')
ORDER BY m.memoryId LIMIT {PAGE + 1}
"""
_PROGRESS = f"""
SELECT (SELECT count(*) FROM polar_memory WHERE memoryId < p.value), (SELECT count(*) FROM polar_memory)
FROM polar_properties AS p WHERE p.name = '{memory_index.BUILDING}'
"""
_GO_ON = "UPDATE polar_properties SET value = ? WHERE name = ?"
_WHOLE = (
    Statement("DELETE FROM polar_properties WHERE name = ?", (memory_index.BUILDING,)),
    Statement(memory_index.MERGE_BY_ITSELF),
)
FORMER = f"SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '{memory_index.FORMER}*'"
_IS_FORMER = re.compile(rf"{memory_index.FORMER}\d+")
# Without these two rows FTS5 cannot open an index, not even to drop it; they hold no words.
_EMPTIED = (
    ("_data", "id > 10", FORMER_BLOCKS),
    ("_content", "TRUE", FORMER_ROWS),
    ("_docsize", "TRUE", FORMER_ROWS),
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    done: int
    total: int


class MemoryBuilding:
    """What is left to do; nothing where the index is whole."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def progress(self) -> Progress | None:
        """None where the index is whole."""
        row = await self._readers.fetch_one(_PROGRESS)
        return None if row is None else Progress(*row)

    async def page(self) -> tuple[Rows, Value]:
        """The next memories, and the id of the one behind them, None at the end."""
        rows = await self._readers.fetch(_PAGE)
        page = memory_entries.bounded(rows[:PAGE], record=3)
        return page, rows[len(page)][0] if len(rows) > len(page) else None

    @staticmethod
    def index(rows: Rows, behind: Value) -> tuple[Statement, ...]:
        """Put a page into the index, and note where that goes on."""
        noted = _WHOLE if behind is None else (Statement(_GO_ON, (behind, memory_index.BUILDING)),)
        return (*memory_entries.entries(tuple(row) for row in rows), *noted)

    @staticmethod
    def merge() -> Statement:
        """Merge some of what pages have made. With them, it would take ten times as long as a page, now and then."""
        return Statement(memory_index.MERGE, (MERGED,))

    async def empty_former(self) -> tuple[Statement, ...]:
        """The next step of removing what is left of former indexes; none where nothing is."""
        names = {row[0] for row in await self._readers.fetch(FORMER)}
        for name in sorted(filter(_IS_FORMER.fullmatch, names)):
            for ending, condition, count in _EMPTIED:
                table = name + ending
                if table in names and await self._readers.fetch_one(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1"):
                    rows = f"SELECT id FROM {table} WHERE {condition} LIMIT {count}"
                    return (Statement(f"DELETE FROM {table} WHERE id IN ({rows})"),)
            return (Statement(f"DROP TABLE IF EXISTS {name}"),)
        return ()
