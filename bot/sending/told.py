"""How far what is queued is known of: told of by whoever queued it here, or found, where another program did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from storage.database import Database
from storage.tables.deliveries import Deliveries

LOOK_S = 1.0
"""The interval of the looks for what another process has queued."""
PAGE = 1_000
MOST = 10_000
"""The sequences that are kept of calls which were told of before those that stand before them in the queue."""


class Told:
    """Knows of the queue up to a sequence; `wake` is told the sessions of what nobody told of."""

    def __init__(self, database: Database, deliveries: Deliveries, wake: Callable[[Iterable[str]], None]) -> None:
        self._database = database
        self._deliveries = deliveries
        self._wake = wake
        self._seen = 0
        """All that was queued up to this sequence was told of, or found."""
        self._ahead: set[int] = set()
        """What was told of behind it."""
        self._is_behind = asyncio.Event()

    async def start(self) -> None:
        """What is queued by now is known of otherwise."""
        self._seen = await self._deliveries.last_sequence()

    def is_next(self, sequence: int) -> bool:
        """True if all before the one that is told of now is known of; if not, it is looked for at once."""
        if sequence == self._seen + 1:
            self._seen += 1
            return True
        if len(self._ahead) < MOST:
            self._ahead.add(sequence)
        self._is_behind.set()
        return False

    async def run(self) -> None:
        """Find what another process queues, forever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._is_behind.wait()
            self._is_behind.clear()
            await self._look()

    async def _look(self) -> None:
        if await self._deliveries.last_sequence() <= self._seen:
            return
        [queued] = await self._database.commit(self._deliveries.look_behind(self._seen, limit=PAGE))
        self._wake({row[1] for row in queued if row[0] > self._seen and row[0] not in self._ahead})
        self._seen = max([self._seen, *(row[0] for row in queued)])
        while self._seen + 1 in self._ahead:
            self._seen += 1
        self._ahead = {sequence for sequence in self._ahead if sequence > self._seen}
        if len(queued) == PAGE:
            self._is_behind.set()
