"""Other bots: nobody is behind them, so they hold no rights, and no talk with one goes on by itself."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import ClassVar

from middleware.buckets import Buckets
from middleware.turn import CallNext, Kind, Level, Outcome, OutcomeStatus, Turn
from storage.tables.messages import Messages
from storage.tables.properties import Properties, bot_turns

MOST_IN_A_ROW = 3
"""Turns of bots that are answered in a chat before a person says something there."""
REMEMBERED_CHATS = 10_000


@dataclass(frozen=True, slots=True)
class Streak:
    """The turns of bots in a chat that nobody else interrupted; `last` is the message of the last one of them."""

    count: int = 0
    last: int = 0

    @classmethod
    def read(cls, stored: str | None) -> Streak:
        """From what `written` gave."""
        count, _, last = (stored or "").partition(":")
        return cls(int(count), int(last)) if count.isdecimal() and last.isdecimal() else cls()

    @property
    def written(self) -> str:
        """As it is stored."""
        return f"{self.count}:{self.last}"


@dataclass(slots=True)
class OtherBots:
    """Lets in what a bot says that the settings list, a few turns in a row; what it does besides is nothing to us.

    The streak is counted in memory, and stored with each of its turns, so that a restart goes on counting.
    """

    # Not Telegram's news of a chat, who has left it or where it has moved: they come in whoever caused them.
    kinds: ClassVar[frozenset[Kind]] = frozenset({"message", "edited_message", "command", "button", "reaction"})

    strangers: Buckets
    """The turns of bots in a chat that are known to have been turned away: beyond them nothing is kept."""
    properties: Properties
    messages: Messages
    _streaks: OrderedDict[str, Streak] = field(default_factory=OrderedDict)

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Whoever is no bot goes on."""
        if not turn.is_bot:
            if turn.incoming is not None and turn.level >= Level.MEMBER and turn.session_id in self._streaks:
                self._streaks[turn.session_id] = Streak()
            return await call_next(turn)
        if turn.level < Level.MEMBER or turn.kind not in ("message", "edited_message"):
            return await self._turn_away(turn, "denied")
        if turn.awaits_answer and turn.attempt == 1 and not await self._count(turn):
            return await self._turn_away(turn, "limited")
        return await call_next(turn)

    async def _turn_away(self, turn: Turn, status: OutcomeStatus) -> Outcome:
        is_kept = turn.attempt > 1 or await self.strangers.take(turn.session_id)
        return Outcome(status=status, reason="another bot", is_kept=is_kept)

    async def _count(self, turn: Turn) -> bool:
        """False where it is one too many."""
        if turn.session_id not in self._streaks:
            streak = await self._stored(turn)
            self._streaks.setdefault(turn.session_id, streak)
        streak = self._streaks[turn.session_id]
        if streak.count >= MOST_IN_A_ROW:
            return False
        message_id = turn.incoming.telegram_message_id if turn.incoming is not None else 0
        self._streaks[turn.session_id] = streak = Streak(streak.count + 1, max(streak.last, message_id))
        self._streaks.move_to_end(turn.session_id)
        if len(self._streaks) > REMEMBERED_CHATS:
            self._streaks.popitem(last=False)
        turn.record(Properties.set(bot_turns(turn.session_id), streak.written))
        return True

    async def _stored(self, turn: Turn) -> Streak:
        """The streak as an earlier process left it, unless somebody else has said something since."""
        streak = Streak.read(await self.properties.find(bot_turns(turn.session_id)))
        have_written = self.messages.have_others_written
        others = streak.count and await have_written(turn.session_id, turn.user_id, after=streak.last)
        return Streak() if others else streak
