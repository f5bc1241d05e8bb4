"""The bot's pruning: a small unit a minute, and one a second as long as there is much to do and the bot has time."""

from __future__ import annotations

import asyncio
import logging

from middleware.turn import Clock
from storage.database import Database
from storage.errors import StatementFailed
from storage.pruning import FIRST, Pruning, Slice, Walk, give_back
from storage.terms import Terms
from storage.views.health import Health

log = logging.getLogger("polar.pruning")

EVERY_S = 60.0
SOON_S = 1.0
BUSY = 100
"""The updates, or the deliveries, that wait while the bot is busy."""


class Pruner:
    """Lets go what has outlived its term. Killed at any instant, it goes on where it was."""

    def __init__(self, database: Database, health: Health, terms: Terms, clock: Clock) -> None:
        self._database = database
        self._health = health
        self._pruning = Pruning(database, terms)
        self._clock = clock
        self._places: dict[str, int] | None = None
        self._refused: set[str] = set()

    async def run(self) -> None:
        """A unit now and then; forever."""
        pause_s = EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            has_more = await self.unit()
            pause_s = SOON_S if has_more and not await self._health.is_backed_up(limit=BUSY) else EVERY_S

    async def unit(self) -> bool:
        """A slice of each table that has a term, each a commit of its own; whether there is more to look at."""
        now_ms = await self._pruning.now_ms(self._clock())
        if now_ms is None:
            return False
        if self._places is None:
            self._places = await self._pruning.places()
        slices = [await self._prune(walk, self._places, now_ms) for walk in self._pruning.walks]
        statements = give_back(await self._pruning.surplus_pages())
        if any(one.rows for one in slices):
            statements = (*statements, self._pruning.remember(self._places))
        await self._database.commit(*statements)
        return any(one.next is not None for one in slices)

    async def _prune(self, walk: Walk, places: dict[str, int], now_ms: int) -> Slice:
        piece = await self._pruning.look(walk, after=places.get(walk.name, FIRST), now_ms=now_ms)
        places[walk.name] = FIRST if piece.next is None else piece.next
        try:
            await self._database.commit(*self._pruning.drop(piece))
        except StatementFailed as error:  # as a trigger of another program may wish
            if walk.name not in self._refused:
                self._refused.add(walk.name)
                log.warning("%s cannot be pruned: %s", walk.name, error)
        return piece
