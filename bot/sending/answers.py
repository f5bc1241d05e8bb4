"""The Bot API's answer to a call, kept beside what python-telegram-bot makes of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any, Self

from telegram.request import BaseRequest, RequestData

from bot.http.bot_api import Unsent, parse_answer
from storage.errors import DatabaseLost

_OK = re.compile(rb'\s*\{\s*"ok"\s*:\s*true\b')
# Telegram names a message's id before all else of it.
_MESSAGE_ID = re.compile(_OK.pattern + rb'\s*,\s*"result"\s*:\s*\{\s*"message_id"\s*:\s*([0-9]{1,18})\b')


@dataclass(frozen=True, slots=True)
class Receipt:
    """Telegram's ids of a new message and of its chat."""

    message_id: int
    chat_id: int


@dataclass(slots=True)
class Overheard:
    """True if a call went out while this was entered, and the very bytes that came back."""

    is_asked: bool = False
    body: bytes = b""
    _outside: Token[Overheard | None] | None = None

    def __enter__(self) -> Self:
        """Overhear the call that is made within."""
        self._outside = _answer.set(self)
        return self

    def __exit__(self, *_raised: object) -> None:
        """Overhear no more."""
        if self._outside is not None:
            _answer.reset(self._outside)

    @property
    def says_ok(self) -> bool:
        """True if the call had its effect, however little of the rest can be read."""
        return _OK.match(self.body) is not None

    def receipt(self, chat_id: int) -> Receipt | None:
        """Of the message that was sent to this chat; None where no id can be read."""
        number = _MESSAGE_ID.match(self.body)
        return Receipt(int(number[1]), chat_id) if number else self._parsed(chat_id)

    def _parsed(self, chat_id: int) -> Receipt | None:
        try:
            message_id = json.loads(self.body)["result"]["message_id"]
        except (LookupError, TypeError, ValueError, RecursionError):
            return None
        return Receipt(message_id, chat_id) if type(message_id) is int else None


_answer: ContextVar[Overheard | None] = ContextVar("answer", default=None)


class OverheardTransport(BaseRequest):
    """Passes every call on, and notes for whoever overhears it what went out and what came back.

    `check_held` is asked before each: no call begins once another process may be the bot, which it tells by
    DatabaseLost.
    """

    def __init__(self, inner: BaseRequest, check_held: Callable[[], None]) -> None:
        self._inner = inner
        self._check_held = check_held

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
        """As BaseRequest has it."""
        try:
            self._check_held()
        except DatabaseLost as error:
            raise Unsent(str(error)) from error
        answer = _answer.get() or Overheard()
        answer.is_asked = True
        status, answer.body = await self._inner.do_request(url, method, request_data, *args, **kwargs)
        return status, answer.body

    parse_json_payload = staticmethod(parse_answer)
