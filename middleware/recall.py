"""The memories of this person in this very chat, those that concern the message first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from middleware.needs import Needs
from middleware.responder import ANSWERABLE, wants_answer
from middleware.turn import CallNext, Kind, Outcome, Turn
from storage.tables.memories import Memories

MAX_CHARACTERS = 4_096
"""Of all facts together: as much as one message of Telegram's holds, so that no fact is too long by itself."""
MAX_FACTS = 20
LOOKED_AT = 1_000
"""Characters of the message that are searched with."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Gives the memories that share words with the message; none where nothing matches."""

    memories: Memories
    needs: Needs

    @property
    def kinds(self) -> frozenset[Kind]:
        """None where nobody wants to know."""
        return ANSWERABLE if self.needs.memories else frozenset()

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """For what a responder is to answer; the search itself keeps to the user and the session."""
        if wants_answer(turn) and (asked := turn.request):
            memories = await self.memories.recall(
                asked[:LOOKED_AT], session_id=turn.session_id, user_id=turn.user_id, limit=MAX_FACTS
            )
            turn.context.memories = tuple(fitting((memory.text for memory in memories), MAX_CHARACTERS))
        return await call_next(turn)

    def read_ahead(self, user_id: str, session_id: str) -> None:
        """Whether the person has any; which of them concern the message is searched for when that is handled."""
        if self.needs.memories:
            self.memories.expect(user_id)


def fitting(facts: Iterable[str], limit: int) -> Iterator[str]:
    """Whole facts in their order, as many as have room in so many characters; one that has none is passed over."""
    for fact in facts:
        if len(fact) <= limit:
            limit -= len(fact)
            yield fact
