"""Traces of erasing on the disk: for a while words in the log, and in parts of the index of words not merged yet.

The file itself keeps nothing, as the writer overwrites what it deletes (`secure_delete`).
"""

from __future__ import annotations

from storage import memory_index
from storage.memory_building import FORMER
from storage.readers import Readers
from storage.statement import Statement, UnitRows
from storage.tables.properties import ERASURES, ERASURES_OFF_DISK, Properties

PAGES = 64
"""Of the index of words, that one commit merges; SQLite counts those that it writes."""
_CHANGES = Statement("SELECT total_changes()")


class Traces:
    """The traces of erasures: each counts itself as it is committed, so that the next process knows of it too."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._properties = Properties(readers)
        self._has_index = readers.has_memory_index

    @staticmethod
    def removed(number: int) -> Statement:
        """Of the erasures up to this one nothing is left."""
        return Properties.raise_to(ERASURES_OFF_DISK, number)

    async def newest(self) -> int | None:
        """The number of the newest erasure; None where nothing of it is left any more."""
        erased, removed = await self._number(ERASURES), await self._number(ERASURES_OFF_DISK)
        return erased if erased > removed else None

    async def are_in_former(self) -> bool:
        """True where there is a former index of words still, which may hold some; the bot removes it."""
        return self._has_index and await self._readers.fetch_one(FORMER) is not None

    def merge(self, *, begins: bool) -> tuple[Statement, ...]:
        """A step of merging all parts of the index of words into one, where deleted entries go; none without it."""
        if not self._has_index:
            return ()
        pages = -PAGES if begins else PAGES
        step = Statement(memory_index.MERGE, (pages,))
        return _CHANGES, step, _CHANGES

    @staticmethod
    def is_merged(answer: UnitRows) -> bool:
        """True if a step had nothing to do, which is less than two changes, says SQLite."""
        return not answer or answer[2][0][0] - answer[0][0][0] < 2

    async def _number(self, name: str) -> int:
        value = await self._properties.find(name)
        return int(value) if value is not None and value.isdecimal() else 0
