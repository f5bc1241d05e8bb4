"""Which messages were one turn, and which of ours answer it: what `polar_messages` knows of an answer."""

from __future__ import annotations

from storage.database import Database
from storage.tables.messages import Message, Messages

MOST = 100
"""More messages than one turn has."""
_BESIDE = f"""
SELECT m.sequence, m.telegramMessageId, EXISTS (
  SELECT 1 FROM polar_messages AS a INDEXED BY polar_messages_answers
  WHERE a.sessionId = m.sessionId AND a.answersMessageId = m.telegramMessageId AND a.answersMessageId IS NOT NULL
) AS isAnswered
FROM polar_messages AS m
WHERE m.sequence BETWEEN :sequence - {MOST} AND :sequence + {MOST} AND m.role = 'user' AND m.sessionId = :session
  AND m.threadKey = :thread AND m.userId IS :user AND m.createdAtMs = :created
ORDER BY m.sequence
"""


class Answers:
    """An answer belongs to the last message of its turn (`answersMessageId`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._messages = Messages(database)

    async def list_turn(self, message: Message) -> list[Message]:
        """The messages that made one turn with a stored one of a user's, itself included, in order.

        They were received as one, stored in one commit and so beside each other, and answered after the last.
        """
        rows = await self._database.fetch(
            _BESIDE,
            {
                "sequence": message.sequence,
                "session": message.session_id,
                "thread": message.thread_key,
                "user": message.user_id,
                "created": message.created_at_ms,
            },
        )
        turn: list[int] = []
        before = None
        for sequence, telegram_message_id, is_answered in rows:
            if before is not None and (before[0] != sequence - 1 or before[1]):
                if before[0] >= message.sequence:
                    break
                turn = []
            turn.append(telegram_message_id)
            before = (sequence, is_answered)
        found = [await self._messages.find(message.session_id, number) for number in turn]
        return [other for other in found if other is not None]

    async def list_deliveries(self, session_id: str, telegram_message_id: int) -> list[str]:
        """The deliveries that answer a message, in order."""
        rows = await self._database.fetch(
            "SELECT deliveryId FROM polar_messages INDEXED BY polar_messages_answers "
            "WHERE sessionId = ? AND answersMessageId = ? AND answersMessageId IS NOT NULL "
            "AND deliveryId IS NOT NULL ORDER BY sequence",
            (session_id, telegram_message_id),
        )
        return [row[0] for row in rows]
