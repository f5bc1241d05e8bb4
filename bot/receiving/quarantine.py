"""One at a time, of both sides, for updates that may have ended an earlier process."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

from storage.ids import Side

Kept = TypeVar("Kept")


class Quarantine(Generic[Kept]):
    """Lets out one after another, the one with the fewest tries first.

    So when a process is killed again and again for reasons of its own, the blame is spread, and only an
    update that really ends processes collects enough of it to be set aside.
    """

    def __init__(self, freed: Callable[[], None]) -> None:
        self._freed = freed
        self._waiting: list[tuple[int, int, Side, Kept]] = []
        self._is_busy = False

    def add(self, side: Side, tries: int, sequence: int, kept: Kept) -> None:
        """Keep one until its turn comes; no two have the same sequence."""
        heapq.heappush(self._waiting, (tries, sequence, side, kept))

    def admit(self, side: Side) -> Kept | None:
        """Who may come out now, if it is one of this side; nobody else does until `release`."""
        if self._is_busy or not self._waiting or self._waiting[0][2] != side:
            return None
        self._is_busy = True
        return heapq.heappop(self._waiting)[3]

    def release(self) -> None:
        """Whoever came out last has ended, or waits again."""
        self._is_busy = False
        self._freed()
