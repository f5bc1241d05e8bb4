"""Turning replies into rows: a delivery and a message for each part, in the turn's own commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from msgspec.structs import replace

from middleware.replies.parts import parts, sendable
from middleware.texts import say
from middleware.turn import Button, Clock, Kind, Place, Reply, Toast, Turn
from storage import ids
from storage.origin import UNKNOWN, Origin
from storage.payloads import (
    AnswerCallbackQuery,
    Buttons,
    DeleteMessage,
    Payload,
    SendDocument,
    SendMessage,
)
from storage.statement import Statement
from storage.tables.deliveries import Deliveries
from storage.tables.messages import Messages

THUMBS = (Button("👍", ids.THUMB_UP), Button("👎", ids.THUMB_DOWN))
TOAST, ANSWER, SCHEDULED = 20_000, 10_000, 0
"""Head starts, in calls: who waits for an answer goes before what the clock started within about as many.

At thirty calls a second a reminder waits for answers alone for five and a half minutes at most. Whose answers wait in a
chat already has a smaller one there for the next (`storage/tables/deliveries.py`).
"""

ANSWERED: frozenset[Kind] = frozenset({"message", "edited_message", "another_answer"})
"""Turns whose replies are kept as their answer, so that it can be renewed."""

ButtonPolicy = Literal["never", "private", "always"]


@dataclass(frozen=True, slots=True)
class Outbox:
    """Queues what a turn says. A reply stays in its topic; in groups it replies to what it answers."""

    deliveries: Deliveries
    messages: Messages
    clock: Clock
    feedback_buttons: ButtonPolicy
    max_parts: int = 8
    """The messages that a reply may take; a longer one is a file."""

    def queue(self, turn: Turn, replies: Iterable[Reply | Toast]) -> list[Statement]:
        """The statements for all replies, in order; what the turn says takes the place of what it replaces."""
        statements: list[Statement] = []
        replaced, behind = list(turn.replaces), 0
        said = (each for reply in replies for each in ((reply,) if isinstance(reply, Toast) else sendable(reply)))
        for number, reply in enumerate(said):
            reply_id = ids.reply_id(turn.id, number)
            if isinstance(reply, Toast):
                payload = AnswerCallbackQuery(query_id=reply.query_id, text=reply.text)
                statements.append(self._delivery(turn.place, reply_id, reply_id, payload, head_start=TOAST))
            else:
                calls = list(parts(reply, self.max_parts))
                behind = behind if reply.joins else 0
                statements.extend(self._message(turn, reply, reply_id, calls, behind, replaced))
                behind += len(calls)
        for number, target in enumerate((*replaced, *turn.discards)):
            statements.extend(self._take_back(turn, target, ids.surplus_id(turn.id, number)))
        statements.extend(self.deliveries.spare(target, now_ms=self.clock()) for target in turn.replaces)
        return statements

    def _message(
        self,
        turn: Turn,
        reply: Reply,
        reply_id: str,
        said: Sequence[SendMessage | SendDocument],
        behind: int,
        replaced: list[str],
    ) -> Iterator[Statement]:
        """The parts of a reply, `behind` so many others that it is not to be parted from."""
        place = reply.place or turn.place
        origin = _origin(turn, reply)
        for number, part in enumerate(said):
            delivery_id = ids.part_id(reply_id, number)
            buttons = self._buttons(reply, place) if number == len(said) - 1 else ()
            payload: Payload = replace(part, buttons=buttons, **_context(turn, reply, is_first=behind + number == 0))
            row: dict[str, Any] = {
                "session_id": place.session_id,
                "thread_key": place.thread_key,
                "text": part.content if isinstance(part, SendDocument) and part.parts else part.text,
                "origin": origin,
                "answers": _answered(turn, reply),
                "now_ms": self.clock(),
            }
            if replaced and reply.place is None and isinstance(payload, SendMessage):
                payload = payload.as_edit_of(replaced.pop(0))
                stored = (
                    *self._former(turn, payload.target, payload.text),
                    self.messages.rewrite(payload.target, **row),
                )
            else:
                stored = (self.messages.add_queued(delivery_id=delivery_id, **row, **_described(part)),)
            yield self._delivery(place, delivery_id, reply_id, payload, turn, part=behind + number)
            yield from stored

    def _take_back(self, turn: Turn, target: str, delivery_id: str) -> Iterator[Statement]:
        payload = DeleteMessage(target=target)
        yield self._delivery(turn.place, delivery_id, delivery_id, payload, turn)
        yield from self._former(turn, target)
        yield self.messages.take_back(target)

    def _former(self, turn: Turn, target: str, text: str = "") -> Iterator[Statement]:
        """What a finished answer said before it says this: only an edited question changes one."""
        if turn.is_renewed:
            yield self.messages.keep_former(target, text=text, now_ms=self.clock())

    def placeholder_id(self, turn: Turn) -> str:
        """The delivery id of the message that stands for a turn's answer while that is made."""
        return ids.placeholder_id(turn.id)

    def placeholder(self, turn: Turn, text: str) -> list[Statement]:
        """Queue that message, to be committed early; once it is there, this changes nothing.

        `text` fits into a message. The turn that replaces it has this id in `turn.replaces`.
        """
        delivery_id, reply = self.placeholder_id(turn), Reply(text=text)
        payload = SendMessage(text=text, **_context(turn, reply, is_first=True))
        queued = self.messages.add_queued(
            session_id=turn.session_id,
            thread_key=turn.place.thread_key,
            text=text,
            origin=turn.origin.of_run(),
            delivery_id=delivery_id,
            answers=_answered(turn, reply),
            now_ms=self.clock(),
            once=True,
        )
        return [self._delivery(turn.place, delivery_id, delivery_id, payload, turn, once=True), queued]

    def take_back_begun(self, turn: Turn) -> list[Statement]:
        """Delete that message, if there is one, of a turn that comes to no answer."""
        begun = self.placeholder_id(turn)
        if begun not in (*turn.replaces, *turn.discards):
            return []
        taken_back = self._take_back(turn, begun, ids.surplus_id(turn.id, 0))
        return [*taken_back, self.deliveries.spare(begun, now_ms=self.clock())]

    async def find_placeholder(self, turn: Turn) -> None:
        """Let the turn replace the message that an earlier try has left for its answer, if there is one."""
        if turn.kind not in ANSWERED or turn.replaces or not turn.may_be_begun:
            return
        if await self.deliveries.find(self.placeholder_id(turn)) is not None:
            turn.replaces = (self.placeholder_id(turn),)

    def _buttons(self, reply: Reply, place: Place) -> Buttons:
        wanted = self.feedback_buttons == "always" or (self.feedback_buttons == "private" and place.is_private)
        return (*reply.buttons, THUMBS) if reply.rateable and wanted else reply.buttons

    def _delivery(
        self,
        place: Place,
        delivery_id: str,
        reply_id: str,
        payload: Payload,
        turn: Turn | None = None,
        *,
        head_start: int = ANSWER,
        part: int = 0,
        once: bool = False,
    ) -> Statement:
        """A call, of a turn where its person waits for it, or where a run makes it."""
        run = None if turn is None else turn.run
        return self.deliveries.add(
            delivery_id=delivery_id,
            session_id=place.session_id,
            payload=payload,
            reply_id=reply_id,
            head_start=head_start if run is None else SCHEDULED,
            part=part,
            asked_by=None if turn is None or run is not None else turn.user_id,
            task_id=None if run is None else ids.task_id(run.source, run.subject_id, run.run_id),
            now_ms=self.clock(),
            once=once,
        )

    def notify(self, subject: str, place: Place, text: str) -> list[Statement]:
        """A message to an operator or an owner, about what happened outside of any turn; told of a subject once."""
        reply_id = ids.notice_id(subject, place.chat_id)
        queued = self.messages.add_queued(
            session_id=place.session_id,
            thread_key=place.thread_key,
            text=text,
            origin=UNKNOWN,
            delivery_id=reply_id,
            now_ms=self.clock(),
            once=True,
        )
        return [self._delivery(place, reply_id, reply_id, SendMessage(text=text), once=True), queued]


