"""The tries of what is in hand, each update to its end: handled, or set aside. What waits stands in lanes.py.

What makes one turn is handled together: one update, or messages that were merged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec.structs import replace

from bot import tries
from bot.receiving.arrival import Arrival, Letter, Together
from bot.receiving.lanes import Lanes, Next, WatchesEntries
from bot.receiving.merging import MAX_MESSAGES, first_group, may_begin, piece_of
from bot.receiving.quarantine import Quarantine
from bot.receiving.reading import UpdateUnreadable
from bot.supervised import Tasks
from middleware.errors import TurnFailed
from middleware.failures import reason_of
from middleware.turn import Clock, Source
from storage.database import Database
from storage.errors import DatabaseClosed, DatabaseLost, ExpectationFailed
from storage.ids import side_of
from storage.statement import Rows, Statement
from storage.tables.updates import Entry, Kept, Updates

log = logging.getLogger("polar.processor")

UNCLAIMED = 0
"""The number of a try that is to be counted in the journal before it is made."""
MAX_CLAIMS = 6
"""Tries of an update that was unfinished when its process ended; more, because the process may not be its fault."""
CONTROL_SLOTS = 256
ANSWERS_AHEAD = 10_000
"""Lanes that may wait for an answer's slot, by name, before no more answers are looked for in the journal."""
ROOM = 4 * 1024 * 1024
"""Bytes of updates of one side that need not be read from the journal; the others are, when their turn comes."""
READ_AT_ONCE = 16
"""The updates that a turn's commit reads of its lane, where they are not kept."""
FIRST_DELAY_S = 2.0
"""Before the second try; see bot/tries.py."""
LOOK_S = 1.0
"""The interval of the looks for what another process has put into the journal."""


Handle = Callable[[Arrival], Awaitable[bool]]
"""Runs one try of a turn; False when nobody wants it. Raises what went wrong."""

GiveUp = Callable[[Arrival, Sequence[Statement]], Awaitable[None]]
"""Commits the statements that set updates aside, with an apology to whoever waits for an answer."""

Settled = Callable[[str], Awaitable[None]]
"""Waits until all that had come into a lane is kept."""


