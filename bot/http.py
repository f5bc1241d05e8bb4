"""Talking HTTP to the Bot API. What the rest relies on is PTB's BaseRequest; httpx can be exchanged here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.receiving.envelope import NotUpdates, read_batch
from storage.errors import StorageError
from storage.tables.updates import Received

# The request never left this machine, so it cannot have taken effect.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

Signal = Callable[[], None]
Keep = Callable[[list[Received]], Awaitable[None]]


class Unsent(NetworkError):
    """The request did not reach the server: no connection could be made."""


class HttpxTransport(HTTPXRequest):
    """httpx, telling apart what was never sent from what may have arrived.

    `on_refusal` is called when the token is refused.
    """

    def __init__(self, *, on_refusal: Signal, **options: Any) -> None:
        super().__init__(**options)
        self._on_refusal = on_refusal

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As BaseRequest has it; raises Unsent, or another NetworkError when the effect is unknown."""
        try:
            status, body = await super().do_request(*args, **kwargs)
        except NetworkError as error:
            if isinstance(error.__cause__, _UNSENT):
                raise Unsent(f"not sent: {type(error.__cause__).__name__}") from error
            raise
        if status < 500:
            self._look_at(status, body)
        return status, body

    def _look_at(self, status: int, body: bytes) -> None:
        if status == 200 and body.startswith(b'{"ok":true'):
            return
        try:
            known = isinstance(json.loads(body).get("ok"), bool)
        except (ValueError, AttributeError):
            known = False
        if not known:
            # PTB would take a proxy's 404 page for a refused token and stop for good.
            raise NetworkError(f"the answer ({status}) is not in the Bot API's form")
        if status == 401:
            self._on_refusal()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As BaseRequest has it, but what is no whole answer is a NetworkError, as its call may have had effect."""
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ("result" in answer or answer.get("ok") is False):
            raise NetworkError("the answer is not whole")
        return answer


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
            await self._keep(received)  # also of nothing: that Telegram answered is a fact worth keeping
        except (NotUpdates, StorageError) as error:
            raise NetworkError(str(error)) from error
        # The highest, not the last: ids may come in any order, and an offset acknowledges all that are lower.
        stub = [{"update_id": max(update.update_id for update in received)}] if received else []
        return json.dumps({"ok": True, "result": stub}).encode()
