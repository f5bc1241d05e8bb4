"""The answers that are being written, so that somebody can end one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from middleware.turn import Turn

LONGEST = 200_000
"""Characters of an answer; one that goes on is ended there."""

Made = TypeVar("Made")
Conversation = tuple[int, int | None]
"""A chat, and its topic."""


@dataclass(slots=True)
class Writing:
    """One answer on its way: what was said so far, and why it is to end there, if it is."""

    turn_id: str
    user_id: str
    ended: Literal["", "stopped", "length"] = ""
    said: str = ""
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, why: Literal["stopped", "length"]) -> None:
        """End it, for the reason that comes first; what was said so far is kept."""
        self.ended = self.ended or why
        self._end.set()

    def shown_by(self, show: Callable[[str], None]) -> Callable[[str], None]:
        """The same, noting what was said; what becomes too long is ended."""

        def noted(text: str) -> None:
            self.said = text[:LONGEST]
            show(self.said)
            if len(text) > LONGEST:
                self.end("length")

        return noted

    async def unless_ended(self, answer: Awaitable[Made]) -> Made | None:
        """The answer, or None when it was ended; the work on it has then been cancelled, and has ended."""
        work = asyncio.ensure_future(answer)
        end = asyncio.ensure_future(self._end.wait())
        try:
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            return None if self.ended else work.result()
        finally:
            for task in (work, end):
                task.cancel()
            await asyncio.gather(work, end, return_exceptions=True)


class Answering:
    """Answers by conversation, at most one each, as the answers of a conversation wait for each other."""

    def __init__(self) -> None:
        self._writings: dict[Conversation, Writing] = {}

    @contextmanager
    def of(self, turn: Turn) -> Iterator[Writing]:
        """The answer to a turn, which can be stopped while this is open. A run's cannot: nobody waits for it."""
        writing = Writing(turn.id, turn.user_id)
        place = (turn.place.chat_id, turn.place.topic_id)
        if turn.run is None:
            self._writings[place] = writing
        try:
            yield writing
        finally:
            if self._writings.get(place) is writing:
                del self._writings[place]

    def find(self, turn: Turn) -> Writing | None:
        """The answer that is being written where a turn happens."""
        return self._writings.get((turn.place.chat_id, turn.place.topic_id))
