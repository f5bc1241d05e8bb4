"""Another answer to the same question: offered to its asker after a 👎, and made like the answer to a message.

The press waits in the lane of answers, as the journal keeps it: that is all of the wish. So it survives whatever a
message survives, and rate limit, budget and /stop hold for it as for one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from msgspec import structs

from middleware.presses import stale, with_toast
from middleware.said import as_said, whole
from middleware.texts import say
from middleware.turn import Button, CallNext, Kind, Outcome, Reply, Toast, Turn
from storage.ids import another_answer, another_answer_to, replied_in, topic_in
from storage.tables.feedback import FeedbackLedger
from storage.tables.message_parts import MessageParts
from storage.tables.messages import Message, Messages


@dataclass(frozen=True, slots=True)
class OfferAnother:
    """Offers it once a message, to the asker alone, and in place of no answer that is another one already."""

    messages: Messages
    feedback: FeedbackLedger

    async def __call__(self, turn: Turn, message: Message) -> tuple[Reply, ...]:
        """The question, as a reply; nothing is asked of anybody yet."""
        number, message_id = message.telegram_message_id, message.message_id
        if number is None or message_id is None or not turn.has_rights or not _may_have_another(message):
            return ()
        asked = await _question(self.messages, message)
        if asked is None or asked.user_id != turn.user_id or not asked.is_kept:
            return ()
        if await self.feedback.has_disapproved(turn.session_id, message_id, turn.user_id):
            return ()
        if await _first_of(self.messages, message) is None:
            return ()
        place = structs.replace(turn.place, topic_id=topic_in(message.thread_key), replied_id=None)
        button = Button(say("feedback.another.button"), another_answer(number))
        return (Reply(text=say("feedback.another.offer"), buttons=((button,),), place=place),)


@dataclass(frozen=True, slots=True)
class AnotherAnswer:
    """Makes of the press the turn that its question was, with what was said before that and nothing since."""

    kinds: ClassVar[frozenset[Kind]] = frozenset({"another_answer"})

    messages: Messages
    parts: MessageParts

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Whoever may not, or too late, is told so over the chat."""
        assert turn.press is not None
        number = another_answer_to(turn.press.data)
        message = None if number is None else await self.messages.find(turn.session_id, number)
        if message is None or not _may_have_another(message):
            return stale(turn.press)
        asked = await _question(self.messages, message)
        if asked is None or not asked.is_kept:
            return with_toast(turn, say("feedback.another.gone"), status="ignored")
        if asked.user_id != turn.user_id or not turn.has_rights:
            return with_toast(turn, say("feedback.another.foreign"), status="denied")
        first = await _first_of(self.messages, message)
        if first is None:
            return with_toast(turn, say("feedback.another.there"), status="ignored")
        await self._ask_again(turn, asked, first)
        outcome = await call_next(turn)
        if any(isinstance(reply, Reply) and reply.by == "responder" for reply in outcome.replies):
            turn.discards = (*turn.discards, *await self._used(turn.session_id, turn.press.telegram_message_id))
        return replace(outcome, replies=(*outcome.replies, Toast(turn.press.query_id)))

    async def _used(self, session_id: str, number: int | None) -> tuple[str, ...]:
        """The offer that was pressed, as its button leads nowhere from now on; nothing that is no offer."""
        pressed = None if number is None else await self.messages.find(session_id, number)
        if pressed is None or pressed.delivery_id is None or pressed.origin.responder is not None:
            return ()
        return (pressed.delivery_id,) if pressed.text == say("feedback.another.offer") else ()

    async def _ask_again(self, turn: Turn, asked: Message, first: str) -> None:
        together = await whole(self.parts, await self.messages.list_turn(asked))
        *earlier, turn.incoming = (as_said(message, addressed=True) for message in together)
        turn.earlier = tuple(earlier)
        topic_id, replied_id = topic_in(asked.thread_key), replied_in(asked.thread_key)
        turn.place = structs.replace(turn.place, topic_id=topic_id, replied_id=replied_id)
        turn.origin = replace(turn.origin, alternative_of=first)


def _may_have_another(message: Message) -> bool:
    origin = message.origin
    return message.role == "assistant" and origin.responder is not None and origin.alternative_of is None


async def _question(messages: Messages, answer: Message) -> Message | None:
    """The message that it answers, of several the last one; what a run has said answers none."""
    asked = None if answer.answers is None else await messages.find(answer.session_id, answer.answers)
    return asked if asked is not None and asked.role == "user" else None


async def _first_of(messages: Messages, answer: Message) -> str | None:
    """The message id of the answer's first part; None where there is another answer in its place already."""
    assert answer.answers is not None
    said = await messages.list_answers(answer.session_id, answer.answers)
    if any(message.origin.alternative_of is not None for message in said):
        return None
    return next((each.message_id for each in said if each.origin.responder is not None), answer.message_id)
