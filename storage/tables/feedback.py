"""`polar_feedback_events`: the append-only ledger of reactions, button presses and commands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from storage.ids import sql_received_message_id, unknown_message_id
from storage.indexed import EVENT_AUTOMATION, field
from storage.json_text import encode
from storage.readers import Readers
from storage.statement import Statement, Value
from storage.totals import Totals

# The message is resolved inside the insert, so that recording costs no read of its own. A message that is
# still being handled stands in the journal, and its id follows from it.
_APPEND_ON_MESSAGE = f"""
INSERT INTO polar_feedback_events (id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs)
SELECT :id, :type, :session, found.messageId, :emoji, :polarity,
  CASE WHEN found.known
    THEN json_patch(:payload, json_object('thread', found.thread, 'producedBy', json(found.origin)))
    ELSE json_set(:payload, '$.unresolved', json('true')) END,
  :now
FROM (
  SELECT 1 AS known, messageId, threadKey AS thread, coalesce(origin, '{{}}') AS origin
  FROM polar_messages WHERE sessionId = :session AND telegramMessageId = :message
  UNION ALL
  SELECT 1, {sql_received_message_id("telegramMessageId")}, NULL, '{{}}' FROM polar_updates
  WHERE status = 'pending' AND sessionId = :session AND telegramMessageId = :message
  UNION ALL
  SELECT 0, :unknown, NULL, '{{}}'
  LIMIT 1
) AS found
"""
_APPEND = """
INSERT INTO polar_feedback_events (id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
Grouping = Literal["day", "message", "automation", "profile"]
_LABELS: Mapping[Grouping, str] = {
    "day": "strftime('%Y-%m-%d', createdAtMs / 1000, 'unixepoch')",
    "message": "messageId",
    "automation": EVENT_AUTOMATION,
    "profile": field("payload", "producedBy.profileId"),
}
_COLUMNS = "id, type, sessionId, messageId, emoji, polarity, payload, createdAtMs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackEvent:
    """One row of the ledger."""

    id: str
    type: str
    session_id: str
    message_id: str | None
    emoji: str | None
    polarity: str
    payload: Mapping[str, Any]
    created_at_ms: int

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> FeedbackEvent:
        """From a row of _COLUMNS; the earlier runtime's payloads are taken as they are."""
        return cls(
            id=row[0],
            type=row[1],
            session_id=row[2],
            message_id=row[3],
            emoji=row[4],
            polarity=row[5] or "neutral",
            payload=json.loads(row[6] or "{}"),
            created_at_ms=row[7],
        )


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
        params: Mapping[str, Value] = {
            "id": event_id,
            "type": event_type,
            "session": session_id,
            "message": telegram_message_id,
            "emoji": emoji,
            "polarity": polarity,
            "payload": encode(payload),
            "unknown": unknown_message_id(chat_id, telegram_message_id),
            "now": now_ms,
        }
        return Statement(_APPEND_ON_MESSAGE, params)

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

    async def list_recent(self, session_id: str, *, limit: int) -> list[FeedbackEvent]:
        """The newest reaction events of a session, newest first."""
        rows = await self._readers.fetch(
            f"SELECT {_COLUMNS} FROM polar_feedback_events WHERE sessionId = ? "
            "AND type IN ('reaction_added', 'reaction_removed', 'reaction_count') "
            "ORDER BY createdAtMs DESC, rowid DESC LIMIT ?",
            (session_id, limit),
        )
        return [FeedbackEvent.from_row(row) for row in rows]

    async def list_chosen(self, session_id: str, telegram_message_id: int, actor: str) -> list[str]:
        """The emoji that an actor has chosen by button on a message and not taken back."""
        rows = await self._readers.fetch(
            "SELECT e.emoji FROM polar_messages AS m CROSS JOIN polar_feedback_events AS e "
            "ON e.sessionId = m.sessionId AND e.messageId = m.messageId "
            "WHERE m.sessionId = ? AND m.telegramMessageId = ? AND json_extract(e.payload, '$.via') = 'button' "
            "AND json_extract(e.payload, '$.actor') = ? GROUP BY e.emoji "
            "HAVING sum(CASE e.type WHEN 'reaction_added' THEN 1 WHEN 'reaction_removed' THEN -1 END) > 0",
            (session_id, telegram_message_id, actor),
        )
        return [row[0] for row in rows]

    async def totals(self, session_id: str, *, message_id: str | None = None) -> Totals:
        """Totals of a session, or of one message of it: reactions only, additions minus removals."""
        rows = await self._readers.fetch(
            "SELECT polarity, sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END) "
            "FROM polar_feedback_events WHERE sessionId = ?1 AND (?2 IS NULL OR messageId = ?2) "
            "AND type IN ('reaction_added', 'reaction_removed') GROUP BY polarity",
            (session_id, message_id),
        )
        found = {row[0]: row[1] for row in rows}
        return Totals(**{name: found.get(name, 0) for name in ("positive", "negative", "neutral")})

    async def totals_by(self, session_id: str, grouping: Grouping, *, limit: int) -> list[tuple[str, Totals]]:
        """Totals of a session for each day (UTC), message, automation or profile, the latest reacted to first."""
        rows = await self._readers.fetch(
            "SELECT label, sum(change * (polarity = 'positive')), sum(change * (polarity = 'negative')), "
            "sum(change * (polarity = 'neutral')) FROM (SELECT polarity, createdAtMs, "
            f"CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END AS change, {_LABELS[grouping]} AS label "
            "FROM polar_feedback_events WHERE sessionId = ? AND type IN ('reaction_added', 'reaction_removed')) "
            "WHERE label IS NOT NULL GROUP BY label ORDER BY max(createdAtMs) DESC, label LIMIT ?",
            (session_id, limit),
        )
        return [(row[0], Totals(positive=row[1], negative=row[2], neutral=row[3])) for row in rows]

    async def totals_of_automation(self, automation_id: str) -> Totals:
        """Totals of all messages that an automation has produced."""
        rows = await self._readers.fetch(
            "SELECT polarity, sum(CASE type WHEN 'reaction_added' THEN 1 ELSE -1 END) "
            f"FROM polar_feedback_events INDEXED BY polar_feedback_automation WHERE {EVENT_AUTOMATION} IS NOT NULL "
            f"AND {EVENT_AUTOMATION} = ? AND type IN ('reaction_added', 'reaction_removed') GROUP BY polarity",
            (automation_id,),
        )
        found = {row[0]: row[1] for row in rows}
        return Totals(**{name: found.get(name, 0) for name in ("positive", "negative", "neutral")})

    async def has_newer(self, session_id: str, telegram_message_id: int, actor: str, date: int) -> bool:
        """Whether an actor has reacted to a message of a session after this date, in Telegram's seconds."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_messages AS m CROSS JOIN polar_feedback_events AS e INDEXED BY polar_feedback_message "
            "ON e.sessionId = m.sessionId AND e.messageId = m.messageId "
            "WHERE m.sessionId = ? AND m.telegramMessageId = ? AND json_valid(e.payload) "
            "AND json_extract(e.payload, '$.actor') = ? AND json_extract(e.payload, '$.date') > ? LIMIT 1",
            (session_id, telegram_message_id, actor, date),
        )
        return row is not None

    async def has_disapproved(self, session_id: str, message_id: str, actor: str) -> bool:
        """Whether somebody has given a message of a session a negative reaction before, taken back or not."""
        row = await self._readers.fetch_one(
            "SELECT 1 FROM polar_feedback_events INDEXED BY polar_feedback_message "
            "WHERE sessionId = ? AND messageId = ? AND type = 'reaction_added' AND polarity = 'negative' "
            "AND json_valid(payload) AND json_extract(payload, '$.actor') = ? LIMIT 1",
            (session_id, message_id, actor),
        )
        return row is not None
