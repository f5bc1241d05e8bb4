"""The one measure of what somebody causes, whatever the door: so much a minute, in memory.

Message, command, press, edit that changes something, and reaction that asks something: each counts one. A run by hand
is counted as what asked for it. The layer turns away what is to be answered; who else causes something asks `allows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from middleware.buckets import Buckets
from middleware.texts import say
from middleware.turn import CallNext, Kind, Outcome, Reply, Toast, Turn


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Over it one polite answer a minute, and a toast for as many presses as are allowed; then silence."""

    # What the clock starts and what others are told is never turned away; edits and reactions ask by themselves.
    kinds: ClassVar[frozenset[Kind]] = frozenset({"message", "command", "button", "another_answer"})

    causes: Buckets
    notices: Buckets
    toasts: Buckets

    @classmethod
    def of(cls, per_minute: int) -> RateLimit:
        """So many a minute, as many at once."""
        return cls(causes=Buckets(per_minute, 60), notices=Buckets(1, 60), toasts=Buckets(per_minute, 60))

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Turns away what is too much of what people ask."""
        if not turn.awaits_answer:
            return await call_next(turn)
        return await self.refusal(turn) or await call_next(turn)

    async def refusal(self, turn: Turn) -> Outcome | None:
        """Count a turn; what it ends with where that is one too many, else None."""
        if await self.allows(turn):
            return None
        return Outcome(status="limited", reason="rate limit", replies=await self._told(turn))

    async def allows(self, turn: Turn) -> bool:
        """Count what a turn causes: whether it still may. A turn that is tried again counts once."""
        return turn.attempt > 1 or await self.causes.take(turn.user_id)

    async def _told(self, turn: Turn) -> tuple[Reply | Toast, ...]:
        if turn.press is not None:
            may_be_told = await self.toasts.take(turn.user_id)
            return (Toast(turn.press.query_id, say("button.too_many")),) if may_be_told else ()
        may_be_told = turn.place.is_private and await self.notices.take(turn.user_id)
        return (Reply(text=say("turn.too_many")),) if may_be_told else ()
