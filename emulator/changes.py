"""Waking what waits, from code that is not a coroutine."""

from __future__ import annotations

import asyncio


class Signal:
    """Wakes every present waiter at each `notify`, which may be called by plain functions in the loop's thread."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def waiter(self) -> asyncio.Future[None]:
        """A future that the next `notify` resolves; cancel it when nobody awaits it any longer."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        waiter.add_done_callback(self._waiters.discard)
        return waiter

    def notify(self) -> None:
        """Wake all who wait now."""
        for waiter in tuple(self._waiters):
            if not waiter.done():
                waiter.set_result(None)