def duplicate_mark() -> str:
    """The line before a part that may have arrived already."""
    return f"{say('delivery.again')}\n"


def _origin(turn: Turn, reply: Reply) -> Origin:
    match reply.by:
        case "responder":
            return turn.origin
        case "polar":
            return turn.origin.aside()
    return turn.origin.of_run()


def _answered(turn: Turn, reply: Reply) -> int | None:
    """The message that a reply answers: the last one of the turn's."""
    if turn.incoming is None or reply.place is not None or turn.kind not in ANSWERED:
        return None
    return turn.incoming.telegram_message_id


def _context(turn: Turn, reply: Reply, *, is_first: bool) -> dict[str, Any]:
    """Where a part goes, and how."""
    place = reply.place or turn.place
    is_apart = turn.is_retried or turn.kind == "another_answer" or not place.is_private
    replies = is_first and reply.place is None and is_apart
    return {
        "topic_id": place.topic_id,
        "reply_to": turn.incoming.telegram_message_id if replies and turn.incoming is not None else None,
        "silent": reply.silent,
    }


def _described(part: SendMessage | SendDocument) -> dict[str, Any]:
    """A document as it is stored: a reference, never its content."""
    if isinstance(part, SendMessage):
        return {}
    size = {} if part.made_of is not None else {"size": part.size}
    return {"kind": "document", "attachment": {"name": part.name, **size}}
