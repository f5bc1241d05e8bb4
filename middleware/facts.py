"""Facts that people ask to have kept: by “remember that …”, whoever answers, and by what an edit makes of one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import ClassVar

from middleware.incoming import Incoming
from middleware.kept import noted
from middleware.responder import KeptFact, wants_answer
from middleware.texts import say
from middleware.turn import CallNext, Kind, Outcome, Turn
from middleware.usage import anonymous
from storage.ids import memory_id, received_message_id
from storage.statement import Statement
from storage.tables.memories import Memories
from storage.tables.messages import Message

MAX_FACT = 2000
"""Characters of a fact."""
COMMAND = "remember"
_ASKED = re.compile(r"(?:please,?\s+)?remember(?:\s+that\b|\s*:)?\s+(?P<fact>\S.*)", re.IGNORECASE | re.DOTALL)
_ASKED_PLAINLY = re.compile(r"(?:please,?\s+)?remember(?:\s+that\b|\s*:)\s+(?P<fact>\S.*)", re.IGNORECASE | re.DOTALL)
_THAT = re.compile(r"that\s+(?=\S)", re.IGNORECASE)
_COMMANDED = re.compile(rf"/{COMMAND}(?:@\w+)?\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """Keeps what somebody says is to be remembered. A fact is named after its message, so that an edit finds it."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"message", "edited_message"})

    memories: Memories
    talks: bool
    """True if whoever answers can make more of “remember the day when …” than a fact."""
    answers: bool
    """False where nobody ever answers."""

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Messages that are nothing but facts end here, unless nobody is to be told."""
        if turn.is_bot or not wants_answer(turn):
            return await call_next(turn)
        if turn.is_renewed:
            await self._let_go(turn)
        facts = self.asked_in(turn)
        if not facts:
            return await call_next(turn)
        noted = await self._keep_all(turn, facts)
        if not self.answers:
            return await call_next(turn)
        if len(facts) == sum(1 for said in turn.messages if said.text):
            return noted
        outcome = await call_next(turn)
        return replace(outcome, replies=(*outcome.replies, *noted.replies))

    def asked_in(self, turn: Turn) -> list[tuple[Incoming, str]]:
        """The facts that its messages ask to have kept."""
        return [(said, fact) for said in turn.messages if said.addressed and (fact := self._fact(said)) is not None]

    async def _let_go(self, turn: Turn) -> None:
        """What was found in a message that says something else now goes, as what was said of it does."""
        assert turn.incoming is not None
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        message_id = received_message_id(turn.incoming.telegram_message_id)
        for found in await self.memories.list_told_in(message_id, **own):
            turn.record(*self.memories.remove(found, **own))

    def _fact(self, said: Incoming) -> str | None:
        # What is forwarded was another's to say; a question asks for an answer.
        if said.command is not None or said.forwarded or _is_question(said.text):
            return None
        match = self._asked.fullmatch(said.request)
        return match["fact"].strip() if match else None

    @property
    def _asked(self) -> re.Pattern[str]:
        return _ASKED_PLAINLY if self.talks else _ASKED

    def _may_have_asked(self, former: str) -> bool:
        """True if a message may have been a fact; whom it named in front is not known any more."""
        return (_COMMANDED.search(former) or self._asked.search(former)) is not None and not _is_question(former)

    async def _keep_all(self, turn: Turn, facts: list[tuple[Incoming, str]]) -> Outcome:
        """Keep them, or say why not."""
        if not turn.has_rights:
            return anonymous()
        if (longest := max(len(fact) for _, fact in facts)) > MAX_FACT:
            return Outcome.answer(say("memory.too_long", most=MAX_FACT, length=longest), by="polar")
        last = facts[-1][0]
        if turn.former is None or not self._may_have_asked(turn.former):
            for said, fact in facts:
                turn.record(*self.keep(turn, said, fact))
        elif not await self._knows(turn, last):
            return Outcome.answer(say("memory.stays_forgotten"), by="polar")
        kept = [KeptFact(memory_id(turn.session_id, said.telegram_message_id), fact) for said, fact in facts]
        return Outcome(status="answered", replies=(noted(turn, kept, say("memory.kept")),))

    async def _knows(self, turn: Turn, said: Incoming) -> bool:
        name = memory_id(turn.session_id, said.telegram_message_id)
        return await self.memories.find(name, session_id=turn.session_id, user_id=turn.user_id) is not None

    def keep(self, turn: Turn, said: Incoming, fact: str) -> tuple[Statement, ...]:
        """Remember what this message asks for."""
        return self.memories.add(
            memory_id=memory_id(turn.session_id, said.telegram_message_id),
            session_id=turn.session_id,
            user_id=turn.user_id,
            fact=fact,
            now_ms=turn.received_at_ms,
        )

    def revised(self, turn: Turn, edited: Incoming, stored: Message) -> tuple[Statement, ...]:
        """What the edit of a message makes of the fact that it was: another one, or none; the forgotten stays so."""
        if not self._may_have_asked(stored.text) or edited.is_older_than(stored.edit_date):
            return ()
        is_command = edited.command is not None and edited.command.name == COMMAND
        fact = commanded(edited.command.argument) if edited.command is not None and is_command else self._fact(edited)
        own = {"session_id": turn.session_id, "user_id": turn.user_id}
        name = memory_id(turn.session_id, edited.telegram_message_id)
        if not fact:
            return self.memories.remove(name, **own)
        if len(fact) > MAX_FACT:
            return ()
        return self.memories.replace(name, fact=fact, now_ms=turn.received_at_ms, **own)


def commanded(argument: str) -> str:
    """The fact behind the command, which people say as a sentence too: “/remember that my cat …”."""
    return argument[match.end() :] if (match := _THAT.match(argument)) else argument


def _is_question(text: str) -> bool:
    return text.rstrip().endswith("?")
