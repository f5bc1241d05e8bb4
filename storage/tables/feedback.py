"""`polar_feedback_events`: the append-only ledger of reactions, button presses and commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.ids import message_key, sql_received_message_id, unknown_message_id
from storage.indexed import EVENT_ACTOR, field
from storage.json_text import encode
from storage.origin import sql_in_ledger
from storage.readers import Readers
from storage.statement import Bulk, Order, Statement

# The message is resolved inside the insert, so that recording costs no read of its own. A message that is
# still being handled stands in the journal, and its id follows from it.
_PENDING = """
EXISTS (SELECT 1 FROM polar_updates
  WHERE status = 'pending' AND sessionId = given.session AND telegramMessageId = given.message)
"""
_APPEND_ON_MESSAGE = Bulk(
    "WITH given (id, type, session, message, emoji, polarity, payload, unknown, now) AS (VALUES ",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
    f""")
INSERT INTO polar_feedback_events (id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs)
SELECT given.id, given.type, given.session,
  CASE WHEN polar_messages.sequence IS NOT NULL THEN polar_messages.messageId
    WHEN {_PENDING} THEN {sql_received_message_id("given.message")} ELSE given.unknown END,
  given.emoji, given.polarity,
  CASE WHEN polar_messages.sequence IS NOT NULL THEN json_patch(given.payload,
      json_object('thread', polar_messages.threadKey, 'producedBy', {sql_in_ledger("polar_messages.origin")}))
    WHEN {_PENDING} THEN json_patch(given.payload, '{{"producedBy":{{}}}}')
    ELSE json_patch(given.payload, '{{"unresolved":true}}') END,
  given.now
FROM given LEFT JOIN polar_messages
  ON polar_messages.sessionId = given.session AND polar_messages.telegramMessageId = given.message
""",
    order=Order.EVENT,
)
_APPEND = """
INSERT INTO polar_feedback_events (id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_OF_MESSAGE = "(SELECT messageId FROM polar_messages WHERE sessionId = :session AND telegramMessageId = :message)"


class FeedbackLedger:
    """The ledger: rows are only ever appended; one that exists already is left as it is."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    @staticmethod
    def append_on_message(
        *,
        event_id: str,
        event_type: str,
        session_id: str,
        telegram_message_id: int,
        chat_id: int,
        emoji: str | None,
        polarity: str,
        payload: Mapping[str, Any],
        now_ms: int,
    ) -> Statement:
        """An event on a message, which is looked up as the row is written.

        An unknown message gets the id `telegram:<chatId>:<messageId>` and `"unresolved": true`.
        """
        return _APPEND_ON_MESSAGE.of(
            event_id,
            event_type,
            session_id,
            telegram_message_id,
            emoji,
            polarity,
            encode(payload),
            unknown_message_id(chat_id, telegram_message_id),
            now_ms,
            about=message_key(session_id, telegram_message_id),
        )

    @staticmethod
    def append(
        *,
        event_id: str,
        event_type: str,
        session_id: str,
        message_id: str | None,
        payload: Mapping[str, Any],
        now_ms: int,
    ) -> Statement:
        """An event that has no emoji and no polarity of its own (`command_executed`)."""
        params = (event_id, event_type, session_id, message_id, None, "neutral", encode(payload), now_ms)
        return Statement(_APPEND, params)

    async def list_chosen(self, session_id: str, telegram_message_id: int, actor: str) -> list[str]:
        """The emoji that an actor has chosen by button on a message and not taken back."""
        rows = await self._readers.fetch(
            "SELECT emoji FROM polar_feedback_events INDEXED BY polar_feedback_message "
            f"WHERE sessionId = :session AND messageId = {_OF_MESSAGE} AND {EVENT_ACTOR} = :actor "
            f"AND {field('payload', 'via')} = 'button' GROUP BY emoji "
            "HAVING sum(CASE type WHEN 'reaction_added' THEN 1 WHEN 'reaction_removed' THEN -1 END) > 0 ORDER BY emoji",
            {"session": session_id, "message": telegram_message_id, "actor": actor},
        )
        return [row[0] for row in rows]

    async def has_newer(self, session_id: str, telegram_message_id: int, actor: str, date: int) -> bool:
        """True if an actor has reacted to a message of a session after this date, in Telegram's seconds."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_feedback_events INDEXED BY polar_feedback_message "
            f"WHERE sessionId = :session AND messageId = {_OF_MESSAGE} AND {EVENT_ACTOR} = :actor "
            f"AND CAST({field('payload', 'date')} AS INTEGER) > :date LIMIT 1",
            {"session": session_id, "message": telegram_message_id, "actor": actor, "date": date},
        )
        return row is not None

    async def has_disapproved(self, session_id: str, message_id: str, actor: str) -> bool:
        """True if somebody has given a message of a session a negative reaction before, taken back or not."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_feedback_events INDEXED BY polar_feedback_message "
            f"WHERE sessionId = ? AND messageId = ? AND {EVENT_ACTOR} = ? "
            "AND type = 'reaction_added' AND polarity = 'negative' LIMIT 1",
            (session_id, message_id, actor),
        )
        return row is not None
