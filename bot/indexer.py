"""Keeps the index of words up to date with what other programs do to memories, and makes it anew where it has to be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from storage.database import Database
from storage.errors import StatementFailed
from storage.memory_building import MemoryBuilding, Progress
from storage.memory_changes import CHANGED, SETTLING, MemoryChanges

log = logging.getLogger("polar.indexing")

LOOK_EVERY_S = 1.0
"""The time for which what others remember may not be found."""
LOOKS_A_ROUND = 10
"""Looks before those that were made are made once more: others are done with their own entries by then."""
PAUSE_S = 60.0
"""After a failure, as a damaged index gives."""
TOLD_EVERY = 50_000
"""Memories after which the log says how far a new index is."""


class Indexer:
    """Looks for changes by an index, and works in pages. Killed at any instant, it goes on where it was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = MemoryChanges(database)
        self._building = MemoryBuilding(database)

    async def run(self) -> None:
        """Forever; a new index comes first, then what was changed while nobody ran."""
        left, looks = [self.empty_former, self.build], 0
        while self._database.has_memory_index:
            left = [work for work in left if not await self._try(work)]
            looks = (looks + 1) % LOOKS_A_ROUND
            is_done = await self._try(self.settle if looks == 0 else self.look) and not left
            await asyncio.sleep(LOOK_EVERY_S if is_done else PAUSE_S)
        await asyncio.Event().wait()  # without an index there is nothing to do, and no task of the bot may end

    async def _try(self, work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except StatementFailed as error:
            log.warning("memories may not be found, or only slowly: %s", error)
            return False
        return True

    async def empty_former(self) -> None:
        """Remove what is left of former indexes."""
        while step := await self._building.empty_former():
            await self._database.commit(*step)

    async def build(self) -> None:
        """Go on with a new index until it is whole, and say so: it may take minutes."""
        progress = await self._building.progress()
        if progress is None:
            return
        _tell(progress)
        done = told = progress.done
        while True:
            rows, behind = await self._building.page()
            await self._database.commit(*await asyncio.to_thread(self._building.index, rows, behind))
            done += len(rows)
            if behind is None:
                break
            await self._database.commit(self._building.merge())
            if done - told >= TOLD_EVERY:
                told = done
                _tell(Progress(done, progress.total))
        log.info("the index of memories is whole, with %d in it", done)

    async def look(self) -> None:
        """Index what has changed since the last look."""
        await self._index(CHANGED)

    async def settle(self) -> None:
        """As `look`; then again at what was looked at before the last round, and the entries of others go."""
        await self.look()
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


def _tell(progress: Progress) -> None:
    log.info("the index of memories is being made: %d of %d are in it", progress.done, progress.total)
