"""Long polling through python-telegram-bot's updater, which is shown of a batch only what moves its offset."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.ext import Updater
from telegram.request import BaseRequest, RequestData

from bot.receiving.batch import FEW, NotUpdates, read_batch
from bot.receiving.reading import ALLOWED_UPDATES
from bot.supervised import Supervisor, end
from bot.tally import Tally
from storage.errors import StorageError
from storage.tables.updates import Received

log = logging.getLogger("polar.polling")

WAIT_S = 30
"""The seconds that Telegram holds a getUpdates that has nothing to tell."""
ANSWER_S = 120.0
"""The time that the whole of an answer may take, kept up by however slow a line."""
SILENCE_S = 90.0
"""The time that python-telegram-bot may make no call; after a failure it waits half a minute at most."""
CLOSED_S = 1.0
"""The time that python-telegram-bot may take to end once no call of its is made any more."""
OTHER_POLLER = b"other getUpdates request"
"""What Telegram says where another program polls; of a webhook that is set it says something else."""
EMPTY_S = 1.0
"""The least time between two answers with nothing in them."""
TURNS_S = 0.005
"""The time that a few updates have for themselves: to ask for the next ones takes the loop as long as an answer."""

Keep = Callable[[list[Received]], Awaitable[None]]
"""Makes updates durable; raises StorageError."""
NoteConflict = Callable[[], Awaitable[None]]
"""Told that somebody else polls with the same token; raises StorageError."""


class Polling:
    """Asks for updates, however often Telegram cannot be reached, until it is stopped."""

    def __init__(self, updater: Updater, transport: JournalTransport) -> None:
        self._updater = updater
        self._transport = transport

    async def start(self, supervisor: Supervisor) -> None:
        """Return when updates can come in; that python-telegram-bot goes on asking is the supervisor's from then on."""
        await self._updater.start_polling(
            timeout=WAIT_S, bootstrap_retries=-1, allowed_updates=list(ALLOWED_UPDATES), error_callback=_warn
        )
        supervisor.keep(self._transport.until_silent(), name="polling")

    async def stop(self, timeout_s: float) -> None:
        """Acknowledge what was received, within `timeout_s` seconds; what is not acknowledged comes again."""
        if not self._updater.running:
            return
        stopping = asyncio.create_task(self._updater.stop(), name="polling's end")
        try:
            await asyncio.wait((stopping,), timeout=timeout_s)
        finally:
            # PTB ends well where its last call is answered, also by us; cancelled, it leaves a call behind.
            self._transport.close()
            await asyncio.wait((stopping,), timeout=CLOSED_S)
            await end((stopping,))
        if not stopping.cancelled():
            with suppress(TelegramError):
                stopping.result()


def _warn(error: TelegramError) -> None:
    name, text = type(error).__name__, str(error)
    log.warning("polling: %s", text if text.startswith(name) else f"{name}: {text}")


class JournalTransport(BaseRequest):
    """Commits each batch of updates before PTB sees that it arrived, and lets it see no more than that.

    So the next getUpdates, which acknowledges the batch, comes after the commit. `keep` raises StorageError
    when the batch could not be kept; PTB then backs off and asks for it again.
    """

    def __init__(self, inner: BaseRequest, keep: Keep, note_conflict: NoteConflict) -> None:
        self._inner = inner
        self._keep = keep
        self._note_conflict = note_conflict
        self._tally = Tally(log)
        self._begun = 0
        self._in_hand = 0
        self._told_to_wait_s = 0.0
        self._is_closed = False

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

    def close(self) -> None:
        """Refuse every further call."""
        self._is_closed = True

    async def until_silent(self) -> None:
        """Ends when nobody makes calls any more: PTB's own task may end, and tells nobody."""
        begun = -1
        while begun != self._begun or self._in_hand:
            begun = self._begun
            await asyncio.sleep(SILENCE_S + self._told_to_wait_s)

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **kwargs: Any
    ) -> tuple[int, bytes]:
        """As BaseRequest has it; the body of a getUpdates answer is cut down to its highest update_id."""
        if self._is_closed:
            raise NetworkError("no more updates are asked for")
        self._begun += 1
        self._in_hand += 1
        began_s = asyncio.get_running_loop().time()
        try:
            status, body = await self._ask(url, method, request_data, *args, **kwargs)
            self._told_to_wait_s = _retry_after_s(body) if status == 429 else 0.0
            if status == 409 and OTHER_POLLER in body:
                await self._tell_conflict()
            if status != 200:
                return status, body
            received = await self._journal(body)
            if not received and _is_held(request_data):
                # Whoever answers at once that there is nothing would have us ask again without an end.
                await asyncio.sleep(began_s + EMPTY_S - asyncio.get_running_loop().time())
            elif 0 < len(received) <= FEW:
                await asyncio.sleep(TURNS_S)
            return status, json.dumps({"ok": True, "result": _shown(received)}).encode()
        finally:
            self._in_hand -= 1

    async def _ask(self, url: str, method: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(ANSWER_S):
                status, body = await self._inner.do_request(url, method, *args, **kwargs)
        except (TimedOut, TimeoutError) as error:
            # PTB repeats a time-out at once; one that comes without waiting would spin.
            raise NetworkError(str(error) or "the answer does not end") from error
        if status == 404:
            # PTB takes any 404 for a refused token and stops polling for good, unnoticed.
            raise NetworkError("getUpdates is not found there (404)")
        return status, body

    async def _tell_conflict(self) -> None:
        try:
            await self._note_conflict()
        except StorageError as error:
            raise NetworkError(str(error)) from error

    async def _journal(self, body: bytes) -> list[Received]:
        """The batch, once it is kept."""
        try:
            received = read_batch(body, self._tally.count)
            await self._keep(received)
        except (NotUpdates, StorageError) as error:
            raise NetworkError(str(error)) from error
        return received


def _shown(received: list[Received]) -> list[dict[str, int]]:
    """The part of a batch that PTB is shown."""
    # The highest, not the last: ids may come in any order, and an offset acknowledges all that are lower.
    return [{"update_id": max(update.update_id for update in received)}] if received else []


def _is_held(request: RequestData | None) -> bool:
    """True if Telegram was asked to wait until there is something."""
    return request is not None and bool(request.parameters.get("timeout"))


def _retry_after_s(body: bytes) -> float:
    """The wait that a 429 asks for."""
    try:
        return float(json.loads(body)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return 0.0
