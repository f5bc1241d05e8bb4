"""Delivery of updates by POST to a bot's own address."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from ..changes import Signal
from ..errors import bad_request
from .updates import Entry, Updates

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
RETRY_SECONDS = 0.1
ANSWER_SECONDS = 60


def checked(url: str) -> SplitResult:
    """The parts of a webhook's address. Errors: 400 unless it is http on loopback."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname in LOOPBACK and parts.port != 0:
            return parts
    raise bad_request("bad webhook: this server only posts to http addresses on loopback")


@dataclass(slots=True)
class Webhook:
    """Posts the head of a queue until it is taken with a 2xx, one update at a time, in order."""

    url: str
    secret: str
    updates: Updates
    changes: Signal
    last_error: str | None = None
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin to post, in the running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Post nothing more; an update under way is not confirmed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _run(self) -> None:
        while True:
            entries = self.updates.head(1)
            if not entries:
                await self.updates.signal.waiter()
            elif await self._takes(entries[0]):
                self.updates.pop(entries[0])
                self.changes.notify()
            else:
                self.changes.notify()
                await asyncio.sleep(RETRY_SECONDS)

    async def _takes(self, entry: Entry) -> bool:
        try:
            # Not wait_for, which may lose a cancellation that comes with the answer.
            async with asyncio.timeout(ANSWER_SECONDS):
                status = await self._post(entry.body)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            self.last_error = f"Connection failed: {type(error).__name__}"
            return False
        taken = 200 <= status < 300
        self.last_error = None if taken else f"Wrong response from the webhook: {status}"
        return taken

    async def _post(self, body: bytes) -> int:
        """The status of the answer. Errors: OSError, ValueError, IncompleteReadError, LimitOverrunError."""
        parts = checked(self.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        try:
            writer.write(self._head(parts, len(body)) + body)
            await writer.drain()
            status_line = await reader.readuntil(b"\r\n")
            return int(status_line[9:12])
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _head(self, parts: SplitResult, length: int) -> bytes:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            "Connection: close",
        ]
        if self.secret:
            lines.append(f"X-Telegram-Bot-Api-Secret-Token: {self.secret}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
