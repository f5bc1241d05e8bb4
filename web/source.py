"""The database behind the pages: opened anew when another one is in its place, closed when nobody reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from storage import engines
from storage.location import Location
from storage.readers import Readers


class _Opened:
    def __init__(self, readers: Readers, identity: Hashable) -> None:
        self.readers = readers
        self.identity = identity
        self.users = 0


class DatabaseSource:
    """Gives readers of the database that is at `location` now; it may be deleted, replaced or migrated meanwhile."""

    def __init__(self, location: Location) -> None:
        self._location = location
        self._opened: _Opened | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Readers]:
        """Readers that stay open until this block ends; raises DatabaseUnusable, with what to do."""
        opened = await self._current()
        opened.users += 1
        try:
            yield opened.readers
        finally:
            opened.users -= 1
            if opened is not self._opened and opened.users == 0:
                await opened.readers.close()

    async def _current(self) -> _Opened:
        async with self._opening:
            identity = await asyncio.to_thread(engines.identity, self._location)
            if self._opened is None or self._opened.identity != identity:
                readers = await engines.connect_readers(self._location)
                await self.close()
                self._opened = _Opened(readers, identity)
            return self._opened

    async def close(self) -> None:
        """Close what nobody reads just now; the rest when its last reader is done."""
        opened, self._opened = self._opened, None
        if opened is not None and opened.users == 0:
            await opened.readers.close()
