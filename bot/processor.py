"""From the journal to the handlers: lanes in order of arrival, side by side, each update to its end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.quarantine import Quarantine
from middleware.errors import TurnFailed
from middleware.turn import Clock, Source
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.statement import Statement
from storage.text import clean
from storage.updates import Entry, Updates

log = logging.getLogger("polar.processor")

MAX_ATTEMPTS = 3
"""Tries of an update whose handling fails."""
MAX_CLAIMS = 6
"""Tries of an update that was unfinished when its process ended; more, because the process may not be its fault."""
PAGE = 256
LANE_LENGTH = 8
"""Updates of one lane that are held in memory; the rest wait in the journal, so one chat cannot crowd others out."""
HELD = 2048
CONTROL_SLOTS = 256
RETRY_DELAYS_S = (1.0, 4.0)


class Unreadable(Exception):
    """The update is not of a form that Telegram documents; trying again cannot help."""


Handle = Callable[[Entry, Source, int], Awaitable[bool]]
"""Runs one update as try number n; False when nobody wants it. Raises what went wrong."""

GiveUp = Callable[[Entry, Statement], Awaitable[None]]
"""Commits the statement that sets an update aside, with an apology to whoever waits for an answer."""


@dataclass(slots=True)
class Lane:
    """A conversation's answers, or its control: one at a time, in order."""

    name: str
    slots: asyncio.Semaphore
    entries: deque[Entry] = field(default_factory=deque)
    last: int = 0
    """The last sequence that was held."""
    left_behind: bool = False
    """Whether later ones were left in the journal."""
    refilling: bool = False


