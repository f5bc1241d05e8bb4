"""Facts that whoever answers finds in what a person tells, and has kept without being asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from middleware.facts import Facts
from middleware.incoming import Incoming, was_command
from middleware.replies.splitting import is_visible
from middleware.responder import KeptFact, NotKept
from middleware.turn import Turn
from storage.ids import received_message_id, told_memory_id
from storage.parts import LINK, REPLIED_TO, Part
from storage.tables.memories import Memories, Memory
from storage.text import clean

LONGEST = 300
"""Characters of such a fact: all of it is told, and by a sentence it is said."""
FEW = 3
LOOKED_AT = 1_000
"""Characters that memories are looked for by."""


@dataclass(frozen=True, slots=True)
class ToldFacts:
    """The door to memories that a responder is handed: of this person, in this chat, and of nobody else."""

    memories: Memories
    facts: Facts

    def may_keep(self, turn: Turn) -> bool:
        """Not for runs, nor where anybody else's words, or a file, are part of what was said."""
        is_own = all(_is_own(said, turn.user_id) for said in turn.messages) and _replies_to_known(turn)
        return turn.run is None and turn.has_rights and not turn.is_bot and is_own

    async def keep(self, turn: Turn, fact: str, *, besides: Sequence[KeptFact]) -> KeptFact | None:
        """As one line. What the person has asked to have kept with the same words is known."""
        fact = " ".join(clean(fact).split())
        if not is_visible(fact):
            raise NotKept("there is nothing to keep")
        if len(fact) > LONGEST:
            raise NotKept(f"a fact may have {LONGEST} characters")
        if was_command(fact):
            raise NotKept("a command is no fact")
        assert turn.incoming is not None
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        known = {each.fact for each in besides} | {asked for _, asked in self.facts.asked_in(turn)}
        if fact in known or await self.memories.has(fact, **own):
            return None
        kept = KeptFact(told_memory_id(turn.id, fact), fact)
        message_id = received_message_id(turn.incoming.telegram_message_id)
        turn.record(
            *self.memories.add(
                memory_id=kept.memory_id, fact=fact, now_ms=turn.received_at_ms, told_in=message_id, **own
            )
        )
        return kept

    async def find(self, turn: Turn, words: str) -> Sequence[Memory]:
        """The one that says just this, else those that it concerns, else those that have any of the words."""
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        words = clean(words)
        looked = words[:LOOKED_AT]
        found = await self.memories.recall(looked, limit=FEW, **own) or await self.memories.search(
            looked, limit=FEW, **own
        )
        exact = [memory for memory in found if memory.text == words.strip()]
        return exact[:1] or found


def _is_own(said: Incoming, user_id: str) -> bool:
    """True if a message holds its writer's words alone, or ours."""
    return said.attachment is None and all(_is_theirs_or_ours(part, user_id) for part in said.parts)


def _is_theirs_or_ours(part: Part, user_id: str) -> bool:
    if part.kind == LINK:
        return True
    is_told = part.author_id == user_id or part.content.get("yours") is True
    return part.kind == REPLIED_TO and is_told and "attachment" not in part.content


def _replies_to_known(turn: Turn) -> bool:
    """Of what is replied to its words went along, or they are ours."""
    if not turn.is_reply or any(part.kind == REPLIED_TO for said in turn.messages for part in said.parts):
        return True
    return turn.context.replied is not None and turn.context.replied.role == "assistant"
