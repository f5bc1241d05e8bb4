"""Units that wait for the writer, in the order in which they are committed."""

from __future__ import annotations

import asyncio
from collections import deque

from storage.statement import Unit, UnitRows

WaitingUnit = tuple[Unit, asyncio.Future[UnitRows]]

MAX_UNITS = 512
"""The units that one commit may have."""


class WaitingUnits:
    """Those that are ahead of the others take turns with them, so that neither waits for more than one commit."""

    def __init__(self) -> None:
        self._ahead: deque[WaitingUnit] = deque()
        self._others: deque[WaitingUnit] = deque()
        self._changed = asyncio.Event()
        self._was_ahead = False
        self._is_ended = False

    def put(self, unit: WaitingUnit, *, ahead: bool) -> None:
        """Let it wait."""
        (self._ahead if ahead else self._others).append(unit)
        self._changed.set()

    def end(self) -> None:
        """Nothing comes any more."""
        self._is_ended = True
        self._changed.set()

    async def take(self) -> list[WaitingUnit]:
        """What is committed next, all that waits if it is not too much; nothing in the end."""
        while not (self._ahead or self._others or self._is_ended):
            self._changed.clear()
            await self._changed.wait()
        self._was_ahead = bool(self._ahead) and not (self._was_ahead and self._others)
        waiting = self._ahead if self._was_ahead else self._others
        return [waiting.popleft() for _ in range(min(MAX_UNITS, len(waiting)))]

    def take_all(self) -> list[WaitingUnit]:
        """Everything that waits."""
        waiting = [*self._ahead, *self._others]
        self._ahead.clear()
        self._others.clear()
        return waiting
