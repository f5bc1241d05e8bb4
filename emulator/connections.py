"""The client at the other end of a call that takes long."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import Request

from .changes import Signal


class Connection:
    """Waits no longer than the client does."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._leaving: asyncio.Task[None] | None = None

    async def hears(self, signal: Signal, seconds: float | None) -> bool:
        """True when the signal came or the seconds are over; False when the client has gone."""
        leaving = self._watch()
        waiter = signal.waiter()
        try:
            await asyncio.wait({waiter, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
        return not leaving.done()

    async def left(self) -> None:
        """Return when the client has gone."""
        await self._watch()

    def _watch(self) -> asyncio.Task[None]:
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._disconnected())
        return self._leaving

    async def _disconnected(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    async def _close(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._leaving

    @classmethod
    @contextlib.asynccontextmanager
    async def of(cls, request: Request) -> AsyncIterator[Connection]:
        """The connection of a request whose body has been read."""
        connection = cls(request)
        try:
            yield connection
        finally:
            await connection._close()
