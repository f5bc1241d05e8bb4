"""Keeps the index of words up to date with what other programs do to memories, beside the bot or while none runs."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from storage.database import Database
from storage.memory_changes import CHANGED, SETTLING, MemoryChanges

log = logging.getLogger("polar.indexing")

LOOK_EVERY_S = 1.0
"""The time for which what others remember may not be found."""
LOOKS_A_ROUND = 10
"""Looks before those that were made are made once more: others are done with their own entries by then."""
PAUSE_S = 60.0
"""After a failure, as a damaged index gives."""


class Indexer:
    """Looks for changes by an index, and works in pages. Killed at any instant, it goes on where it was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = MemoryChanges(database)

    async def run(self) -> None:
        """Forever; what was changed while nobody ran comes first."""
        looks = 0
        while self._database.has_memory_index:
            try:
                await self.look()
                looks = (looks + 1) % LOOKS_A_ROUND
                if looks == 0:
                    await self.settle()
            except sqlite3.Error as error:
                log.warning("memories of others may not be found: %s", error)
                await asyncio.sleep(PAUSE_S)
            await asyncio.sleep(LOOK_EVERY_S)
        await asyncio.Event().wait()  # without an index there is nothing to do, and no task of the bot may end

    async def look(self) -> None:
        """Index what has changed since the last look."""
        await self._index(CHANGED)

    async def settle(self) -> None:
        """Look again at what was looked at before the last round, and remove the entries that others have made."""
        if await self._index(SETTLING):
            await self._remove_foreign()
        await self._database.commit(self._changes.wait())

    async def _index(self, looks: int) -> bool:
        """True if there was anything."""
        found = False
        while rows := await self._changes.page(looks):
            found = True
            await self._database.commit(*await asyncio.to_thread(self._changes.index, rows, looks))
        return found

    async def _remove_foreign(self) -> None:
        last, foreign = await self._changes.foreign_entries(0)
        while last is not None:
            await self._database.commit(*self._changes.remove_foreign(foreign))
            last, foreign = await self._changes.foreign_entries(last)
