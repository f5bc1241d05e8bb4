"""Finds what was said before in the same thread, for whoever wants to know."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.needs import Needs
from middleware.responder import ANSWERABLE, wants_answer
from middleware.turn import CallNext, Kind, Outcome, Turn
from storage.ids import replied_in
from storage.tables.messages import Message, Messages

CHAIN = 10
"""The number of replies that are followed upwards."""


@dataclass(frozen=True, slots=True)
class History:
    """Fills `turn.context.history` with as many messages as anybody wants to know.

    A thread is all that is seen: never another session, in groups never another thread. Commands and what was
    answered to them are left out, as no responder sees those.
    """

    messages: Messages
    needs: Needs

    @property
    def kinds(self) -> frozenset[Kind]:
        """None where nobody wants to know."""
        return ANSWERABLE if self.needs.history else frozenset()

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """For turns that a responder is to answer."""
        if wants_answer(turn):
            talk = [message for message in await self._thread(turn) if _is_talk(message)]
            turn.context.history = tuple(talk[-self.needs.history :])
        return await call_next(turn)

    async def _thread(self, turn: Turn) -> list[Message]:
        own = {incoming.telegram_message_id for incoming in turn.messages}
        messages = await self.messages.list_thread(
            turn.session_id,
            turn.place.thread_key,
            limit=self.needs.history,
            before=await self._edited(turn) if turn.is_renewed else None,
            without=own,
        )
        if turn.place.topic_id is None and turn.place.replied_id is not None:
            messages = [*await self._above(turn.session_id, turn.place.replied_id), *messages]
        return messages

    async def _edited(self, turn: Turn) -> Message | None:
        assert turn.incoming is not None
        return await self.messages.find(turn.session_id, turn.incoming.telegram_message_id)

    async def _above(self, session_id: str, replied_id: int) -> list[Message]:
        """The message replied to and what led to it, oldest first: each reply has a thread of its own."""
        led_here: dict[int, Message] = {}
        for _ in range(CHAIN):
            replied = await self.messages.find(session_id, replied_id)
            if replied is None or replied.sequence in led_here:
                break
            led_here[replied.sequence] = replied
            above = replied_in(replied.thread_key)
            if above is None:
                break
            for message in await self.messages.list_thread(
                session_id, replied.thread_key, before=replied, limit=self.needs.history
            ):
                led_here[message.sequence] = message
            replied_id = above
        return [led_here[sequence] for sequence in sorted(led_here)]


def _is_talk(message: Message) -> bool:
    if message.role == "user":
        return message.kind != "service" and not message.text.startswith("/")
    return message.origin.responder is not None and bool(message.text)
