"""What the bot keeps, and the database it keeps it in, as facts: read, never changed, whether a bot runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from middleware.turn import Clock
from storage import care
from storage.engines import connect_readers
from storage.errors import StorageError
from storage.readers import Readers
from storage.state import DatabaseState
from storage.tables.budgets import Balance, Budgets
from storage.views.condition import Condition, SetAsideCounts
from storage.views.health import Health
from storage.views.liveness import LastSigns, last_signs
from storage.views.queue_counts import QueueCounts

MOST_GROUPS = 20
MOST_LOOKED_THROUGH = 1 << 30
"""Bytes of a file that is looked through; of a larger one it would take longer than anybody waits."""
Stopwatch = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFacts:
    """What stands in it; instants are milliseconds since the epoch."""

    signs: LastSigns
    groups: list[int]
    last_reaction_ms: int | None
    updates_waiting: int
    deliveries_waiting: int
    waiting_since_ms: int | None
    set_aside: SetAsideCounts
    balances: list[Balance]
    unused: int
    """Bytes of the file that no page of it uses."""


async def find_problems(state: DatabaseState, stopwatch: Stopwatch, *, limit_s: float) -> list[str] | None:
    """The problems of the file as far as they show within the limit; None where it was not looked through."""
    if not state.exists or state.size > MOST_LOOKED_THROUGH:
        return None
    end = stopwatch() + limit_s
    looking = asyncio.to_thread(care.look_through, state.location, is_over=lambda: stopwatch() > end)
    try:
        # An old SQLite does not ask whether somebody still waits while it looks through one table.
        return await asyncio.wait_for(asyncio.shield(looking), limit_s)
    except TimeoutError:
        return None


@asynccontextmanager
async def opened(state: DatabaseState) -> AsyncIterator[Readers | None]:
    """The database for reading; None where there is none of this version that can be read."""
    try:
        readers = await connect_readers(state.location)
    except StorageError:
        yield None
        return
    try:
        yield readers
    finally:
        await readers.close()


async def ask(readers: Readers | None, clock: Clock, *, limit_s: float) -> KeptFacts | None:
    """The facts; None where they could not be read in time."""
    if readers is None:
        return None
    try:
        async with asyncio.timeout(limit_s):
            return await _ask(readers, clock)
    except (TimeoutError, StorageError, ValueError):
        return None


async def _ask(readers: Readers, clock: Clock) -> KeptFacts:
    condition, queues = Condition(readers), QueueCounts(readers)
    updates, deliveries = await queues.of_updates(), await queues.of_deliveries()
    return KeptFacts(
        signs=await last_signs(readers),
        groups=await condition.newest_groups(MOST_GROUPS),
        last_reaction_ms=await condition.last_reaction_ms(),
        updates_waiting=updates.get("pending", 0),
        deliveries_waiting=deliveries.get("pending", 0) + deliveries.get("sending", 0),
        waiting_since_ms=await condition.waiting_since_ms(),
        set_aside=await condition.set_aside(),
        balances=await Budgets(readers).list_all(now_ms=clock()),
        unused=(await Health(readers).room()).unused,
    )
