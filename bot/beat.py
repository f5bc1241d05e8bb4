"""The beat: rows in the database that tell others whether the bot is alive."""

from __future__ import annotations

import asyncio

from middleware.turn import Clock
from storage.database import Database
from storage.statement import Statement
from storage.tables.properties import BEAT_MS, ENDED_START, START, Properties

EVERY_S = 15.0
"""A quarter of what is called alive: see storage/views/liveness.py."""


class LifeSigns:
    """Counts the starts, says now and then that the bot is alive, and that it has ended when it was asked to."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._start: str | None = None

    async def begin(self) -> None:
        """A bot has started; its number is one more than that of the last one."""
        rows, _ = await self._database.commit(Properties.count_up(START), self._now())
        self._start = rows[0][0]

    async def run(self) -> None:
        """Beat, also when nothing else happens; forever."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self._database.commit(self._now())

    async def end(self) -> None:
        """The bot has ended as it was asked to, and is not missed."""
        if self._start is not None:
            await self._database.commit(self._now(), Properties.set(ENDED_START, self._start))

    def _now(self) -> Statement:
        return Properties.set(BEAT_MS, str(self._clock()))