class Processor:
    """Feeds itself from the journal alone, at start and ever after."""

    def __init__(
        self,
        database: Database,
        updates: Updates,
        handle: Handle,
        give_up: GiveUp,
        *,
        clock: Clock,
        answer_slots: int,
    ) -> None:
        self._database = database
        self._updates = updates
        self._handle = handle
        self._give_up = give_up
        self._clock = clock
        self._answers = asyncio.Semaphore(answer_slots)
        self._control = asyncio.Semaphore(CONTROL_SLOTS)
        self._quarantine = Quarantine()
        self._lanes: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._held = 0
        self._awake = asyncio.Event()
        self._stopping = False
        self._found_at_start = 0
        self._suspects: set[int] = set()
        self.calm = asyncio.Event()
        """Set when no update is left that may have been in hand when an earlier process ended."""
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        """New updates are in the journal, or there is room again."""
        self._awake.set()

    async def run(self) -> None:
        """Take what is pending into lanes, forever; what an earlier process left comes first."""
        self._found_at_start = await self._updates.last_sequence()
        cursor = (await self._updates.first_pending() or 1) - 1
        while True:
            self._awake.clear()
            room = min(PAGE, HELD - self._held)
            entries = await self._updates.list_pending(after=cursor, limit=room) if room > 0 else []
            for entry in entries:
                cursor = entry.sequence
                self._append(entry)
            self._calm_down()
            if not entries:
                await self._awake.wait()

    def _append(self, entry: Entry) -> None:
        lane = self._lanes.get(entry.lane)
        if lane is None:
            slots = self._answers if entry.lane.endswith(":answer") else self._control
            lane = self._lanes[entry.lane] = Lane(entry.lane, slots)
            if entry.sequence <= self._found_at_start:  # the first of a lane is the one that was in hand
                self._suspects.add(entry.sequence)
            self._start(lane)
        if lane.left_behind or lane.refilling or len(lane.entries) >= LANE_LENGTH:
            lane.left_behind = True
        else:
            self._hold(lane, [entry])

    def _calm_down(self) -> None:
        if not self._suspects:
            self.calm.set()

    def _hold(self, lane: Lane, entries: list[Entry]) -> None:
        lane.entries.extend(entries)
        if entries:
            lane.last = entries[-1].sequence
        self._held += len(entries)

    def _start(self, lane: Lane) -> None:
        task = asyncio.create_task(self._work(lane), name=f"lane {lane.name}")
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self.failure.done():
            self.failure.set_exception(error)

    async def _work(self, lane: Lane) -> None:
        while not self._stopping and (lane.entries or await self._refill(lane)):
            async with lane.slots:
                if self._stopping:
                    break
                await self._process(lane.entries[0])
            self._suspects.discard(lane.entries.popleft().sequence)
            self._calm_down()
            self._held -= 1
            if self._held == HELD - 1:
                self.wake()
        self._lanes.pop(lane.name, None)

    async def _refill(self, lane: Lane) -> bool:
        """Hold more of what was left in the journal; False when there is nothing."""
        while lane.left_behind:
            # What arrives during the query may be in its answer or not; it sets left_behind again.
            lane.left_behind, lane.refilling = False, True
            entries = await self._updates.list_pending_of(lane.name, after=lane.last, limit=LANE_LENGTH)
            lane.refilling = False
            self._hold(lane, entries)
            if len(entries) == LANE_LENGTH:
                lane.left_behind = True
            if entries:
                return True
        return False

    async def _process(self, entry: Entry) -> None:
        if entry.sequence > self._found_at_start:
            await self._try(entry, entry.attempts + 1)
        elif entry.attempts == 0:
            await self._try(entry, await self._claim(entry))
        else:
            # It may be what ended the process: alone among its like, so that the count finds the right one.
            async with self._quarantine.alone(entry.attempts, entry.sequence):
                if entry.attempts >= MAX_CLAIMS:
                    log.error("update %d kept ending the process, set aside", entry.update_id)
                    await self._give_up(entry, self._dead(entry, entry.attempts, "it kept ending the process"))
                else:
                    await self._try(entry, await self._claim(entry))

    async def _claim(self, entry: Entry) -> int:
        answer = await self._database.commit(self._updates.claim(entry))
        return int(answer[0][0][0])

    async def _try(self, entry: Entry, attempt: int) -> None:
        while True:
            try:
                if not await self._handle(entry, self._source(entry, attempt), attempt):
                    await self._database.commit(
                        self._updates.finish(entry.update_id, entry.sequence, now_ms=self._clock())
                    )
            except Unreadable as error:
                await self._set_aside(entry, attempt, f"not readable: {error}")
            except (DatabaseLost, DatabaseClosed):
                raise
            except ExpectationFailed:
                log.warning("update %d was finished elsewhere", entry.update_id)
            except Exception as error:  # noqa: BLE001 - the chain has recorded it; here it is only counted
                log.warning("update %d failed at try %d: %s", entry.update_id, attempt, type(error).__name__)
                if attempt < MAX_ATTEMPTS:
                    await asyncio.sleep(RETRY_DELAYS_S[min(attempt, len(RETRY_DELAYS_S)) - 1])
                    attempt += 1
                    continue
                if not isinstance(error, TurnFailed):  # it failed outside of the chain, which sets aside itself
                    await self._set_aside(entry, attempt, f"{type(error).__name__}: {error}")
            return

    async def _set_aside(self, entry: Entry, attempt: int, reason: str) -> None:
        reason = clean(reason)[:500]
        # The reason may quote the update, and so a person; it stands in the row, not in the log.
        log.error("update %d set aside, its row tells why", entry.update_id)
        await self._database.commit(self._dead(entry, attempt, reason))

    def _dead(self, entry: Entry, attempt: int, reason: str) -> Statement:
        return self._updates.set_aside(
            entry.update_id, entry.sequence, attempt=attempt, reason=reason, now_ms=self._clock()
        )

    def _source(self, entry: Entry, attempt: int) -> Source:
        last = attempt >= MAX_ATTEMPTS

        def failing(reason: str) -> tuple[Statement, ...]:
            if last:
                return (self._dead(entry, attempt, reason),)
            return (self._updates.fail(entry.update_id, entry.sequence, attempt=attempt),)

        finish = self._updates.finish(entry.update_id, entry.sequence, now_ms=self._clock())
        return Source(opening=(finish,), failing=failing, is_last_try=last)

    async def stop(self, timeout_s: float) -> None:
        """Start nothing new; give what is in hand `timeout_s` seconds, then leave the rest to the next start."""
        self._stopping = True
        tasks = set(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def parse(body: bytes) -> dict[str, object]:
    """An update's raw JSON; raises Unreadable."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error
    if not isinstance(value, dict):
        raise Unreadable("no JSON object")
    return value
