"""Telegram's limits on sending: so many messages a second in all, to a chat, to a group."""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict
from itertools import count

from aiolimiter import AsyncLimiter

BURST_SHARE = 0.1
BURST_S = 3
"""A chat that was quiet may get this many seconds' worth at once."""
GROUP_BURST_S = 15
REMEMBERED_CHATS = 10_000


class Pacing:
    """Hands out the right to send. Where chats compete, the lower priority number goes first."""

    def __init__(self, *, per_second: float, chat_per_second: float, group_per_minute: float) -> None:
        # In no second more than `per_second`: what may go at once, and what is let through after it, add up to that.
        burst = max(1.0, per_second * BURST_SHARE)
        self._total = AsyncLimiter(burst, burst / (per_second * (1 - BURST_SHARE)))
        self._chat_rate = chat_per_second
        self._group_rate = group_per_minute / 60
        self._chats: OrderedDict[int, AsyncLimiter] = OrderedDict()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._arrived = asyncio.Event()

    async def acquire(self, chat_id: int, priority: int) -> None:
        """Wait until a message may go to this chat."""
        await self._limiter(chat_id).acquire()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._order), turn))
        self._arrived.set()
        await turn

    async def take_spare(self, chat_id: int) -> bool:
        """Take the right to call about this chat if that leaves one for an answer, and nobody waits; never waits."""
        chat = self._limiter(chat_id)
        if self._waiting or not all(bucket.has_capacity(min(2, bucket.max_rate)) for bucket in (chat, self._total)):
            return False
        await chat.acquire()
        await self._total.acquire()
        return True

    async def run(self) -> None:
        """Let the waiting ones go, one by one, at the overall rate."""
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            await self._total.acquire()
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)

    def _limiter(self, chat_id: int) -> AsyncLimiter:
        limiter = self._chats.pop(chat_id, None)
        if limiter is None:
            # Groups and channels have negative ids.
            rate, burst_s = (self._group_rate, GROUP_BURST_S) if chat_id < 0 else (self._chat_rate, BURST_S)
            capacity = max(1.0, rate * burst_s)
            limiter = AsyncLimiter(capacity, capacity / rate)
        self._chats[chat_id] = limiter
        if len(self._chats) > REMEMBERED_CHATS:
            self._chats.popitem(last=False)
        return limiter
