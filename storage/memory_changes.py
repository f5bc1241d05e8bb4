"""The index of words after others have written: other programs know nothing of it, or fill it in their own way.

The earlier runtime removes an entry by its memoryId and adds one without `keys`, in statements behind the one that
changes the memory. So the index is looked at twice, the second time long behind the change, and what has no keys goes.
"""

from __future__ import annotations

from storage import memory_entries
from storage.readers import Readers
from storage.statement import Rows, Statement, Value

PAGE = 64
"""Memories of one commit."""
INDEX_PAGE = 2_000
"""Entries of the index that one query looks through."""
CHANGED, SEEN, SETTLING = 0, 1, 2
"""The values of `looks`: not looked at since, looked at, and looked at long ago."""

_LIST = f"""
SELECT c.memoryId, {memory_entries.COLUMNS}, c.changes
FROM polar_memory_changes AS c INDEXED BY polar_memory_changes_looks
LEFT JOIN polar_memory AS m ON m.memoryId = c.memoryId WHERE c.looks = ? LIMIT {PAGE}
"""
_ENTRIES = "SELECT rowid, keys IS NULL FROM polar_memory_fts WHERE rowid > ? ORDER BY rowid LIMIT ?"


class MemoryChanges:
    """What happened to memories and is not known to be in the index; only where there is one."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def page(self, looks: int) -> Rows:
        """A page of those that were looked at so often: id, what is there of the row, and the number of changes."""
        return memory_entries.bounded(await self._readers.fetch(_LIST, (looks,)), record=3)

    @staticmethod
    def index(rows: Rows, looks: int) -> tuple[Statement, ...]:
        """Make the entries of a page what they should be; what changes meanwhile is looked at again."""
        noted = _note_seen if looks == CHANGED else _forget
        entries = memory_entries.entries(tuple(row)[:4] for row in rows)
        return (*entries, *(noted(row[0], row[4]) for row in rows))

    @staticmethod
    def wait() -> Statement:
        """What was looked at is looked at once more the next time."""
        return Statement(f"UPDATE polar_memory_changes SET looks = {SETTLING} WHERE looks = {SEEN}")

    async def foreign_entries(self, after: int) -> tuple[int | None, list[int]]:
        """Of the entries behind a key the last of a page, None at the end, and those that others have made."""
        entries = await self._readers.fetch(_ENTRIES, (after, INDEX_PAGE))
        return entries[-1][0] if entries else None, [key for key, is_foreign in entries if is_foreign]

    @staticmethod
    def remove_foreign(keys: list[int]) -> tuple[Statement, ...]:
        """Remove entries that others have made; each memory has, or will have, one of ours."""
        return tuple(Statement("DELETE FROM polar_memory_fts WHERE rowid = ? AND keys IS NULL", (key,)) for key in keys)


def _note_seen(memory_id: Value, changes: int) -> Statement:
    return Statement(
        f"UPDATE polar_memory_changes SET looks = {SEEN} WHERE memoryId = ? AND changes = ?", (memory_id, changes)
    )


def _forget(memory_id: Value, changes: int) -> Statement:
    return Statement("DELETE FROM polar_memory_changes WHERE memoryId = ? AND changes = ?", (memory_id, changes))
