"""From an arrival to the chain, through the handler of the one `telegram.ext.Application`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from telegram import Update
from telegram.ext import Application, TypeHandler

from bot.receiving.arrival import Arrival, Letter
from bot.receiving.envelope import UpdateUnreadable
from bot.receiving.turns import Me, turn_of
from middleware.replies.outbox import Outbox
from middleware.texts import say
from middleware.turn import CallNext, Reply, Turn
from storage.database import Database
from storage.statement import Statement
from storage.tables.deliveries import Deliveries, Delivery

PTB = Application[Any, Any, Any, Any, Any, Any]


class Dispatch:
    """Makes turns of what arrived, and gives them to the chain; or sets aside what cannot be run any more."""

    def __init__(
        self,
        telegram: PTB,
        chain: CallNext,
        outbox: Outbox,
        database: Database,
        take: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self._telegram = telegram
        self._chain = chain
        self._outbox = outbox
        self._database = database
        self._take = take
        telegram.add_handler(TypeHandler(Arrival, self._receive))
        telegram.add_error_handler(self._note_error)

    async def handle(self, arrival: Arrival) -> bool:
        """Run one turn to its end; False when nobody wants it. Raises what went wrong."""
        await self._telegram.process_update(arrival)
        if arrival.error is not None:
            raise arrival.error
        return arrival.is_wanted

    async def _receive(self, arrival: Arrival, context: Any) -> None:
        turn = self._turn_of(arrival)
        if turn is not None:
            arrival.is_wanted = True
            await self._chain(turn)

    @staticmethod
    async def _note_error(arrival: object, context: Any) -> None:
        """PTB tells an error handler what a handler raised, and goes on; whoever sent the arrival must know it."""
        if isinstance(arrival, Arrival):
            arrival.error = context.error

    def _turn_of(self, arrival: Arrival) -> Turn | None:
        bot = self._telegram.bot
        updates = [self._update_of(letter) for letter in arrival.letters]
        try:
            return turn_of(arrival, updates, Me(bot.id, bot.username))
        except Exception as error:  # whatever PTB's objects raise of a part that Telegram does not document
            raise UpdateUnreadable(f"{type(error).__name__}: {error}") from error

    def _update_of(self, letter: Letter) -> Update:
        value = letter.open().value
        try:
            return Update.de_json(value, self._telegram.bot)
        except Exception as error:  # PTB raises whatever its constructors do
            raise UpdateUnreadable(f"{type(error).__name__}: {error}") from error

    async def give_up(self, arrival: Arrival, dead: Sequence[Statement]) -> None:
        """Set updates aside that cannot be run any more; in a private chat, or where an answer was begun, say so."""
        try:
            turn = self._turn_of(arrival)
        except UpdateUnreadable:
            turn = None
        if turn is not None:
            await self._outbox.find_placeholder(turn)
        if turn is None or not turn.awaits_answer or not (turn.place.is_private or turn.replaces):
            await self._database.commit(*dead)
            return
        statements = (*dead, *self._outbox.queue(turn, (Reply(text=say("turn.apology")),)))
        self._take(Deliveries.queued(statements, await self._database.commit(*statements)))
