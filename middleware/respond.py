"""The innermost layer: asks the responder, within a time limit."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from middleware.turn import CallNext, Outcome, Reply, Turn
from storage.runs import DEFAULT_PROFILE

TOO_SLOW = "Sorry, I could not come up with an answer in time. Please ask again."


class Responder(Protocol):
    """Answers what people write and what automations ask."""

    async def respond(self, turn: Turn) -> str | Reply | None:
        """The answer to `turn.text`, or None to stay silent; effects are recorded on the turn.

        A Reply is sent as it is, with its buttons; a text becomes one that can be rated.
        """
        ...


@dataclass(frozen=True, slots=True)
class Respond:
    """Answers what is addressed to us. `timeout_s` bounds every call, so that a hanging one frees its slot."""

    responder: Responder
    name: str
    timeout_s: float

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Turns that nobody is to answer go on to the chain's end, where they count as recorded."""
        if not self._wants_answer(turn):
            return await call_next(turn)
        turn.origin["responder"] = self.name
        turn.origin.setdefault("profileId", DEFAULT_PROFILE)
        before = len(turn.effects)
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await self.responder.respond(turn)
        except TimeoutError:
            if turn.run is not None:  # nobody is there to ask again; the run is tried again instead
                raise TimeoutError("the responder timed out") from None
            del turn.effects[before:]
            return Outcome(status="failed", reason="responder timed out", replies=(Reply(text=TOO_SLOW),))
        reply = Reply(text=answer or "", rateable=True) if not isinstance(answer, Reply) else answer
        if not reply.text:
            return Outcome(status="recorded")
        return Outcome(status="answered", replies=(reply,))

    def _wants_answer(self, turn: Turn) -> bool:
        if turn.run is not None:
            return True
        return turn.kind == "message" and turn.incoming is not None and turn.incoming.addressed
