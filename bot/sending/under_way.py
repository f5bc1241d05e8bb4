"""The calls that are claimed, until it is stored what came of each."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from storage.delivery import Delivery


class UnderWay:
    """Who needs to know what came of a call waits for that here."""

    def __init__(self) -> None:
        self._ends: dict[str, dict[str, asyncio.Event]] = {}
        """By session and id: one that is being made, and the one behind it."""

    def begin(self, delivery: Delivery) -> None:
        """It is claimed, or about to be."""
        self._ends.setdefault(delivery.session_id, {})[delivery.delivery_id] = asyncio.Event()

    def end(self, delivery: Delivery) -> None:
        """What came of it is stored, or it is claimed no more; again, that changes nothing."""
        ends = self._ends.get(delivery.session_id, {})
        if (end := ends.pop(delivery.delivery_id, None)) is not None:
            end.set()
            if not ends:
                del self._ends[delivery.session_id]

    def __contains__(self, session_id: str) -> bool:
        """True if a call to this chat may be under way."""
        return session_id in self._ends

    async def until_ended(self, delivery_id: str) -> bool:
        """Wait for the end of this call, whatever its chat was called; False where no claim of it is known."""
        end = next((ends[delivery_id] for ends in self._ends.values() if delivery_id in ends), None)
        if end is not None:
            await end.wait()
        return end is not None

    async def settle(self, session_id: str, limit_s: float) -> bool:
        """Wait for the ends of all that is under way in a chat by now; False where that took longer than the limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                for end in list(self._ends.get(session_id, {}).values()):
                    await end.wait()
            return True
        return False
