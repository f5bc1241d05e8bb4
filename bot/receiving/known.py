"""The lanes of one side that wait or are in hand: what is known of each, and of their updates as many as there is room.

A name is kept of every lane. Updates that have just come in are kept as well, so that they need not be read from the
journal; where there is no room for one, it and those behind it are read when their turn comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from storage.tables.updates import Entry

EACH = 2_000
"""Bytes that an update takes beside its body, about: what was read in it is as much again, or twice."""


@dataclass(slots=True)
class Lane:
    """What is known of a lane."""

    last: int
    """The last sequence that is known of it."""
    here: int = 0
    """Up to this sequence, all of it has ended or stands in `entries`."""
    entries: deque[Entry] | None = None


class Known:
    """Nothing of a lane is missing among what is kept of it: behind its first gap, nothing is kept."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lanes: dict[str, Lane] = {}

    def last(self, lane: str) -> int | None:
        """The last sequence that is known of a lane, None where neither it waits nor is in hand."""
        known = self._lanes.get(lane)
        return None if known is None else known.last

    def meet(self, entry: Entry) -> None:
        """It stands behind all that is known of its lane."""
        known = self._lanes.get(entry.lane)
        if known is None:
            self._lanes[entry.lane] = Lane(entry.sequence)
        else:
            known.last = max(known.last, entry.sequence)

    def keep(self, entry: Entry, behind: int | None) -> None:
        """Keep one that follows this sequence of its lane, None for the first of it, if there is room."""
        known = self._lanes[entry.lane]
        is_next = behind is None or (known.here >= behind and known.here < entry.sequence)
        if is_next and self._room > 0:
            self._add(known, entry)

    def _add(self, known: Lane, entry: Entry) -> None:
        if known.entries is None:
            known.entries = deque()
        known.entries.append(entry)
        known.here = entry.sequence
        self._room -= EACH + len(entry.body)

    def read(self, lane: str, entries: Iterable[Entry]) -> None:
        """Keep what was read of a lane, its next updates in order, at the least the first; it need not be met yet."""
        known = self._lanes[lane]
        for number, entry in enumerate(entries):
            if known.here < entry.sequence and (number == 0 or self._room > 0):
                self._add(known, entry)

    def next(self, lane: str, after: int) -> Entry | None:
        """The first update of a lane behind a sequence up to which all has ended; None where it has to be read."""
        known = self._lanes[lane]
        self._end(known, after)
        return known.entries[0] if known.entries else None

    def misses_next(self, entry: Entry) -> bool:
        """True if more of its lane is known than is kept behind the one that is in hand."""
        known = self._lanes[entry.lane]
        return known.last > entry.sequence and known.here <= entry.sequence

    def all_behind(self, entry: Entry, *, limit: int) -> list[Entry] | None:
        """What is known of its lane behind the one that is in hand; None where it has to be read."""
        known = self._lanes[entry.lane]
        if known.last <= entry.sequence:
            return []
        if known.here < known.last or not known.entries or known.entries[0].sequence != entry.sequence:
            return None
        return list(islice(known.entries, 1, limit + 1))

    def end(self, lane: str, last: int) -> bool:
        """All of it up to this sequence has ended; True if more of it is known, else it is forgotten."""
        known = self._lanes[lane]
        self._end(known, last)
        if known.last > last:
            return True
        self.let_go(lane)
        del self._lanes[lane]
        return False

    def _end(self, known: Lane, last: int) -> None:
        entries = known.entries
        while entries and entries[0].sequence <= last:
            self._room += EACH + len(entries.popleft().body)
        known.here = max(known.here, last)

    def let_go(self, lane: str) -> None:
        """Keep nothing of it but what is known."""
        known = self._lanes[lane]
        for entry in known.entries or ():
            self._room += EACH + len(entry.body)
        known.entries, known.here = None, 0

    def let_go_all(self) -> None:
        """Keep nothing but names."""
        for lane in self._lanes:
            self.let_go(lane)

    @property
    def is_full(self) -> bool:
        """True if there is no room for another update."""
        return self._room <= 0
