"""A processor without turns of its own: what it begins, and when, is noted, and ends when it is let."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bot.receiving.arrival import Arrival
from bot.receiving.journal import Journal
from bot.receiving.lanes import Lanes, Work
from bot.receiving.processor import ROOM, Processor
from bot.receiving.quarantine import Quarantine
from bot.supervised import Supervisor
from bot.tracebacks import text_of
from middleware.turn import Clock
from storage.database import Database
from storage.erasure import CHANGES_WAITING
from storage.ids import Side, lane_of
from storage.statement import Statement
from storage.tables.updates import Entry, Received, Updates, batch
from tests.clocks import TestClock

SLOTS = 4


def message(number: int, chat: int, side: Side = "answer") -> Received:
    """One of Ann's."""
    content = {"message_id": number, "chat": {"id": chat}, "from": {"id": 7}, "text": "x"}
    return Received(
        update_id=number,
        kind="message",
        lane=lane_of(chat, None, side),
        session_id=f"telegram:chat:{chat}",
        telegram_message_id=number,
        body=json.dumps({"update_id": number, "message": content}).encode(),
    )


class Watched(Updates):
    """A journal that counts the bodies it gives out, into which something may come just then."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._database, self._clock = database, clock
        self.bodies = self.bodies_taken = self.looks_behind = 0
        self.arriving: list[Received] = []
        self.changed: Callable[[], object]

    async def list_pending(
        self, side: Side, *, after: int, limit: int, is_whole: bool = True
    ) -> tuple[int, list[Entry]]:
        """As ever."""
        reach, entries = await super().list_pending(side, after=after, limit=limit, is_whole=is_whole)
        self.bodies += sum(1 for entry in entries if entry.body)
        return reach, entries

    async def list_next(self, lanes: Sequence[tuple[str, int]]) -> list[Entry]:
        """As ever; then comes what is to come."""
        entries = await super().list_next(lanes)
        self.bodies += len(entries)
        self.bodies_taken += len(entries)
        await self._database.commit(*batch(self.arriving, now_ms=self._clock()))
        if self.arriving:
            self.changed()  # as the processor finds out with its next look, at the latest
        self.arriving.clear()
        return entries

    async def list_behind(self, first: Entry, *, limit: int) -> list[Entry]:
        """As ever."""
        self.looks_behind += 1
        return await super().list_behind(first, limit=limit)


class Bench:
    """A processor whose turns take as long as they are let."""

    def __init__(self, database: Database, clock: Clock, merge_window_ms: int, room: int, slots: int) -> None:
        self.database, self.journal = database, Watched(database, clock)
        self.begun: list[tuple[int, ...]] = []
        self.ended: list[tuple[int, ...]] = []
        self.on_begin: Callable[[], object] = lambda: None
        self.at_once = 0
        self.most_at_once = 0
        self.answers_may_end = asyncio.Event()
        self.calm = asyncio.Event()
        self.journal_side = Journal(database, clock)
        self.processor = Processor(
            database,
            self.journal,
            self._handle,
            self._give_up,
            tasks=Supervisor().group(),
            watcher=None,
            calm=self.calm,
            settled=self.journal_side.settled,
            clock=clock,
            traceback_of=text_of,
            answer_slots=slots,
            merge_window_ms=merge_window_ms,
            room=room,
        )
        self.journal.changed = self.processor.let_go
        self.journal_side.watch(self.processor.note)
        database.watch(CHANGES_WAITING, self.processor.let_go)

    async def _handle(self, arrival: Arrival) -> bool:
        ids = tuple(entry.update_id for entry in arrival.entries)
        self.begun.append(ids)
        self.on_begin()
        if arrival.entries[0].lane.endswith("answer"):
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await self.answers_may_end.wait()
            self.at_once -= 1
        await self.database.commit(*arrival.source.opening)
        self.ended.append(ids)
        return True

    @staticmethod
    async def _give_up(arrival: Arrival, dead: Sequence[Statement]) -> None:
        raise AssertionError("nothing is given up")

    async def receive(self, *received: Received) -> None:
        """Keep this, and tell."""
        await self.journal_side.keep(list(received))


@asynccontextmanager
async def bench(
    path: Path,
    *,
    merge_window_ms: int = 0,
    received: Sequence[Received] = (),
    room: int = ROOM,
    slots: int = SLOTS,
    each_s: float = 0,
    clock: Clock | None = None,
) -> AsyncIterator[Bench]:
    """A processor at work; what was received is in the journal before it starts, one after the other."""
    standing = TestClock()
    database = await Database.open(path / "polar-system.db", now_ms=1)
    for one in received:
        await database.commit(*batch([one], now_ms=standing()))
        standing.advance(seconds=each_s)
    made = Bench(database, clock or standing, merge_window_ms, room, slots)
    await made.processor.prepare()
    running = asyncio.create_task(made.processor.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await made.processor.stop(0)
        await database.close()


def tasks() -> int:
    """How many updates are in hand."""
    return sum(1 for task in asyncio.all_tasks() if task.get_name().startswith("lane "))


@asynccontextmanager
async def alone(
    path: Path, work: Work, *, slots: int, ahead: int, room: int = ROOM
) -> AsyncIterator[tuple[Lanes, Journal]]:
    """One side, which takes steps when it is told to."""
    awake = asyncio.Event()
    database = await Database.open(path / "polar-system.db", now_ms=1)
    try:
        lanes = Lanes(
            Updates(database),
            work,
            lambda _, upcoming: upcoming,
            "answer",
            slots=slots,
            ahead=ahead,
            room=room,
            quarantine=Quarantine(awake.set),
            tasks=Supervisor().group(),
            watcher=None,
            awake=awake,
        )
        lanes.begin(cursor=0, found_at_start=0)
        await lanes.step()
        journal = Journal(database, TestClock())
        journal.watch(lanes.hand_over)
        yield lanes, journal
    finally:
        await database.close()
