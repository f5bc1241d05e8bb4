"""The embedded default: no key, no network. It remembers, recalls, and says plainly what it is not."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.automations import reminders
from middleware.responder import Abilities, NotProposed, Propose
from middleware.texts import say
from middleware.turn import Reply, Turn
from storage.tables.memories import Memories

RECALLED = 3
_REMEMBER = re.compile(r"(?:please )?remember(?: that|:)?\s+(?P<fact>\S.*)", re.IGNORECASE | re.DOTALL)


class Local:
    """Answers by what it was told in this very conversation."""

    abilities = Abilities(is_immediate=True)

    def __init__(self, memories: Memories, new_id: Callable[[], str], propose: Propose) -> None:
        self._memories = memories
        self._new_id = new_id
        self.propose = propose

    async def respond(self, turn: Turn) -> str | Reply:
        """A run's prompt is a reminder; a fact is kept; a reminder is proposed; all else is answered from memory."""
        if turn.run is not None:
            return say("local.reminder", prompt=turn.run.prompt)
        if turn.incoming is not None and turn.incoming.attachment is not None:
            return say("local.media", kind=turn.incoming.kind.replace("_", " "))
        if not turn.is_bot and (match := _REMEMBER.fullmatch(turn.text.strip())):
            return self._remember(turn, match["fact"])
        if reminders.asks(turn.text):
            return await self._remind(turn)
        return _recall(turn) or say("local.no_model")

    async def _remind(self, turn: Turn) -> str | Reply:
        reminder = reminders.read(turn.text, now=await self.propose.now_of(turn))
        if reminder is None:
            return _recall(turn) or say("local.no_time")
        try:
            return await self.propose.automation(turn, schedule=reminder.schedule, prompt=reminder.prompt)
        except NotProposed as error:
            return str(error)

    def _remember(self, turn: Turn, fact: str) -> str:
        turn.record(
            *self._memories.add(
                memory_id=self._new_id(),
                session_id=turn.session_id,
                user_id=turn.user_id,
                fact=fact,
                now_ms=turn.received_at_ms,
            )
        )
        return say("local.noted")


def _recall(turn: Turn) -> str | None:
    """The best of what the message reminds us of."""
    if not turn.context.memories:
        return None
    facts = "\n".join(f"• {fact}" for fact in turn.context.memories[:RECALLED])
    return say("local.recalled", facts=facts)
