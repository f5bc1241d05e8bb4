"""The model: what it is told to answer, and what it was asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ..changes import Signal
from .answers import Answer
from .canned import reply
from .requests import Json

KEPT = 1000


@dataclass(slots=True)
class Exchange:
    """One request and what became of it. `ended` is None while it is answered."""

    request: Json
    authorization: str
    answer: Answer
    pieces: int = 0
    """The number of pieces of the answer that were sent."""
    ended: Literal["whole", "cut", "abandoned"] | None = None

    @property
    def messages(self) -> list[Json]:
        """The messages that were sent along."""
        messages: list[Json] = self.request["messages"]
        return messages


@dataclass(frozen=True, slots=True)
class Rule:
    """What a request must not be, and what it gets then."""

    is_broken_by: Callable[[Json], bool]
    refusal: Answer


def has(field: str) -> Callable[[Json], bool]:
    """Requests with a field."""
    return lambda request: field in request


def speaks_as(role: str) -> Callable[[Json], bool]:
    """Requests with a message of a role."""
    return lambda request: any(message["role"] == role for message in request["messages"])


def longer_than(characters: int) -> Callable[[Json], bool]:
    """Requests whose messages have more characters than this."""
    return lambda request: sum(map(len, _contents(request["messages"]))) > characters


def does_not_alternate(request: Json) -> bool:
    """True if user and assistant do not take turns, the user first, with nobody beside them."""
    roles = [message["role"] for message in request["messages"]]
    return any(role != ("user", "assistant")[number % 2] for number, role in enumerate(roles))


class Model:
    """Answers what is ordered, in order, then `otherwise`, else as a friendly canned model would.

    `refused` are request fields that it does not know, and `rules` what else it refuses, and how: the first that a
    request breaks is what it gets, and it is no exchange. `delay_s` is between the pieces of an answer.
    """

    def __init__(self, name: str = "canned-1", delay_s: float = 0) -> None:
        self.name = name
        self.delay_s = delay_s
        self.refused: set[str] = set()
        self.rules: list[Rule] = []
        self.otherwise: Answer | None = None
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self.wrong: deque[str] = deque(maxlen=KEPT)
        """Why requests of a wrong form were refused."""
        self.changes = Signal()
        self._ordered: deque[Answer] = deque()
        self._released = Signal()

    def say(self, *texts: str, **options: Any) -> None:
        """Order an answer for each text; options are those of Answer."""
        self.order(*(Answer(text=text, **options) for text in texts))

    def order(self, *answers: Answer) -> None:
        """Answers to the next requests."""
        self._ordered.extend(answers)

    def release(self) -> None:
        """Let go every answer that waits now."""
        self._released.notify()

    async def held(self) -> None:
        """Until somebody releases it."""
        waiter = self._released.waiter()
        self.changes.notify()
        await waiter

    def refusal_of(self, request: Json) -> Answer | None:
        """What a request gets that breaks a rule."""
        return next((rule.refusal for rule in self.rules if rule.is_broken_by(request)), None)

    def take(self, request: Json, authorization: str) -> Exchange:
        """The exchange that a checked request begins."""
        answer = self._ordered.popleft() if self._ordered else self.otherwise or reply(request)
        exchange = Exchange(request, authorization, answer)
        self.exchanges.append(exchange)
        self.changes.notify()
        return exchange

    async def wait(self, condition: Callable[[], bool], timeout: float = 60) -> None:
        """Until the condition holds, looked at whenever something happens. Errors: TimeoutError."""
        async with asyncio.timeout(timeout):
            while not condition():
                await self.changes.waiter()

    async def close(self) -> None:
        """Let go of whatever waits."""
        self.release()

    def usage(self, exchange: Exchange) -> Json:
        """Tokens as ordered, else counted: four bytes are one."""
        counted = (_tokens(_contents(exchange.messages)), _tokens([exchange.answer.said]))
        prompt, completion = exchange.answer.usage or counted
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _contents(messages: Iterable[Json]) -> list[str]:
    return [str(message.get("content") or "") for message in messages]


def _tokens(texts: Iterable[str]) -> int:
    return sum(len(text.encode(errors="replace")) // 4 + 1 for text in texts)
