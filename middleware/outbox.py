"""Turning replies into rows: a delivery and a message for each part, in the turn's own commit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from middleware.splitting import LIMIT, clean, split, utf16_length
from middleware.turn import Button, Clock, Place, Reply, Toast, Turn
from storage.deliveries import Deliveries
from storage.messages import Messages
from storage.statement import Statement

# Put before a part that may have arrived already; parts leave room for it.
DUPLICATE_MARK = "↻ (sent again, the first try may have arrived)\n"
THUMBS = (Button("👍", "fb:+"), Button("👎", "fb:-"))
TOAST, ANSWER, SCHEDULED = -10, 0, 10
"""Priorities: who waits for an answer comes before what the clock started."""
NOTICE = "notice:"
"""How the reply ids of messages to the operators start."""

ButtonPolicy = Literal["never", "private", "always"]


@dataclass(frozen=True, slots=True)
class Outbox:
    """Queues what a turn says. A reply stays in its topic; in groups it replies to what it answers."""

    deliveries: Deliveries
    messages: Messages
    clock: Clock
    feedback_buttons: ButtonPolicy

    def queue(self, turn: Turn, replies: Iterable[Reply | Toast]) -> list[Statement]:
        """The statements for all replies, in order."""
        statements: list[Statement] = []
        for number, reply in enumerate(replies):
            reply_id = f"{turn.id}:{number}"
            if isinstance(reply, Toast):
                payload = {"method": "answerCallbackQuery", "queryId": reply.query_id, "text": reply.text}
                statements.append(self._delivery(turn.place, reply_id, reply_id, payload, TOAST))
            else:
                statements.extend(self._message(turn, reply, reply_id))
        return statements

    def _message(self, turn: Turn, reply: Reply, reply_id: str) -> Iterator[Statement]:
        place = reply.place or turn.place
        text = clean(reply.text)
        parts = split(text, LIMIT - utf16_length(DUPLICATE_MARK)) if _is_visible(text) else ()
        for number, text in enumerate(parts):
            delivery_id = f"{reply_id}:{number}"
            payload: dict[str, Any] = {"method": "sendMessage", "text": text}
            if place.topic_id is not None:
                payload["topicId"] = place.topic_id
            if number == 0 and reply.place is None and turn.incoming is not None and not place.is_private:
                payload["replyTo"] = turn.incoming.telegram_message_id
            if reply.silent:
                payload["silent"] = True
            buttons = self._buttons(reply, place) if number == len(parts) - 1 else ()
            if buttons:
                payload["buttons"] = [[[b.text, b.data] for b in row] for row in buttons]
            priority = ANSWER if turn.run is None else SCHEDULED
            yield self._delivery(place, delivery_id, reply_id, payload, priority)
            yield self.messages.add_queued(
                session_id=place.session_id,
                thread_key=place.thread_key,
                text=text,
                origin=turn.origin,
                delivery_id=delivery_id,
                now_ms=self.clock(),
            )

    def _buttons(self, reply: Reply, place: Place) -> tuple[tuple[Button, ...], ...]:
        wanted = self.feedback_buttons == "always" or (self.feedback_buttons == "private" and place.is_private)
        return (*reply.buttons, THUMBS) if reply.rateable and wanted else reply.buttons

    def _delivery(
        self, place: Place, delivery_id: str, reply_id: str, payload: dict[str, Any], priority: int
    ) -> Statement:
        return self.deliveries.add(
            delivery_id=delivery_id,
            session_id=place.session_id,
            payload=payload,
            reply_id=reply_id,
            priority=priority,
            now_ms=self.clock(),
        )

    def notify(self, subject: str, place: Place, text: str) -> list[Statement]:
        """A message to an operator, about something that happened outside of any turn."""
        reply_id = f"{NOTICE}{subject}:{place.chat_id}"
        queued = self.messages.add_queued(
            session_id=place.session_id,
            thread_key=place.thread_key,
            text=text,
            origin={},
            delivery_id=reply_id,
            now_ms=self.clock(),
        )
        return [self._delivery(place, reply_id, reply_id, {"method": "sendMessage", "text": text}, ANSWER), queued]


def _is_visible(text: str) -> bool:
    """Whether there is more to it than blanks and zero-width characters, which Telegram refuses on their own."""
    return any(not (c.isspace() or c == "\u2800" or unicodedata.category(c) in ("Cc", "Cf")) for c in text)
