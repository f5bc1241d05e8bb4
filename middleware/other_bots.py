"""Other bots: nobody is behind them, so they hold no rights, and no talk with one goes on by itself."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import ClassVar

from middleware.buckets import Buckets
from middleware.turn import CallNext, Kind, Level, Outcome, OutcomeStatus, Turn

MOST_IN_A_ROW = 3
"""Turns of bots that are answered in a chat before a person says something there."""
REMEMBERED_CHATS = 10_000


@dataclass(slots=True)
class OtherBots:
    """Lets in what a bot says that the settings list, a few turns in a row; what it does besides is nothing to us.

    Counted in memory: forgetting it at a restart does no harm.
    """

    # Not Telegram's news of a chat, who has left it or where it has moved: they come in whoever caused them.
    kinds: ClassVar[frozenset[Kind]] = frozenset({"message", "edited_message", "command", "button", "reaction"})

    strangers: Buckets
    """The turns of bots in a chat that are known to have been turned away: beyond them nothing is kept."""
    _in_a_row: OrderedDict[str, int] = field(default_factory=OrderedDict)

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Whoever is no bot goes on."""
        if not turn.is_bot:
            if turn.incoming is not None and turn.level >= Level.MEMBER:
                self._in_a_row.pop(turn.session_id, None)
            return await call_next(turn)
        if turn.level < Level.MEMBER or turn.kind not in ("message", "edited_message"):
            return await self._turn_away(turn, "denied")
        if turn.awaits_answer and turn.attempt == 1 and not self._count(turn.session_id):
            return await self._turn_away(turn, "limited")
        return await call_next(turn)

    async def _turn_away(self, turn: Turn, status: OutcomeStatus) -> Outcome:
        is_kept = turn.attempt > 1 or await self.strangers.take(turn.session_id)
        return Outcome(status=status, reason="another bot", is_kept=is_kept)

    def _count(self, session_id: str) -> bool:
        """False where it is one too many."""
        count = self._in_a_row.pop(session_id, 0)
        self._in_a_row[session_id] = min(count + 1, MOST_IN_A_ROW)
        if len(self._in_a_row) > REMEMBERED_CHATS:
            self._in_a_row.popitem(last=False)
        return count < MOST_IN_A_ROW
