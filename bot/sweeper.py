"""Removes from the disk what erasing has left there, as soon as nobody reads it any more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from storage.database import Database
from storage.errors import StatementFailed
from storage.traces import Traces

log = logging.getLogger("polar.erasing")

SOON_S = 1.0
"""Before the next try, where somebody was reading."""
EVERY_S = 60.0
"""The time for which an erasure by another process may go unnoticed."""


class Sweeper:
    """Merges the index of words and empties the log. Killed at any instant, it begins again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._traces = Traces(database)
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Something may have been erased."""
        self._awake.set()

    async def run(self) -> None:
        """Whenever there are traces, forever; those that an earlier process left come first."""
        while True:
            self._awake.clear()
            pause_s = await self._swept()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._awake.wait()

    async def _swept(self) -> float:
        """The wait before the next look."""
        try:
            return EVERY_S if await self.sweep() else SOON_S
        except StatementFailed as error:  # as a damaged index of words gives
            log.warning("what was erased may still be in the log or in the index of words: %s", error)
            return EVERY_S

    async def sweep(self) -> bool:
        """True if nothing is left that was erased before this."""
        number = await self._traces.newest()
        if number is None:
            return True
        begins = True
        while not self._traces.is_merged(await self._database.commit(*self._traces.merge(begins=begins))):
            begins = False
        if await self._traces.are_in_former() or not await self._database.empty_log():
            return False
        await self._database.commit(Traces.removed(number))
        return True
