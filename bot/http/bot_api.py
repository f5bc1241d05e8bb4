"""What an answer of the Bot API says, and what python-telegram-bot is told where there is none."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import msgspec
from telegram.error import NetworkError

OnRefusal = Callable[[], None]


class Unsent(NetworkError):
    """The request did not reach the server: no connection could be made."""


@cache
def trusted() -> ssl.SSLContext:
    """The certificates that servers are known by: slow to read, and the same for all transports."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def check(status: int, body: bytes, on_refusal: OnRefusal) -> None:
    """Raise NetworkError where an answer is not the Bot API's own; call `on_refusal` where it refuses the token."""
    if status >= 500 or (status == 200 and body.startswith(b'{"ok":true')):
        return
    try:
        known = isinstance(json.loads(body).get("ok"), bool)
    except (ValueError, AttributeError):
        known = False
    if not known:
        # PTB would take a proxy's 404 page for a refused token and stop for good.
        raise NetworkError(f"the answer ({status}) is not in the Bot API's form")
    if status == 401:
        on_refusal()


def parse_answer(payload: bytes) -> dict[str, Any]:
    """The JSON of an answer; what is no whole one is a NetworkError, as its call may have had effect."""
    try:
        answer = msgspec.json.decode(payload)
    except ValueError:
        answer = _liberally(payload)
    if not isinstance(answer, dict) or not ("result" in answer or answer.get("ok") is False):
        raise NetworkError("the answer is not whole")
    return answer


def _liberally(payload: bytes) -> Any:
    """The standard library reads what msgspec refuses: half of a surrogate pair, a number that is none."""
    try:
        return json.loads(payload)
    except ValueError:
        return None
