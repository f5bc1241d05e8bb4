"""The network between a bot and its database's server: lines that can be cut, or let nothing through."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNK = 1 << 16


class Network:
    """Listens on a port of its own, and passes on what comes and goes."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._passes = asyncio.Event()
        self._passes.set()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        tasks = list(self._lines.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        """Both ends of each line hear that it is no more."""
        for writer in list(self._lines):
            writer.transport.abort()

    async def drop(self, seconds: float) -> None:
        """Nobody hears anything of the other end for so long; then all that was said meanwhile comes through."""
        self._passes.clear()
        await asyncio.sleep(seconds)
        self._passes.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[writer] = task
        try:
            with suppress(OSError, asyncio.CancelledError):  # an ended line is what this is for
                await self._passes.wait()
                inner = await asyncio.open_connection("127.0.0.1", self._behind)
                await self._pass_on((reader, writer), inner)
        finally:
            writer.transport.abort()
            del self._lines[writer]
            await _ended(writer)

    async def _pass_on(self, outer: Streams, inner: Streams) -> None:
        ways = [asyncio.create_task(self._pump(a, b)) for a, b in ((outer[0], inner[1]), (inner[0], outer[1]))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            inner[1].transport.abort()  # first of all: what is awaited here may be cancelled
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            await _ended(inner[1])

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            await self._passes.wait()
            writer.write(chunk)
            await writer.drain()


async def _ended(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        await writer.wait_closed()
