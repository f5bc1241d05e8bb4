"""The answers that are being written, so that somebody can end one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from middleware.turn import Turn

Made = TypeVar("Made")
Conversation = tuple[int, int | None]
"""A chat, and its topic."""


@dataclass(slots=True)
class Writing:
    """One answer on its way: what was said so far, and whether it is to end there."""

    turn_id: str
    user_id: str
    is_stopped: bool = False
    said: str = ""
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """End it; what was said so far is kept."""
        self.is_stopped = True
        self._stop.set()

    def shown_by(self, show: Callable[[str], None]) -> Callable[[str], None]:
        """The same, noting what was said."""

        def noted(text: str) -> None:
            self.said = text
            show(text)

        return noted

    async def unless_stopped(self, answer: Awaitable[Made]) -> Made | None:
        """The answer, or None when it was stopped; the work on it has then been cancelled, and has ended."""
        work = asyncio.ensure_future(answer)
        stop = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not self.is_stopped:
                return work.result()
            return None
        finally:
            for task in (work, stop):
                task.cancel()
            await asyncio.gather(work, stop, return_exceptions=True)


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
