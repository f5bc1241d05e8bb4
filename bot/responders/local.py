"""The embedded default: no key, no network. It recalls, reminds, and says plainly what it is not."""

from __future__ import annotations

from bot.when.understanding import is_reminder
from middleware.responder import Abilities, NothingNamed, NotProposed, Propose
from middleware.texts import say
from middleware.turn import Reply, Turn

RECALLED = 3


class Local:
    """Answers by what it was told in this very conversation."""

    abilities = Abilities(is_immediate=True)

    def __init__(self, propose: Propose) -> None:
        self.propose = propose

    async def respond(self, turn: Turn) -> str | Reply:
        """A run's prompt is a reminder; a reminder is proposed; all else is answered from memory."""
        if turn.run is not None:
            return say("local.reminder", prompt=turn.run.prompt)
        if turn.incoming is not None and turn.incoming.attachment is not None:
            return say("local.media", kind=turn.incoming.kind.replace("_", " "))
        if is_reminder(turn.request):
            return await self._remind(turn)
        return await self._answered(turn) or _recall(turn) or say("local.no_model")

    async def _answered(self, turn: Turn) -> str | Reply | None:
        try:
            return await self.propose.answered(turn)
        except NotProposed as error:
            return str(error)

    async def _remind(self, turn: Turn) -> str | Reply:
        try:
            return await self.propose.reminder(turn)
        except NothingNamed as error:
            return _recall(turn) or str(error)
        except NotProposed as error:
            return str(error)


def _recall(turn: Turn) -> str | None:
    """The best of what the message reminds us of."""
    if not turn.context.memories:
        return None
    facts = "\n".join(f"• {fact}" for fact in turn.context.memories[:RECALLED])
    return say("local.recalled", facts=facts)
