"""Entries of the index of words: of what is just being written, and of rows as they were read.

Between the reading and the commit somebody else may write. So each statement asks whether the row is still the same: if
it is not, whoever changed it has seen to its entry, or left a note in `polar_memory_changes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from storage import memory_index, words
from storage.json_text import read_value
from storage.statement import Rows, Statement, Value

FIELDS = ("fact", "type", "summary", "content")
LONGEST = 20_000
"""Characters of a memory by which it is found; one of ours has a tenth of that."""
COLUMNS = "CAST(m.sessionId AS BLOB), CAST(m.userId AS BLOB), CAST(m.record AS BLOB)"
"""What is read of a row, however odd it is; NULL where there is none."""
BYTES = 256 * 1024
"""Of the records of one commit, unless the first alone has more."""
_IS_SAME = """EXISTS (
  SELECT 1 FROM polar_memory AS m WHERE m.memoryId = ? AND CAST(m.sessionId AS BLOB) = ?
  AND CAST(m.userId AS BLOB) = ? AND CAST(m.record AS BLOB) = ?)"""
_REMOVE = "DELETE FROM polar_memory_fts WHERE polar_memory_fts MATCH ? AND memoryId = ? AND"
_REMOVE_SAME = f"{_REMOVE} {_IS_SAME}"
_REMOVE_GONE = f"{_REMOVE} NOT EXISTS (SELECT 1 FROM polar_memory WHERE memoryId = ?)"
_ADD = f"INSERT INTO {memory_index.COLUMNS} SELECT ?, ?, ?, ? WHERE {_IS_SAME}"


def searchable_text(record: str) -> str:
    """The text of a memory's JSON record: all of FIELDS that it has, joined; else its whole JSON."""
    try:
        parsed = read_value(record)
    except ValueError:
        return record
    if not isinstance(parsed, dict):
        return record
    return " ".join(str(parsed[field]) for field in FIELDS if parsed.get(field)) or record


def entry(memory_id: str, session_id: str, user_id: str, text: str) -> tuple[str, str, str, str]:
    """The entry of a memory, by the columns of the index."""
    found = [words.stored(word) for word in words.written(text[:LONGEST])]
    own = memory_index.scope(session_id, user_id)
    keys = memory_index.keys(memory_id, user_id)
    return memory_id, " ".join(found), " ".join(own + word for word in found), keys


def has_words(record: bytes, sought: Sequence[words.Spellings]) -> bool:
    """Whether a record has all these words."""
    return words.has_all(searchable_text(record.decode("utf-8", "replace"))[:LONGEST], sought)


def bounded(rows: Rows, record: int) -> Rows:
    """As many of the rows as one commit takes; `record` is the place of the record in each."""
    size = 0
    for place, row in enumerate(rows):
        size += len(row[record] or b"")
        if size > BYTES and place:
            return rows[:place]
    return rows


def entries(rows: Iterable[tuple[Value, bytes | None, bytes | None, bytes | None]]) -> Iterator[Statement]:
    """Make the entries of memories what they should be: of an id and of what COLUMNS gave; alike ones side by side."""
    removed, added, gone = [], [], []
    for memory_id, session_id, user_id, record in rows:
        key = _text(memory_id)
        question = memory_index.entry_of(key)
        if session_id is None or user_id is None or record is None:
            gone.append(Statement(_REMOVE_GONE, (question, memory_id, memory_id)))
            continue
        same = (memory_id, session_id, user_id, record)
        made = entry(key, _text(session_id), _text(user_id), searchable_text(_text(record)))
        removed.append(Statement(_REMOVE_SAME, (question, memory_id, *same)))
        added.append(Statement(_ADD, (memory_id, *made[1:], *same)))
    yield from (*gone, *removed, *added)


def _text(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
