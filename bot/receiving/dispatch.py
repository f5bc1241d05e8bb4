"""From an arrival to the chain, through the handlers of the one `telegram.ext.Application`, one a kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from telegram.ext import Application, TypeHandler

from bot.receiving.arrival import Arrival
from bot.receiving.forms import ContentForm, MembershipForm, MessageForm, PressForm, ReactionForm, TotalsForm
from bot.receiving.reading import UpdateUnreadable
from bot.receiving.turns import Me, turn_of, unreadable_turn
from middleware.buckets import Buckets
from middleware.errors import Commit
from middleware.replies.outbox import Outbox
from middleware.texts import say
from middleware.turn import CallNext, Reply, Turn
from storage.statement import Statement

PTB = Application[Any, Any, Any, Any, Any, Any]


@dataclass(slots=True)
class Passage:
    """An arrival on its way through python-telegram-bot's handler, and what became of it there."""

    arrival: Arrival
    is_wanted: bool = False
    """True if it made a turn; nobody wants what concerns no conversation."""
    error: Exception | None = None


class MessagePassage(Passage):
    """Of messages, or of the edit of one."""


class ReactionPassage(Passage):
    """Of a change of reactions, or of their totals."""


class PressPassage(Passage):
    """Of a button's press."""


class MembershipPassage(Passage):
    """Of a change of what somebody is in a chat."""


_PASSAGES: dict[type[ContentForm], type[Passage]] = {
    MessageForm: MessagePassage,
    ReactionForm: ReactionPassage,
    TotalsForm: ReactionPassage,
    PressForm: PressPassage,
    MembershipForm: MembershipPassage,
}


class Dispatch:
    """Makes turns of what arrived, and gives them to the chain; or sets aside what cannot be run any more."""

    def __init__(
        self,
        telegram: PTB,
        chain: CallNext,
        outbox: Outbox,
        commit: Commit,
    ) -> None:
        self._telegram = telegram
        self._chain = chain
        self._outbox = outbox
        self._commit = commit
        self._apologies = Buckets(1, 60)
        for kind in dict.fromkeys(_PASSAGES.values()):
            telegram.add_handler(TypeHandler(kind, self._receive))
        telegram.add_error_handler(self._note_error)

    async def handle(self, arrival: Arrival) -> bool:
        """Run one turn to its end; False when nobody wants it. Raises what went wrong."""
        kind = _PASSAGES.get(type(arrival.letters[-1].open().content))
        if kind is None:
            return False
        passage = kind(arrival)
        await self._telegram.process_update(passage)
        if passage.error is not None:
            raise passage.error
        return passage.is_wanted

    async def _receive(self, passage: Passage, context: Any) -> None:
        turn = self._turn_of(passage.arrival)
        if turn is not None:
            passage.is_wanted = True
            await self._chain(turn)

    @staticmethod
    async def _note_error(passage: object, context: Any) -> None:
        """PTB tells an error handler what a handler raised, and goes on; whoever sent the arrival must know it."""
        if isinstance(passage, Passage):
            passage.error = context.error

    def _turn_of(self, arrival: Arrival) -> Turn | None:
        bot = self._telegram.bot
        return turn_of(arrival, Me(bot.id, bot.username, bot.first_name), partial(arrival.letters[-1].as_update, bot))

    async def give_up(self, arrival: Arrival, dead: Sequence[Statement]) -> None:
        """Set updates aside that cannot be run any more; in a private chat, or where an answer was begun, say so."""
        turn = await self._told_of(arrival)
        if turn is None:
            await self._commit(*dead)
            return
        await self._commit(*dead, *self._outbox.queue(turn, (Reply(text=say("turn.apology")),)))

    async def _told_of(self, arrival: Arrival) -> Turn | None:
        """The turn whose end somebody is to be told of; of many that cannot be read, one a minute in a chat."""
        try:
            turn = self._turn_of(arrival)
        except UpdateUnreadable:
            turn = unreadable_turn(arrival)
            return turn if turn is not None and await self._apologies.take(turn.session_id) else None
        if turn is None:
            return None
        await self._outbox.find_placeholder(turn)
        return turn if turn.awaits_answer and (turn.place.is_private or turn.replaces) else None
