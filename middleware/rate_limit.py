"""The limit on one user's turns a minute; over it one polite answer a minute, then silence."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

from middleware.texts import say
from middleware.turn import CallNext, Outcome, Reply, Turn

REMEMBERED_USERS = 10_000
# Feedback, edits, what the clock starts and what others are told are never turned away: that would lose them.
_LIMITED = {"message", "command"}


@dataclass(slots=True)
class _Allowance:
    turns: AsyncLimiter
    notices: AsyncLimiter


@dataclass(slots=True)
class RateLimit:
    """A leaky bucket a user, in memory: forgetting it at a restart does no harm."""

    per_minute: int
    _users: OrderedDict[str, _Allowance] = field(default_factory=OrderedDict)

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Turns away what is too much of what people ask; a turn that is tried again counts once."""
        if turn.kind not in _LIMITED or not turn.awaits_answer:
            return await call_next(turn)
        return await self.refusal(turn) or await call_next(turn)

    async def refusal(self, turn: Turn) -> Outcome | None:
        """Count a turn that is to be answered; what it ends with where that is one too many, else None."""
        if turn.attempt > 1:
            return None
        allowance = self._of(turn.user_id)
        if allowance.turns.has_capacity():
            await allowance.turns.acquire()
            return None
        replies: tuple[Reply, ...] = ()
        if turn.place.is_private and allowance.notices.has_capacity():
            await allowance.notices.acquire()
            replies = (Reply(text=say("turn.too_many")),)
        return Outcome(status="limited", reason="rate limit", replies=replies)

    def _of(self, user_id: str) -> _Allowance:
        allowance = self._users.pop(user_id, None)
        if allowance is None:
            allowance = _Allowance(AsyncLimiter(self.per_minute, 60), AsyncLimiter(1, 60))
        self._users[user_id] = allowance
        if len(self._users) > REMEMBERED_USERS:
            self._users.popitem(last=False)
        return allowance
