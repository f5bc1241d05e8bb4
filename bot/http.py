"""Talking HTTP to the Bot API. What the rest relies on is PTB's BaseRequest; httpx can be exchanged here."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

# The request never left this machine, so it cannot have taken effect.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

OnRefusal = Callable[[], None]


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that servers are known by: slow to read, and the same for all transports."""
    return httpx.create_ssl_context()


class Unsent(NetworkError):
    """The request did not reach the server: no connection could be made."""


class HttpxTransport(HTTPXRequest):
    """httpx, telling apart what was never sent from what may have arrived.

    `on_refusal` is called when the token is refused.
    """

    def __init__(self, *, on_refusal: OnRefusal, **options: Any) -> None:
        super().__init__(httpx_kwargs={"verify": _trusted()}, **options)
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
