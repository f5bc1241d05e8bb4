"""The embedded default: no key, no network. It remembers, recalls, and says plainly what it is not."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot import reminders
from bot.proposals import Propose
from bot.schedules import ScheduleError
from middleware.commands import UsageError
from middleware.turn import Reply, Turn
from storage.memories import Memories

RECALLED = 3
NO_MODEL = (
    "No language model is connected, so I cannot talk about that. "
    "What I can do: remember (“remember that …”), recall, and remind you "
    "(“remind me in 20 minutes to …”, /automations). "
    "Whoever runs me can connect a model with POLAR_RESPONDER; the README tells how."
)
NO_TIME = "I did not understand when. I do understand: “remind me every day at 18:00 to water the plants”."
_REMEMBER = re.compile(r"(?:please )?remember(?: that|:)?\s+(?P<fact>\S.*)", re.IGNORECASE | re.DOTALL)
_MEDIA = "I keep a note that you sent this ({kind}), but I cannot look into it."


class Local:
    """Answers by what it was told in this very conversation."""

    def __init__(self, memories: Memories, new_id: Callable[[], str], propose: Propose) -> None:
        self._memories = memories
        self._new_id = new_id
        self.propose = propose

    async def respond(self, turn: Turn) -> str | Reply:
        """A run's prompt is a reminder; a fact is kept; a reminder is proposed; all else is answered from memory."""
        if turn.run is not None:
            return f"⏰ {turn.run.prompt}"
        if turn.incoming is not None and turn.incoming.attachment is not None:
            return _MEDIA.format(kind=turn.incoming.kind.replace("_", " "))
        if match := _REMEMBER.fullmatch(turn.text.strip()):
            return self._remember(turn, match["fact"])
        if reminders.asks(turn.text):
            return await self._remind(turn)
        return await self._recall(turn) or NO_MODEL

    async def _remind(self, turn: Turn) -> str | Reply:
        reminder = reminders.read(turn.text, now=await self.propose.now_of(turn))
        if reminder is None:
            return await self._recall(turn) or NO_TIME
        try:
            return await self.propose.automation(turn, schedule=reminder.schedule, prompt=reminder.prompt)
        except (ScheduleError, UsageError) as error:
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
        return "Noted, I will remember that."

    async def _recall(self, turn: Turn) -> str | None:
        found = await self._memories.search(
            turn.text[:1000], session_id=turn.session_id, user_id=turn.user_id, limit=RECALLED
        )
        if not found:
            return None
        facts = "\n".join(f"• {memory.text}" for memory in found)
        return f"You told me:\n{facts}"
