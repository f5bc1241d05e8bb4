"""One at a time, for updates that may have ended an earlier process."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Quarantine:
    """A lock that lets the one with the fewest tries go first.

    So when a process is killed again and again for reasons of its own, the blame is spread, and only an
    update that really ends processes collects enough of it to be set aside.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._busy = False

    @asynccontextmanager
    async def alone(self, tries: int, sequence: int) -> AsyncIterator[None]:
        """Nobody else is inside meanwhile."""
        loop = asyncio.get_running_loop()
        admitted: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (tries, sequence, admitted))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._admit)  # when all who come now have come
        try:
            await admitted
            yield
        finally:
            if not admitted.cancelled():
                self._admit()

    def _admit(self) -> None:
        while self._waiting:
            _, _, admitted = heapq.heappop(self._waiting)
            if not admitted.done():
                admitted.set_result(None)
                return
        self._busy = False
