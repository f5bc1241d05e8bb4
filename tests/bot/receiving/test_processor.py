"""The processor takes merged messages from the journal, sometimes before its own reading comes to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.receiving.arrival import Arrival
from bot.receiving.processor import Processor
from bot.supervised import Supervisor
from storage.database import Database
from storage.statement import Statement
from storage.tables.updates import Entry, Received, Updates, batch
from tests.clocks import TestClock
from tests.house import until

LANE, OTHER = "1::answer", "2::answer"


def message(number: int, lane: str) -> Received:
    """One of Ann's."""
    content = {"message_id": number, "chat": {"id": 1}, "from": {"id": 7}, "text": "x"}
    return Received(
        update_id=number,
        kind="message",
        lane=lane,
        session_id="telegram:chat:1",
        telegram_message_id=number,
        body=json.dumps({"update_id": number, "message": content}).encode(),
    )


class OneByOne(Updates):
    """A journal that is read entry by entry, the first one at once and the others when they are released."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.released = asyncio.Event()

    async def list_pending(self, *, after: int, limit: int) -> list[Entry]:
        """The next one at most."""
        entries = await super().list_pending(after=after, limit=1)
        if entries and entries[0].update_id > 1:
            await self.released.wait()
        return entries


@pytest.mark.parametrize("is_done", [True, False])
async def test_what_a_turn_took_is_not_handled_again_when_the_reading_comes_to_it(
    tmp_path: Path, is_done: bool
) -> None:
    """Whether that turn is done by then or still in hand; what comes later is handled as ever."""
    database, clock = await Database.open(tmp_path / "polar-system.db", now_ms=1), TestClock()
    journal, finish = OneByOne(database), asyncio.Event()
    handled: list[tuple[int, ...]] = []

    async def handle(arrival: Arrival) -> bool:
        handled.append(tuple(entry.update_id for entry in arrival.entries))
        await finish.wait()
        await database.commit(*arrival.source.opening)
        return True

    async def give_up(arrival: Arrival, dead: Sequence[Statement]) -> None:
        raise AssertionError("nothing is given up")

    async def receive(lane: str, *numbers: int) -> None:
        received = [message(number, lane) for number in numbers]
        await database.commit(*batch(received, now_ms=clock()))
        processor.wake()

    calm = asyncio.Event()
    processor = Processor(
        database,
        journal,
        handle,
        give_up,
        tasks=Supervisor().group(),
        watcher=None,
        calm=calm,
        clock=clock,
        answer_slots=2,
        merge_window_ms=1,
    )
    running = asyncio.create_task(processor.run())
    try:
        await calm.wait()  # it has looked at what was there at its start
        await receive(LANE, 1, 2)
        await until(lambda: handled == [(1, 2)])
        if is_done:
            finish.set()
            await until(lambda: not is_at_work(LANE))
        journal.released.set()
        await receive(OTHER, 3)
        await until(lambda: (3,) in handled)
        finish.set()
        await receive(LANE, 4)
        await until(lambda: len(handled) > 2)
        assert handled == [(1, 2), (3,), (4,)]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await processor.stop(5)
        await database.close()


def is_at_work(lane: str) -> bool:
    """Whether somebody works on a lane."""
    return any(task.get_name() == f"lane {lane}" for task in asyncio.all_tasks())
