"""From the journal to the handlers: lanes in order of arrival, side by side, each update to its end.

What makes one turn is handled together: one update, or messages that were merged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from bot import tries
from bot.receiving.arrival import Arrival, Letter, Together
from bot.receiving.envelope import UpdateUnreadable
from bot.receiving.merging import MAX_MESSAGES, first_group, may_begin, piece_of
from bot.receiving.quarantine import Quarantine
from bot.supervised import Tasks
from middleware.errors import TurnFailed
from middleware.failures import reason_of
from middleware.turn import Clock, Source
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.ids import side_of
from storage.statement import Statement
from storage.tables.updates import Entry, Updates

log = logging.getLogger("polar.processor")

UNCLAIMED = 0
"""The number of a try that is to be counted in the journal before it is made."""
MAX_CLAIMS = 6
"""Tries of an update that was unfinished when its process ended; more, because the process may not be its fault."""
PAGE = 256
LANE_LENGTH = 8
"""Updates of one lane that are held in memory; the rest wait in the journal, so one chat cannot crowd others out."""
HELD = 2048
CONTROL_SLOTS = 256
FIRST_DELAY_S = 2.0
"""Before the second try; see bot/tries.py."""
LOOK_S = 1.0
"""How often it is looked for what another process has put into the journal."""


Handle = Callable[[Arrival], Awaitable[bool]]
"""Runs one try of a turn; False when nobody wants it. Raises what went wrong."""

GiveUp = Callable[[Arrival, Sequence[Statement]], Awaitable[None]]
"""Commits the statements that set updates aside, with an apology to whoever waits for an answer."""


class WatchesEntries(Protocol):
    """Told of what came in while the bot runs, and of its end; each call returns at once."""

    def take(self, entry: Entry) -> None:
        """It waits for its turn from now on."""
        ...

    def let_go(self, entry: Entry) -> None:
        """It has ended: handled, set aside, or finished elsewhere."""
        ...


@dataclass(slots=True)
class Lane:
    """A conversation's answers, or its control: one at a time, in order."""

    name: str
    entries: deque[Entry] = field(default_factory=deque)
    last: int = 0
    """The last sequence that was held, or taken from the journal."""
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
        tasks: Tasks[str],
        watcher: WatchesEntries | None,
        calm: asyncio.Event,
        clock: Clock,
        answer_slots: int,
        merge_window_ms: int,
    ) -> None:
        self._database = database
        self._updates = updates
        self._handle = handle
        self._give_up = give_up
        self._watcher = watcher
        self._clock = clock
        self._merge_window_ms = merge_window_ms
        self._answers = asyncio.Semaphore(answer_slots)
        self._control = asyncio.Semaphore(CONTROL_SLOTS)
        self._quarantine = Quarantine()
        self._lanes: dict[str, Lane] = {}
        self._tasks = tasks
        self._ahead: dict[str, int] = {}
        """Lanes that are done, with the last sequence that they took before `run` came to it."""
        self._held = 0
        self._cursor = 0
        self._awake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._found_at_start = 0
        self._suspects: set[int] = set()
        self._calm = calm
        """Set when no update is left that may have been in hand when an earlier process ended."""

    def wake(self) -> None:
        """New updates are in the journal, or there is room again."""
        self._awake.set()

    async def run(self) -> None:
        """Take what is pending into lanes, forever; what an earlier process left comes first."""
        self._found_at_start = await self._updates.last_sequence()
        self._cursor = (await self._updates.first_pending() or 1) - 1
        while True:
            self._awake.clear()
            room = min(PAGE, HELD - self._held)
            entries = await self._updates.list_pending(after=self._cursor, limit=room) if room > 0 else []
            for entry in entries:
                self._cursor = entry.sequence
                self._append(entry)
            self._ahead = {lane: last for lane, last in self._ahead.items() if last > self._cursor}
            self._calm_down()
            if not entries:
                await self._look_again()

    async def _look_again(self) -> None:
        """Wait for what this process receives; another one, which tells nobody, may take up what was set aside."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._awake.wait()

    def _append(self, entry: Entry) -> None:
        lane = self._lanes.get(entry.lane)
        if entry.sequence <= (lane.last if lane is not None else self._ahead.get(entry.lane, 0)):
            return
        if self._watcher is not None and entry.sequence > self._found_at_start:
            self._watcher.take(entry)
        if lane is None:
            lane = self._lanes[entry.lane] = Lane(entry.lane)
            if entry.sequence <= self._found_at_start:  # the first of a lane is the one that was in hand
                self._suspects.add(entry.sequence)
            self._tasks.start(lane.name, partial(self._work, lane), name=f"lane {lane.name}")
        if lane.left_behind or lane.refilling or len(lane.entries) >= LANE_LENGTH:
            lane.left_behind = True
        else:
            self._hold(lane, [entry])

    def _calm_down(self) -> None:
        if not self._suspects:
            self._calm.set()

    def _hold(self, lane: Lane, entries: list[Entry]) -> None:
        lane.entries.extend(entries)
        if entries:
            lane.last = entries[-1].sequence
        self._held += len(entries)

    async def _work(self, lane: Lane) -> None:
        while not self._stopping.is_set() and (lane.entries or await self._refill(lane)):
            first = lane.entries[0]
            letters = await self._together(lane, first) if self._may_grow(lane, first) else (Letter(first),)
            await self._process(letters)
            if self._stopping.is_set():
                break
            self._let_go(lane, letters)
        del self._lanes[lane.name]
        if lane.last > self._cursor:
            self._ahead[lane.name] = lane.last

    def _may_grow(self, lane: Lane, first: Entry) -> bool:
        return side_of(lane.name) == "answer" and may_begin(first, self._merge_window_ms)

    async def _together(self, lane: Lane, first: Entry) -> Together:
        """The first update of a lane, and what has joined it when nothing can join any more."""
        letters, since_ms = [Letter(first)], first.received_at_ms
        group = first_group(map(piece_of, letters), self._merge_window_ms)
        while group.open_until_ms is not None and group.open_until_ms > since_ms and not self._stopping.is_set():
            await self._wait_until(group.open_until_ms, since_ms=since_ms)
            since_ms = group.open_until_ms
            [rows] = await self._database.commit(self._updates.look_behind(first, limit=MAX_MESSAGES - 1))
            letters = [letters[0], *(Letter(Entry.from_row(row)) for row in rows)]
            group = first_group(map(piece_of, letters), self._merge_window_ms)
        lane.last = max(lane.last, letters[group.length - 1].entry.sequence)
        return tuple(letters[: group.length])

    async def _wait_until(self, end_ms: int, *, since_ms: int) -> None:
        """Wait until an instant is over, at the most as long as from `since_ms` on: the clock may stand still."""
        left_ms = min(end_ms - self._clock(), end_ms - since_ms) + 1
        if left_ms > 0:
            await self._rest((left_ms + 1) / 1000)  # one more, as the clock is rounded

    def _let_go(self, lane: Lane, letters: Together) -> None:
        if self._watcher is not None:
            for letter in letters:
                self._watcher.let_go(letter.entry)
        self._suspects.discard(letters[0].entry.sequence)
        self._calm_down()
        was_full = self._held >= HELD
        while lane.entries and lane.entries[0].sequence <= letters[-1].entry.sequence:
            lane.entries.popleft()
            self._held -= 1
        if was_full and self._held < HELD:
            self.wake()

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

    async def _process(self, letters: Together) -> None:
        first = letters[0].entry.sequence
        if first > self._found_at_start:
            await self._try(letters, 1)
            return
        claims = max(letter.entry.attempts for letter in letters)
        if claims == 0:
            await self._try(letters, UNCLAIMED)
            return
        # It may be what ended the process: alone among its like, so that the count finds the right one.
        async with self._quarantine.alone(claims, first):
            if claims >= MAX_CLAIMS:
                log.error("%s kept ending the process, set aside", _named(letters))
                hopeless = Arrival(letters, _HOPELESS, claims, may_be_begun=True)
                await self._give_up(hopeless, self._dead(letters, claims, "it kept ending the process"))
            else:
                await self._try(letters, UNCLAIMED)

    async def _try(self, letters: Together, attempt: int) -> None:
        """Run them to their end. A slot is held by each try, and by nothing that waits for one."""
        while True:
            async with self._slots(letters):
                if self._stopping.is_set():
                    return
                attempt, error = await self._run(letters, attempt)
            if error is None:
                return
            if isinstance(error, UpdateUnreadable | ExpectationFailed):
                await self._take_apart(letters, attempt, error)
                return
            log.warning("%s failed at try %d: %s", _named(letters), attempt, type(error).__name__)
            if tries.is_last(attempt):
                if not isinstance(error, TurnFailed):  # it failed outside of the chain, which sets aside itself
                    await self._set_aside(letters, attempt, reason_of(error))
                return
            await self._rest(tries.delay_s(attempt, first_s=FIRST_DELAY_S))
            attempt += 1

    def _slots(self, letters: Together) -> asyncio.Semaphore:
        return self._answers if side_of(letters[0].entry.lane) == "answer" else self._control

    async def _run(self, letters: Together, attempt: int) -> tuple[int, Exception | None]:
        """One try, counted in the journal before it is made if it has to be: its number, and what went wrong."""
        try:
            if attempt == UNCLAIMED:
                answers = await self._database.commit(*(self._updates.claim(letter.entry) for letter in letters))
                attempt = max(int(rows[0][0]) for rows in answers)
            if not await self._handle(self._arrival(letters, attempt)):
                await self._database.commit(*self._finish(letters))
        except (DatabaseLost, DatabaseClosed):
            raise
        except Exception as error:  # noqa: BLE001 - the chain has recorded it; here it is only counted
            return attempt, error
        return attempt, None

    def _arrival(self, letters: Together, attempt: int) -> Arrival:
        # What was pending at the start was perhaps in hand then, though no try of it was counted.
        may_be_begun = attempt > 1 or letters[0].entry.sequence <= self._found_at_start
        return Arrival(letters, self._source(letters, attempt), attempt, may_be_begun)

    async def _rest(self, delay_s: float) -> None:
        """Wait, but not while the bot stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()

    async def _take_apart(self, letters: Together, attempt: int, error: UpdateUnreadable | ExpectationFailed) -> None:
        """One that cannot be read, or was finished elsewhere, ends alone; what was merged with it runs one by one."""
        if len(letters) > 1:
            for letter in letters:
                await self._try((letter,), attempt)
        elif isinstance(error, UpdateUnreadable):
            await self._set_aside(letters, attempt, f"not readable: {reason_of(error.__cause__ or error)}")
        else:
            log.warning("%s was finished elsewhere", _named(letters))

    async def _set_aside(self, letters: Together, attempt: int, reason: str) -> None:
        log.error("%s set aside: %s", _named(letters), reason)
        await self._database.commit(*self._dead(letters, attempt, reason))

    def _dead(self, letters: Together, attempt: int, reason: str) -> tuple[Statement, ...]:
        now_ms = self._clock()
        return tuple(
            self._updates.set_aside(
                letter.entry.update_id, letter.entry.sequence, attempt=attempt, reason=reason, now_ms=now_ms
            )
            for letter in letters
        )

    def _finish(self, letters: Together) -> tuple[Statement, ...]:
        now_ms = self._clock()
        finish = self._updates.finish
        return tuple([finish(letter.entry.update_id, letter.entry.sequence, now_ms=now_ms) for letter in letters])

    def _source(self, letters: Together, attempt: int) -> Source:
        last = tries.is_last(attempt)

        def failing(reason: str) -> tuple[Statement, ...]:
            if last:
                return self._dead(letters, attempt, reason)
            fail = self._updates.fail
            return tuple(fail(letter.entry.update_id, letter.entry.sequence, attempt=attempt) for letter in letters)

        return Source(opening=self._finish(letters), failing=failing, is_last_try=last)

    async def stop(self, timeout_s: float) -> None:
        """Start nothing new; give what is in hand `timeout_s` seconds, then leave the rest to the next start."""
        self._stopping.set()
        await self._tasks.end(timeout_s)


def _named(letters: Together) -> str:
    rest = f" and {len(letters) - 1} more" if len(letters) > 1 else ""
    return f"update {letters[0].entry.update_id}{rest}"


_HOPELESS = Source(opening=(), failing=lambda reason: (), is_last_try=True)
"""Of what is not tried any more: the statements that set it aside are all that is committed of it."""
