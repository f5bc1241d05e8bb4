"""The journal's incoming side: what Telegram sends is committed before Telegram learns that it arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from middleware.turn import Clock
from storage.database import Database
from storage.errors import ExpectationFailed
from storage.statement import Statement, UnitRows
from storage.tables.properties import LAST_CONFLICT_MS, LAST_POLL_MS, TELEGRAM_MS, Properties
from storage.tables.updates import Kept, Received, batch, kept, kept_new, new_batch

POLL_NOTE_MS = 30_000
"""The time between two notes that Telegram answers, or refuses, so that an idle bot hardly writes."""
DATE_NOTE_S = 3_600
"""An update dated so much later than the note of Telegram's time, which days are counted by, renews the note."""
LATEST_S = 253_402_300_799
"""The end of the year 9999."""

Watcher = Callable[[Kept], None]
"""Told of what was kept, in the order of the journal; returns at once."""
Expect = Callable[[Sequence[Received]], None]
"""Told of what has come in while it is being kept, which may fail; returns at once."""


class Journal:
    """Keeps each update, in the order of arrival."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._expecting: list[Expect] = []
        self._watchers: list[Watcher] = []
        self._poll_noted_ms = 0
        self._conflict_noted_ms = 0
        self._date_noted_s = 0
        self._coming: dict[asyncio.Event, set[str]] = {}
        """The lanes of each batch that has come in; its event is set when it is kept, or never will be."""

    def watch(self, watcher: Watcher) -> None:
        """Tell this one of all that is kept from now on."""
        self._watchers.append(watcher)

    def announce(self, expect: Expect) -> None:
        """Tell this one of all that comes in from now on."""
        self._expecting.append(expect)

    async def keep(self, received: list[Received]) -> None:
        """Commit a batch, also an empty one: that Telegram answered is a fact worth keeping. Raises StorageError."""
        now_ms = self._clock()
        noted = (*self._note_poll(now_ms), *self._note_date(received))
        ended = asyncio.Event()
        self._coming[ended] = {one.lane for one in received}
        try:
            added = await self._add(received, noted, now_ms)
            if added is not None:
                self._tell(added)
        finally:
            del self._coming[ended]
            ended.set()

    async def _add(self, received: list[Received], noted: tuple[Statement, ...], now_ms: int) -> Kept | None:
        """Ahead of the turns that wait, so that the next batch is here before they have all ended."""
        if len(received) > 1:
            adding = new_batch(received, now_ms=now_ms)
            with suppress(ExpectationFailed):  # some of it has come before
                answers = await self._commit(received, *adding, *noted)
                return kept_new(received, answers[: len(adding)], now_ms=now_ms)
        adding = batch(received, now_ms=now_ms)
        answers = await self._commit(received, *adding, *noted)
        return kept(received, answers[: len(adding)], now_ms=now_ms)

    async def _commit(self, received: Sequence[Received], *statements: Statement) -> UnitRows:
        committed = self._database.submit(*statements, ahead=True)
        for expect in self._expecting:  # behind that, as the writer is to have its work first
            expect(received)
        return await committed

    async def note_conflict(self) -> None:
        """Somebody else polls with this bot's token. Raises StorageError."""
        now_ms = self._clock()
        if abs(now_ms - self._conflict_noted_ms) >= POLL_NOTE_MS:
            self._conflict_noted_ms = now_ms
            await self._database.commit(Properties.set(LAST_CONFLICT_MS, str(now_ms)))

    def _tell(self, added: Kept) -> None:
        for watcher in self._watchers:
            watcher(added)

    async def settled(self, lane: str) -> None:
        """Return when all that had come into a lane by now is kept and told of, or never will be."""
        for ended in [ended for ended, lanes in self._coming.items() if lane in lanes]:
            await ended.wait()

    def _note_poll(self, now_ms: int) -> Iterator[Statement]:
        if abs(now_ms - self._poll_noted_ms) >= POLL_NOTE_MS:
            self._poll_noted_ms = now_ms
            yield Properties.set(LAST_POLL_MS, str(now_ms))

    def _note_date(self, received: Sequence[Received]) -> Iterator[Statement]:
        date_s = max((r.date for r in received if r.date is not None and r.date <= LATEST_S), default=0)
        if date_s >= self._date_noted_s + DATE_NOTE_S:
            self._date_noted_s = date_s
            yield Properties.raise_to(TELEGRAM_MS, date_s * 1000)
