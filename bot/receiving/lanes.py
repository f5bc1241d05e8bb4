"""One side of all conversations, answers or control: which lanes wait, and which updates are in hand.

Of a lane that waits nothing is kept but its name and behind which sequence its next update stands. An update is read,
and has a task, while it has one of the slots.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bot.receiving.quarantine import Quarantine
from bot.supervised import Tasks
from storage.ids import Side
from storage.tables.updates import Entry, Updates

PAGE = 256
"""Rows of the journal that are read at once, so that neither the loop nor the other side waits for long."""


@dataclass(slots=True, kw_only=True)
class Next:
    """The next update of a lane, which is the first unfinished one behind a sequence."""

    lane: str
    after: int
    attempt: int = 0
    """The number of its next try, where this process has tried it before."""
    waited_ms: int = 0
    """The instant until which what belongs to it was waited for."""
    apart_until: int = 0
    """Up to this sequence each update is a turn of its own."""
    is_alone: bool = False
    """True if it was let out of quarantine, and nobody else is before it has ended."""
    delay_s: float = 0.0
    """The wait before it may have a slot."""
    entry: Entry | None = None
    """Itself, where the commit that finished the one before has read it."""

    def found(self, entry: Entry) -> Next:
        """Itself, if this is the update that it was kept of; what was kept is nothing to any other one."""
        if entry.sequence == self.after + 1:
            return self
        return Next(lane=self.lane, after=entry.sequence - 1, apart_until=self.apart_until)


Work = Callable[[Entry, Next], Awaitable[Next]]
"""Does what can be done now about an update in hand, and tells what comes next in its lane: this one again, maybe."""


class WatchesEntries(Protocol):
    """Told of what came in while the bot runs, and of its end; each call returns at once."""

    def take(self, entry: Entry) -> None:
        """It waits for its turn from now on; it may not have been read yet."""
        ...

    def let_go(self, lane: str, last: int) -> None:
        """All of this lane up to this sequence have ended: handled, set aside, or finished elsewhere."""
        ...


class Lanes:
    """Takes the updates of one side from the journal, in order within a lane, as many at a time as it has slots.

    Who comes first in a lane that is idle takes a slot, or waits for one behind those who wait already.
    """

    def __init__(
        self,
        updates: Updates,
        work: Work,
        side: Side,
        *,
        slots: int,
        ahead: int,
        quarantine: Quarantine[Next],
        tasks: Tasks[str],
        watcher: WatchesEntries | None,
        awake: asyncio.Event,
    ) -> None:
        self._side = side
        self._updates = updates
        self._work = work
        self._free = slots
        self._ahead = ahead
        """The number of lanes that may wait for a slot before no more of the journal is read."""
        self._quarantine = quarantine
        self._tasks = tasks
        self._watcher = watcher
        self._awake = awake
        self._met: dict[str, int] = {}
        """The lanes that wait or are in hand, and the last sequence that is known of each."""
        self._ready: deque[Next] = deque()
        self._later: list[tuple[float, int, str, Next]] = []
        """Those that wait for their time, as a heap."""
        self._cursor = 0
        """All up to here were met."""
        self._is_unread = True
        """True if the journal may hold more behind the cursor."""
        self._found_at_start = 0
        self._suspects: set[str] = set()
        self._is_stopping = False

    def begin(self, *, cursor: int, found_at_start: int) -> None:
        """Read from here on. What is in the journal by then, an earlier process may have had in hand."""
        self._cursor, self._found_at_start = cursor, found_at_start

    def stop(self) -> None:
        """Take nothing more into hand."""
        self._is_stopping = True

    def look(self) -> None:
        """The journal may hold more."""
        self._is_unread = True
        self._awake.set()

    @property
    def is_calm(self) -> bool:
        """True if nothing is left that may have been in hand when an earlier process ended."""
        return not self._suspects and self._cursor >= self._found_at_start

    @property
    def due(self) -> float:
        """When the next one's time comes, by the loop's clock."""
        return self._later[0][0] if self._later else float("inf")

    async def step(self) -> bool:
        """Read on, or take what waits into hand; False when there is nothing to do before something happens."""
        if self._is_stopping:
            return False
        self._wake_due()
        room = min(PAGE, self._free + self._ahead - len(self._ready))
        has_read = self._is_unread and room > 0
        if has_read:
            await self._read_on(room)
        if self._cursor >= self._found_at_start and (admitted := self._quarantine.admit(self._side)) is not None:
            admitted.is_alone = True
            self._ready.appendleft(admitted)
        has_taken = self._free > 0 and bool(self._ready)
        if has_taken:
            await self._take()
        return has_read or has_taken

    def _wake_due(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._later and self._later[0][0] <= now:
            upcoming = heapq.heappop(self._later)[3]
            upcoming.delay_s = 0.0
            self._ready.append(upcoming)

    async def _read_on(self, limit: int) -> None:
        """Meet what stands behind the cursor; it is read whole if there may be a slot for it."""
        self._is_unread = False  # what arrives during the query may be in its answer or not
        is_whole = self._free > 0 and not self._ready
        reach, entries = await self._updates.list_pending(
            self._side, after=self._cursor, limit=limit, is_whole=is_whole
        )
        for entry in entries:
            self._meet(entry, is_whole=is_whole)
        if len(entries) == limit:
            self._is_unread = True
            reach = entries[-1].sequence
        self._cursor = max(self._cursor, reach)

    def _meet(self, entry: Entry, *, is_whole: bool) -> None:
        lane, known = entry.lane, self._met.get(entry.lane)
        if known is not None and known >= entry.sequence:
            return  # a turn took it before it was met
        self._met[lane] = entry.sequence
        if entry.sequence > self._found_at_start:
            if self._watcher is not None:
                self._watcher.take(entry)
        elif known is None:  # the first of a lane is the one that was in hand
            self._suspects.add(lane)
        if known is None:
            self._place(entry, Next(lane=lane, after=entry.sequence - 1), is_whole=is_whole)

    def _place(self, entry: Entry, upcoming: Next, *, is_whole: bool) -> None:
        if self._was_in_hand(entry) and not (upcoming.attempt or upcoming.is_alone):
            self._quarantine.add(self._side, entry.attempts, entry.sequence, upcoming)
        elif is_whole and self._free > 0:
            self._start(entry, upcoming)
        else:
            self._ready.append(upcoming)

    def _was_in_hand(self, entry: Entry) -> bool:
        """True if it may be what ended an earlier process: alone among its like, so that the count finds the one."""
        return entry.attempts > 0 and entry.sequence <= self._found_at_start

    async def _take(self) -> None:
        """Read the next one of those who have waited longest."""
        waiting = [self._ready.popleft() for _ in range(min(self._free, len(self._ready), PAGE))]
        entries = await self._updates.list_next([(upcoming.lane, upcoming.after) for upcoming in waiting])
        by_lane = {entry.lane: entry for entry in entries}
        for upcoming in waiting:
            entry = by_lane.get(upcoming.lane)
            last = self._met[upcoming.lane] if entry is None else entry.sequence - 1
            if last > upcoming.after:
                self._end(upcoming, last)  # finished elsewhere
            if entry is None:
                self._put_back(Next(lane=upcoming.lane, after=last))
            else:
                self._place(entry, upcoming.found(entry), is_whole=True)

    def _start(self, entry: Entry, upcoming: Next) -> None:
        if not self._is_stopping:
            self._free -= 1
            self._tasks.start(entry.lane, partial(self._hold, entry, upcoming), name=f"lane {entry.lane}")

    def has_next(self, entry: Entry) -> bool:
        """True if more of its lane is known, and nobody waits who would come before that."""
        return not self._ready and self._met[entry.lane] > entry.sequence

    async def _hold(self, entry: Entry, upcoming: Next) -> None:
        """Work on one update, and on the next ones of its lane as long as they come along and nobody waits."""
        coming = await self._work(entry, upcoming)
        while (following := self._follows(coming)) is not None:
            self._end(upcoming, coming.after)
            entry, upcoming = (
                following,
                Next(lane=coming.lane, after=following.sequence - 1, apart_until=coming.apart_until),
            )
            coming = await self._work(entry, upcoming)
        self._free += 1
        if coming.after >= entry.sequence:
            self._end(upcoming, coming.after)
        elif upcoming.is_alone and not coming.is_alone:
            self._quarantine.release()
        coming.entry = None
        self._put_back(coming)
        if self._is_unread or self._ready or self._later:
            self._awake.set()

    def _follows(self, coming: Next) -> Entry | None:
        goes_on = not (self._is_stopping or self._ready or coming.entry is None or self._was_in_hand(coming.entry))
        return coming.entry if goes_on else None

    def _end(self, upcoming: Next, last: int) -> None:
        """All of a lane up to this sequence have ended."""
        if upcoming.is_alone:
            self._quarantine.release()
        if upcoming.lane in self._suspects:
            self._suspects.remove(upcoming.lane)
            self._awake.set()
        if self._watcher is not None:
            self._watcher.let_go(upcoming.lane, last)

    def _put_back(self, coming: Next) -> None:
        """Let a lane wait for its next turn, unless nothing more is known of it."""
        known = self._met[coming.lane]
        if coming.delay_s > 0:
            due = asyncio.get_running_loop().time() + coming.delay_s
            heapq.heappush(self._later, (due, coming.after, coming.lane, coming))
        elif known > coming.after:
            self._ready.append(coming)
        elif coming.after > self._cursor:  # a turn took more than was met: the lane is kept until that is met
            self._met[coming.lane] = coming.after
            self._ready.append(coming)
            self._is_unread = True
        else:
            del self._met[coming.lane]
