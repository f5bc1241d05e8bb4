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
from tests.house import TestClock, until

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


class SlowReading(Updates):
    """A journal whose answers may be held back after they were read."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.read: list[int] = []
        self.released = asyncio.Event()
        self.released.set()

    async def list_pending(self, *, after: int, limit: int) -> list[Entry]:
        """As ever, once it is released."""
        entries = await super().list_pending(after=after, limit=limit)
        self.read.extend(entry.update_id for entry in entries)
        await self.released.wait()
        return entries


@pytest.mark.parametrize("is_done", [True, False])
async def test_what_a_turn_took_is_not_handled_again_when_the_reading_comes_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    """Whether that turn is done by then or still in hand; what comes later is handled as ever."""
    database, clock = await Database.open(tmp_path / "polar-system.db", now_ms=1), TestClock()
    journal, window, finish = SlowReading(database), asyncio.Event(), asyncio.Event()
    handled: list[tuple[int, ...]] = []

    async def handle(arrival: Arrival) -> bool:
        handled.append(tuple(entry.update_id for entry in arrival.entries))
        await finish.wait()
        await database.commit(*arrival.source.opening)
        return True

    async def give_up(arrival: Arrival, dead: Sequence[Statement]) -> None:
        raise AssertionError("nothing is given up")

    async def over(self: Processor, end_ms: int, *, since_ms: int) -> None:
        await window.wait()

    async def receive(number: int, lane: str) -> None:
        await database.commit(*batch(journal, [message(number, lane)], first=number, now_ms=clock()))
        processor.wake()

    monkeypatch.setattr(Processor, "_wait_until", over)
    processor = Processor(
        database,
        journal,
        handle,
        give_up,
        tasks=Supervisor().group(),
        calm=asyncio.Event(),
        clock=clock,
        answer_slots=2,
        merge_window_ms=800,
    )
    running = asyncio.create_task(processor.run())
    try:
        await receive(1, LANE)
        await until(lambda: journal.read == [1] and is_at_work(LANE))
        journal.released.clear()
        await receive(2, LANE)
        await until(lambda: journal.read == [1, 2])
        window.set()
        await until(lambda: handled == [(1, 2)])
        if is_done:
            finish.set()
            await until(lambda: not is_at_work(LANE))
        journal.released.set()
        await receive(3, OTHER)
        await until(lambda: (3,) in handled)
        finish.set()
        await receive(4, LANE)
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
