"""The database behind the pages: opened anew when another file lies in its place, closed when nobody reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from storage.errors import DatabaseUnusable
from storage.readers import Readers
from storage.sqlite import opening

FileKey = tuple[int, int]


class _Opened:
    def __init__(self, readers: Readers, identity: FileKey) -> None:
        self.readers = readers
        self.identity = identity
        self.users = 0


class DatabaseFile:
    """Gives readers of the file that lies at `path` now; it may be deleted, replaced or migrated meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
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
            identity = await asyncio.to_thread(_look, self._path)
            if self._opened is None or self._opened.identity != identity:
                readers = await Readers.connect(self._path)
                await self.close()
                self._opened = _Opened(readers, identity)
            return self._opened

    async def close(self) -> None:
        """Close what nobody reads just now; the rest when its last reader is done."""
        opened, self._opened = self._opened, None
        if opened is not None and opened.users == 0:
            await opened.readers.close()


def _look(path: Path) -> FileKey:
    """Which file it is, once it is known that it can be read and is of this code's version."""
    opening.check_readable(path)
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DatabaseUnusable(f"{path} was deleted just now") from error
    return status.st_dev, status.st_ino
