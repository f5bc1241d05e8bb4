"""Things that are done a fixed time later: many of them, of which most turn out not to be needed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Delay:
    """Does what it is given `seconds` later, in order, with one timer of the event loop for all.

    Nothing is taken back: what is no longer wanted by then has to do nothing when it is called.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: deque[tuple[float, Callable[[], object]]] = deque()
        self._is_waiting = False

    def add(self, do: Callable[[], object]) -> None:
        """Do this then."""
        self._due.append((asyncio.get_running_loop().time() + self._seconds, do))
        if not self._is_waiting:
            self._wait()

    def _wait(self) -> None:
        self._is_waiting = bool(self._due)
        if self._is_waiting:
            asyncio.get_running_loop().call_at(self._due[0][0], self._do_due)

    def _do_due(self) -> None:
        now = asyncio.get_running_loop().time()
        try:
            while self._due and self._due[0][0] <= now:
                self._due.popleft()[1]()
        finally:
            self._wait()
