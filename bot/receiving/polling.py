"""Long polling through python-telegram-bot's updater, which is shown of a batch only what moves its offset."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.ext import Updater
from telegram.request import BaseRequest, RequestData

from bot.receiving.batch import NotUpdates, read_batch
from bot.receiving.envelope import ALLOWED_UPDATES
from storage.errors import StorageError
from storage.tables.updates import Received

log = logging.getLogger("polar.polling")

WAIT_S = 30
"""The seconds that Telegram holds a getUpdates that has nothing to tell."""

Keep = Callable[[list[Received]], Awaitable[None]]
"""Makes updates durable; raises StorageError."""


async def start_polling(updater: Updater) -> None:
    """Ask for updates until the updater is stopped, however often Telegram cannot be reached."""

    def on_error(error: TelegramError) -> None:
        log.warning("polling: %s: %s", type(error).__name__, error)

    await updater.start_polling(
        timeout=WAIT_S, bootstrap_retries=-1, allowed_updates=list(ALLOWED_UPDATES), error_callback=on_error
    )


class JournalTransport(BaseRequest):
    """Commits each batch of updates before PTB sees that it arrived, and lets it see no more than that.

    So the next getUpdates, which acknowledges the batch, comes after the commit. `keep` raises StorageError
    when the batch could not be kept; PTB then backs off and asks for it again.
    """

    def __init__(self, inner: BaseRequest, keep: Keep) -> None:
        self._inner = inner
        self._keep = keep

    @property
    def read_timeout(self) -> float | None:
        """Of the inner transport, in seconds."""
        return self._inner.read_timeout

    async def initialize(self) -> None:
        """Opens the inner transport."""
        await self._inner.initialize()

    async def shutdown(self) -> None:
        """Closes the inner transport."""
        await self._inner.shutdown()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        """As BaseRequest has it; the body of a getUpdates answer is cut down to its highest update_id."""
        try:
            status, body = await self._inner.do_request(url, method, request_data, *args, **kwargs)
        except TimedOut as error:
            # PTB repeats a time-out at once; one that comes without waiting would spin.
            raise NetworkError(str(error)) from error
        if status == 404:
            # PTB takes any 404 for a refused token and stops polling for good, unnoticed.
            raise NetworkError("getUpdates is not found there (404)")
        if status != 200:
            return status, body
        return status, await self._journal(body)

    async def _journal(self, body: bytes) -> bytes:
        try:
            received = read_batch(body)
            await self._keep(received)
        except (NotUpdates, StorageError) as error:
            raise NetworkError(str(error)) from error
        # The highest, not the last: ids may come in any order, and an offset acknowledges all that are lower.
        stub = [{"update_id": max(update.update_id for update in received)}] if received else []
        return json.dumps({"ok": True, "result": stub}).encode()
