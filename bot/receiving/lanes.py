"""One side of all conversations, answers or control: which lanes wait, and which updates are in hand.

What was just kept is handed over, and nothing has to be read. An earlier process's updates, another one's, and those
beyond what there is room for are read from the journal, which alone says what there is: of a lane that waits for these
only its name is kept, and behind which sequence its next update stands. An update has a task while it has a slot.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Protocol

from msgspec import Struct

from bot.receiving.known import Known
from bot.receiving.quarantine import Quarantine
from bot.supervised import Tasks
from storage.ids import Side, side_of
from storage.tables.updates import Entry, Kept, Updates

PAGE = 256
"""Rows of the journal that are read at once, so that neither the loop nor the other side waits for long."""
BURST = 16
"""Updates of one side that begin within one pass of the loop: then it hears what comes in, and the writer commits."""
MOST_MEANWHILE = 64
"""Batches that may come in while something is read; if more do, they are read as well."""


class Next(Struct, kw_only=True, gc=False):
    """The next update of a lane, which is the first unfinished one behind a sequence."""

    lane: str
    after: int
    attempt: int = 0
    """The number of its next try, where this process has tried it before."""
    waited_ms: int = 0
    """The instant until which what belongs to it is waited for, or was; 0 where nothing can join it."""
    apart_until: int = 0
    """Up to this sequence each update is a turn of its own."""
    is_alone: bool = False
    """True if it was let out of quarantine, and nobody else is before it has ended."""
    delay_s: float = 0.0
    """The wait before it may have a slot."""

    def found(self, entry: Entry) -> Next:
        """Itself, if this is the update that it was kept of; what was kept is nothing to any other one."""
        if entry.sequence == self.after + 1:
            return self
        return Next(lane=self.lane, after=entry.sequence - 1, apart_until=self.apart_until)


Work = Callable[[Entry, Next], Awaitable[Next]]
"""Does what can be done now about an update in hand, and tells what comes next in its lane: this one again, maybe."""
WithWait = Callable[[Entry, Next], Next]
"""Of an update that may begin: the same, with the wait that comes before it, if there is one."""


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
        with_wait: WithWait,
        side: Side,
        *,
        slots: int,
        ahead: int,
        room: int,
        quarantine: Quarantine[Next],
        tasks: Tasks[str],
        watcher: WatchesEntries | None,
        awake: asyncio.Event,
    ) -> None:
        self._side = side
        self._updates = updates
        self._work = work
        self._with_wait = with_wait
        self._free = slots
        self._burst = BURST
        """How many more may begin within this pass."""
        self._ahead = ahead
        """The number of lanes that may wait for a slot before no more of the journal is read."""
        self._quarantine = quarantine
        self._tasks = tasks
        self._watcher = watcher
        self._awake = awake
        self._known = Known(room)
        self._ready: deque[Next] = deque()
        self._later: list[tuple[float, int, str, Next]] = []
        """Those that wait for their time, as a heap."""
        self._cursor = -1
        """All up to here were met; negative before the beginning."""
        self._is_unread = True
        """True if the journal may hold more behind the cursor."""
        self._taken: dict[str, int] = {}
        """Of lanes of which nothing more is known: up to where a turn took what was not met yet."""
        self._meanwhile: list[Kept] | None = None
        """What came in while the journal is being read."""
        self._is_taking = False
        """True while the next ones of those who have waited are being read."""
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

    def hand_over(self, kept: Kept) -> None:
        """These are in the journal from now on; what stands before them and was not met has to be read first."""
        if kept.behind <= self._cursor:
            self._meet_new(kept)
        elif self._meanwhile is not None and len(self._meanwhile) < MOST_MEANWHILE:
            self._meanwhile.append(kept)
        else:
            self.look()

    def _meet_new(self, kept: Kept) -> None:
        for entry in kept.entries:
            if entry.sequence <= self._cursor:
                continue  # it was read before it was told of
            if side_of(entry.lane) == self._side:
                if self._room <= 0 and self._known.last(entry.lane) is None:
                    self._cursor = entry.sequence - 1
                    self.look()
                    return
                self._meet(entry, is_whole=True)
            self._cursor = entry.sequence

    def let_go(self) -> None:
        """Others have changed what waits: all of it is read again when its turn comes."""
        self._known.let_go_all()
        self.look()

    @property
    def _has_waiting(self) -> bool:
        """True if somebody waits for a slot already."""
        return bool(self._ready) or self._is_taking

    @property
    def _room(self) -> int:
        """The number of further lanes that may be met now."""
        return self._free + self._ahead - len(self._ready)

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
        room = min(PAGE, self._room)
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
        self._is_unread, self._meanwhile = False, []  # what arrives during the query may be in its answer or not
        is_whole = self._free > 0 and not self._ready
        reach, entries = await self._updates.list_pending(
            self._side, after=self._cursor, limit=limit, is_whole=is_whole
        )
        for entry in entries:
            if entry.sequence > self._cursor:
                self._meet(entry, is_whole=is_whole)
        if len(entries) == limit:
            self._is_unread = True
            reach = entries[-1].sequence
        self._cursor = max(self._cursor, reach)
        if len(entries) < limit:
            self._taken = {lane: last for lane, last in self._taken.items() if last > self._cursor}
        meanwhile, self._meanwhile = self._meanwhile, None
        for kept in meanwhile:
            self.hand_over(kept)

    def _meet(self, entry: Entry, *, is_whole: bool) -> None:
        lane, known = entry.lane, self._known.last(entry.lane)
        if max(known or 0, self._taken.get(lane, 0)) >= entry.sequence:
            return  # a turn took it before it was met
        self._known.meet(entry)
        if is_whole and entry.sequence > self._found_at_start:
            self._known.keep(entry, known)
        if entry.sequence > self._found_at_start:
            if self._watcher is not None:
                self._watcher.take(entry)
        elif known is None:  # the first of a lane is the one that was in hand
            self._suspects.add(lane)
        if known is None:
            self._place(entry, Next(lane=lane, after=entry.sequence - 1), is_first=is_whole and not self._has_waiting)

    def _place(self, entry: Entry, upcoming: Next, *, is_first: bool) -> None:
        if self._was_in_hand(entry) and not (upcoming.attempt or upcoming.is_alone):
            self._quarantine.add(self._side, entry.attempts, entry.sequence, upcoming)
            return
        upcoming = self._with_wait(entry, upcoming)
        if upcoming.delay_s > 0:
            self._delay(upcoming)
        elif is_first and self._free > 0 and self._burst > 0:
            self._start(entry, upcoming)
        else:
            self._ready.append(upcoming)
            self._awake.set()

    def _delay(self, upcoming: Next) -> None:
        due = asyncio.get_running_loop().time() + upcoming.delay_s
        heapq.heappush(self._later, (due, upcoming.after, upcoming.lane, upcoming))
        if due <= self.due:
            self._awake.set()

    def _was_in_hand(self, entry: Entry) -> bool:
        """True if it may be what ended an earlier process: alone among its like, so that the count finds the one."""
        return entry.attempts > 0 and entry.sequence <= self._found_at_start

    async def _take(self) -> None:
        """Begin those who have waited longest; of as many as there are slots, what is not kept is read before."""
        waiting = [self._ready.popleft() for _ in range(min(self._free, len(self._ready), PAGE))]
        unread = [upcoming for upcoming in waiting if self._known.next(upcoming.lane, upcoming.after) is None]
        if unread:
            self._is_taking = True
            gone = await self._read_next([(upcoming, self._known.last(upcoming.lane) or 0) for upcoming in unread])
            self._is_taking = False
            waiting = [upcoming for upcoming in waiting if upcoming.lane not in gone]
        self._ready.extendleft(reversed(waiting))
        while self._ready and self._free > 0 and self._burst > 0:
            entry = self._known.next(self._ready[0].lane, self._ready[0].after)
            if entry is None:
                break  # it is read with those behind it
            self._place(entry, self._ready.popleft().found(entry), is_first=True)

    async def _read_next(self, waiting: list[tuple[Next, int]]) -> set[str]:
        """Those who wait, each with the last sequence that is known of its lane before it is read.

        They are kept even where there is no room, as they come next; of the lanes that come back, nothing was left.
        """
        entries = await self._updates.list_next([(upcoming.lane, upcoming.after) for upcoming, _ in waiting])
        by_lane = {entry.lane: entry for entry in entries}
        gone = set()
        for upcoming, known in waiting:
            entry = by_lane.get(upcoming.lane)
            last = known if entry is None else entry.sequence - 1
            if last > upcoming.after:
                self._end(upcoming, last)  # finished elsewhere
            if entry is None:
                self._put_back(Next(lane=upcoming.lane, after=last))
                gone.add(upcoming.lane)
            else:
                self._known.read(entry.lane, (entry,))
        return gone

    def _start(self, entry: Entry, upcoming: Next) -> None:
        if not self._is_stopping:
            if self._burst == BURST:
                asyncio.get_running_loop().call_soon(self._refill)
            self._free -= 1
            self._burst -= 1
            self._tasks.start(entry.lane, partial(self._hold, entry, upcoming), name=f"lane {entry.lane}")

    def _refill(self) -> None:
        """In the next pass as many may begin again."""
        self._burst = BURST
        if self._ready:
            self._awake.set()

    def must_read(self, entry: Entry) -> bool:
        """True if more of its lane is known than is kept, and nobody waits who would come before that."""
        return not self._ready and self._known.misses_next(entry)

    def read(self, lane: str, entries: Iterable[Entry]) -> None:
        """These were read of a lane, which has one in hand: the first of what is unfinished behind that."""
        self._known.read(lane, entries)

    def all_behind(self, entry: Entry, *, limit: int) -> list[Entry] | None:
        """Up to so many of its lane behind one that is in hand; None where they have to be read."""
        if self._is_unread or self._meanwhile is not None:
            return None  # the journal may hold some that were not met yet
        return self._known.all_behind(entry, limit=limit)

    async def _hold(self, entry: Entry, upcoming: Next) -> None:
        """Work on one update, and on the next ones of its lane as long as they come along and nobody waits."""
        coming = await self._work(entry, upcoming)
        while (following := self._follows(entry, coming)) is not None:
            self._end(upcoming, coming.after)
            entry, upcoming = following
            coming = await self._work(entry, upcoming)
        self._free += 1
        if coming.after >= entry.sequence:
            self._end(upcoming, coming.after)
        elif upcoming.is_alone and not coming.is_alone:
            self._quarantine.release()
        if self._known.is_full or (coming.after < entry.sequence and coming.waited_ms == upcoming.waited_ms):
            self._known.let_go(entry.lane)  # what failed is read again
        self._put_back(coming)
        if self._is_unread or self._ready or self._later:
            self._awake.set()

    def _follows(self, entry: Entry, coming: Next) -> tuple[Entry, Next] | None:
        if self._is_stopping or self._ready or coming.after < entry.sequence:
            return None
        following = self._known.next(coming.lane, coming.after)
        if following is None or self._was_in_hand(following):
            return None
        upcoming = self._with_wait(following, coming.found(following))
        return None if upcoming.delay_s > 0 else (following, upcoming)

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
        if coming.delay_s > 0:
            self._delay(coming)
        elif self._known.end(coming.lane, coming.after):
            self._ready.append(coming)
        elif coming.after > self._cursor:
            # It waits for no slot: those who do leave no room to read on, and so to come to what it waits for.
            self._taken[coming.lane] = coming.after
            self._is_unread = True
