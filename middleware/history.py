"""Finds what was said before, for whoever wants to know: in a private chat all of it, elsewhere in the same thread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from middleware.incoming import was_command
from middleware.needs import Needs
from middleware.responder import ANSWERABLE, wants_answer
from middleware.said import whole
from middleware.turn import CallNext, Kind, Outcome, Turn
from storage.ids import replied_in
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Message, Messages

CHAIN = 10
"""The number of replies that are followed upwards."""
LOOKS = 4
"""How often as many messages as are wanted are read, as commands may lie between those that count."""


@dataclass(frozen=True, slots=True)
class History:
    """Fills `turn.context.history` with as many messages as anybody wants to know, and the one replied to.

    A private chat is one conversation, or one a topic where it has topics: a reply there points at a message, and
    begins nothing. Elsewhere a thread is all that is seen, and of replies what led to them. Never another session.
    Commands and what was answered to them are left out, as no responder sees those, unless they are replied to.
    """

    messages: Messages
    parts: MessageParts
    needs: Needs

    @property
    def kinds(self) -> frozenset[Kind]:
        """None where nobody wants to know."""
        return ANSWERABLE if self.needs.history else frozenset()

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """For turns that a responder is to answer."""
        if wants_answer(turn):
            own = {incoming.telegram_message_id for incoming in turn.messages}
            turn.context.replied = replied = await self._replied(turn, own)
            talk = await self._talk(turn, own)
            if replied is not None and not turn.place.is_private and turn.place.topic_id is None:
                talk = [*await self._above(replied), *talk]
            turn.context.history = tuple(await whole(self.parts, _without_replaced(talk)[-self.needs.history :]))
        return await call_next(turn)

    async def _replied(self, turn: Turn, own: Collection[int]) -> Message | None:
        """The message that this one replies to, if it is stored, and was not written just now."""
        replied_id = turn.place.replied_id
        if replied_id is None or replied_id in own:
            return None
        return await self.messages.find(turn.session_id, replied_id)

    async def _talk(self, turn: Turn, own: Collection[int]) -> list[Message]:
        """What was said in the turn's thread; what is asked again knows what came before it, and nothing else."""
        before = await self._asked(turn) if turn.asks_again else None
        talk: list[Message] = []
        for _ in range(LOOKS):
            read = await self.messages.list_thread(
                turn.session_id, turn.place.thread_key, limit=self.needs.history, before=before, without=own
            )
            talk = [*filter(_is_talk, read), *talk]
            if len(read) < self.needs.history or len(talk) >= self.needs.history:
                break
            before = read[0]
        return talk

    async def _asked(self, turn: Turn) -> Message | None:
        assert turn.incoming is not None
        return await self.messages.find(turn.session_id, turn.incoming.telegram_message_id)

    async def _above(self, replied: Message) -> list[Message]:
        """The message replied to and what led to it, oldest first: in a group each reply has a thread of its own."""
        led_here: dict[int, Message] = {}
        lower: Message | None = replied
        for _ in range(CHAIN):
            if lower is None or lower.sequence in led_here:
                break
            led_here[lower.sequence] = lower
            above = replied_in(lower.thread_key)
            if above is None:
                break
            for message in await self.messages.list_thread(
                lower.session_id, lower.thread_key, before=lower, limit=self.needs.history
            ):
                led_here[message.sequence] = message
            lower = await self.messages.find(lower.session_id, above)
        return [led_here[sequence] for sequence in sorted(led_here) if _is_talk(led_here[sequence])]


def _without_replaced(talk: Sequence[Message]) -> list[Message]:
    """Of two answers to one message only the newer one is told any further."""
    since = {message.answers: message.sequence for message in reversed(talk) if message.origin.alternative_of}
    return [message for message in talk if message.sequence >= since.get(message.answers, 0) or not message.answers]


def _is_talk(message: Message) -> bool:
    if message.role == "user":
        return message.is_kept and message.kind != "service" and not was_command(message.text)
    origin = message.origin
    said_by_itself = origin.automation_id is not None or origin.heartbeat_id is not None
    said_or_beside = origin.responder is not None or origin.beside is not None
    return bool(message.text) and (said_or_beside or said_by_itself)
