"""Telegram's limits on sending: so many messages a second in all, to a chat, to a group."""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

from aiolimiter import AsyncLimiter

from bot.delay import Delay

BURST_SHARE = 0.1
BURST_S = 3
"""A chat that was quiet may get this many seconds' worth at once."""
GROUP_BURST_S = 15
REMEMBERED_CHATS = 10_000
SECOND_S = 1.0
"""The length of time that `per_second` is about."""


class Pacing:
    """Hands out the right to send. Where chats compete, the lower rank goes first."""

    def __init__(self, *, per_second: float, chat_per_second: float, group_per_minute: float) -> None:
        # In no second more than `per_second`: what may go at once, and what is let through after it, add up to that.
        burst = max(1.0, per_second * BURST_SHARE)
        self._total = AsyncLimiter(burst, burst / (per_second * (1 - BURST_SHARE)))
        # Telegram counts what arrives, and calls that left in good order arrive in a heap when the machine or the line
        # stalls. So a call has one of `per_second` places until a second after its end: that holds wherever it was.
        self._places = asyncio.Semaphore(max(1, int(per_second)))
        self._counted = Delay(SECOND_S)
        self._chat_rate = chat_per_second
        self._group_rate = group_per_minute / 60
        self._chats: OrderedDict[int, AsyncLimiter] = OrderedDict()
        self._waiting: list[tuple[int, int, asyncio.Future[bool]]] = []
        self._turns: dict[int, asyncio.Future[bool]] = {}
        self._order = count()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """The number of those that wait for nothing but the limit of all chats together."""
        return len(self._waiting)

    @asynccontextmanager
    async def right_to_send(self, chat_id: int, rank: Callable[[], Awaitable[int]]) -> AsyncIterator[None]:
        """Wait until a message may go to this chat; the call that sends it is made while this is open.

        `rank` tells how urgent it is, and is asked anew after `stir`.
        """
        await self._limiter(chat_id).acquire()
        turn = None
        try:
            while turn is None or not await turn:
                turn = self._turns[chat_id] = self._line_up(await rank())
            yield
        finally:
            self._turns.pop(chat_id, None)
            if turn is not None and turn.done() and not turn.cancelled() and turn.result():
                self.give_back()

    async def take_now(self, chat_id: int) -> bool:
        """Take the right to send to this chat until `give_back`, if nobody waits for one; never waits."""
        chat = self._limiter(chat_id)
        if self._has_waiting() or self._places.locked() or not (chat.has_capacity() and self._total.has_capacity()):
            return False
        await chat.acquire()
        await self._total.acquire()
        await self._places.acquire()
        return True

    def give_back(self) -> None:
        """The call has ended, and Telegram may count it yet."""
        self._counted.add(self._places.release)

    def stir(self, chat_id: int) -> None:
        """Look again at what waits for this chat: it may be more urgent now."""
        turn = self._turns.get(chat_id)
        if turn is not None and not turn.done():
            turn.set_result(False)

    def _line_up(self, rank: int) -> asyncio.Future[bool]:
        """A place in the line of all chats: True when its turn has come; who leaves it is passed over."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), turn))
        self._arrived.set()
        return turn

    async def take_spare(self, chat_id: int) -> bool:
        """Take the right to call about this chat if that leaves one for an answer, and nobody waits; never waits."""
        chat = self._limiter(chat_id)
        if self._has_waiting() or not all(
            bucket.has_capacity(min(2, bucket.max_rate)) for bucket in (chat, self._total)
        ):
            return False
        await chat.acquire()
        await self._total.acquire()
        return True

    async def run(self) -> None:
        """Let the waiting ones go, one by one, at the overall rate."""
        while True:
            while not self._has_waiting():
                self._arrived.clear()
                await self._arrived.wait()
            await self._total.acquire()
            await self._places.acquire()
            if self._has_waiting():
                heapq.heappop(self._waiting)[2].set_result(True)
            else:
                self._places.release()

    def _has_waiting(self) -> bool:
        """True if anybody waits; forgets those at the head of the line who have left it."""
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        return bool(self._waiting)

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
