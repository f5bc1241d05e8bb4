"""A reaction really made: asked for in the chat, where its own turn says that it came, or beside a bot that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.doctor.diagnosis import Diagnosis
from middleware.feedback import InPlace
from middleware.incoming import Reactions
from middleware.texts import say, say_span
from middleware.turn import Clock, Reply, Turn
from storage.readers import Readers
from storage.tables.messages import Messages
from storage.tables.properties import REACTION_WANTED, Properties, reaction_wanted
from storage.views.condition import Condition
from storage.views.liveness import last_signs

LOOK_S = 0.25


@dataclass(slots=True)
class WantedReactions:
    """The messages of ours that ask for a reaction to them: of each chat the last one, over restarts too.

    Known in memory, as every reaction asks whether one was meant.
    """

    properties: Properties
    messages: Messages
    clock: Clock
    _wanted: dict[str, str] = field(default_factory=dict)
    """By session: the delivery, and when that was asked."""

    async def prepare(self) -> None:
        """Know those that an earlier process has asked."""
        self._wanted = await self.properties.list_named(REACTION_WANTED)

    def want(self, turn: Turn, delivery_id: str) -> None:
        """What this delivery of the turn says asks for a reaction; kept in the turn's own commit."""
        wanted = f"{self.clock()} {delivery_id}"
        turn.record(Properties.set(reaction_wanted(turn.session_id), wanted))
        self._wanted[turn.session_id] = wanted

    async def answer(self, turn: Turn, reactions: Reactions) -> InPlace | None:
        """What stands in place of the message from now on; None where the reaction is to another one, or was taken."""
        wanted = self._wanted.get(turn.session_id)
        given = [change for change in reactions.changes if change.event_type == "reaction_added"]
        if wanted is None or not given:
            return None
        asked_ms, _, delivery_id = wanted.partition(" ")
        message = await self.messages.find_delivered(delivery_id)
        if message is None or message.telegram_message_id != reactions.telegram_message_id:
            return None
        span = say_span(max(0, turn.received_at_ms - int(asked_ms)) // 1000)
        emoji = given[0].emoji or say("doctor.custom_emoji")
        return InPlace(delivery_id, Reply(text=say("doctor.arrived", emoji=emoji, span=span)))


async def wait_for_reaction(
    readers: Readers | None, clock: Clock, *, ask: Callable[[], None], limit_s: float
) -> Diagnosis:
    """Ask for a reaction, then watch the ledger of the bot that runs until one is in it."""
    if readers is None or not (await last_signs(readers)).is_alive(clock()):
        return Diagnosis("reaction", "failed", "no_bot")
    condition = Condition(readers)
    before = await condition.last_event()
    ask()
    end = asyncio.get_running_loop().time() + limit_s
    while (arrived := await condition.reaction_after(before)) is None:
        if asyncio.get_running_loop().time() >= end:
            return Diagnosis("reaction", "failed", "none", seconds=f"{limit_s:g}")
        await asyncio.sleep(LOOK_S)
    emoji = arrived.emoji or say("doctor.custom_emoji")
    return Diagnosis("reaction", "ok", "arrived", emoji=emoji, chat=arrived.chat_id)
