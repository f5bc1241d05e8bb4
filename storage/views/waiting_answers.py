"""Answers that wait to be sent, with the messages that they are to answer."""

from __future__ import annotations

from dataclasses import dataclass

from storage.ids import is_placeholder
from storage.indexed import field
from storage.payloads import button_data
from storage.readers import Readers

# An edit is of a message that is there, and is no further one; what is unclear may be there.
_ANSWERS = f"""
SELECT d.deliveryId, q.userId, m.answersMessageId, {field("d.payload", "buttons")}
FROM polar_delivery_queue AS d INDEXED BY polar_delivery_open
CROSS JOIN polar_messages AS m INDEXED BY polar_messages_delivery
CROSS JOIN polar_messages AS q INDEXED BY polar_messages_telegram
WHERE m.deliveryId = d.deliveryId AND m.deliveryId IS NOT NULL
  AND q.sessionId = m.sessionId AND q.telegramMessageId = m.answersMessageId AND q.telegramMessageId IS NOT NULL
  AND d.sessionId = ? AND d.status IN ('pending', 'sending') AND d.status = 'pending' AND d.ambiguous = 0
  AND {field("d.payload", "method")} IN ('sendMessage', 'sendDocument')
  AND coalesce(CAST({field("d.payload", "topicId")} AS INTEGER), 0) = ?
  AND m.telegramMessageId IS NULL AND m.answersMessageId < ?
LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class WaitingAnswer:
    """A message that is to answer another one, by the delivery that sends it. `buttons` is what theirs stand for."""

    delivery_id: str
    asked_by: str | None
    answers: int
    buttons: tuple[str, ...]


async def waiting_answers(
    readers: Readers, session_id: str, topic_id: int | None, *, before: int, limit: int = 1_000
) -> list[WaitingAnswer]:
    """New messages that wait to answer one of a chat or topic older than this."""
    rows = await readers.fetch(_ANSWERS, (session_id, topic_id or 0, before, limit))
    meant = (row for row in rows if not is_placeholder(row[0]))
    return [WaitingAnswer(row[0], row[1], row[2], button_data(row[3])) for row in meant]