class Processor:
    """Feeds itself from the journal: from what was just kept there, and else from what it reads."""

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
        settled: Settled,
        clock: Clock,
        traceback_of: Callable[[Exception], str],
        answer_slots: int,
        merge_window_ms: int,
        room: int = ROOM,
    ) -> None:
        self._database = database
        self._updates = updates
        self._handle = handle
        self._give_up = give_up
        self._clock = clock
        self._traceback_of = traceback_of
        self._merge_window_ms = merge_window_ms
        self._tasks = tasks
        self._settled = settled
        self._calm = calm
        """Set when no update is left that may have been in hand when an earlier process ended."""
        self._awake = asyncio.Event()
        self._found_at_start = 0
        self._look_at = 0.0
        sides = partial(
            Lanes,
            updates,
            self._work,
            self._with_wait,
            room=room,
            quarantine=Quarantine(self._awake.set),
            tasks=tasks,
            awake=self._awake,
        )
        self._control = sides("control", slots=CONTROL_SLOTS, ahead=0, watcher=None)
        self._answers = sides("answer", slots=answer_slots, ahead=ANSWERS_AHEAD, watcher=watcher)
        self._sides = (self._control, self._answers)

    def note(self, kept: Kept) -> None:
        """These are in the journal from now on."""
        for lanes in self._sides:
            lanes.hand_over(kept)

    def let_go(self) -> None:
        """Somebody else has changed what waits: it is read again."""
        for lanes in self._sides:
            lanes.let_go()

    async def prepare(self) -> None:
        """See what an earlier process left: whatever comes in from now on was in nobody's hand."""
        self._found_at_start = await self._updates.last_sequence()
        first = await self._updates.first_pending()
        for lanes in self._sides:
            lanes.begin(cursor=(first or 1) - 1, found_at_start=self._found_at_start)

    async def run(self) -> None:
        """Take what is pending into hand, forever; what an earlier process left comes first."""
        while True:
            self._awake.clear()
            steps = [await lanes.step() for lanes in self._sides]
            if all(lanes.is_calm for lanes in self._sides):
                self._calm.set()
            if any(steps):
                await asyncio.sleep(0)  # what begins now runs, and what comes in meanwhile is heard
            else:
                await self._look_again()

    async def _look_again(self) -> None:
        """Wait for what happens here; another process, which tells nobody, may take up what was set aside."""
        if asyncio.get_running_loop().time() >= self._look_at:
            self._look_at = asyncio.get_running_loop().time() + LOOK_S
            for lanes in self._sides:
                lanes.look()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(min(self._look_at, *(lanes.due for lanes in self._sides))):
                await self._awake.wait()

    async def _work(self, entry: Entry, upcoming: Next) -> Next:
        """One try of the turn that begins with this update, or what there is to do before it."""
        letters: Together = (Letter(entry),)
        if upcoming.waited_ms and entry.sequence > upcoming.apart_until:
            letters, open_until_ms = await self._together(entry, upcoming.waited_ms)
            if open_until_ms is not None:
                return self._wait_for_more(entry, upcoming, open_until_ms)
        if upcoming.is_alone and (claims := max(letter.entry.attempts for letter in letters)) >= MAX_CLAIMS:
            log.error("%s kept ending the process, set aside", _named(letters))
            hopeless = Arrival(letters, _HOPELESS, claims, may_be_begun=True)
            await self._give_up(hopeless, self._dead(letters, claims, "it kept ending the process"))
            return _behind(letters, upcoming)
        return await self._try(letters, upcoming)

    def _with_wait(self, first: Entry, upcoming: Next) -> Next:
        """What begins with this update, with the wait for what may join it, if that is still to come."""
        if upcoming.waited_ms or first.sequence <= upcoming.apart_until or not self._may_grow(first):
            return upcoming
        end_ms = first_group((piece_of(Letter(first)),), self._merge_window_ms).open_until_ms
        if end_ms is None or end_ms <= first.received_at_ms:
            return upcoming
        return self._wait_for_more(first, upcoming, end_ms)

    def _may_grow(self, first: Entry) -> bool:
        return side_of(first.lane) == "answer" and may_begin(first, self._merge_window_ms)

    async def _together(self, first: Entry, waited_ms: int) -> tuple[Together, int | None]:
        """An update that was waited for with what has joined it, and until when more may, if that is to come."""
        behind = await self._behind(first)
        if not behind:
            return (Letter(first),), None
        letters = [Letter(entry) for entry in (first, *behind)]
        group = first_group(map(piece_of, letters), self._merge_window_ms)
        is_open = group.open_until_ms is not None and group.open_until_ms > waited_ms
        return tuple(letters[: group.length]), group.open_until_ms if is_open else None

    async def _behind(self, first: Entry) -> list[Entry]:
        """What stands behind one in its lane, of all that had come in by now."""
        await self._settled(first.lane)
        kept = self._answers.all_behind(first, limit=MAX_MESSAGES - 1)
        return await self._updates.list_behind(first, limit=MAX_MESSAGES - 1) if kept is None else kept

    def _wait_for_more(self, first: Entry, upcoming: Next, end_ms: int) -> Next:
        """Wait until an instant is over, at the most as long as from the last one on: the clock may stand still."""
        since_ms = max(first.received_at_ms, upcoming.waited_ms)
        left_ms = min(end_ms - self._clock(), end_ms - since_ms) + 1  # one more, as the clock is rounded
        return replace(upcoming, waited_ms=end_ms, delay_s=max(0, left_ms) / 1000)

    async def _try(self, letters: Together, upcoming: Next) -> Next:
        """Run them once; what comes next is what is behind them, or their next try."""
        attempt, error = await self._run(letters, self._number(letters, upcoming), upcoming)
        if error is None:
            return _behind(letters, upcoming)
        if isinstance(error, UpdateUnreadable | ExpectationFailed):
            return await self._take_apart(letters, upcoming, attempt, error)
        fault = error.error if isinstance(error, TurnFailed) else error
        log.warning("%s failed at try %d: %s", _named(letters), attempt, reason_of(fault), exc_info=fault)
        if tries.is_last(attempt):
            if fault is error:  # it failed outside of the chain, which sets aside itself
                await self._set_aside(letters, attempt, error)
            return _behind(letters, upcoming)
        # From quarantine it goes back there, and is counted again before it is tried.
        following = UNCLAIMED if upcoming.is_alone else attempt + 1
        delay_s = tries.delay_s(attempt, first_s=FIRST_DELAY_S)
        return replace(upcoming, attempt=following, is_alone=False, delay_s=delay_s)

    def _number(self, letters: Together, upcoming: Next) -> int:
        is_new = letters[0].entry.sequence > self._found_at_start
        return upcoming.attempt or (1 if is_new else UNCLAIMED)

    async def _run(self, letters: Together, attempt: int, upcoming: Next) -> tuple[int, Exception | None]:
        """One try, counted in the journal before it is made if it has to be: its number, and what went wrong."""
        try:
            if attempt == UNCLAIMED:
                answers = await self._database.commit(*(self._updates.claim(letter.entry) for letter in letters))
                attempt = max(int(rows[0][0]) for rows in answers)
            if not await self._handle(self._arrival(letters, attempt, upcoming)):
                await self._database.commit(*self._finish(letters))
        except (DatabaseLost, DatabaseClosed):
            raise
        except Exception as error:  # noqa: BLE001 - the chain has recorded it; here it is only counted
            return attempt, error
        return attempt, None

    def _arrival(self, letters: Together, attempt: int, upcoming: Next) -> Arrival:
        # What was pending at the start was perhaps in hand then, though no try of it was counted.
        may_be_begun = attempt > 1 or letters[0].entry.sequence <= self._found_at_start
        return Arrival(letters, self._source(letters, attempt, upcoming), attempt, may_be_begun)

    async def _take_apart(
        self, letters: Together, upcoming: Next, attempt: int, error: UpdateUnreadable | ExpectationFailed
    ) -> Next:
        """One that cannot be read, or was finished elsewhere, ends alone; what was merged with it runs one by one."""
        if len(letters) > 1:
            return replace(upcoming, attempt=attempt, apart_until=letters[-1].entry.sequence)
        if isinstance(error, UpdateUnreadable):
            reason = f"not readable: {reason_of(error.__cause__ or error)}"
            log.error("%s set aside: %s", _named(letters), reason, exc_info=error)
            arrival = self._arrival(letters, attempt, upcoming)
            await self._give_up(arrival, self._dead(letters, attempt, reason, self._traceback_of(error)))
        else:
            log.warning("%s was finished elsewhere", _named(letters))
        return _behind(letters, upcoming)

    async def _set_aside(self, letters: Together, attempt: int, error: Exception) -> None:
        reason = reason_of(error)
        log.error("%s set aside: %s", _named(letters), reason)
        await self._database.commit(*self._dead(letters, attempt, reason, self._traceback_of(error)))

    def _dead(
        self, letters: Together, attempt: int, reason: str, traceback: str | None = None
    ) -> tuple[Statement, ...]:
        more: dict[str, Any] = {"attempt": attempt, "reason": reason, "traceback": traceback, "now_ms": self._clock()}
        set_aside = self._updates.set_aside
        return tuple(set_aside(letter.entry.update_id, letter.entry.sequence, **more) for letter in letters)

    def _finish(self, letters: Together) -> tuple[Statement, ...]:
        now_ms, finish = self._clock(), self._updates.finish
        entries = [letter.entry for letter in letters]
        return tuple([finish(one.update_id, one.sequence, now_ms=now_ms, about=one.about) for one in entries])

    def _source(self, letters: Together, attempt: int, upcoming: Next) -> Source:
        last = tries.is_last(attempt)

        def failing(error: Exception) -> tuple[Statement, ...]:
            if last:
                return self._dead(letters, attempt, reason_of(error), self._traceback_of(error))
            fail = self._updates.fail
            return tuple(fail(letter.entry.update_id, letter.entry.sequence, attempt=attempt) for letter in letters)

        def held() -> tuple[Statement, ...]:
            return tuple(self._updates.hold(letter.entry.update_id, letter.entry.sequence) for letter in letters)

        final = letters[-1].entry
        lanes = self._answers if side_of(final.lane) == "answer" else self._control
        if not lanes.must_read(final):
            return Source(opening=self._finish(letters), failing=failing, is_last_try=last, held=held)

        def opened(rows: Sequence[Rows]) -> None:
            lanes.read(final.lane, map(Entry.from_row, rows[len(letters)]))

        opening = (*self._finish(letters), self._updates.look_behind(final, limit=READ_AT_ONCE))
        return Source(opening=opening, failing=failing, is_last_try=last, held=held, opened=opened)

    async def stop(self, timeout_s: float) -> None:
        """Start nothing new; give what is in hand `timeout_s` seconds, then leave the rest to the next start."""
        for lanes in self._sides:
            lanes.stop()
        await self._tasks.end(timeout_s)


def _behind(letters: Together, upcoming: Next) -> Next:
    last = letters[-1].entry
    return Next(lane=last.lane, after=last.sequence, apart_until=upcoming.apart_until)


def _named(letters: Together) -> str:
    rest = f" and {len(letters) - 1} more" if len(letters) > 1 else ""
    return f"update {letters[0].entry.update_id}{rest}"


_HOPELESS = Source(opening=(), failing=lambda error: (), is_last_try=True)
"""Of what is not tried any more: the statements that set it aside are all that is committed of it."""
